"""Where each number of the report comes from, in sentences."""

from __future__ import annotations

from host.reporting.columns import EMULATED, size_text
from host.reporting.rows import time_source
from host.reporting.sources import ModelSources, RunSources, one_per_name


def source_notes(sources: RunSources) -> list[str]:
    """Where each number of the final table comes from, one sentence each."""
    run, rows = sources.run, [row for model in sources.models for row in model.rows]
    notes = [note for model in sources.models for note in _quality_notes(model)]
    if place := time_source(rows, "device"):
        what = f"Device time, {EMULATED}:" if run.emulated else "Device time:"
        notes.append(
            f"{what} median of the whole work on one image (quantize, invoke, code) on {place}, "
            f"run {run.run_id} of {run.started_at}."
        )
    notes += [f"The run: {note}." for note in run.notes]
    for part, text in (("decoder", "Decoder time"), ("full", "Full model's time")):
        if place := time_source(rows, part):
            notes.append(f"{text}: median on the workstation ({place}).")
    ratios = (
        "The nominal compression ratio compares the 8-bit original with the latent, the actual one with the bitstream "
        "and its header. "
    )
    notes.append(
        f"Sizes are of the files, 1 kB = 1000 bytes. {ratios if any('actual' in row.ratios for row in rows) else ''}"
        "'-': not measured, or does not apply."
    )
    return notes


def _quality_notes(model: ModelSources) -> list[str]:
    collected, evaluation = model.collected, model.evaluation
    run = f"the {collected.images} images of the run ({collected.source}, {size_text(collected.image_shapes)} pixels)"
    if evaluation is None:
        return [f"{model.name}: quality and ratio are from {run}. No evaluation of the test set belongs to this run."]
    notes = [
        f"{model.name}: quality and ratio are from {evaluation.images} test images of "
        f"{size_text(evaluation.image_shapes)} pixels ({model.evaluation_file})."
    ]
    if model.match == "model_sha256":
        notes.append(
            f"{model.name}: the workstation's own conversion gives another tag ({collected.tag}, evaluated "
            f"{evaluation.tag}); the quality is that of an equal model."
        )
    elif model.other_model:
        notes.append(
            f"{model.name}: the test images were evaluated at another state of models/{model.name} with the same "
            "encoders and tables; its decoders may differ."
        )
    others = [row.row for row in one_per_name(model.rows) if row.source not in (None, evaluation.source)]
    if others:
        notes.append(f"{model.name}: {', '.join(others)} {'is' if len(others) == 1 else 'are'} from {run} instead.")
    return notes
