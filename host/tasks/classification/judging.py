"""What all rows of a classifier together tell: intervals, the drop against float32, agreement, sizes, verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from device.outputs.scores import probabilities
from host.results import Row
from host.tasks.classification.spec import ACCURACY, AGREEMENT, DROP, ClassificationOptions

if TYPE_CHECKING:
    from host.tasks.task import Judged

TRUTH, PREDICTED, PROBABILITY = "truth", "predicted", "probability"  # of one image
REFERENCE = "float32"
CONFUSION = "confusion"
KERAS_OPTIMIZER, KERAS_WEIGHTS, FLOAT32_FILE = "keras_optimizer", "keras_weights", "float32_tflite"
GZIP = "_gzip"
_Z = 1.959963984540054  # of the normal distribution, 95 % within


def judge(truth: int, scores: np.ndarray) -> dict[str, float | None]:
    """Whether the highest score of an image, the first of equal ones, is its label's; see `Decoders.judge`."""
    predicted = int(np.argmax(scores))
    return {
        ACCURACY.key: 100.0 * (predicted == truth),
        TRUTH: truth,
        PREDICTED: predicted,
        PROBABILITY: float(probabilities(scores)[predicted]),
    }


def conclude(
    rows: Sequence[Row], judged: Judged, classes: Sequence[str] = (), asked: ClassificationOptions | None = None
) -> list[Row]:
    """See `host.tasks.task.Task.conclude`.

    Args:
        classes: where confusions are to be counted.
        asked: of the model's spec, for verdicts.
    """
    count = max((len(values) for values in judged.values()), default=0)
    answers = {name: _column(values, PREDICTED) for name, values in judged.items()}
    right = {name: _column(values, ACCURACY.key) > 0 for name, values in judged.items()}
    files = _files(rows)
    found = []
    for row in rows:
        if count and ACCURACY.key in row.metrics:
            row = replace(row, intervals={ACCURACY.key: wilson(row.metrics[ACCURACY.key], count)})
        if row.row in answers and classes:
            table = confusion(_column(judged[row.row], TRUTH), answers[row.row], len(classes))
            row = replace(row, counts={CONFUSION: table})
        if row.row in answers and REFERENCE in answers and row.row != REFERENCE:
            agreement = 100 * float(np.mean(answers[row.row] == answers[REFERENCE]))
            drop, ends = paired_drop(right[REFERENCE], right[row.row])
            row = replace(
                row,
                metrics={**row.metrics, DROP.key: drop, AGREEMENT.key: agreement},
                intervals={**row.intervals, DROP.key: ends},
            )
        row = replace(row, ratios={**row.ratios, **_ratios(row, files)})
        found.append(replace(row, verdict=verdict(row, asked)) if asked else row)
    return found


def wilson(percent: float, count: int) -> tuple[float, float]:
    """Ends of the 95 % interval of a share, in percent.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    share, square = percent / 100, _Z**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def paired_drop(reference: np.ndarray, other: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Percentage points by which another network is right less often on the same images, and the 95 % interval.

    Only images on which one of both is right alone count, as in McNemar's test. Half an image is added to each of the
    four cells: A. Agresti, Y. Min, "Simple improved confidence intervals for comparing matched proportions" (2005).

    Args:
        reference, other: bool (count,), right or not.
    """
    count = len(reference)
    lost, won = int(np.sum(reference & ~other)), int(np.sum(~reference & other))
    padded = count + 2
    middle = (lost - won) / padded
    half = _Z * math.sqrt((lost + won + 1) - (lost - won) ** 2 / padded) / padded
    return 100 * (lost - won) / count, (100 * (middle - half), 100 * (middle + half))


def confusion(truths: np.ndarray, answers: np.ndarray, classes: int) -> tuple[tuple[int, ...], ...]:
    """For each class, in order, how many of its images were taken for each class."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truths.astype(np.int64), answers.astype(np.int64)), 1)
    return tuple(tuple(map(int, line)) for line in counts)


def verdict(row: Row, asked: ClassificationOptions) -> str | None:
    """Whether a variant meets the spec's criteria; None of the float32 row, which is what they are measured against.

    Returns:
        "pass", "fail: " and what is missed, or "pass when gzipped: " where both files must be compressed for it.
    """
    if not row.variant or row.row == REFERENCE or row.error:
        return None
    smaller, gzipped = (row.ratios.get(KERAS_WEIGHTS + suffix) for suffix in ("", GZIP))
    drop = row.metrics.get(DROP.key)
    missed = []
    if asked.accuracy_drop is not None:
        if drop is None:
            return None
        if drop > asked.accuracy_drop:
            missed.append(f"{drop:.2f} points lost, {asked.accuracy_drop:g} allowed")
    if asked.size_ratio is None:
        return _verdict(missed) if asked.accuracy_drop is not None else None
    if smaller is None:
        return None
    if smaller >= asked.size_ratio:
        return _verdict(missed)
    if gzipped is not None and gzipped >= asked.size_ratio and not missed:
        return f"pass when gzipped: {_floor(gzipped)} times smaller"
    return _verdict([*missed, f"{_floor(smaller)} times smaller, {asked.size_ratio:g} asked"])


def _verdict(missed: Sequence[str]) -> str:
    return f"fail: {'; '.join(missed)}" if missed else "pass"


def _floor(value: float) -> str:
    return f"{math.floor(10 * value) / 10:.1f}"  # 3.96 is not the 4.0 that is asked


def _column(values: Sequence[Mapping[str, float | None]], key: str) -> np.ndarray:
    return np.array([each[key] for each in values], np.float64)


def _files(rows: Sequence[Row]) -> dict[str, Mapping[str, float]]:
    """The sizes of what files are compared with, by name."""
    sizes = {row.row: row.sizes for row in rows}
    known = {KERAS_OPTIMIZER: KERAS_OPTIMIZER, KERAS_WEIGHTS: KERAS_WEIGHTS, FLOAT32_FILE: REFERENCE}
    return {name: sizes[row] for name, row in known.items() if row in sizes}


def _ratios(row: Row, files: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {
        name + suffix: sizes[key] / row.sizes[key]
        for key, suffix in (("network_bytes", ""), ("network_gzip_bytes", GZIP))
        if row.sizes.get(key)
        for name, sizes in files.items()
        if key in sizes
    }
