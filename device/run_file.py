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
from .files import check_json, check_version, json_bytes, read_bytes, read_json, sha256_bytes, sync_folder, write_bytes

FORMAT_VERSION = 2
FILE_NAME = "run.json"

# What must be there, and of which type. More keys may be; a reader ignores what it does not know.
_RUN = {
    "run_id": str,
    "started_at": str,
    "finished_at": str,
    "command": list,
    "settings": {"threads": list, "repetitions": int, "seed": int},
    "environment": dict,
    "bundles": dict,
    "results": [{"model": str, "variant": str, "threads": int, "codec_tag": str, "status": str}],
}
_BUNDLE = {"model_sha256": str, "spec_sha256": str, "bundle_sha256": str}
_SAMPLES = {"encode_ns": list, "quantize_ns": list, "invoke_ns": list, "code_ns": list}
_PROCESS = {
    "position": int,
    "load_ns": int,
    "first_encode_ns": int,
    "warmup_ns": list,
    "samples": _SAMPLES,
    "reference_ns": list,
    "memory": dict,
    "before": dict,
    "after": dict,
}
_OK_ROW = {
    "processes": [_PROCESS],
    "sizes": {"encoder_bytes": int, "latent_bytes": int, "payload_bytes": list, "bitstream_bytes": list},
    "outputs": {"file": str, "sha256": str, "images": [{"offset": int, "length": int, "crc32": int}]},
    "codes_sha256": str,
    "delegate": str,
}


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


def _check_run(run: Any, path: Path) -> None:
    try:
        check_json(run, _RUN, RunFileError)
        for model, bundle in run["bundles"].items():
            check_json(bundle, _BUNDLE, RunFileError, f"bundles.{model}")
        for number, row in enumerate(run["results"]):
            _check_row(row, f"results[{number}]")
    except RunFileError as reason:
        raise RunFileError(f"{path}: {reason}") from None


def _check_row(row: Mapping[str, Any], where: str) -> None:
    if row["status"] == "failed":
        check_json(row, {"error": str}, RunFileError, where)
        return
    if row["status"] != "ok":
        raise RunFileError(f"{where}.status: {row['status']!r}, expected 'ok' or 'failed'")
    check_json(row, _OK_ROW, RunFileError, where)
    if not row["processes"]:
        raise RunFileError(f"{where}.processes: empty, expected one at least")
    for key in ("payload_bytes", "bitstream_bytes"):
        _check_counts(row["sizes"][key], f"{where}.sizes.{key}")
    for number, process in enumerate(row["processes"]):
        part = f"{where}.processes[{number}]"
        for key in ("warmup_ns", "reference_ns"):
            _check_counts(process[key], f"{part}.{key}")
        for key in _SAMPLES:
            _check_counts(process["samples"][key], f"{part}.samples.{key}")
            if not process["samples"][key]:
                raise RunFileError(f"{part}.samples.{key}: no samples")


def _check_counts(values: Sequence[Any], where: str) -> None:
    if not all(type(value) is int and value >= 0 for value in values):
        raise RunFileError(f"{where}: not a list of whole numbers of 0 or more")


_VERSION_1 = {"settings": {"threads": int, "runs": int, "warmup": int, "seed": int}, "results": [{"status": str}]}


def _from_version_1(run: Mapping[str, Any], path: Path) -> dict[str, Any]:
    in_process = ("load_ns", "first_encode_ns", "warmup_ns", "samples", "memory")
    rows = []
    try:
        check_json(run, _VERSION_1, RunFileError)
        threads = run["settings"]["threads"]
        for number, row in enumerate(run["results"]):
            new = {key: value for key, value in row.items() if key not in in_process}
            if row["status"] == "ok":
                check_json(row, dict.fromkeys(in_process, object), RunFileError, f"results[{number}]")
                process = {key: row[key] for key in in_process}
                new["processes"] = [{**process, "position": number, "reference_ns": [], "before": {}, "after": {}}]
            rows.append({**new, "threads": threads})
    except RunFileError as reason:
        raise RunFileError(f"{path}: {reason}") from None
    return {**run, "settings": {**run["settings"], "threads": [threads], "repetitions": 1}, "results": rows}
