"""Decodes what a device sent: run folders -> benchmarks/results/<device>/<run id>/evaluation.json."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from device.errors import SplitliteError
from device.files import sha256_bytes, write_bytes, write_json
from device.run_file import FILE_NAME, read_outputs, read_run
from host.errors import CollectError
from host.evaluation.rows import FORMAT_VERSION, decode_streams, latency, set_tag, variant_rows
from host.packaging.decoders import BUILD, read_decoders, read_samples
from host.quantization.recipes import DEFAULTS

RESULTS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "results"
_PICTURES = 8  # sample images whose reconstructions are kept for the report's grid


def collect(path: Path, build: Path = BUILD, results: Path = RESULTS) -> list[dict[str, Any]]:
    """Evaluates one run, or every run below a folder, and keeps a copy of it.

    Args:
        path: a run's folder, its run.json, or a folder of runs.
        build: where export left the decoders.
        results: where runs are kept, by device; a run that is there already is evaluated again, never overwritten.

    Returns:
        The evaluations, oldest run first. A row that cannot be evaluated has an "error" and the rest its values.

    Raises:
        CollectError: nothing to collect, or the run was collected before with other bytes.
        RunFileError: a run.json that cannot be read.
    """
    return [_collect_run(folder, build, results) for folder in find_runs(path)]


def find_runs(path: Path) -> list[Path]:
    """The folders of the runs at or below a path, by run id; raises CollectError where there is none."""
    if path.name == FILE_NAME and path.is_file():
        return [path.parent]
    if (path / FILE_NAME).is_file():
        return [path]
    # A name that begins with a dot is a run that was not finished.
    found = sorted(
        (file.parent for file in path.glob(f"**/{FILE_NAME}") if not file.parent.name.startswith(".")),
        key=lambda folder: folder.name,
    )
    if not found:
        raise CollectError(
            f"{path}: no run here; expected a folder that `python -m device.bench` wrote, or a folder of such folders"
        )
    return found


def device_name(environment: dict[str, Any]) -> str:
    """A folder name for the machine: its board where it says one, else its host name."""
    name = str(environment.get("board") or environment.get("hostname") or "device")
    return "-".join("".join(c if c.isalnum() else " " for c in name).lower().split()) or "device"


def _collect_run(folder: Path, build: Path, results: Path) -> dict[str, Any]:
    run = read_run(folder)
    device = device_name(run["environment"])
    kept = results / device / run["run_id"]
    if not kept.is_dir():
        _copy(folder, kept)
    elif not _same(folder, kept, run):
        raise CollectError(
            f"{folder}: collected before, with other bytes: {kept} differs; "
            "if that one is the damaged copy, remove it and collect again"
        )
    runtime = f"{run['environment'].get('runtime', '')} {run['environment'].get('runtime_version', '')}".strip()
    evaluated, pictures = [], {}
    for model in sorted({row["model"] for row in run["results"]}):
        result, shown = _collect_model(folder, run, model, device, runtime, build)
        evaluated.append(result)
        pictures.update({f"{model}/{name}": images for name, images in shown.items()})
    evaluation = {
        "format_version": FORMAT_VERSION,
        "run_id": run["run_id"],
        "device": device,
        "runtime": runtime,
        "threads": run["settings"]["threads"],
        "started_at": run["started_at"],
        "emulated": bool(run["environment"].get("emulated")),
        "results": evaluated,
    }
    write_json(kept / "evaluation.json", evaluation)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **pictures)
    write_bytes(kept / "reconstructions.npz", buffer.getvalue())
    return evaluation


def _collect_model(
    folder: Path, run: dict[str, Any], model: str, device: str, runtime: str, build: Path
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    order = list(DEFAULTS)
    rows = sorted(
        (row for row in run["results"] if row["model"] == model),
        key=lambda row: order.index(row["variant"]) if row["variant"] in order else len(order),
    )
    origin = run["bundles"][model]
    evaluated: list[dict[str, Any]] = []
    pictures: dict[str, np.ndarray] = {}
    for row in rows:
        label = {"row": row["variant"], "variant": row["variant"], "decoder": "own", "codec_tag": row["codec_tag"]}
        if row["status"] != "ok":
            evaluated.append({**label, "error": row.get("error", "failed on the device")})
            continue
        try:
            originals = read_samples(build, model, origin["bundle_sha256"])
            streams = read_outputs(folder, row)
            if len(streams) != len(originals):
                raise CollectError(f"{len(streams)} outputs of {len(originals)} sample images; run the bench again")
            decoders = read_decoders(build, model, row["codec_tag"])
            times = {"encoder": latency(row["samples"]["encode_ns"], device, runtime)}
            codes = decode_streams(streams, decoders)
            if sha256_bytes(codes.tobytes()) != row["codes_sha256"]:
                raise CollectError("the codes decoded here are not those that the device coded; report this as a bug")
            found, shown = variant_rows(originals, streams, codes, decoders, times)
        except SplitliteError as error:
            evaluated.append({**label, "error": str(error)})
            continue
        evaluated += [{**entry, "memory": row["memory"]} for entry in found]
        pictures["originals"] = originals[:_PICTURES]
        pictures.update({name: images[:_PICTURES] for name, images in shown.items()})
    tags = {row["variant"]: row["codec_tag"] for row in rows}
    return {
        "model": model,
        "task": "compression",
        "images": run_images(rows),
        "codec_tag": set_tag(tags),
        "model_sha256": origin["model_sha256"],
        "spec_sha256": origin["spec_sha256"],
        "rows": evaluated,
    }, pictures


def run_images(rows: list[dict[str, Any]]) -> int:
    """How many sample images the device encoded."""
    return max((len(row["outputs"]["images"]) for row in rows if row["status"] == "ok"), default=0)


def _same(folder: Path, kept: Path, run: dict[str, Any]) -> bool:
    names = [FILE_NAME, *(row["outputs"]["file"] for row in run["results"] if row["status"] == "ok")]
    return all(_content(folder / name) == _content(kept / name) for name in names)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=target.parent))
    try:
        shutil.copytree(source, scratch / target.name)
        os.replace(scratch / target.name, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
