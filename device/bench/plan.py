"""What a run measures, in which order, and how long that will take."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from .. import pipeline as encoder
from ..bundle import Bundle, Variant, read_bundle
from ..errors import BundleError
from ..run_file import Effort

_OVERHEAD_S = 0.05  # of a measuring process, for the fixed loop and the first encode
QUICK_REPETITIONS = 3
QUICK_S = 55.0  # leaves some seconds of the minute for writing and printing


@dataclass(frozen=True)
class Plan:
    """One row to measure."""

    bundle: Bundle
    variant: str
    threads: int = 1


DEFAULT = Effort(repetitions=10, runs=30, minimum_ns=150_000_000, warmup=10, warmup_ns=50_000_000)
QUICK = Effort(repetitions=QUICK_REPETITIONS, runs=10, minimum_ns=50_000_000, warmup=3, warmup_ns=20_000_000)


def plan_rows(
    bundles: Sequence[str],
    variants: Sequence[str],
    threads: Sequence[int] = (1,),
    qualities: Sequence[int] = (),
) -> list[Plan]:
    """What to measure: of `bundles` (names or paths) these `variants`, or of either all; each number of threads.

    A bundle without one of the variants leaves it out. Of photo codecs, whose variants are encoders at a quality
    ("int8_q3"), an encoder's name ("int8") stands for all its qualities, and `qualities` chooses among them.

    Raises:
        BundleError: no bundles, an unknown one, a variant or quality that no bundle has, or two bundles of one model.
    """
    folders = [encoder.find_bundle(name) for name in bundles] or encoder.default_bundles()
    found = [read_bundle(folder) for folder in folders]
    models = [bundle.model for bundle in found]
    if len(set(models)) != len(models):
        raise BundleError(f"two bundles of one model among {', '.join(models)}; a run holds each once")
    entries = [entry for bundle in found for entry in bundle.variants.values()]
    known = sorted({entry.quality for entry in entries if entry.quality is not None})
    for number in qualities:
        if number not in known:
            raise BundleError(f"no bundle has a quality {number}; available: {', '.join(map(str, known)) or 'none'}")
    for name in variants:
        if not any(_is(entry, name) for entry in entries):
            available = ", ".join(sorted({entry.name for entry in entries}))
            raise BundleError(f"no bundle has a variant {name!r}; available: {available}")
    return [
        Plan(bundle, entry.name, count)
        for bundle in found
        for count in threads
        for entry in bundle.variants.values()
        if not variants or any(_is(entry, name) for name in variants)
        if not qualities or entry.quality in (None, *qualities)
    ]


def _is(entry: Variant, name: str) -> bool:
    return name in (entry.name, entry.family)


def shuffled_order(rows: int, repetitions: int, seed: int) -> list[int]:
    """Row numbers in the order in which their processes run: each repetition has all, in an order of its own.

    This spreads the cost of a warming machine over all rows. No row always follows the same other row.
    """
    generator = random.Random(seed)
    order: list[int] = []
    for _ in range(repetitions):
        round_of_all = list(range(rows))
        generator.shuffle(round_of_all)
        order += round_of_all
    return order


def process_seconds(effort: Effort, start_s: float, encode_s: float) -> float:
    """How long one process takes, from what starting one and one encode took."""
    warmup = max(effort.warmup * encode_s, effort.warmup_ns / 1e9)
    # Whole encodes and encodes by stages take turns: two for each run.
    return start_s + _OVERHEAD_S + warmup + max(2 * effort.runs * encode_s, effort.minimum_ns / 1e9)


def quick_repetitions(round_s: float, spent_s: float) -> int:
    """As many repetitions as fit into a minute of which `spent_s` are gone, 1 to `QUICK_REPETITIONS`."""
    return max(1, min(QUICK_REPETITIONS, int((QUICK_S - spent_s) / round_s))) if round_s > 0 else 1
