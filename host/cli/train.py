"""The command train."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import Any

import click

from host.cli.shared import data_dir_option, models_folder, models_option

_GIVEN = "host.cli.given"


class _Resumable(click.Command):
    """Keeps its arguments as they were given, so that it can say how to go on."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        given = list(args)  # parsing empties it
        context = super().make_context(info_name, args, *rest, **extra)
        context.meta[_GIVEN] = given
        return context


# Option -> where it stands in the spec, its type, its help.
OVERRIDE_OPTIONS: dict[str, tuple[str, Any, str]] = {
    "epochs": ("training.stages.float.epochs", click.IntRange(1), "Of the stage float."),
    "batch_size": ("training.batch_size", click.IntRange(1), "Images a step."),
    "learning_rate": ("training.stages.float.learning_rate", float, "Of the stage float, at its start."),
    "seed": ("training.seed", click.IntRange(0, 2**31 - 1), "Of all that is drawn at random."),
    "latent_dims": ("latent.dims", click.IntRange(1), "The size that the spec's layers call latent_dims."),
}


def _override_options(command: Any) -> Any:
    for name, (_, kind, text) in reversed(OVERRIDE_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=f"{text}  [default: the spec's]")(
            command
        )
    text = "A value instead of the spec's, as JSON: training.stages.qat.epochs=5; repeat for several."
    return click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help=text)(command)


@click.command(cls=_Resumable)
@click.argument("name")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="STAGE",
    help="Train only this stage of the spec; repeat for several.  [default: all stages]",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoints of an interrupted training.")
@click.option("--overwrite", is_flag=True, help="Train all stages of a trained model again.")
@click.option(
    "--start-from",
    metavar="WEIGHTS|NAME",
    help="A float.weights.h5 of the same layers, or the model that has it, to start from.",
)
@data_dir_option
@click.option(
    "--log-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write TensorBoard's files there, below NAME.  [default: none are written]",
)
@click.option(
    "--strategy",
    type=click.Choice(("none", "mirrored", "multiworker")),
    default="none",
    show_default=True,
    help="Share the stage float's batches: among this machine's devices, or the machines of TF_CONFIG.",
)
@click.option(
    "--verbose",
    type=click.IntRange(0, 2),
    default=2,
    show_default=True,
    help="0: nothing but errors; 1: a line an epoch; 2: a progress bar too.",
)
@_override_options
@models_option
def train(
    name: str,
    stages: tuple[str, ...],
    resume: bool,
    overwrite: bool,
    start_from: str | None,
    data_dir: Path | None,
    log_dir: Path | None,
    strategy: str,
    verbose: int,
    models: Path | None,
    settings: tuple[str, ...],
    **short: Any,
) -> None:
    """Train a model: float, quantization-aware, then tables and decoders for the real codes.

    Ctrl-C, or SIGTERM, leaves a checkpoint after the step that it comes in; --resume goes on from it.

    \b
    Example:
      host train cifar10-ae-mse --data-dir ~/data
      host train cifar10-ae-mse --stage qat --resume
      host train my-model --epochs 5 --set training.loss=mae --set encoder[0].filters=16
      host train my-model --start-from cifar10-ae-mse --log-dir logs
    """
    from host.api import train as run
    from host.interruption import interruptible
    from host.tasks import open_spec

    try:
        with interruptible():
            record = run(
                name,
                stages=stages or None,
                resume=resume,
                overwrite=overwrite,
                start_from=start_from,
                data_dir=data_dir,
                models=models,
                overrides=_overrides(settings, short),
                log_dir=log_dir,
                verbose=verbose,
                strategy=strategy,
            )
    except KeyboardInterrupt as interruption:
        given = [word for word in click.get_current_context().meta[_GIVEN] if word != "--resume"]
        click.echo(f"interrupted; go on with: host train {shlex.join([*given, '--resume'])}", err=True)
        # As a shell has it: 130 of Ctrl-C, 143 of SIGTERM.
        raise SystemExit(128 + getattr(interruption, "number", signal.SIGINT)) from None
    if not verbose:
        return
    if not record:
        click.echo("trained together with the chief, which writes the files")
        return
    from host.training.record import next_step, stage_lines

    task, spec = open_spec(name, models_folder(models))
    for line in stage_lines(record, task.metrics):
        click.echo(line)
    click.echo(f"weights and training.json are in {spec.folder}; next: {next_step(spec, record)}")


def _overrides(settings: tuple[str, ...], short: dict[str, Any]) -> dict[str, Any] | None:
    from host.spec.overrides import parse_overrides

    found = parse_overrides(settings)
    found |= {OVERRIDE_OPTIONS[key][0]: value for key, value in short.items() if value is not None}
    return found or None
