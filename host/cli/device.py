"""Commands that talk with a device, or read what it sent: deploy, bench, collect, decode."""

from __future__ import annotations

import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host.cli.shared import ANY_PATH, FILE, FOLDER, bundle_option, command, decoder_option, json_option, print_json, say

if TYPE_CHECKING:
    from host.remote.connection import Options


def _ssh_options(function: Any) -> Any:
    """Adds the options of ssh, which the command gets as one `ssh`."""

    @click.option("--port", type=click.IntRange(1, 65535), help="Port of the device's ssh server.")
    @click.option("--identity", type=FILE, help="File of the private key for ssh.")
    @click.option(
        "-o", "extra", multiple=True, metavar="NAME=VALUE", help="Option for ssh, such as ConnectTimeout=5; repeatable."
    )
    @wraps(function)
    def command_of_ssh(*args: Any, port: int | None, identity: Path | None, extra: tuple[str, ...], **rest: Any) -> Any:
        from host.remote.connection import Options

        return function(*args, ssh=Options(port, identity, extra), **rest)

    return command_of_ssh


@command()
@click.argument("target", metavar="[USER@]HOST[:PATH]")
@bundle_option
@click.option("--tests", is_flag=True, help="Also copy device/tests.")
@_ssh_options
def deploy(target: str, bundles: tuple[str, ...], tests: bool, ssh: Options) -> None:
    """Copy device/ and its bundles to a device over ssh.

    The copy goes into the folder PATH there. Without PATH this is the folder splitlite in the home folder. The new
    device/ replaces the old one at the end, in one step. Results on the device stay. Settings of ~/.ssh/config apply.

    \b
    Example:
      host deploy pi@raspberrypi.local:splitlite
      host deploy pi --bundle cifar10-ae-mse
    """
    from host.remote.connection import connect
    from host.remote.deploy import deploy as run
    from host.remote.target import parse_target

    with connect(parse_target(target), ssh) as connection:
        say(run(connection, bundles, tests))


@command()
@click.argument("target", metavar="[USER@]HOST[:PATH]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- BENCH OPTIONS]")
@bundle_option
@json_option
@_ssh_options
def bench(target: str, arguments: tuple[str, ...], bundles: tuple[str, ...], as_json: bool, ssh: Options) -> None:
    """Deploy, run the bench on a device, and collect its run.

    The device needs a runtime. Install it once, in the folder PATH there: python3 -m venv venv, then venv/bin/pip
    install -r device/requirements.txt. Options after -- go to the bench. Ctrl-C also stops the bench.

    \b
    Example:
      host bench pi@raspberrypi.local
      host bench pi:splitlite --bundle cifar10-ae-mse -- --quick --threads 1,4
    """
    from host.remote.bench import run_bench
    from host.remote.connection import connect
    from host.remote.deploy import deploy as send
    from host.remote.results import fetched, list_runs
    from host.remote.target import parse_target

    with connect(parse_target(target), ssh) as connection:
        say(send(connection, bundles), err=True)
        names = run_bench(connection, arguments, show=sys.stderr if as_json else None)
        with fetched(connection, list_runs(connection), names) as folder:
            _collect(folder, as_json)


@command()
@click.argument("path")
@click.option(
    "--images",
    type=FOLDER,
    help="Folder of the original images, for a run that the bench made with --images.",
)
@json_option
@_ssh_options
def collect(path: str, images: Path | None, as_json: bool, ssh: Options) -> None:
    """Decode and judge what a device sent.

    PATH is the folder of a run, or a folder of runs, on this machine or on a device ([USER@]HOST:PATH). Each run is
    kept in benchmarks/results.

    \b
    Example:
      host collect device/results
      host collect pi@raspberrypi.local:splitlite
      host collect from-pi --images photos
    """
    from host.remote.connection import connect
    from host.remote.results import fetched, list_runs
    from host.remote.target import is_remote, parse_target

    if not is_remote(path):
        _collect(Path(path), as_json, images)
        return
    with connect(parse_target(path), ssh) as connection:
        runs = list_runs(connection)
        with fetched(connection, runs, runs.names) as folder:
            _collect(folder, as_json, images)


def _collect(path: Path, as_json: bool, images: Path | None = None) -> None:
    from host.api import collect as run_collect
    from host.reporting.evaluations import run_text
    from host.results import as_document

    runs = run_collect(path, images=images)
    if as_json:
        print_json([as_document(run) for run in runs])
        return
    for run in runs:
        say(run_text(run))
    say("\nnext: host report")


@command()
@click.argument("files", nargs=-1, required=True, type=ANY_PATH)
@click.option(
    "-o",
    "--output",
    required=True,
    type=ANY_PATH,
    help="PNG file to write; for several bitstreams the folder.",
)
@decoder_option
@click.option("--original", type=ANY_PATH, help="Image that was encoded, to print the quality.")
def decode(files: tuple[Path, ...], output: Path, decoder: str, original: Path | None) -> None:
    """Decode bitstreams of `python -m device encode` to PNG.

    \b
    Example:
      host decode photo.bin -o photo.png
      host decode photo.bin -o photo.png --decoder tuned --original photo.ppm
      host decode *.bin -o decoded
    """
    from host.api import decode as run

    if original and len(files) > 1:
        raise click.UsageError("--original takes one bitstream")
    for found in run(files, output, decoder=decoder, original=original):
        say(found.text())
