"""The object `data` of a spec.json: where images come from, and what is made of them."""

from __future__ import annotations

import json
from typing import Any

from host.spec.reader import Reader, offer
from host.spec.sections import DATASETS, FOLDER_PATH, TFDS, data_fields
from host.spec.types import NATIVE_SHAPES, WHOLE, DataSpec, FolderPath


def read_data(reader: Reader, fits: tuple[str, ...]) -> DataSpec:
    """Checks the object `data`.

    Args:
        fits: ways in which the task's images may be brought to one size.

    Raises:
        SpecError: one line with the JSON path.
    """
    dataset = reader.take("dataset", str)
    if dataset not in DATASETS and not (dataset.startswith(TFDS) and len(dataset) > len(TFDS)):
        raise reader.error(
            "dataset", f"unknown value {json.dumps(dataset)}; {offer(dataset, (*DATASETS, f'{TFDS}NAME'))}"
        )
    fit = reader.value.get("fit", fits[0])
    values = reader.fields(data_fields(dataset, fit, fits))
    size, validation = values.pop("size", 0), values.pop("validation")
    if isinstance(validation, list):
        if not validation:
            raise reader.error("validation", "expected the names of images, at least one, or how many are set aside")
        validation = tuple(validation)
    paths = _paths(reader, values.pop("path", None))
    found = DataSpec(dataset, tuple(size) if isinstance(size, list) else size, validation, paths, **values)
    if fit == WHOLE and dataset.startswith(TFDS):
        raise reader.error("dataset", 'whole images come from a folder; write the images out as files, take "folder"')
    native = NATIVE_SHAPES.get(dataset)
    if fit == WHOLE and native and (found.image_shape[0] > native[0] or found.image_shape[1] > native[1]):
        raise reader.error(
            "size", f"patches of {size} pixels do not fit into images of {native[0]} x {native[1]}; lower it"
        )
    return found


def _paths(reader: Reader, value: Any) -> tuple[FolderPath, ...]:
    if value is None:
        return ()
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise reader.error("path", "no folder named; give at least one")
    found = []
    for index, entry in enumerate(entries):
        inner = Reader(
            {"path": entry} if isinstance(entry, str) else entry, f"{reader.path}.path[{index}]", reader.file
        )
        values = inner.fields(FOLDER_PATH)
        found.append(FolderPath(values["path"], float(values["scale"]), float(values["weight"])))
    return tuple(found)
