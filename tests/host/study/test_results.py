"""What is computed of trials: means, drops and differences, paired by seed; and which rows are taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from device.files import write_json
from device.records import as_json, from_json
from host.errors import StudyError
from host.results import Result, Row, as_document
from host.study.intervals import Spread
from host.study.results import CellRow, Curve, StudyResult, TrialResult, TrialRow, cell_rows, read_evaluations
from host.study.study_file import Study
from tests.host.study.results_by_hand import ACCURACY, result, trial

ROOT = Path(__file__).resolve().parents[3]
BASE = [
    trial("m", "base", 1, {"float32": 90.0, "int8": 89.0}),
    trial("m", "base", 2, {"float32": 92.0, "int8": 91.5}),
    trial("m", "base", 3, {"float32": 94.0, "int8": 93.0}),
]


def test_the_drop_is_paired_by_seed() -> None:
    first, second = result(BASE).rows
    assert (first.row, first.drop, first.against) == ("float32", None, None)
    assert first.metrics[ACCURACY.key].mean == 92.0
    assert first.metrics[ACCURACY.key].half_width == pytest.approx(4.302653 * 2 / 3**0.5, abs=1e-5)
    assert second.drop is not None and second.drop.values == (1.0, 0.5, 1.0)
    # The seeds differ by 2 points, the drops by half a point: the pairs see that.
    assert second.drop.half_width == pytest.approx(4.302653 * (1 / 12) ** 0.5 / 3**0.5, abs=1e-5)
    assert second.latency_ms is not None and second.latency_ms.values == (0.5, 0.5, 0.5)
    assert second.sizes["network_bytes"].mean == 20_000
    assert second.seconds.values == (10.0, 20.0, 30.0)


def test_a_drop_is_positive_where_lower_is_better_and_a_row_is_higher() -> None:
    trials = [trial("m", "base", seed, {"float32": 1.0, "int8": 1.5}) for seed in (1, 2)]
    metrics = {"m": (replace(ACCURACY, higher_is_better=False),)}
    assert cell_rows(trials, metrics)[1].drop.mean == 0.5  # type: ignore[union-attr]


def test_a_seed_without_the_first_row_has_no_drop_and_one_without_rows_nothing() -> None:
    trials = [BASE[0], trial("m", "base", 2, {"int8": 91.5, "int4": 80.0}), trial("m", "base", 3, {})]
    rows = {row.row: row for row in result(trials).rows}
    assert rows["int8"].seeds == (1, 2)
    assert rows["int8"].drop is not None and rows["int8"].drop.values == (1.0,)
    assert rows["int4"].drop is None


def test_a_cell_stands_against_the_first_one_with_the_seeds_that_both_have() -> None:
    more = [trial("m", "wide", seed, {"float32": value}) for seed, value in ((2, 93.0), (3, 94.5), (4, 99.0))]
    row = next(row for row in result([*BASE, *more]).rows if row.cell == "wide")
    assert row.seeds == (2, 3, 4)
    assert row.against is not None and row.against.values == (1.0, 0.5)
    assert row.metrics[ACCURACY.key].values == (93.0, 94.5, 99.0)


def test_one_seed_has_no_interval() -> None:
    row = result(BASE[:1]).rows[1]
    assert row.drop is not None and row.drop.half_width is None
    assert "half_width" not in as_json(row.drop)


def test_a_study_names_what_rows_are_compared_with() -> None:
    trials = [trial("m", "base", s, {"float32": 90.0, "control": 91.0, "int8": 89.0, "int8_qat": 90.5}) for s in (1, 2)]
    names = {"*_qat": "control", "int8*": "control", "int8": "not here", "control": "control"}
    rows = {row.row: row for row in cell_rows(trials, {"m": (ACCURACY,)}, names)}
    found = {name: row.drop and (row.reference, row.drop.mean) for name, row in rows.items()}
    expected = {"control": ("float32", -1.0), "int8": None, "int8_qat": ("control", 0.5)}
    assert found == {"float32": None, **expected}, "a model that lacks the row has nothing to compare"
    assert rows["float32"].reference is rows["int8"].reference is None


def test_a_result_comes_back_from_its_file() -> None:
    found = result(BASE)
    assert from_json(StudyResult, json.loads(json.dumps(as_json(found))), "x", StudyError) == found


@pytest.mark.parametrize(
    "kind", [StudyResult, TrialResult, TrialRow, Curve, CellRow, Spread], ids=lambda kind: kind.__name__
)
def test_the_guide_names_every_key(kind: type) -> None:
    words = re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "studies.md").read_text())
    assert {each.name for each in fields(kind)} <= set(words)


@pytest.fixture
def evaluated(planned: Callable[..., Any], read: Callable[..., Study]) -> Callable[..., dict[str, Result]]:
    """The evaluations of a study whose trials all have three rows."""

    def evaluated(**changed: Any) -> dict[str, Result]:
        trials = planned(**changed)
        rows = tuple(Row(name, variant=name) for name in ("float32", "float16", "int8"))
        for each in trials:
            whole = Result(
                model="small", task="t", images=1, source="s", tag="x", model_sha256="m", spec_sha256="s", rows=rows
            )
            write_json(each.evaluation, as_document(whole))
        return read_evaluations(read(**changed), trials)

    return evaluated


def test_the_rows_are_those_that_the_study_names_in_its_order(evaluated: Callable[..., dict[str, Result]]) -> None:
    found = evaluated(rows=["int8", "float32"])
    assert [row.row for row in found["small base seed 2"].rows] == ["int8", "float32"]
    assert len(evaluated()["small base seed 1"].rows) == 3


def test_a_row_that_no_evaluation_has_is_one_line(evaluated: Callable[..., dict[str, Result]], tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"mine.json: \$\.rows\[1\]: no evaluation has a row int_8; did you mean int8"):
        evaluated(rows=["float32", "int_8"])


@pytest.mark.parametrize(
    ("references", "words"),
    [
        ({"int8": "float_32"}, r"\$\.references\.int8: no evaluation has a row float_32; did you mean float32"),
        ({"*_qat": "float32"}, r"\$\.references\.\*_qat: matches no row"),
    ],
)
def test_a_reference_that_is_not_there_is_one_line(
    evaluated: Callable[..., dict[str, Result]], references: dict[str, str], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        evaluated(references=references)
