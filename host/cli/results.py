"""Commands on results: compare, evaluate, reconstruct, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.shared import (
    ANY_PATH,
    FILE,
    FOLDER,
    command,
    data_dir_option,
    decoder_option,
    json_option,
    model_names,
    models_folder,
    models_option,
    print_json,
    say,
)

COMPARED_STAGES = ("encode", "quantize", "invoke", "code", "load", "first_encode")


@command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option(
    "--stage",
    default="encode",
    show_default=True,
    type=click.Choice(COMPARED_STAGES),
    help="Stage to compare: encode is a whole image, load opens the encoder.",
)
@click.option(
    "--confidence",
    default=99.0,
    show_default=True,
    help="Probability in percent that no unchanged row is called different.",
)
@json_option
@click.pass_context
def compare(context: click.Context, runs: tuple[str, ...], stage: str, confidence: float, as_json: bool) -> None:
    """Compare the times of runs with those of the first.

    RUN is the folder of a run, its run.json, or the id of a collected run. The runs need 10 processes per row, which
    is the bench's default.

    \b
    Example:
      host compare 20260102T030405Z-pi-0a1b 20260109T030405Z-pi-7c2d
      host compare before/run.json after/run.json --stage invoke
    """
    from device.records import as_json as plain
    from device.run_file import read_run
    from host.comparison.compare import compare as run
    from host.comparison.stored_runs import find_stored_run
    from host.reporting.comparison import comparison_text

    found = run([read_run(find_stored_run(name)) for name in runs], stage, confidence / 100)
    if as_json:
        print_json(plain(found))
    else:
        say(comparison_text(found))
    if all(comparison.refused for comparison in found.comparisons):
        context.exit(1)


@command()
@click.argument("names", nargs=-1)
@click.option(
    "--data",
    type=FOLDER,
    help="Folder of images to use instead of the test set; a classifier needs a folder in it for each class.",
)
@click.option(
    "--out",
    type=FILE,
    help="File to write the result to.  [default: a file in benchmarks/evaluations/NAME]",
)
@click.option(
    "--images",
    type=click.IntRange(1),
    metavar="N",
    help="Use only the first N images, and keep the result only with --out.",
)
@data_dir_option
@json_option
@models_option
def evaluate(names: tuple[str, ...], out: Path | None, as_json: bool, models: Path | None, **options: Any) -> None:
    """Judge every variant over the test set, here.

    It makes real bitstreams and prints baselines such as JPEG and WebP beside them. With --data it uses your own
    images: a model of one size resizes and crops them, other models take them as they are. Without NAME it takes
    all models that have a test set. Pictures that a task draws, such as confusions, lie in a folder beside the result.

    \b
    Example:
      host evaluate cifar10-ae-mse --data-dir ~/data
      host evaluate cifar10-ae-mse --data ~/pictures
      host evaluate photo --data ~/pictures --out pictures.json
    """
    from host.api import evaluate as run
    from host.reporting.evaluations import result_text
    from host.results import as_document

    chosen = model_names(names, models_folder(models))
    if out and len(chosen) != 1:
        raise click.UsageError("--out takes one NAME")
    results = [run(name, out=out, models=models, **options) for name in chosen]
    if as_json:
        documents = [as_document(result) for result in results]
        print_json(documents[0] if len(documents) == 1 else documents)
        return
    for result in results:
        say(result_text(result))


@command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, metavar="IMAGE...", type=ANY_PATH)
@click.option("--variant", default="int8", show_default=True, help="Variant of the encoder.")
@click.option(
    "--quality", type=int, help="Quality of a codec; 0 gives the smallest bitstreams.  [default: the middle one]"
)
@decoder_option
@click.option(
    "-o",
    "--output",
    default="reconstructions",
    show_default=True,
    type=FOLDER,
    help="Folder for the PNG files.",
)
@models_option
def reconstruct(name: str, files: tuple[Path, ...], output: Path, **options: Any) -> None:
    """Encode and decode images, and show both side by side.

    Each PNG file shows the original, the reconstruction, and 4 times their difference. The exported encoder makes a
    real bitstream, as on the device. A model of one size resizes and crops the images. A model that enlarges images is
    given them reduced.

    \b
    Example:
      host reconstruct photo holiday.jpg --quality 2
      host reconstruct cifar10-ae-mse cat.png dog.png -o pictures
    """
    from host.api import reconstruct as run

    for picture in run(name, files, output, **options):
        say(picture.text())


@command()
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="ID",
    help="Use only this run: its id, or its folder. Repeat for several.  [default: all]",
)
@click.option(
    "--model",
    "names",
    multiple=True,
    metavar="NAME",
    help="Use only this model. Repeat for several.  [default: all]",
)
@click.option(
    "--out",
    type=FOLDER,
    help="Folder for the report.  [default: benchmarks/reports]",
)
@models_option
def report(runs: tuple[str, ...], names: tuple[str, ...], out: Path | None, models: Path | None) -> None:
    """Write the report of all collected and evaluated results.

    Writes report.html, one page that needs no network, and the same as report.md, report.pdf, report.json and
    report.csv, with the figures as files beside them. Prints the best, the fastest and the smallest variants.

    \b
    Example:
      host report
      host report --model cifar10-ae-mse --out report
      host report --run 20260102T030405Z-pi-0a1b
    """
    from host.report.report import write_report
    from host.report.sources import Folders

    for line in write_report(Folders(models=models_folder(models)), out, runs, names):
        say(line)
