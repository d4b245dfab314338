"""report.md, report.json, report.csv and the plots of one collected run."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from device.files import write_bytes, write_json
from host.errors import ReportError
from host.reporting import markdown, tables
from host.reporting.columns import EMULATED, wrapped
from host.reporting.evaluations import codes_text
from host.reporting.notes import source_notes
from host.reporting.rows import ReportRow, report_rows
from host.reporting.sources import BENCHMARKS, Json, ModelSources, RunSources, read_sources, thread_counts
from host.reporting.training import training_rows
from host.reporting.words import summary

Paragraphs = dict[str, list[list[str]]]  # by model
# 1: run, models with their rows, sources, trainings and sentences
# 2: the run's "threads" is a list; rows have their own
FORMAT_VERSION = 2

_DEVICE_NOTE = (
    "The interval is of the median over processes. Memory: of the worker processes, the largest peak, and the median "
    "of what loading the encoder added. Bytes and bpp: means of the images that the quality is from."
)

_ENVIRONMENT = (
    "board",
    "cpu_model",
    "cores",
    "governor",
    "max_frequency_hz",
    "temperature_c",
    "throttled",
    "system",
    "kernel",
    "machine",
    "python",
    "numpy",
)


def write_report(
    run_folder: Path | None, out: Path | None, models: Path, benchmarks: Path = BENCHMARKS
) -> Iterator[str]:
    """Writes the report of a collected run.

    Args:
        run_folder: a folder with evaluation.json; None for the newest below benchmarks/results.
        out: where to; None for benchmarks/reports.
        models: the folder of the models, for training.json.
        benchmarks: the folder with results/, evaluations/ and reports/.

    Returns:
        Lines to print, of at most 80 columns but for the paths at the end: the final table and where the files lie.

    Raises:
        ReportError: no such run, or a file that is damaged or of another version.
    """
    sources = read_sources(run_folder, models, benchmarks)
    folder = benchmarks / "reports" if out is None else out
    by_model = {model.name: report_rows(model) for model in sources.models}
    rows = [row for part in by_model.values() for row in part]
    paragraphs = {
        model.name: summary(by_model[model.name], model.training, _device(sources)) for model in sources.models
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{folder}: cannot be made ({error.strerror}); name another with --out") from None
    plots = _write_plots(sources, by_model, folder)
    write_bytes(folder / "report.csv", tables.final_csv(rows).encode())
    write_json(folder / "report.json", _json(sources, by_model, paragraphs, plots))
    write_bytes(folder / "report.md", _markdown(sources, by_model, paragraphs, plots).encode())
    return iter(
        [
            *tables.final_text(rows),
            *_notes_text(sources, rows),
            "",
            f"report: {folder / 'report.md'} (and report.json, report.csv)",
            f"plots:  {folder / '*.png'}",
        ]
    )


def _notes_text(sources: RunSources, rows: Sequence[ReportRow]) -> list[str]:
    return [line for note in source_notes(sources, rows) for line in wrapped(note)]


def _write_plots(sources: RunSources, by_model: dict[str, list[ReportRow]], folder: Path) -> dict[str, str]:
    # matplotlib takes its time to load: not before the run is known to be readable
    from host.reporting import plots
    from host.reporting.training_plot import training_plot

    rows = [row for part in by_model.values() for row in part]
    images = {
        "psnr_bpp.png": ("PSNR against bits per pixel", plots.rate_plot(rows)),
        "psnr_latency.png": ("PSNR against encode time", plots.latency_plot(rows, _device(sources))),
    }
    for model, pictures in _pictures(sources.folder / "reconstructions.npz").items():
        if model in by_model and "originals" in pictures:
            images[f"grid_{model}.png"] = (
                f"Reconstructions of {model}",
                plots.grid_plot(model, pictures, by_model[model]),
            )
    for source in sources.models:
        curves = training_plot(source.name, source.training)
        if curves is not None:
            images[f"training_{source.name}.png"] = (f"Training of {source.name}", curves)
    for name, (_, data) in images.items():
        write_bytes(folder / name, data)
    return {name: title for name, (title, _) in images.items()}


def _pictures(path: Path) -> dict[str, dict[str, np.ndarray]]:
    found: dict[str, dict[str, np.ndarray]] = {}
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as arrays:
                for key in arrays.files:
                    model, _, row = key.rpartition("/")
                    found.setdefault(model, {})[row] = arrays[key]
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise ReportError(f"{path}: damaged ({error}); make it again with `host collect`") from None
    return found


def _json(
    sources: RunSources, by_model: dict[str, list[ReportRow]], paragraphs: Paragraphs, plots: dict[str, str]
) -> Json:
    run = {
        key: sources.run[key]
        for key in ("run_id", "device", "runtime", "threads", "started_at", "emulated")
        if key in sources.run
    }
    models = []
    for model in sources.models:
        source = {
            "match": model.match,
            "file": model.evaluation_file,
            "images": (model.evaluation or {}).get("images"),
            "codec_tag": (model.evaluation or {}).get("codec_tag"),
        }
        trainings = [
            {key: value for key, value in asdict(row).items() if value is not None}
            for row in training_rows(model.training)
        ]
        models.append(
            {
                "model": model.name,
                "codec_tag": model.collected.get("codec_tag"),
                "model_sha256": model.collected.get("model_sha256"),
                "evaluation": {key: value for key, value in source.items() if value is not None},
                "rows": [row.as_json() for row in by_model[model.name]],
                "trainings": trainings,
                "sentences": [sentence for paragraph in paragraphs[model.name] for sentence in paragraph],
            }
        )
    rows = [row for part in by_model.values() for row in part]
    return {
        "format_version": FORMAT_VERSION,
        "run": run,
        "models": models,
        "plots": sorted(plots),
        "sources": source_notes(sources, rows),
    }


def _markdown(
    sources: RunSources, by_model: dict[str, list[ReportRow]], paragraphs: Paragraphs, plots: dict[str, str]
) -> str:
    rows = [row for part in by_model.values() for row in part]
    run, environment = sources.run, sources.environment
    parts = [
        f"# Report of run {run.get('run_id', '?')}",
        f"Device: {_device(sources)}{f' ({EMULATED})' if run.get('emulated') else ''}; "
        f"runtime: {run.get('runtime', '?')}; threads: {', '.join(map(str, thread_counts(run))) or '?'}.",
        "## Models",
        markdown.final_markdown(rows),
        "\n".join(f"- {note}" for note in source_notes(sources, rows)),
    ]
    failed = [f"- {row.model} {row.row}: {tables.threads_prefix(row, rows)}{row.error}" for row in rows if row.error]
    if failed:
        parts += ["What failed:", "\n".join(failed)]
    parts.append("## What quantization cost, and what was won back")
    for name, found in paragraphs.items():
        parts += [f"### {name}", *(" ".join(paragraph) for paragraph in found)] if found else []
    parts += ["## On the device", markdown.device_markdown(rows), _DEVICE_NOTE]
    parts += [" ".join(codes) for model in sources.models if (codes := _codes(model, run))]
    known = [f"{key} {environment[key]}" for key in _ENVIRONMENT if key in environment]
    if known:
        parts.append(f"Environment: {', '.join(known)}.")
    trainings = [(model.name, row) for model in sources.models for row in training_rows(model.training)]
    parts += ["## Training", markdown.training_markdown(trainings) if trainings else "No training.json at hand."]
    parts += ["## Plots", *(f"![{title}]({name})" for name, title in plots.items())]
    return "\n\n".join(parts) + "\n"


def _codes(model: ModelSources, run: Json) -> list[str]:
    lines = codes_text(model.collected, run.get("host", {}))
    return [f"{model.name}:", *(line.strip() for line in lines)] if lines else []


def _device(sources: RunSources) -> str:
    return str(sources.run.get("device", "the device"))
