"""Where the numbers of a model come from, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from device.run_file import FILE_NAME
from host.report.entries import FILES, RESULT, Entry, StoredRun
from host.report.places import Place
from host.report.sources import ModelSources
from host.reporting.columns import EMULATED, size_text
from host.reporting.evaluations import agreements
from host.results import Latency

_PARTS = {"decoder": "the decoder", "full": "encoder and decoder in one file"}


def model_notes(model: ModelSources) -> tuple[str, ...]:
    """Quality, times, sizes and ratios: what of, how many, how averaged."""
    return (*_quality_notes(model), *_time_notes(model), *_run_notes(model), *_size_notes(model))


def origins(model: ModelSources, entry: Entry) -> Iterator[tuple[str, str, Path | None]]:
    """For one row: what, where it comes from, and the file that holds it; None where no file does."""
    row = entry.row
    measured, tested = entry.measured_in, entry.tested_in
    if row.metrics:
        shown = [
            f"{metric.title} {metric.text(row.metrics[metric.key])}"
            for metric in model.metrics
            if metric.key in row.metrics
        ]
        source, count, _ = entry.judged_on
        perfect = f"; {row.perfect_images} perfect images have no PSNR" if row.perfect_images else ""
        yield "quality", f"{', '.join(shown)}: means over {count} images ({source}){perfect}", entry.judged_in
    for place, timed in entry.times.items():
        time = timed.latency
        ends = time.median_interval_ns
        interval = f", 95 % interval {ends[0] / 1e6:.3f} to {ends[1] / 1e6:.3f} ms" if ends else ""
        processes = f" in {time.processes} fresh process{'' if time.processes == 1 else 'es'}" if time.processes else ""
        where = place.text if time.runtime == place.runtime else f"{place.device}, {time.runtime}"
        text = f"{timed.ms:.3f} ms on {where}: median of {time.n} times{processes}{interval}"
        yield "time of one image", text, raw_file(timed.run) if timed.run else tested
    for part, time in row.latency.items():
        text = f"{time.median_ns / 1e6:.3f} ms: median of {time.n} on {time.device}, {time.runtime}"
        yield f"time of {_PARTS.get(part, part)}", text, tested or measured
    files = {key: value for key, value in row.sizes.items() if key in FILES}
    means = {key: value for key, value in row.sizes.items() if key not in FILES}
    if means:
        yield "bytes an image, means", _sizes_text(means), entry.judged_in or measured or tested
    if files:
        yield "bytes of files", _sizes_text(files), measured or tested
    if row.verdict:
        yield "what the spec asks", row.verdict, None
    if row.error:
        yield "incomplete", row.error, None


def raw_file(stored: StoredRun) -> Path:
    """The raw samples of a run; where only what was judged came along, that."""
    raw = stored.folder / FILE_NAME
    return raw if raw.is_file() else stored.folder / RESULT


def _sizes_text(sizes: Mapping[str, float]) -> str:
    texts = [
        f"{key.removesuffix('_bytes').replace('_', ' ')} {value:,.1f}".removesuffix(".0")
        for key, value in sizes.items()
    ]
    return ", ".join(texts)


def _quality_notes(model: ModelSources) -> Iterator[str]:
    newest = model.runs[0] if model.runs else None
    run = ""
    if newest:
        shapes = size_text(newest.result.image_shapes)
        run = f"{newest.result.images} images of the run ({newest.result.source}, {shapes} pixels)"
    if model.evaluation is None:
        yield f"Quality and ratio are from {run}. No evaluation of the test set belongs to this run."
        return
    evaluation = model.evaluation.result
    yield (
        f"Quality and ratio are from {evaluation.images} images of {size_text(evaluation.image_shapes)} pixels "
        f"({evaluation.source}; {model.evaluation.file.parent.name}/{model.evaluation.file.name}), means over images."
    )
    if newest and model.evaluation.match == "model_sha256":
        yield (
            f"The workstation's own conversion gives another tag (run {newest.result.tag}, evaluated "
            f"{evaluation.tag}); the quality is that of an equal model."
        )
    elif newest and newest.result.model_sha256 != evaluation.model_sha256:
        yield (
            f"The test images were evaluated at another state of models/{model.name} with the same encoders and "
            "tables; its decoders may differ."
        )
    others = [each.name for each in model.entries if each.row.source not in (None, evaluation.source)]
    if others and run:
        yield f"{', '.join(others)}: judged on {run} instead."


def _time_notes(model: ModelSources) -> Iterator[str]:
    for place in model.places:
        times = [entry.times[place] for entry in model.entries if place in entry.times]
        runs = list(dict.fromkeys(time.run.run.run_id for time in times if time.run))
        of = f"run {', '.join(runs)}" if runs else "`host evaluate`, one process"
        what = f"Time, {EMULATED}," if place.emulated else "Time"
        counts = _spread(time.latency.n for time in times)
        processes = [time.latency.processes for time in times if time.latency.processes]
        fresh = f" in {_spread(processes)} fresh process{'' if set(processes) == {1} else 'es'}" if processes else ""
        yield (
            f"{what} on {place.text}: median of the whole work on one image (quantize, invoke, code), {counts} times"
            f"{fresh} ({of}).{_baseline_note(model, place)}"
        )
    for part, text in (("decoder", "Decoder time"), ("full", "Time of encoder and decoder in one file")):
        if found := [entry.row.latency[part] for entry in model.entries if part in entry.row.latency]:
            yield f"{text}: median on the workstation ({'; '.join(_where(found))})."


def _baseline_note(model: ModelSources, place: Place) -> str:
    others = {
        entry.times[place].latency.runtime
        for entry in model.entries
        if place in entry.times and entry.times[place].latency.runtime != place.runtime
    }
    return f" Baselines ran there in {', '.join(sorted(others))}." if others else ""


def _run_notes(model: ModelSources) -> Iterator[str]:
    for each in model.runs[:1]:
        for note in each.stored.run.notes:
            yield f"The run: {note}."
        if said := agreements(each.result):
            texts = "; ".join(f"{', '.join(dict.fromkeys(names))} {words}" for words, names in said.items())
            yield f"Outputs of the newest run beside this machine's: {texts}."
    if model.other_runs:
        runs = "1 run that" if model.other_runs == 1 else f"{model.other_runs} runs that"
        yield f"Left out: {runs} measured another state of this model."


def _size_notes(model: ModelSources) -> Iterator[str]:
    yield "Sizes are of the files, 1 kB = 1000 bytes."
    if any("actual" in entry.row.ratios for entry in model.entries):
        yield (
            "Compression ratios compare the 8-bit image with the float32 latent as it leaves the network, with its "
            "codes (8 bits each), and with the bitstream and its header, which is what is sent."
        )


def _spread(counts: Iterable[int]) -> str:
    known = sorted(set(counts))
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"


def _where(times: list[Latency]) -> list[str]:
    found: dict[tuple[str, str], list[int]] = {}
    for time in times:
        found.setdefault((time.device, time.runtime), []).append(time.n)
    return [f"{device}, {runtime}, n={_spread(counts)}" for (device, runtime), counts in sorted(found.items())]
