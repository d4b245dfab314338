"""Commands that talk with a device, or read what it sent: deploy, bench, collect, decode."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from host.cli.shared import bundle_option


def _ssh_options(command: Any) -> Any:
    for option in (
        click.option("-o", "extra", multiple=True, metavar="NAME=VALUE", help="An option of ssh; may be repeated."),
        click.option("--identity", type=click.Path(dir_okay=False, path_type=Path), help="A private key's file."),
        click.option("--port", type=click.IntRange(1, 65535), help="Of the device's ssh server."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("target", metavar="[USER@]HOST[:PATH]")
@bundle_option
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


@click.command()
@click.argument("target", metavar="[USER@]HOST[:PATH]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- BENCH OPTIONS]")
@bundle_option
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


@click.command()
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
    from host.reporting.evaluations import run_text

    evaluations = run(path, images=images)
    if as_json:
        click.echo(json.dumps(evaluations, indent=1, sort_keys=True, allow_nan=False))
        return
    for evaluation in evaluations:
        click.echo(run_text(evaluation))


@click.command()
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
