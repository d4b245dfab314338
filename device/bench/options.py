"""The command line of the bench."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .plan import DEFAULT

DEFAULT_RESULTS = Path(__file__).resolve().parents[1] / "results"
_MANY: dict[str, Any] = {"action": "append", "default": []}


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
    profile = "also print the time of each stage, the operators, and multiply-accumulates per second"
    add("--profile", action="store_true", help=profile)
    images = "encode the images in this folder instead of the samples (.ppm, .pgm, .npy; others with Pillow)"
    add("--images", type=Path, metavar="DIR", help=images)
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
