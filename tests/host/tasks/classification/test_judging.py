"""What all rows together tell: numbers worked out by hand, and published intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from host.results import Row
from host.tasks.classification.judging import conclude, confusion, judge, paired_drop, verdict, wilson
from host.tasks.classification.spec import ClassificationOptions

ASKED = ClassificationOptions(4.0, 2.0)


def judged(truths: list[int], answers: list[int]) -> list[dict[str, float | None]]:
    return [judge(truth, np.eye(3)[answer] * 2) for truth, answer in zip(truths, answers, strict=True)]


def rows(**answers: list[int]) -> dict[str, Row]:
    truths = [0, 0, 1, 1, 2]
    values = {name: judged(truths, each) for name, each in answers.items()}
    found = [
        Row(name, name, metrics={"accuracy_percent": float(np.mean([one["accuracy_percent"] for one in each]))})
        for name, each in values.items()
    ]
    return {row.row: row for row in conclude(found, values, ("a", "b", "c"))}


def test_agreement_and_drop_are_of_the_same_images_whatever_the_truth_is() -> None:
    found = rows(float32=[0, 1, 1, 1, 2], int8=[0, 1, 1, 2, 0])
    assert found["float32"].metrics == {"accuracy_percent": 80.0}
    assert found["int8"].metrics == {"accuracy_percent": 40.0, "accuracy_drop": 40.0, "agreement_percent": 60.0}
    low, high = found["int8"].intervals["accuracy_drop"]
    assert low < 40 < high


def test_a_row_that_is_better_has_a_drop_below_nothing() -> None:
    assert rows(float32=[0, 1, 1, 2, 0], int8=[0, 0, 1, 1, 0])["int8"].metrics["accuracy_drop"] == -40


def test_without_float32_nothing_is_compared() -> None:
    (row,) = rows(int8=[0, 1, 1, 1, 2]).values()
    assert set(row.metrics) == {"accuracy_percent"} == set(row.intervals)


def test_confusions_have_a_line_for_each_true_class() -> None:
    found = rows(float32=[0, 1, 1, 1, 0])["float32"].counts["confusion"]
    assert found == ((1, 1, 0), (0, 2, 0), (1, 0, 0))
    assert confusion(np.array([1.0]), np.array([0.0]), 2) == ((0, 0), (1, 0))


def test_wilsons_interval_is_the_published_one() -> None:
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I: 81 of 263, 0 of 20.
    assert wilson(100 * 81 / 263, 263) == pytest.approx((25.53, 36.62), abs=0.01)
    assert wilson(0.0, 20) == pytest.approx((0.0, 16.11), abs=0.01)
    assert wilson(100.0, 10_000)[1] == 100.0


def test_the_drops_interval_holds_the_drop_as_often_as_it_says() -> None:
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        reference = generator.random(800) < 0.9
        other = np.where(generator.random(800) < 0.05, ~reference, reference)  # expected drop: 0.05 (0.9 - 0.1)
        low, high = paired_drop(reference, other)[1]
        held += low <= 4.0 <= high
    assert 0.92 < held / 400 < 0.98


def sized(smaller: float, gzipped: float, drop: float | None, **changes: Any) -> Row:
    ratios = {"keras_weights": smaller, "keras_weights_gzip": gzipped}
    metrics = {} if drop is None else {"accuracy_drop": drop}
    return Row(changes.pop("row", "int8"), changes.pop("variant", "int8"), ratios=ratios, metrics=metrics)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (sized(4.0, 3.0, 2.0), "pass"),
        (sized(4.1, 3.0, -1.0), "pass"),
        (sized(3.999, 3.0, 0.1), "fail: 3.9 times smaller, 4 asked"),
        (sized(3.4, 4.96, 0.1), "pass when gzipped: 4.9 times smaller"),
        (sized(4.0, 3.0, 2.41), "fail: 2.41 points lost, 2 allowed"),
        (sized(3.4, 4.9, 2.41), "fail: 2.41 points lost, 2 allowed; 3.4 times smaller, 4 asked"),
        (sized(4.0, 4.0, None), None),
        (sized(1.0, 1.0, None, row="float32", variant="float32"), None),
        (sized(4.0, 4.0, None, row="keras_optimizer", variant=None), None),
    ],
)
def test_verdicts(row: Row, words: str | None) -> None:
    assert verdict(row, ASKED) == words


def test_only_what_is_asked_is_judged() -> None:
    row = sized(3.0, 3.0, 9.0)
    assert verdict(row, ClassificationOptions(2.5, None)) == "pass"
    assert verdict(row, ClassificationOptions(None, 10.0)) == "pass"
    assert verdict(row, ClassificationOptions(None, None)) is None


def test_files_are_compared_plain_with_plain_and_gzipped_with_gzipped() -> None:
    def row(name: str, plain: int, gzipped: int, variant: str | None = None) -> Row:
        return Row(name, variant, sizes={"network_bytes": plain, "network_gzip_bytes": gzipped})

    files = [row("float32", 800, 700, "float32"), row("int8", 200, 100, "int8")]
    files += [row("keras_optimizer", 2400, 2000), row("keras_weights", 900, 800)]
    found = {each.row: each.ratios for each in conclude(files, {})}
    assert found["int8"] == {
        "keras_optimizer": 12.0,
        "keras_weights": 4.5,
        "float32_tflite": 4.0,
        "keras_optimizer_gzip": 20.0,
        "keras_weights_gzip": 8.0,
        "float32_tflite_gzip": 7.0,
    }
    assert found["keras_weights"]["float32_tflite"] == pytest.approx(800 / 900)
