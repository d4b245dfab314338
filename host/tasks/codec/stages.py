"""A codec's training, whole: the stages float, tables and tune, and the record of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from device.files import read_json, write_json
from host.data import data_folder
from host.errors import ModelError
from host.spec.models import MODELS
from host.tasks.codec.images import Photographs, load_codec_images
from host.tasks.codec.spec import CodecSpec
from host.tasks.codec.tables import fit_tables
from host.tasks.codec.task import load_codec_spec
from host.tasks.codec.training import train_codec
from host.tasks.codec.tuning import tune_codec
from host.versions import versions

FORMAT_VERSION = 1
STAGES = ("float", "tables", "tune")


def train_stages(
    name: str,
    stages: tuple[str, ...],
    *,
    resume: bool = False,
    start_from: Path | None = None,
    data_dir: Path | None = None,
    models: Path = MODELS,
) -> dict[str, Any]:
    """As `host.training.stages.train`, for a model of the task codec; a stage that codecs do not have is skipped."""
    spec = load_codec_spec(name, models)
    photographs = load_codec_images(spec, data_folder(data_dir))
    file = spec.folder / "training.json"
    record = read_json(file, ModelError) if file.is_file() else {}
    for stage in (stage for stage in spec.spec.training.stages if stage in stages):
        # Not the whole spec's digest: a longer stage tune must not train the stage float again.
        made_by = spec.spec.training.stages[stage].identity
        done = record.get("stages", {}).get(stage, {})
        if resume and done.get("made_by") == made_by:
            continue
        started = time.perf_counter()
        result = _run(stage, spec, photographs, resume, start_from)
        result |= {
            "made_by": made_by,
            "spec_sha256": spec.digest,
            "wall_seconds": round(time.perf_counter() - started, 1),
        }
        record = {
            "format_version": FORMAT_VERSION,
            "model": name,
            "seed": spec.seed,
            "spec_sha256": spec.digest,
            "data": {
                "dataset": spec.spec.data.dataset,
                "sha256": photographs.digest,
                "training_images": len(photographs.train),
                "validation_images": len(photographs.validation),
            },
            "versions": versions(),
            "stages": {**record.get("stages", {}), stage: result},
        }
        write_json(file, record)
    return record


def _run(
    stage: str, spec: CodecSpec, photographs: Photographs, resume: bool, start_from: Path | None
) -> dict[str, Any]:
    if stage == "float":
        return train_codec(spec, photographs, resume, start_from)
    return (fit_tables if stage == "tables" else tune_codec)(spec, photographs, resume)
