"""Contract 3, device to host: a folder with what one run measured and made.

    run.json  <model>.<variant>.bin

run.json holds raw samples, never only averages, with units in every key; a .bin file holds the outputs
(bitstreams) of all sample images, one after the other. A run is written beside its place and renamed into it
when it is whole, so that a folder with a run's name is a run; an existing one is never overwritten.

Versions: 1 (2026) the first: one process a row, one number of threads a run.
          2 (2026) "processes" in each row, each with its samples, its place in the order, a fixed loop's times and
            the machine's state before and after; "threads" in each row, a list in the settings. `read_run` turns
            version 1 into it: what version 1 did not measure is empty or absent there.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import RunFileError
from .files import check_version, json_bytes, read_bytes, read_json, sha256_bytes, sync_folder, write_bytes

FORMAT_VERSION = 2
FILE_NAME = "run.json"

# Keys that must be there, and their types. More keys may be; a reader ignores what it does not know.
_RUN_KEYS: Mapping[str, type] = {
    "run_id": str,
    "started_at": str,
    "finished_at": str,
    "command": list,
    "settings": dict,
    "environment": dict,
    "bundles": dict,
    "results": list,
}
_SETTINGS_KEYS: Mapping[str, type] = {"threads": list, "repetitions": int, "seed": int}
_BUNDLE_KEYS: Mapping[str, type] = {"model_sha256": str, "spec_sha256": str, "bundle_sha256": str}
_ROW_KEYS: Mapping[str, type] = {"model": str, "variant": str, "threads": int, "codec_tag": str, "status": str}
_OK_KEYS: Mapping[str, type] = {
    "processes": list,
    "sizes": dict,
    "outputs": dict,
    "codes_sha256": str,
    "delegate": str,
}
_PROCESS_KEYS: Mapping[str, type] = {
    "position": int,
    "load_ns": int,
    "first_encode_ns": int,
    "warmup_ns": list,
    "samples": dict,
    "reference_ns": list,
    "memory": dict,
    "before": dict,
    "after": dict,
}
_SAMPLES_KEYS: Mapping[str, type] = {"encode_ns": list, "quantize_ns": list, "invoke_ns": list, "code_ns": list}
_SIZES_KEYS: Mapping[str, type] = {
    "encoder_bytes": int,
    "latent_bytes": int,
    "payload_bytes": list,
    "bitstream_bytes": list,
}
_OUTPUTS_KEYS: Mapping[str, type] = {"file": str, "sha256": str, "images": list}
_IMAGE_KEYS: Mapping[str, type] = {"offset": int, "length": int, "crc32": int}


def partial_folder(folder: Path) -> Path:
    """Where the files of the run that will be `folder` are gathered until `write_run`; made if need be.

    Raises:
        RunFileError: `folder` is there already, or the place cannot be written to.
    """
    folder = Path(folder)
    if folder.exists():
        raise RunFileError(f"{folder}: there already; a run is never overwritten, give another --out")
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise RunFileError(f"{partial}: cannot be made ({reason.strerror}); give another --out") from None
    return partial


def write_run(folder: Path, run: Mapping[str, Any]) -> Path:
    """Writes run.json beside the outputs in `partial_folder(folder)` and gives the folder its name.

    Args:
        folder: the run's place, its last part the run id.
        run: as `read_run` returns it; the format version is added.

    Returns:
        `folder`.

    Raises:
        RunFileError: keys missing, outputs that do not fit their digests, or a run there already.
    """
    folder = Path(folder)
    whole = {**run, "format_version": FORMAT_VERSION}
    _check_run(whole, folder / FILE_NAME)
    partial = partial_folder(folder)
    for row in whole["results"]:
        if row["status"] == "ok":
            read_outputs(partial, row)
    write_bytes(partial / FILE_NAME, json_bytes(whole))
    try:
        os.rename(partial, folder)
    except OSError as reason:
        raise RunFileError(f"{folder}: cannot be written ({reason.strerror}); the run lies in {partial}") from None
    sync_folder(folder.parent)
    return folder


def read_run(path: Path) -> dict[str, Any]:
    """Reads a run.

    Args:
        path: the run's folder, or its run.json.

    Returns:
        run.json, checked: every key of this format is there, with its type.

    Raises:
        RunFileError: missing, of another version, or wrong; names the file and the JSON path.
    """
    path = Path(path)
    if path.is_dir():
        path = path / FILE_NAME
    run = read_json(path, RunFileError)
    found = run.get("format_version") if isinstance(run, dict) else None
    version = check_version(found, FORMAT_VERSION, "run file", path, RunFileError)
    if version == 1:
        run = _from_version_1(run, path)
    _check_run(run, path)
    checked: dict[str, Any] = run
    return checked


def process_samples(row: Mapping[str, Any], stage: str = "encode_ns") -> list[list[int]]:
    """The raw samples of one stage of a row, one list for each process; nanoseconds."""
    return [process["samples"][stage] for process in row["processes"]]


def pooled_samples(row: Mapping[str, Any], stage: str = "encode_ns") -> list[int]:
    """The raw samples of one stage of a row, of all its processes; nanoseconds."""
    return [sample for samples in process_samples(row, stage) for sample in samples]


def write_outputs(path: Path, streams: Sequence[bytes]) -> dict[str, Any]:
    """Writes the outputs of one row to `path` and returns the row's "outputs"."""
    data = b"".join(streams)
    images = []
    offset = 0
    for stream in streams:
        images.append({"offset": offset, "length": len(stream), "crc32": zlib.crc32(stream)})
        offset += len(stream)
    write_bytes(path, data)
    return {"file": path.name, "sha256": sha256_bytes(data), "images": images}


