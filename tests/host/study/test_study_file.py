"""A study's file: what it may hold, and one line with the JSON path for what it may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host.errors import SpecError
from host.study.study_file import Cell, Study


def test_without_cells_there_is_one_that_changes_nothing(read: Callable[..., Study]) -> None:
    study = read()
    assert (study.name, study.models, study.seeds, study.rows) == ("mine", ("small",), (1, 2), ())
    assert study.cells == (Cell("base"),)


def test_a_cell_has_overrides_in_the_words_of_set_and_the_stages_of_the_study(read: Callable[..., Study]) -> None:
    cells = [{"name": "a", "set": {"training.epochs": 3}}, {"name": "b", "from": "a", "stages": ["tables"]}]
    study = read(cells=cells, stages=["float"], rows=["int8"])
    assert study.cells == (
        Cell("a", {"training.stages.float.epochs": 3}, None, ("float",)),
        Cell("b", {}, "a", ("tables",)),
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format_version": 2}, r"\$\.format_version: expected 1, found 2; update splitlite"),
        ({"models": None}, r"\$\.models: missing"),
        ({"models": ["smal"]}, r'\$\.models\[0\]: no such model "smal"; did you mean small\?'),
        ({"models": []}, r"\$\.models: expected one or more, found none"),
        ({"seeds": [1, 1]}, r"\$\.seeds\[1\]: 1 stands there twice"),
        ({"seeds": [-1]}, r"\$\.seeds\[0\]: expected 0 to"),
        ({"seeds": 3}, r"\$\.seeds: expected list, found 3"),
        ({"cell": []}, r"\$\.cell: unknown key; did you mean cells\?"),
        ({"references": {"*_qat": 3}}, r"\$\.references\.\*_qat: expected a row's name, found 3"),
        (
            {"references": {"a": "int8"}, "rows": ["in8"]},
            r'\$\.references\.a: "int8" is none of rows; did you mean in8',
        ),
        ({"references": ["float32"]}, r"\$\.references: expected dict"),
        ({"cells": [{"set": {}}]}, r"\$\.cells\[0\]\.name: missing"),
        ({"cells": [{"name": "../x"}]}, r"\$\.cells\[0\]\.name: it becomes a folder"),
        ({"cells": [{"name": "a"}, {"name": "a"}]}, r'\$\.cells\[1\]: "a" stands there twice'),
        ({"cells": [{"name": "a", "set": {"x..y": 1}}]}, r"\$\.cells\[0\]\.set: --set x\.\.y=1: expected PATH=VALUE"),
        ({"cells": [{"name": "a", "set": {"training.seed": 1}}]}, r"\$\.cells\[0\]\.set\.training\.seed: \$\.seeds"),
        ({"cells": [{"name": "a", "from": "small"}]}, r"\$\.cells\[0\]\.stages: missing; list the stages"),
        ({"cells": [{"name": "a", "overrides": {}}]}, r"\$\.cells\[0\]\.overrides: unknown key"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_path(
    read: Callable[..., Study], changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecError, match=words) as raised:
        read(**changed)
    assert "mine.json: " in str(raised.value) and "\n" not in str(raised.value)
