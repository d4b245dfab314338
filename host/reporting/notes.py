"""Where each number of the report comes from, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from host.reporting.columns import EMULATED
from host.reporting.rows import ReportRow, one_per_name, time_source
from host.reporting.sources import ModelSources, RunSources


def source_notes(sources: RunSources, rows: Sequence[ReportRow]) -> list[str]:
    """Where each number of the final table comes from, one sentence each."""
    run = sources.run
    notes = [
        note for model in sources.models for note in _quality_notes(model, [r for r in rows if r.model == model.name])
    ]
    if place := time_source(rows, "encoder"):
        what = f"Encoder time, {EMULATED}:" if run.get("emulated") else "Encoder time:"
        notes.append(
            f"{what} median of one whole encode (quantize, invoke, entropy-code) on {place}, "
            f"run {run.get('run_id', '?')} of {run.get('started_at', 'unknown date')}."
        )
    notes += [f"The run: {note}." for note in run.get("notes", ())]
    for part, text in (("decoder", "Decoder time"), ("full", "Full model's time")):
        if place := time_source(rows, part):
            notes.append(f"{text}: median on the workstation ({place}).")
    notes.append(
        "Sizes are of the files, 1 MB = 1,000,000 bytes. Compression ratio of the 8-bit original: nominal to the "
        "latent bytes, actual to the bitstream with its header. '-': not measured, or does not apply."
    )
    return notes


def _quality_notes(model: ModelSources, rows: Sequence[ReportRow]) -> list[str]:
    own = model.collected.get("images_from") == "folder"
    samples = f"{model.collected.get('images', '?')} {'own' if own else 'sample'} images of the run"
    if model.evaluation is None:
        missing = f"no evaluation of the test set belongs to this run (`host evaluate {model.name}` makes one)"
        if model.collected.get("task") == "codec":
            missing = "a codec of many rates, which benchmarks/rate_distortion.py compares with others"
        return [f"{model.name}: {missing}; quality and ratio are from the {samples}."]
    images = model.evaluation.get("images", "?")
    notes = [f"{model.name}: quality and ratio are from {images} test images ({model.evaluation_file})."]
    if model.match == "model_sha256":
        notes.append(
            f"{model.name}: the workstation's own conversion gives another codec tag "
            f"({model.collected.get('codec_tag')}, evaluated {model.evaluation.get('codec_tag')}); the quality is "
            "that of an equal model."
        )
    elif model.other_model:
        notes.append(
            f"{model.name}: the test images were evaluated at another state of models/{model.name} with the same "
            "encoders and tables; its decoders may differ."
        )
    others = [row.row for row in one_per_name(rows) if row.quality in ("samples", "own images")]
    if others:
        notes.append(
            f"{model.name}: {', '.join(others)} {'is' if len(others) == 1 else 'are'} from the {samples} instead."
        )
    return notes
