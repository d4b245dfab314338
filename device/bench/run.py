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
import os
import platform
import secrets
import shlex
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from .. import image_file, run_file
from ..bundle import Bundle
from ..environment import read_environment
from ..errors import ImageError, SplitliteError
from ..files import sha256_bytes, write_bytes
from ..outputs import native
from ..quantization import Array
from ..run_file import Effort, Run, RunBundle, RunImage, Settings
from ..runtime import check_runtime, load_runtime
from .plan import DEFAULT, QUICK, plan_rows, quick_repetitions
from .rows import Entry, encode_all, measure_all, round_seconds, sustain_all
from .summary import summary
from .table import run_tables

TABLES = "tables.txt"
DEFAULT_RESULTS = Path(__file__).resolve().parents[1] / "results"
_MANY: dict[str, Any] = {"action": "append", "default": []}


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
    if options.coder:
        os.environ[native.VARIABLE] = options.coder  # for the workers
    native.load()
    refusal = native.refusal()
    if refusal:
        print(refusal, file=sys.stderr)
    plans = plan_rows(options.bundle, options.variant, options.threads, options.quality)
    bundles = {plan.bundle.model: plan.bundle for plan in plans}
    check_runtime(options.runtime)
    runtime = load_runtime(options.runtime)
    images = _own_images(options.images, tuple(bundles.values())) if options.images else {}
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
            images=tuple(RunImage(name, sha256_bytes(image.tobytes()), image.shape) for name, image in images.items()),
            bundles={
                model: RunBundle(bundle.model_sha256, bundle.spec_sha256, bundle.sha256)
                for model, bundle in bundles.items()
            },
            rows=tuple(entry.finished() for entry in entries),
        )
        tables = "\n".join(run_tables(run, bundles)) + "\n"
        write_bytes(partial / TABLES, tables.encode())
        run_file.write_run(folder, run)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    print(f"\n{tables}" if options.verbose else "")
    print("\n".join(summary(run)))
    print(f"tables    {folder / TABLES}")
    print(f"next      on the workstation: .venv/bin/python -m host collect {_from_home(folder)}")


def _from_home(folder: Path) -> str:
    # Where the other half of splitlite lies beside this one, this is the workstation.
    here = (Path(__file__).resolve().parents[2] / "host").is_dir()
    return shlex.quote(str(folder)) if here else f"{getpass.getuser()}@{platform.node()}:{shlex.quote(str(folder))}"


def _own_images(folder: Path, bundles: Sequence[Bundle]) -> dict[str, Array]:
    """The images of a folder, such as every bundle takes them; raises ImageError."""
    channels = {bundle.input.channels for bundle in bundles}
    luma = [bundle.model for bundle in bundles if bundle.reads_luma]
    others = [bundle.model for bundle in bundles if not bundle.reads_luma]
    if luma and others:
        raise ImageError(f"{folder}: {luma[0]} reads luma, {others[0]} does not; choose one of them with --bundle")
    wanted = channels.pop() if len(channels) == 1 else None
    images = image_file.read_folder(folder, wanted, as_luma=bool(luma))
    for bundle in bundles:
        for name, image in images.items():
            if not bundle.input.takes(image.shape):
                raise ImageError(
                    f"{name}: uint8 {image.shape}, {bundle.model} takes {bundle.input.wanted},"
                    " or choose another --bundle"
                )
    return images


def _stack(images: Mapping[str, Array], path: Path) -> dict[str, Any]:
    with open(path, "wb") as stream:
        for image in images.values():
            stream.write(image.tobytes())
    return {"file": str(path), "shapes": [list(image.shape) for image in images.values()]}


def _effort(options: argparse.Namespace, working: Sequence[Entry], spent_s: float) -> Effort:
    effort = QUICK if options.quick else DEFAULT
    minimum_ns = None if options.seconds is None else round(options.seconds * 1e9)
    given = {key: getattr(options, key) for key in ("runs", "warmup", "repetitions")} | {"minimum_ns": minimum_ns}
    effort = replace(effort, **{key: value for key, value in given.items() if value is not None})
    if options.quick and not options.repetitions:
        effort = replace(effort, repetitions=quick_repetitions(round_seconds(working, effort), spent_s))
    return effort


def _iso(moment: time.struct_time) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


def parser() -> argparse.ArgumentParser:
    """Of `python -m device.bench`."""
    made = argparse.ArgumentParser(
        prog=f"python -m {__package__}", description="Measure the encoders on this device.", allow_abbrev=False
    )
    add, least = made.add_argument, f"{DEFAULT.minimum_ns / 1e9:g}"
    add("--bundle", **_MANY, help="measure only this bundle, a name or a folder; may be repeated (default: all)")
    add("--variant", **_MANY, help="measure only this variant or family of variants; may be repeated (default: all)")
    add("--quality", **_MANY, type=int, help="measure only this quality of codecs; may be repeated (default: all)")
    threads = "threads of the runtime; 1,2,4 measures each as rows of its own (default: 1)"
    add("--threads", type=_counts, default=[1], help=threads)
    add("--quick", action="store_true", help="take a first look in about a minute; too few processes to compare runs")
    add("--repetitions", type=_positive, help=f"fresh processes for each row (default: {DEFAULT.repetitions})")
    add("--runs", type=_positive, help=f"least number of encodes in each process (default: {DEFAULT.runs})")
    add("--seconds", type=_seconds, help=f"minimum measuring time per process, in seconds (default: {least})")
    warmup = "encodes before the measurement in each process; their times are kept apart"
    add("--warmup", type=_positive, help=f"{warmup} (default: {DEFAULT.warmup})")
    add("--seed", type=int, help="seed of the order of processes (default: random; run.json records it)")
    sustained = "after the measurement, run each row for this many minutes without a pause"
    add("--sustained", type=_positive, metavar="MINUTES", help=sustained)
    add("--verbose", action="store_true", help=f"also print the tables, which are in the run's {TABLES}")
    images = "encode the images in this folder instead of the samples (.ppm, .pgm, .npy; others with Pillow)"
    add("--images", type=Path, metavar="DIR", help=images)
    coder = "entropy coder: c, which `python -m device build` makes, or numpy (default: c where it is built)"
    add("--coder", choices=native.CODERS, help=coder)
    add("--delegate", type=Path, metavar="PATH", help="load an external delegate from this library")
    add("--runtime", help="runtime to use: ai_edge_litert or tflite_runtime (default: the first one installed)")
    add("--out", type=Path, default=DEFAULT_RESULTS, help="folder to write runs to (default: device/results)")
    return made


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def _counts(text: str) -> list[int]:
    return sorted({_positive(part) for part in text.split(",")})


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 3600:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 3600")
    return value


if __name__ == "__main__":
    sys.exit(main())
