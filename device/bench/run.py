"""python -m device.bench: measures every variant of every bundle, each many times, each time in a fresh process.

Run it from the folder that holds device/. Exit status: 0 done, 1 a named error in one line, 2 usage.
"""

from __future__ import annotations

import importlib.util
import sys

# Checked before anything else is imported, so that these two common mistakes give one line.
if not __package__:
    sys.exit("run `python -m device.bench` from the folder that holds device/")
if importlib.util.find_spec("numpy") is None:
    sys.exit("numpy is not installed; pip install -r device/requirements.txt")

import argparse
import getpass
import platform
import secrets
import shlex
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from .. import image_file, run_file
from ..bundle import Bundle
from ..environment import read_environment
from ..errors import ImageError, SplitliteError
from ..files import sha256_bytes
from ..quantization import Array
from ..run_file import Run, RunBundle, RunImage, Settings
from ..runtime import check_runtime, load_runtime
from . import table
from .options import parser
from .plan import DEFAULT, QUICK, Effort, plan_rows, quick_repetitions
from .rows import Entry, encode_all, measure_all, round_seconds, sustain_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    options = parser().parse_args(arguments)
    command = ("python", "-m", f"{__package__}", *(sys.argv[1:] if arguments is None else arguments))
    try:
        _bench(options, command)
    except SplitliteError as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; nothing was saved", file=sys.stderr)
        return 1
    return 0


def new_run_id(now: time.struct_time) -> str:
    """Name of a run: time in UTC, host, and enough chance to tell runs of one second apart."""
    name = platform.node().split(".")[0].lower()
    host = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter == "-"))
    moment = time.strftime("%Y%m%dT%H%M%SZ", now)
    return f"{moment}-{host or 'device'}-{secrets.token_hex(2)}"


def _bench(options: argparse.Namespace, command: tuple[str, ...]) -> None:
    begun = time.monotonic()
    plans = plan_rows(options.bundle, options.variant, options.threads, options.quality)
    bundles = {plan.bundle.model: plan.bundle for plan in plans}
    check_runtime(options.runtime)
    runtime = load_runtime(options.runtime)
    channels = {bundle.input.channels for bundle in bundles.values()}
    wanted = channels.pop() if len(channels) == 1 else None
    images = image_file.read_folder(options.images, wanted) if options.images else {}
    _check_images(images, bundles.values())
    started = time.gmtime()
    folder = options.out.resolve() / new_run_id(started)
    partial = run_file.partial_folder(folder)
    try:
        environment = read_environment(runtime)
        common: dict[str, Any] = {"runtime": runtime.name}
        if options.delegate:
            common["delegate"] = str(options.delegate)
        if images:
            common["images"] = _stack(images, partial / "images.raw")
        entries = encode_all(plans, common, partial)
        working = [entry for entry in entries if entry.row.ok]
        effort = _effort(options, working, time.monotonic() - begun)
        seed = secrets.randbits(32) if options.seed is None else options.seed
        if working:
            measure_all(working, effort, seed)
            if options.sustained:
                sustain_all(working, options.sustained)
            logs = [line for entry in working for line in entry.row.runtime_log]
            environment["xnnpack_created"] = any("XNNPACK delegate" in line for line in logs)
        (partial / "images.raw").unlink(missing_ok=True)
        run = Run(
            run_id=folder.name,
            started_at=_iso(started),
            finished_at=_iso(time.gmtime()),
            command=command,
            settings=Settings(threads=tuple(options.threads), seed=seed, **asdict(effort)),
            environment=environment,
            images=tuple(RunImage(name, _digest(image), image.shape) for name, image in images.items()),
            bundles={
                model: RunBundle(bundle.model_sha256, bundle.spec_sha256, bundle.sha256)
                for model, bundle in bundles.items()
            },
            rows=tuple(entry.finished() for entry in entries),
        )
        run_file.write_run(folder, run)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    print("\n" + "\n".join(table.run_tables(run, bundles, options.profile)))
    print(f"\nRun: {folder}\nNext, on the workstation: .venv/bin/python -m host collect {_from_home(folder)}")


def _from_home(folder: Path) -> str:
    # Where the other half of splitlite lies beside this one, this is the workstation.
    here = (Path(__file__).resolve().parents[2] / "host").is_dir()
    return shlex.quote(str(folder)) if here else f"{getpass.getuser()}@{platform.node()}:{shlex.quote(str(folder))}"


def _check_images(images: Mapping[str, Array], bundles: Iterable[Bundle]) -> None:
    for bundle in bundles:
        for name, image in images.items():
            if not bundle.input.takes(image.shape):
                raise ImageError(
                    f"{name}: uint8 {image.shape}, {bundle.model} takes {bundle.input.wanted},"
                    " or choose another --bundle"
                )


def _stack(images: Mapping[str, Array], path: Path) -> dict[str, Any]:
    with open(path, "wb") as stream:
        for image in images.values():
            stream.write(image.tobytes())
    return {"file": str(path), "shapes": [list(image.shape) for image in images.values()]}


def _effort(options: argparse.Namespace, working: Sequence[Entry], spent_s: float) -> Effort:
    effort = QUICK if options.quick else DEFAULT
    given = {"runs": options.runs, "warmup": options.warmup, "repetitions": options.repetitions}
    effort = replace(effort, **{key: value for key, value in given.items() if value is not None})
    if options.seconds is not None:
        effort = replace(effort, minimum_ns=round(options.seconds * 1e9))
    if options.quick and not options.repetitions:
        effort = replace(effort, repetitions=quick_repetitions(round_seconds(working, effort), spent_s))
    return effort


def _digest(image: Array) -> str:
    return sha256_bytes(image.tobytes())


def _iso(moment: time.struct_time) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


if __name__ == "__main__":
    sys.exit(main())
