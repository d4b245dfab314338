"""host / splitlite: the command line. Thin: TensorFlow is imported inside the commands that need it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from device.errors import SplitliteError
from host import __version__

STAGE_NAMES = ("float", "qat", "tune")


class _Group(click.Group):
    """Turns the package's named errors into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SplitliteError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="splitlite")
def main() -> None:
    """Put learned image compression on small devices.

    Train, quantize and split on the workstation; encode and measure on the device; decode and compare at home.

    \b
    Example:
      host train cifar10-ae-mse      train (hours; the repository holds the weights already)
      host export                    device/bundles/ and build/
      python -m device.bench         on the device: encode and measure
      host collect device/results    decode what the device sent
      host report                    tables and plots
    """


def _models_option(command: Any) -> Any:
    return click.option(
        "--models",
        type=click.Path(file_okay=False, path_type=Path),
        hidden=True,
        help="Folder of the models, instead of models/.",
    )(command)


def _models(folder: Path | None) -> Path:
    from host.spec import MODELS

    return folder or MODELS


def _names(names: tuple[str, ...], folder: Path) -> list[str]:
    from host.spec import list_models

    return list(names) or list_models(folder)


@main.command()
@click.argument("name")
@_models_option
def summary(name: str, models: Path | None) -> None:
    """Print a model's layers, parameters and the shape of its bottleneck.

    \b
    Example:
      host summary cifar10-ae-mse
    """
    from host.codec.spec import TASK, load_codec_spec
    from host.quiet import load_tensorflow
    from host.spec import load_spec, task_of

    if task_of(name, _models(models)) == TASK:
        codec_spec = load_codec_spec(name, _models(models))
        load_tensorflow()
        from host.codec.summary import summarize_codec

        click.echo(summarize_codec(codec_spec))
        return
    spec = load_spec(name, _models(models))
    load_tensorflow()
    from host.summary import summarize

    click.echo(summarize(spec))


@main.command()
@click.argument("name")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(STAGE_NAMES),
    help="Only this stage; repeat for several.  [default: all three]",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoints of an interrupted training.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Local folder of data sets.  [default: SPLITLITE_DATA, else Keras downloads]",
)
@_models_option
def train(name: str, stages: tuple[str, ...], resume: bool, data_dir: Path | None, models: Path | None) -> None:
    """Train a model: float, quantization-aware, then tables and decoders for the real codes.

    \b
    Example:
      host train cifar10-ae-mse --data-dir ~/data
      host train cifar10-ae-mse --stage qat --resume
    """
    from host.codec.spec import TASK, load_codec_spec
    from host.quiet import load_tensorflow
    from host.spec import load_spec, task_of

    load = load_codec_spec if task_of(name, _models(models)) == TASK else load_spec
    load(name, _models(models))  # a wrong spec is said before TensorFlow takes its seconds to load
    load_tensorflow()
    from host.train import train as run

    try:
        record = run(name, stages or STAGE_NAMES, resume=resume, data_dir=data_dir, models=_models(models))
    except KeyboardInterrupt:
        raise click.ClickException(f"interrupted; go on with: host train {name} --resume") from None
    for stage, result in record["stages"].items():
        click.echo(f"{stage}: " + ", ".join(_stage_line(result)))
    click.echo(f"weights and training.json are in {_models(models) / name}; next: host export {name}")


def _stage_line(result: dict[str, Any]) -> list[str]:
    if "history" in result:
        best = result["history"][result["best_epoch"] - 1]
        return [f"{result['epochs']} epochs, {result['seconds']:.0f} s, validation {best['validation_psnr_db']:.2f} dB"]
    return [f"{variant} {_stage_line(part)[0]}" for variant, part in result.items() if isinstance(part, dict)]


@main.command()
@click.argument("names", nargs=-1)
@_models_option
def export(names: tuple[str, ...], models: Path | None) -> None:
    """Convert, split and package models: device/bundles/<name>/ and build/<name>/.

    \b
    Example:
      host export                    every model in models/
      host export cifar10-ae-mse
    """
    from host.errors import ModelError
    from host.export import export_many

    if not _names(names, _models(models)):
        raise ModelError(f"{_models(models)}: no models here; write <name>/spec.json, then `host train <name>`")
    for line in export_many(_names(names, _models(models)), _models(models)):
        click.echo(line)


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the evaluation as JSON.")
def collect(path: Path, as_json: bool) -> None:
    """Decode what a device sent and compare: PATH is a run's folder, or a folder of runs.

    \b
    Example:
      scp -r pi:splitlite/device/results from-pi
      host collect from-pi
    """
    from host.evaluation.collect import collect as run
    from host.reporting.tables import evaluation_text

    evaluations = run(path)
    if as_json:
        click.echo(json.dumps(evaluations, indent=1, sort_keys=True, allow_nan=False))
        return
    for evaluation in evaluations:
        click.echo(evaluation_text(evaluation))


@main.command()
@click.argument("names", nargs=-1)
@click.option("--images", type=click.IntRange(1), help="Only the first N test images; such a result is not kept.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Local folder of data sets.  [default: SPLITLITE_DATA, else Keras downloads]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_models_option
def evaluate(
    names: tuple[str, ...], images: int | None, data_dir: Path | None, as_json: bool, models: Path | None
) -> None:
    """Measure every variant over the whole test set, with real bitstreams, beside Keras, PCA, JPEG and WebP.

    \b
    Example:
      host evaluate cifar10-ae-mse --data-dir ~/data
    """
    from host.quiet import load_tensorflow

    load_tensorflow()
    from host.evaluation.evaluate import evaluate as run
    from host.reporting.tables import rows_text

    results = [
        run(name, data_dir=data_dir, images=images, models=_models(models)) for name in _names(names, _models(models))
    ]
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=1, sort_keys=True, allow_nan=False))
        return
    for result in results:
        click.echo(rows_text(result))


@main.command()
@click.option(
    "--run",
    "run_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A collected run.  [default: the newest in benchmarks/results]",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder.  [default: benchmarks/reports]")
@_models_option
def report(run_folder: Path | None, out: Path | None, models: Path | None) -> None:
    """Write report.md, report.json, report.csv and the plots, and print the table.

    \b
    Example:
      host report
    """
    from host.reporting.report import write_report

    for line in write_report(run_folder, out, _models(models)):
        click.echo(line)
