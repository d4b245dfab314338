"""Decodes what a device sent: run folders -> benchmarks/results/<device>/<run id>/evaluation.json."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from device.files import write_bytes, write_json
from device.run_file import FILE_NAME, read_run
from host.errors import CollectError
from host.evaluation.codes import host_description
from host.evaluation.originals import find_images, own_images
from host.evaluation.rows import FORMAT_VERSION
from host.evaluation.run_rows import model_result
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES

RESULTS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "results"


def collect(
    path: Path,
    build: Path = BUILD,
    results: Path = RESULTS,
    *,
    images: Path | None = None,
    bundles: Path = BUNDLES,
) -> list[dict[str, Any]]:
    """Evaluates one run, or every run below a folder, and keeps a copy of it.

    Args:
        path: a run's folder, its run.json, or a folder of runs.
        build: where export left the decoders.
        results: where runs are kept, by device; a run that is there already is evaluated again, never overwritten.
        images: the folder with the originals of a run of the user's own images; without it there is no quality.
        bundles: where export left the encoders, to compare the device's codes with those that they make here.

    Returns:
        The evaluations, oldest run first. A row that cannot be evaluated has an "error" and the rest its values.

    Raises:
        CollectError: nothing to collect, an original that is missing or changed, or the run was collected before
            with other bytes.
        RunFileError: a run.json that cannot be read.
    """
    return [_collect_run(folder, build, results, images, bundles) for folder in find_runs(path)]


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


def _collect_run(folder: Path, build: Path, results: Path, images: Path | None, bundles: Path) -> dict[str, Any]:
    run = read_run(folder)
    files = own_images(run)
    # Before anything is kept: a wrong --images is to be mended and tried again.
    own = find_images(files, images) if files and images else None
    device = device_name(run["environment"])
    kept = results / device / run["run_id"]
    if not kept.is_dir():
        _copy(folder, kept)
    elif not _same(folder, kept, run):
        raise CollectError(
            f"{folder}: collected before, with other bytes: {kept} differs; "
            "if that one is the damaged copy, remove it and collect again"
        )
    environment = run["environment"]
    runtime = f"{environment.get('runtime', '')} {environment.get('runtime_version', '')}".strip()
    emulated = environment.get("emulated") or False
    origin = {"device": device, "runtime": runtime, **({"emulated": emulated} if emulated else {})}
    evaluated, pictures = [], {}
    for model in sorted({row["model"] for row in run["results"]}):
        result, shown = model_result(folder, run, model, origin, own, build, bundles)
        evaluated.append(result)
        pictures.update({f"{model}/{name}": stack for name, stack in shown.items()})
    evaluation = {
        "format_version": FORMAT_VERSION,
        "run_id": run["run_id"],
        "device": device,
        "runtime": runtime,
        "threads": run["settings"]["threads"],
        "started_at": run["started_at"],
        "emulated": emulated,
        "host": host_description(),
        "notes": _notes(files, images),
        "results": evaluated,
    }
    write_json(kept / "evaluation.json", evaluation)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **pictures)
    write_bytes(kept / "reconstructions.npz", buffer.getvalue())
    return evaluation


def _notes(files: list[dict[str, Any]], images: Path | None) -> list[str]:
    if files and images is None:
        names = ", ".join(file["name"] for file in files[:3]) + (", ..." if len(files) > 3 else "")
        return [
            f"no PSNR and no comparison of codes: the images ({names}) are the user's own; give their folder: "
            "host collect RUN --images DIR"
        ]
    return ["--images was not needed: the device encoded the sample images"] if images and not files else []


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
