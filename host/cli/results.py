"""Commands on results: compare, evaluate, reconstruct, report."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host.cli.shared import data_dir_option, model_names, models_folder, models_option

COMPARED_STAGES = ("encode", "quantize", "invoke", "code", "load", "first_encode")


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--stage", default="encode", show_default=True, type=click.Choice(COMPARED_STAGES), help="Whose times.")
@click.option("--confidence", default=99.0, show_default=True, help="That no equal row is called different, percent.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.pass_context
def compare(context: click.Context, runs: tuple[str, ...], stage: str, confidence: float, as_json: bool) -> None:
    """Compare runs of the bench with the first of them: which rows are slower, and could one have seen it?

    RUN is a run's folder, its run.json, or the id of a collected run. Needs 10 processes a row, the bench's default.

    \b
    Example:
      host compare 20260102T030405Z-pi-0a1b 20260109T030405Z-pi-7c2d
      host compare before/20260102T030405Z-pi-0a1b after/20260102T040405Z-pi-11aa --stage invoke
    """
    from host.comparison.compare import as_json as plain
    from host.comparison.compare import compare as run
    from host.comparison.stored_runs import read_stored_run
    from host.reporting.comparison import comparison_text

    found = run([read_stored_run(name) for name in runs], stage, confidence / 100)
    if as_json:
        click.echo(json.dumps(plain(found), indent=1, sort_keys=True, allow_nan=False))
    else:
        click.echo(comparison_text(found))
    if all(comparison.refused for comparison in found.comparisons):
        context.exit(1)


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of images instead of the test set; photo codecs need one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that the result is written to.  [default: one in benchmarks/evaluations/NAME]",
)
@click.option("--images", type=click.IntRange(1), help="Only the first N; such a result is kept only with --out.")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@models_option
def evaluate(
    names: tuple[str, ...],
    data: Path | None,
    out: Path | None,
    images: int | None,
    data_dir: Path | None,
    as_json: bool,
    models: Path | None,
) -> None:
    """Measure every variant over the whole test set, with real bitstreams, beside Keras, PCA, JPEG and WebP.

    With --data over any images: resized and cut to the model's size; by photo codecs as they are, at every quality.

    \b
    Example:
      host evaluate cifar10-ae-mse --data-dir ~/data
      host evaluate cifar10-ae-mse --data ~/pictures
      host evaluate photo --data ~/pictures --out pictures.json
    """
    from host.evaluation.evaluate import check_test_set
    from host.evaluation.evaluate import evaluate as run
    from host.reporting.evaluations import result_text

    chosen = model_names(names, models_folder(models))
    for name in chosen:  # before the first takes its minutes
        check_test_set(name, data, models_folder(models))
    if out and len(chosen) != 1:
        raise click.UsageError("--out is one file: give one NAME with it")
    options = {"data": data, "out": out, "data_dir": data_dir, "images": images, "models": models_folder(models)}
    results = [run(name, **options) for name in chosen]
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=1, sort_keys=True, allow_nan=False))
        return
    for result in results:
        click.echo(result_text(result))


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, metavar="IMAGE...", type=click.Path(path_type=Path))
@click.option("--variant", default="int8", show_default=True, help="Of the encoder.")
@click.option("--quality", type=int, help="Of a photo codec, from 0.  [default: the middle one]")
@click.option("--decoder", type=click.Choice(["own", "tuned"]), default="own", show_default=True, help="Which to use.")
@click.option(
    "-o",
    "--output",
    default="reconstructions",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the PNG files.",
)
@models_option
def reconstruct(
    name: str,
    files: tuple[Path, ...],
    variant: str,
    quality: int | None,
    decoder: str,
    output: Path,
    models: Path | None,
) -> None:
    """Encode and decode images: original, reconstruction and 4 times their difference side by side, and the figures.

    The exported encoder makes a real bitstream of each, as on the device. A model for one size resizes and cuts.

    \b
    Example:
      host reconstruct photo holiday.jpg --quality 2
      host reconstruct cifar10-ae-mse cat.png dog.png --variant float32 -o pictures
    """
    from host.evaluation.reconstruct import reconstruct as run

    options = {"variant": variant, "quality": quality, "decoder": decoder, "models": models_folder(models)}
    for picture in run(name, files, output, **options):
        click.echo(picture.text())


@click.command()
@click.option(
    "--run",
    "run_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A collected run.  [default: the newest in benchmarks/results]",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder.  [default: benchmarks/reports]")
@models_option
def report(run_folder: Path | None, out: Path | None, models: Path | None) -> None:
    """Write report.md, report.json, report.csv and the plots, and print the table.

    \b
    Example:
      host report
    """
    from host.reporting.report import write_report

    for line in write_report(run_folder, out, models_folder(models)):
        click.echo(line)
