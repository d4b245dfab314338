"""A study's file: which models, in which cells, with which seeds. Errors name the JSON path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.files import NAME, read_json
from host.errors import SpecError
from host.spec.fields import Field
from host.spec.models import list_models
from host.spec.overrides import parse_overrides
from host.spec.reader import Reader, offer

FORMAT_VERSION = 1
SEED = "training.seed"  # the path that the study's seeds stand at
_LARGEST_SEED = 2**31 - 1
_TEXTS = Field((list,), items=Field((str,)), text="names")
_BASE = {"name": "base"}


@dataclass(frozen=True)
class Cell:
    """One way to train the models of a study.

    Attributes:
        overrides: values that stand in for the spec's, by JSON path.
        source: "from": the earlier cell, or the trained model, whose weights it starts with; None starts anew.
        stages: those that it trains; None: all of the spec.
    """

    name: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    stages: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Study:
    """What a study's file says.

    Attributes:
        name: the file's, without its suffix.
        rows: of evaluations, those that are tabulated, the reference first; () takes all.
        references: row's name or pattern -> the row that it is compared with instead of the first.
    """

    name: str
    file: Path
    description: str
    models: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: tuple[Cell, ...]
    rows: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)


def read_study(file: Path, models: Path) -> Study:
    """Reads and checks a study's file; what its overrides do to the specs is checked by `host.study.trials.plan`.

    Args:
        models: the folder in which its models are.

    Raises:
        SpecError: one line with the JSON path.
    """
    top = Reader(read_json(file, SpecError), "$", file)
    if (version := top.take("format_version", int)) != FORMAT_VERSION:
        cure = "update splitlite" if version > FORMAT_VERSION else "write the study anew"
        raise top.error("format_version", f"expected {FORMAT_VERSION}, found {version}; {cure}")
    if not NAME.fullmatch(file.stem):
        raise SpecError(f"{file}: its name becomes folders; use letters, digits, dots, dashes, underscores")
    description = top.take("description", str, "")
    names = _texts(top, "models")
    for index, name in enumerate(names):
        if name not in (known := list_models(models)):
            raise top.error(f"models[{index}]", f"no such model {json.dumps(name)}; {offer(name, known)}")
    seeds = tuple(top.field("seeds", Field((list,), items=Field((int,), low=0, high=_LARGEST_SEED))))
    _check_different(top, "seeds", seeds)
    stages = _texts(top, "stages") if "stages" in top.value else None
    rows = _texts(top, "rows") if "rows" in top.value else ()
    cells = tuple(
        _cell(Reader(value, f"$.cells[{index}]", file), stages)
        for index, value in enumerate(top.field("cells", Field((list,), [_BASE], items=Field((dict,)))))
    )
    _check_different(top, "cells", tuple(cell.name for cell in cells))
    references = top.take("references", dict, {})
    for pattern, reference in references.items():
        if not isinstance(reference, str):
            raise top.error(f"references.{pattern}", f"expected a row's name, found {json.dumps(reference)}")
        if rows and reference not in rows:
            raise top.error(
                f"references.{pattern}", f"{json.dumps(reference)} is none of rows; {offer(reference, rows)}"
            )
    top.known += ["stages", "rows"]
    top.done()
    return Study(file.stem, file, description, names, seeds, cells, rows, references)


def _cell(reader: Reader, stages: tuple[str, ...] | None) -> Cell:
    name = reader.take("name", str)
    if not NAME.fullmatch(name):
        raise reader.error("name", "it becomes a folder; use letters, digits, dots, dashes, underscores")
    values = reader.take("set", dict, {})
    try:
        overrides = parse_overrides(f"{path}={json.dumps(value)}" for path, value in values.items())
    except SpecError as error:
        raise reader.error("set", str(error)) from None
    if SEED in overrides:
        raise reader.error(f"set.{SEED}", "$.seeds says the seeds; leave it out")
    source = reader.take("from", str, None)
    own = _texts(reader, "stages") if "stages" in reader.value else stages
    reader.known.append("stages")
    reader.done()
    if source is not None and own is None:
        raise reader.error("stages", "missing; list the stages that are trained from those weights")
    return Cell(name, overrides, source, own)


def _texts(reader: Reader, key: str) -> tuple[str, ...]:
    found: tuple[str, ...] = tuple(reader.field(key, _TEXTS))
    _check_different(reader, key, found)
    return found


def _check_different(reader: Reader, key: str, found: tuple[Any, ...]) -> None:
    if not found:
        raise reader.error(key, "expected one or more, found none; write at least one")
    for index, value in enumerate(found):
        if value in found[:index]:
            raise reader.error(f"{key}[{index}]", f"{json.dumps(value)} stands there twice; write each once")