def read_outputs(folder: Path, row: Mapping[str, Any]) -> list[bytes]:
    """The outputs of one row, one per sample image.

    Args:
        folder: the run's folder.
        row: of its "results", with status "ok".

    Raises:
        RunFileError: the file is missing, its digest differs, or an image's place or checksum does not fit.
    """
    outputs = row["outputs"]
    name = outputs["file"]
    path = Path(folder) / name
    if name != Path(name).name:
        raise RunFileError(f"{path}: {name!r} is not a plain file name")
    data = read_bytes(path, RunFileError)
    found = sha256_bytes(data)
    if found != outputs["sha256"]:
        raise RunFileError(f"{path}: sha256 {found[:12]}..., run.json says {outputs['sha256'][:12]}...; copy it again")
    streams = []
    for number, image in enumerate(outputs["images"]):
        start, length = image["offset"], image["length"]
        stream = data[start : start + length]
        if start < 0 or len(stream) != length or zlib.crc32(stream) != image["crc32"]:
            raise RunFileError(f"{path}: image {number} does not fit its place and checksum in run.json")
        streams.append(stream)
    return streams


def _check_run(run: Mapping[str, Any], path: Path) -> None:
    _check_keys(run, _RUN_KEYS, path, "")
    _check_keys(run["settings"], _SETTINGS_KEYS, path, "settings.")
    for model, bundle in run["bundles"].items():
        _check_keys(bundle, _BUNDLE_KEYS, path, f"bundles.{model}.")
    for number, row in enumerate(run["results"]):
        where = f"results[{number}]."
        _check_keys(row, _ROW_KEYS, path, where)
        if row["status"] == "failed":
            _check_keys(row, {"error": str}, path, where)
        elif row["status"] == "ok":
            _check_row(row, path, where)
        else:
            raise RunFileError(f"{path}: {where}status: {row['status']!r}, expected 'ok' or 'failed'")


def _check_row(row: Mapping[str, Any], path: Path, where: str) -> None:
    _check_keys(row, _OK_KEYS, path, where)
    for key, keys in (("sizes", _SIZES_KEYS), ("outputs", _OUTPUTS_KEYS)):
        _check_keys(row[key], keys, path, f"{where}{key}.")
    for key in ("payload_bytes", "bitstream_bytes"):
        _check_counts(row["sizes"][key], path, f"{where}sizes.{key}")
    for number, image in enumerate(row["outputs"]["images"]):
        _check_keys(image, _IMAGE_KEYS, path, f"{where}outputs.images[{number}].")
    if not row["processes"]:
        raise RunFileError(f"{path}: {where}processes: empty, expected one at least")
    for number, process in enumerate(row["processes"]):
        part = f"{where}processes[{number}]."
        _check_keys(process, _PROCESS_KEYS, path, part)
        _check_keys(process["samples"], _SAMPLES_KEYS, path, f"{part}samples.")
        for key in ("warmup_ns", "reference_ns"):
            _check_counts(process[key], path, f"{part}{key}")
        for key in _SAMPLES_KEYS:
            _check_counts(process["samples"][key], path, f"{part}samples.{key}")
            if not process["samples"][key]:
                raise RunFileError(f"{path}: {part}samples.{key}: no samples")


def _check_counts(values: Sequence[Any], path: Path, where: str) -> None:
    if not all(type(value) is int and value >= 0 for value in values):
        raise RunFileError(f"{path}: {where}: not a list of whole numbers of 0 or more")


def _from_version_1(run: Mapping[str, Any], path: Path) -> dict[str, Any]:
    old = {"threads": int, "runs": int, "warmup": int, "seed": int}
    _check_keys(run, {"settings": dict, "results": list}, path, "")
    _check_keys(run["settings"], old, path, "settings.")
    settings = run["settings"]
    in_process = ("load_ns", "first_encode_ns", "warmup_ns", "samples", "memory")
    rows = []
    for number, row in enumerate(run["results"]):
        _check_keys(row, {"status": str}, path, f"results[{number}].")
        new = {key: value for key, value in row.items() if key not in in_process}
        new["threads"] = settings["threads"]
        if row["status"] == "ok":
            _check_keys(row, dict.fromkeys(in_process, object), path, f"results[{number}].")
            process = {key: row[key] for key in in_process}
            new["processes"] = [{**process, "position": number, "reference_ns": [], "before": {}, "after": {}}]
        rows.append(new)
    return {
        **run,
        "settings": {**settings, "threads": [settings["threads"]], "repetitions": 1},
        "results": rows,
    }


def _check_keys(value: Any, keys: Mapping[str, type], path: Path, where: str) -> None:
    if not isinstance(value, dict):
        raise RunFileError(f"{path}: {where.rstrip('.')}: not an object")
    for key, kind in keys.items():
        if key not in value:
            raise RunFileError(f"{path}: {where}{key}: missing; the run file is damaged")
        if kind is not object and type(value[key]) is not kind:
            raise RunFileError(f"{path}: {where}{key}: {value[key]!r:.60} is not of type {kind.__name__}")
