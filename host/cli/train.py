"""The command train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.shared import (
    FOLDER,
    Resumable,
    command,
    data_dir_option,
    interrupted,
    models_folder,
    models_option,
    say,
)

# Option -> where it stands in the spec, its type, its help.
OVERRIDE_OPTIONS: dict[str, tuple[str, Any, str]] = {
    "epochs": ("training.stages.float.epochs", click.IntRange(1), "Epochs of the stage float."),
    "batch_size": ("training.batch_size", click.IntRange(1), "Images per training step."),
    "learning_rate": ("training.stages.float.learning_rate", float, "Learning rate at the start of the stage float."),
    "seed": ("training.seed", click.IntRange(0, 2**31 - 1), "Seed of the random numbers."),
    "latent_dims": ("latent.dims", click.IntRange(1), "Number that the layers of the spec call latent_dims."),
}


def _override_options(function: Any) -> Any:
    for name, (_, kind, text) in reversed(OVERRIDE_OPTIONS.items()):
        text = f"{text}  [default: the spec's]"
        function = click.option(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=text)(function)
    text = "Value to use instead of the spec's, as JSON: training.stages.qat.epochs=5. Repeat for several."
    return click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help=text)(function)


@command(cls=Resumable)
@click.argument("name")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="STAGE",
    help="Train only this stage of the spec. Repeat for several.  [default: all stages]",
)
@click.option("--resume", is_flag=True, help="Continue an interrupted training from its last checkpoint.")
@click.option("--overwrite", is_flag=True, help="Train a trained model again and replace its weights.")
@click.option(
    "--start-from",
    metavar="WEIGHTS|NAME",
    help="Start from these weights: a float.weights.h5 of the same layers, or the model that has it.",
)
@data_dir_option
@click.option("--log-dir", type=FOLDER, help="Write TensorBoard's files into a folder NAME here.  [default: none]")
@click.option(
    "--strategy",
    type=click.Choice(("none", "mirrored", "multiworker")),
    default="none",
    help="Share the batches of the stage float between all devices of this machine (mirrored) or between the machines "
    "of TF_CONFIG (multiworker).  [default: none]",
)
@click.option(
    "--verbose",
    type=click.IntRange(0, 2),
    metavar="N",
    default=2,
    help="Print 0: errors only; 1: also a line per epoch; 2: also a progress bar.  [default: 2]",
)
@_override_options
@models_option
def train(name: str, models: Path | None, verbose: int, settings: tuple[str, ...], **options: Any) -> None:
    """Train a model, stage by stage.

    The spec lists the stages, such as float, qat (quantization-aware), tables (of the entropy coder) and tune (a
    decoder for the real codes). Ctrl-C and SIGTERM save a checkpoint after the current step; --resume continues.

    \b
    Example:
      host train cifar10-ae-mse --data-dir ~/data
      host train cifar10-ae-mse --stage qat --resume
      host train my-model --epochs 5 --set encoder[0].filters=16
      host train my-model --start-from cifar10-ae-mse --log-dir logs
    """
    from host.api import train as run
    from host.interruption import interruptible
    from host.tasks import open_spec
    from host.training.record import next_step, stage_lines

    overrides = _overrides(settings, {key: options.pop(key) for key in OVERRIDE_OPTIONS})
    stages = options.pop("stages") or None
    try:
        with interruptible():
            record = run(name, stages=stages, models=models, overrides=overrides, verbose=verbose, **options)
    except KeyboardInterrupt as interruption:
        raise interrupted(interruption, without=("--resume", "--overwrite"), added=("--resume",)) from None
    if not verbose:
        return
    if not record:
        say("trained together with the chief, which writes the files")
        return
    task, spec = open_spec(name, models_folder(models))
    for line in stage_lines(record, task.metrics):
        say(line)
    say(f"weights and training.json are in {spec.folder}\nnext: {next_step(spec, record)}")


def _overrides(settings: tuple[str, ...], short: dict[str, Any]) -> dict[str, Any] | None:
    from host.spec.overrides import parse_overrides

    found = parse_overrides(settings)
    found |= {OVERRIDE_OPTIONS[key][0]: value for key, value in short.items() if value is not None}
    return found or None
