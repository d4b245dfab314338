"""host / splitlite: the command line. Thin: TensorFlow is imported inside the commands that need it."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import click

from device.errors import SplitliteError
from host import __version__

STAGE_NAMES = ("float", "qat", "tables", "tune")
_GIVEN = "host.cli.given"
COMPARED_STAGES = ("encode", "quantize", "invoke", "code", "load", "first_encode")


class _Group(click.Group):
    """Turns the package's named errors into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SplitliteError as error:
            raise click.ClickException(str(error)) from error


class _Resumable(click.Command):
    """Keeps its arguments as they were given, so that it can say how to go on."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        given = list(args)  # parsing empties it
        context = super().make_context(info_name, args, *rest, **extra)
        context.meta[_GIVEN] = given
        return context


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


def _names(names: tuple[str, ...], folder: Path, task: str | None = None) -> list[str]:
    from host.spec import list_models

    return list(names) or list_models(folder, task)


@main.command()
@click.argument("name")
@click.option(
    "--from",
    "template",
    default="conv",
    show_default=True,
    metavar="TEMPLATE",
    help="conv, dense, residual, or a model's name.",
)
@_models_option
def new(name: str, template: str, models: Path | None) -> None:
    """Start a model: write models/NAME/spec.json, a copy of a template to change.

    \b
    Example:
      host new my-model --from dense
    """
    from host.new import new as run

    file = run(name, template, _models(models))
    click.echo(f"{file}: written from {template}; change it, then: host check {name}, host train {name}")


@main.command()
@click.argument("spec")
@_models_option
def check(spec: str, models: Path | None) -> None:
    """Check a spec without training: SPEC is a model's name or a path; prints shapes, costs and the bottleneck.

    \b
    Example:
      host check cifar10-ae-mse
      host check my-models/mine/spec.json
    """
    from host.codec.spec import TASK, load_codec_spec
    from host.quiet import load_tensorflow
    from host.spec import task_of

    if task_of(spec, _models(models)) == TASK:
        codec_spec = load_codec_spec(spec, _models(models))
        load_tensorflow()
        from host.codec.summary import summarize_codec

        click.echo(summarize_codec(codec_spec))
        return
    load_tensorflow()
    from host.check import check_text, find_spec

    click.echo(check_text(find_spec(spec, _models(models))))


@main.command(hidden=True)
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
def schema(output: Path) -> None:
    """Write the JSON schema of the specs, for editors: models/spec.schema.json.

    \b
    Example:
      host schema models/spec.schema.json
    """
    from device.files import write_bytes
    from host.schema import schema_text

    write_bytes(output, schema_text().encode())


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


# Option -> where it stands in the spec, its type, its help.
OVERRIDE_OPTIONS: dict[str, tuple[str, Any, str]] = {
    "epochs": ("training.float.epochs", click.IntRange(1), "Of the stage float."),
    "batch_size": ("training.batch_size", click.IntRange(1), "Images a step."),
    "learning_rate": ("training.float.learning_rate", float, "Of the stage float, at its start."),
    "seed": ("training.seed", click.IntRange(0, 2**31 - 1), "Of all that is drawn at random."),
    "latent_dims": ("latent.dims", click.IntRange(1), "The size that the spec's layers call latent_dims."),
}


def _override_options(command: Any) -> Any:
    for name, (_, kind, text) in reversed(OVERRIDE_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=f"{text}  [default: the spec's]")(
            command
        )
    text = "A value instead of the spec's, as JSON: training.qat.epochs=5; repeat for several."
    return click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help=text)(command)


@main.command(cls=_Resumable)
@click.argument("name")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(STAGE_NAMES),
    help="Only this stage; repeat for several.  [default: all that the model has]",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoints of an interrupted training.")
@click.option(
    "--start-from",
    metavar="WEIGHTS|NAME",
    help="A float.weights.h5 of the same layers, or the model that has it, to start from.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Local folder of data sets.  [default: SPLITLITE_DATA, else Keras downloads]",
)
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
@_models_option
def train(
    name: str,
    stages: tuple[str, ...],
    resume: bool,
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
    from host.codec.spec import TASK, load_codec_spec
    from host.interruption import interruptible
    from host.quiet import load_tensorflow
    from host.spec import load_spec, task_of

    overrides = _overrides(settings, short)
    if task_of(name, _models(models)) == TASK:  # a wrong spec is said before TensorFlow takes its seconds to load
        load_codec_spec(name, _models(models))
    else:
        load_spec(name, _models(models), overrides)
    try:
        with interruptible():
            load_tensorflow()
            from host.stages import train as run

            record = run(
                name,
                stages or STAGE_NAMES,
                resume=resume,
                start_from=start_from,
                data_dir=data_dir,
                models=_models(models),
                overrides=overrides,
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
    for stage, result in record["stages"].items():
        click.echo(f"{stage}: " + ", ".join(_stage_line(result)))
    click.echo(f"weights and training.json are in {_models(models) / name}; next: host export {name}")


def _overrides(settings: tuple[str, ...], short: dict[str, Any]) -> dict[str, Any] | None:
    from host.overrides import parse_overrides

    found = parse_overrides(settings)
    found |= {OVERRIDE_OPTIONS[key][0]: value for key, value in short.items() if value is not None}
    return found or None


def _stage_line(result: dict[str, Any]) -> list[str]:
    if "history" in result:
        best = result["history"][result["best_epoch"] - 1]
        return [f"{result['epochs']} epochs, {result['seconds']:.0f} s, validation {best['validation_psnr_db']:.2f} dB"]
    if "encoder_sha256" in result:
        return [f"quality {row['quality']} {row['validation_bpp']:.3f} bpp" for row in result["qualities"]]
    return [f"{variant} {_stage_line(part)[0]}" for variant, part in result.items() if isinstance(part, dict)]


PARTS, FORMATS = ("encoder", "decoder", "full"), ("tflite", "saved_model", "keras")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--part", type=click.Choice(PARTS), help="Write only this part of one model, to --output.")
@click.option("--variant", help="Of the part.  [default: int8 as tflite, else float32]")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of the part.  [default: tflite]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The part's file; a SavedModel's folder.")
@_models_option
def export(
    names: tuple[str, ...],
    part: str | None,
    variant: str | None,
    form: str | None,
    output: Path | None,
    models: Path | None,
) -> None:
    """Convert, split and package models: device/bundles/<name>/ and build/<name>/.

    With --part one file instead, for use without splitlite: the encoder, the decoder or both joined, as .tflite of any
    variant, as SavedModel or as .keras.

    \b
    Example:
      host export                    every model in models/
      host export cifar10-ae-mse
      host export cifar10-ae-mse --part full --variant int8 -o full.tflite
      host export cifar10-ae-mse --part encoder --format keras -o encoder.keras
    """
    from host.errors import ModelError
    from host.packaging.export import export_many

    if part is None:
        if variant or form or output:
            raise click.UsageError("--variant, --format and --output are of one part: give --part with them")
        if not _names(names, _models(models)):
            raise ModelError(f"{_models(models)}: no models here; write <name>/spec.json, then `host train <name>`")
        for line in export_many(_names(names, _models(models)), _models(models)):
            click.echo(line)
        return
    if len(names) != 1 or output is None:
        raise click.UsageError("--part is of one model: give one NAME, and --output")
    from host.packaging.parts import export_part

    done = export_part(names[0], part, output, variant=variant, form=form or FORMATS[0], models=_models(models))
    click.echo(f"{output}: {done}")


def _ssh_options(command: Any) -> Any:
    for option in (
        click.option("-o", "extra", multiple=True, metavar="NAME=VALUE", help="An option of ssh; may be repeated."),
        click.option("--identity", type=click.Path(dir_okay=False, path_type=Path), help="A private key's file."),
        click.option("--port", type=click.IntRange(1, 65535), help="Of the device's ssh server."),
    ):
        command = option(command)
    return command


def _bundle_option(command: Any) -> Any:
    text = "Only this bundle, a name or a folder; repeat for several.  [default: all in device/bundles]"
    return click.option("--bundle", "bundles", multiple=True, metavar="NAME", help=text)(command)


@main.command()
@click.argument("target", metavar="[USER@]HOST[:PATH]")
@_bundle_option
@click.option("--tests", is_flag=True, help="Copy device/tests too.")
@_ssh_options
def deploy(
    target: str, bundles: tuple[str, ...], tests: bool, port: int | None, identity: Path | None, extra: tuple[str, ...]
) -> None:
    """Copy device/ with its bundles to a device, into the folder PATH.

    The new device/ replaces the old one at the end, in one step; results there stay. What ~/.ssh/config says of the
    host holds. Without PATH it is the folder splitlite in the home folder there.

    \b
    Example:
      host deploy pi@raspberrypi.local:splitlite
      host deploy pi --bundle cifar10-ae-mse
    """
    from host.remote.connection import Options, connect
    from host.remote.deploy import deploy as run
    from host.remote.target import parse_target

    with connect(parse_target(target), Options(port, identity, extra)) as connection:
        click.echo(run(connection, bundles, tests))


@main.command()
@click.argument("target", metavar="[USER@]HOST[:PATH]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- BENCH OPTIONS]")
@_bundle_option
@click.option("--json", "as_json", is_flag=True, help="Print the evaluation as JSON.")
@_ssh_options
def bench(
    target: str,
    arguments: tuple[str, ...],
    bundles: tuple[str, ...],
    as_json: bool,
    port: int | None,
    identity: Path | None,
    extra: tuple[str, ...],
) -> None:
    """Deploy, run `python -m device.bench` on the device, and collect that run.

    The device needs a runtime: once, in PATH there, python3 -m venv venv and venv/bin/pip install -r
    device/requirements.txt. What follows -- goes to the bench. Ctrl-C stops it there too.

    \b
    Example:
      host bench pi@raspberrypi.local
      host bench pi:splitlite --bundle cifar10-ae-mse -- --quick --threads 1,4
    """
    from host.remote.bench import run_bench
    from host.remote.connection import Options, connect
    from host.remote.deploy import deploy as send
    from host.remote.results import fetched, list_runs
    from host.remote.target import parse_target

    with connect(parse_target(target), Options(port, identity, extra)) as connection:
        click.echo(send(connection, bundles), err=True)
        names = run_bench(connection, arguments, show=sys.stderr if as_json else None)
        with fetched(connection, list_runs(connection), names) as folder:
            _collect(folder, as_json)


@main.command()
@click.argument("path")
@click.option(
    "--images",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the originals of a run that was made with --images.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the evaluation as JSON.")
@_ssh_options
def collect(
    path: str, images: Path | None, as_json: bool, port: int | None, identity: Path | None, extra: tuple[str, ...]
) -> None:
    """Decode what a device sent and compare: PATH is a run's folder, or a folder of runs, here or on a device.

    \b
    Example:
      host collect device/results
      host collect pi@raspberrypi.local:splitlite
      host collect from-pi --images photos
    """
    from host.remote.connection import Options, connect
    from host.remote.results import fetched, list_runs
    from host.remote.target import is_remote, parse_target

    if not is_remote(path):
        _collect(Path(path), as_json, images)
        return
    with connect(parse_target(path), Options(port, identity, extra)) as connection:
        runs = list_runs(connection)
        with fetched(connection, runs, runs.names) as folder:
            _collect(folder, as_json, images)


def _collect(path: Path, as_json: bool, images: Path | None = None) -> None:
    from host.evaluation.collect import collect as run
    from host.reporting.evaluations import evaluation_text

    evaluations = run(path, images=images)
    if as_json:
        click.echo(json.dumps(evaluations, indent=1, sort_keys=True, allow_nan=False))
        return
    for evaluation in evaluations:
        click.echo(evaluation_text(evaluation))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The PNG; a folder for several files."
)
@click.option(
    "--decoder",
    type=click.Choice(["own", "tuned"]),
    default="own",
    show_default=True,
    help="The variant's own, or the float32 one tuned on its codes, where there is one.",
)
@click.option(
    "--original", type=click.Path(path_type=Path), help="The image that was encoded, for PSNR and SSIM (one file only)."
)
def decode(files: tuple[Path, ...], output: Path, decoder: str, original: Path | None) -> None:
    """Decode bitstreams that `python -m device encode` wrote, to PNG.

    \b
    Example:
      host decode photo.bin -o photo.png
      host decode photo.bin -o photo.png --decoder tuned --original photo.ppm
      host decode *.bin -o decoded
    """
    from host.evaluation.decode import decode as run

    if original and len(files) > 1:
        raise click.UsageError("--original is one image: give one bitstream with it")
    for found in run(files, output, decoder, original):
        click.echo(found.text())


@main.command()
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
    from host.evaluation.compare import as_json as plain
    from host.evaluation.compare import compare as run
    from host.evaluation.stored_runs import read_stored_run
    from host.reporting.comparison import comparison_text

    found = run([read_stored_run(name) for name in runs], stage, confidence / 100)
    if as_json:
        click.echo(json.dumps(plain(found), indent=1, sort_keys=True, allow_nan=False))
    else:
        click.echo(comparison_text(found))
    if all(comparison.refused for comparison in found.comparisons):
        context.exit(1)


@main.command()
@_bundle_option
@click.option("--port", type=click.IntRange(1, 65535), help="Of the page.  [default: the first free one from 7860]")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def demo(bundles: tuple[str, ...], port: int | None, no_browser: bool) -> None:
    """Open a local page: an image through a model, with bytes, PSNR, SSIM and times, beside JPEG.

    It is served on this machine alone, and works without a network.

    \b
    Example:
      host demo
      host demo --bundle cifar10-ae-mse --port 8000 --no-browser
    """
    from host.demo.choices import list_choices
    from host.errors import DemoError

    choices = list_choices(bundles)
    try:
        from host.demo.page import build_page, launch
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise DemoError("Gradio is not installed; get it with: pip install -e '.[demo]'") from None
    page = build_page(choices)
    try:
        address = launch(page, port, browser=not no_browser)
    except OSError:
        raise DemoError(f"port {port or 7860} is taken; choose another with --port") from None
    click.echo(f"{address} (Ctrl-C ends it)")
    page.block_thread()


@main.command()
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
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Local folder of data sets.  [default: SPLITLITE_DATA, else Keras downloads]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_models_option
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
    from host.reporting.evaluations import rows_text

    chosen = _names(names, _models(models), "compression")
    for name in chosen:  # before the first takes its minutes
        check_test_set(name, data, _models(models))
    if out and len(chosen) != 1:
        raise click.UsageError("--out is one file: give one NAME with it")
    options = {"data": data, "out": out, "data_dir": data_dir, "images": images, "models": _models(models)}
    results = [run(name, **options) for name in chosen]
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=1, sort_keys=True, allow_nan=False))
        return
    for result in results:
        click.echo(rows_text(result))


@main.command()
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
@_models_option
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

    options = {"variant": variant, "quality": quality, "decoder": decoder, "models": _models(models)}
    for picture in run(name, files, output, **options):
        click.echo(picture.text())


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
