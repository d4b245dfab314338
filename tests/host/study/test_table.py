"""The table of a study: what stands in it, within 80 columns."""

from __future__ import annotations

import re
from dataclasses import replace

from host.study.results import cell_rows
from host.study.table import study_markdown, study_text
from tests.host.study.results_by_hand import AGREEMENT, result, trial


def lines_of(text: str, name: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.startswith(name)]


def test_one_cell_shows_means_with_intervals_and_the_drop() -> None:
    text = study_text(result([trial("m", "base", s, {"float32": 90.0 + s, "int8": 89.5 + s}) for s in (1, 2, 3)]))
    assert "m: test set, 10000 images; seeds 1, 2, 3; 5 epochs each in 20 s" in text
    assert lines_of(text, "float32") == [["float32", "92.00 ±2.48", "-", "99.00", "40.0", "1.000"]]
    assert lines_of(text, "int8") == [["int8", "91.50 ±2.48", "+0.50 ±0.00", "99.00", "20.0", "0.500"]]
    assert "to base" not in text and "95 % interval" in text
    assert max(map(len, text.splitlines())) <= 80


def test_several_cells_are_named_and_stand_against_the_first_within_80_columns() -> None:
    trials = [
        trial("m", cell, seed, {"float32": 90.0 + seed, "int8_quantization_aware": 89.0})
        for cell in ("base", "a-cell-with-a-long-name-that-goes-on-and-on-for-quite-some-time-without-an-end")
        for seed in (1, 2)
    ]
    text = study_text(result(trials))
    assert max(map(len, text.splitlines())) <= 80
    assert "to base" in text and "~" in text
    assert lines_of(text, "base float32")[0][:2] == ["base float32", "91.50 ±6.35"]


def test_in_markdown_it_has_the_same_numbers() -> None:
    trials = [trial("m", "base", s, {"float32": 90.0 + s, "int8": 89.5 + s}) for s in (1, 2, 3)]
    lines = study_markdown(result(trials)).splitlines()
    assert lines[0] == "m: test set, 10000 images; seeds 1, 2, 3; 5 epochs each in 20 s."
    assert lines[2].startswith("| row | accuracy (%) | drop (%) | agreement (%) | network (kB) | device (ms) |")
    assert lines[5] == "| int8 | 91.50 ±2.48 | +0.50 ±0.00 | 99.00 | 20.0 | 0.500 |"


def test_one_seed_has_no_interval_and_the_table_says_so() -> None:
    text = study_text(result([trial("m", "base", 7, {"float32": 90.0, "int8": 89.0})]))
    assert "±" not in text and "; seed 7; 5 epochs" in text
    assert "Rows of one seed have no interval; list two or more seeds." in text


def test_what_rows_are_compared_with_is_said_where_it_is_not_the_first() -> None:
    trials = [trial("m", "base", s, {"float32": 90.0, "control": 91.0, "a_qat": 89.0, "b_qat": 89.0}) for s in (1, 2)]
    found = result(trials)
    named = replace(found, rows=cell_rows(trials, found.metrics, {"*_qat": "control"}))
    words = " ".join(study_text(named).split())
    assert "drop: how much worse than the first row of the same cell; a_qat and b_qat: than control; paired" in words
    assert "than the first row of the same cell; paired by seed." in " ".join(study_text(found).split())


def test_a_model_without_the_rows_of_the_study_is_named() -> None:
    trials = [trial("m", "base", s, {"int8_q0": 90.0}) for s in (1, 2)]
    found = result([*trials, *(trial("other", "base", s, {}) for s in (1, 2))])
    text = study_text(found)
    assert "m: test set" in text and "other: test set" not in text
    assert text.endswith("Models without such rows: other.")
    assert study_markdown(found).endswith("Models without such rows: other.")


def test_of_columns_of_one_title_the_first_that_is_filled_stays() -> None:
    def with_drop(rows: dict[str, float]) -> str:
        """Agreement stands for a task's metric that is called like the study's own drop."""
        found = result([trial("m", "base", seed, rows) for seed in (1, 2)])
        (first, _), *_ = found.metrics.values()
        return study_markdown(replace(found, metrics={"m": (first, replace(AGREEMENT, title="drop", unit="points"))}))

    both = with_drop({"float32": 90.0, "int8": 89.5})
    assert "| drop (%) |" in both and "points" not in both
    assert "| 90.00 ±0.00 | 99.00 |" in with_drop({"float32": 90.0}), "the study has no drop of one row"
