"""Judges what a device sent: run folders -> benchmarks/results/<device>/<run id>/evaluation.json and pictures/."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from device.files import write_json
from device.run_file import FILE_NAME, Run, read_run
from device.runtime import load_runtime
from host.data.pictures import Pictures
from host.errors import CollectError
from host.evaluation.keeping import keep, replace_folder
from host.evaluation.originals import find_images
from host.evaluation.picture_files import PictureFiles, index_pictures
from host.evaluation.run_rows import Home, Origin, model_result
from host.kept_pictures import FOLDER, ModelPictures
from host.metrics import BPP
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES
from host.results import CollectedRun, Result, as_document
from host.timing import device_name

if TYPE_CHECKING:
    from host.tasks.task import Task

RESULTS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "results"


def collect(
    path: Path,
    tasks: Mapping[str, Task],
    build: Path = BUILD,
    results: Path = RESULTS,
    *,
    images: Path | None = None,
    bundles: Path = BUNDLES,
) -> list[CollectedRun]:
    """Judges one run, or every run below a folder, and keeps a copy of it.

    The arguments are those of `host.api.collect`. A run that is kept already is judged again, never overwritten; its
    evaluation.json and its pictures are replaced. The encoders in `bundles` make the numbers that the device's are
    compared with.

    Returns:
        The runs, the oldest first. A row that cannot be judged has an "error" and the rest its values.

    Raises:
        CollectError: nothing to collect, an original that is missing or changed, or the run was collected before
            with other bytes.
        RunFileError: a run.json that cannot be read.
    """
    home = Home(tasks, build, bundles)
    return [_collect_run(folder, home, results, images) for folder in find_runs(path)]


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


def _collect_run(folder: Path, home: Home, results: Path, images: Path | None) -> CollectedRun:
    run = read_run(folder)
    # Checked before anything is kept, so that a wrong --images can be corrected and tried again.
    own = find_images(run.images, images) if run.images and images else None
    environment = run.environment
    origin = Origin(
        device_name(environment.get("board"), environment.get("hostname")),
        f"{environment.get('runtime', '')} {environment.get('runtime_version', '')}".strip(),
        environment.get("emulated") or None,
        environment.get("coder") or None,
    )
    kept = keep(folder, run, results, origin.device)
    results_of: list[Result] = []
    files = PictureFiles()
    pictures: dict[str, ModelPictures] = {}
    for model in sorted({row.model for row in run.rows}):
        result, made = model_result(kept, run, model, origin, own, home)
        results_of.append(result)
        if made is not None:
            pictures[model] = index_pictures(made, files)
    runtime = load_runtime()
    collected = CollectedRun(
        run_id=run.run_id,
        device=origin.device,
        runtime=origin.runtime,
        threads=run.settings.threads,
        started_at=run.started_at,
        results=tuple(results_of),
        emulated=origin.emulated,
        host={"runtime": f"{runtime.name} {runtime.version}", "machine": platform.machine()},
        notes=_notes(run, images, own, results_of),
    )
    write_json(kept / "evaluation.json", as_document(collected))
    replace_folder(kept / FOLDER, files.folder(pictures))
    return collected


def _notes(run: Run, images: Path | None, own: Pictures | None, results: Sequence[Result]) -> tuple[str, ...]:
    if run.images and own is None:
        names: Sequence[str] = [file.name for file in run.images[:3]]
        more = ", ..." if len(run.images) > 3 else ""
        return (
            f"nothing is judged and no numbers are compared: the images ({', '.join(names)}{more}) are the user's own; "
            "give their folder: `host collect RUN --images DIR`",
        )
    notes = ["--images was not needed: the device encoded the sample images"] if images and not run.images else []
    for result in results:
        sent = [row for row in result.rows if row.error is None]
        if sent and not any(set(row.metrics) - {BPP.key} for row in sent):
            notes.append(
                f"{result.model}: nothing is judged: the task {result.task} needs labels or originals of the images"
            )
    return tuple(notes)
