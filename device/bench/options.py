"""The command line of the bench."""

from __future__ import annotations

import argparse
from pathlib import Path

from .plan import DEFAULT

DEFAULT_RESULTS = Path(__file__).resolve().parents[1] / "results"


def parser() -> argparse.ArgumentParser:
    """Of `python -m device.bench`."""
    made = argparse.ArgumentParser(
        prog=f"python -m {__package__}", description="Measure the encoders on this device.", allow_abbrev=False
    )
    add = made.add_argument
    add(
        "--bundle",
        action="append",
        default=[],
        help="measure only this bundle, a name or a folder; may be repeated (default: all)",
    )
    add(
        "--variant",
        action="append",
        default=[],
        help="measure only this variant, or all qualities of this family; may be repeated (default: all)",
    )
    add(
        "--quality",
        type=int,
        action="append",
        default=[],
        help="measure only this quality of codecs; may be repeated (default: all)",
    )
    add(
        "--threads",
        type=_counts,
        default=[1],
        help="threads of the runtime; 1,2,4 measures each as rows of its own (default: 1)",
    )
    add("--quick", action="store_true", help="take a first look in about a minute; too few processes to compare runs")
    add("--repetitions", type=_positive, help=f"fresh processes for each row (default: {DEFAULT.repetitions})")
    add("--runs", type=_positive, help=f"least number of encodes in each process (default: {DEFAULT.runs})")
    add(
        "--seconds",
        type=_seconds,
        help=f"minimum measuring time per process, in seconds (default: {DEFAULT.minimum_ns / 1e9:g})",
    )
    add(
        "--warmup",
        type=_positive,
        help=f"encodes before the measurement in each process; their times are kept apart (default: {DEFAULT.warmup})",
    )
    add("--seed", type=int, help="seed of the order of processes (default: random; run.json records it)")
    add(
        "--sustained",
        type=_positive,
        metavar="MINUTES",
        help="after the measurement, run each row for this many minutes without a pause",
    )
    add(
        "--profile",
        action="store_true",
        help="also print the time of each stage, the operators, and multiply-accumulates per second",
    )
    add(
        "--images",
        type=Path,
        metavar="DIR",
        help="encode the images in this folder instead of the samples (.ppm, .pgm, .npy; others with Pillow)",
    )
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
