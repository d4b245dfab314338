"""report.md, report.json, report.csv and the plots of one collected run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device.errors import SplitliteError
from device.files import read_bytes, read_json, write_bytes, write_json
from device.records import as_json
from host.curves.image_codecs import decode_image
from host.drawing import middle
from host.errors import ReportError
from host.kept_pictures import FOLDER, INDEX, read_pictures
from host.reporting import tables
from host.reporting.columns import named, place_text, wrapped
from host.reporting.evaluations import agreement_lines
from host.reporting.notes import source_notes
from host.reporting.sources import BENCHMARKS, ModelSources, RunSources, read_sources
from host.reporting.training import training_rows
from host.reporting.words import summary
from host.results import ORIGINALS

FORMAT_VERSION = 1

_DEVICE_NOTE = (
    "The interval is of the median over processes. Memory: of the worker processes, the largest peak, and the median "
    "of what loading the network added. Bytes: means of the images that the quality is from."
)
_ENVIRONMENT = (
    *("board", "cpu_model", "cores", "governor", "max_frequency_hz", "temperature_c", "throttled"),
    *("system", "kernel", "machine", "python", "numpy"),
)


def write_report(
    run_folder: Path | None, out: Path | None, models: Path, benchmarks: Path = BENCHMARKS, *, short: bool = False
) -> Iterator[str]:
    """Writes the report of a collected run.

    Args:
        run_folder: a folder with evaluation.json; None for the run below benchmarks/results that was collected last.
        out: where to; None for benchmarks/reports. Plots that an earlier report left there are removed.
        models: the folder of the models, for training.json.
        benchmarks: the folder with results/, evaluations/ and reports/.
        short: return the short table, without where each number comes from.

    Returns:
        Lines to print, of at most 80 columns but for the paths at the end: the final table and where the files lie.

    Raises:
        ReportError: no such run, or a file that is damaged or of another version.
    """
    sources = read_sources(run_folder, models, benchmarks)
    folder = benchmarks / "reports" if out is None else out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{folder}: cannot be made ({error.strerror}); name another with --out") from None
    plots = _write_plots(sources, folder)
    write_bytes(folder / "report.csv", tables.final_csv(sources.models).encode())
    write_json(folder / "report.json", _json(sources, plots))
    write_bytes(folder / "report.md", _markdown(sources, plots).encode())
    run = sources.run
    lines = wrapped(f"Run {run.run_id} on {place_text(sources.run)}")
    if short:
        lines += ["", *tables.short_text(sources.models)]
    else:
        lines += ["", *tables.final_text(sources.models)]
        lines += [line for note in source_notes(sources) for line in wrapped(note)]
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    lines += ["", f"report: {shown / 'report.md'} (and report.json, report.csv)", f"plots:  {shown / '*.png'}"]
    known = {model.name for model in sources.models if (benchmarks / "evaluations" / model.name).is_dir()}
    if missing := " ".join(model.name for model in sources.models if model.name not in known):
        lines.append(f"whole test sets: host evaluate {missing}")
    return iter(lines)


def _write_plots(sources: RunSources, folder: Path) -> dict[str, str]:
    """Writes the plots and removes those of the report that was there; the names of the files, and their titles."""
    # matplotlib takes its time to load: not before the run is known to be readable
    from host.reporting import plots
    from host.reporting.training_plot import training_plot

    pictures = _pictures(sources.folder / FOLDER)
    found: dict[str, str] = {}

    def write(name: str, title: str, data: bytes | None) -> None:
        if data is not None:
            write_bytes(folder / name, data)
            found[name] = title

    old = _old_plots(folder / "report.json")
    for model in sources.models:
        name = model.name
        write(f"rate_{name}.png", f"Quality of {name} against bytes", plots.rate_plot(model))
        write(f"latency_{name}.png", f"Quality of {name} against time", plots.latency_plot(model, sources.run.device))
        if "originals" in pictures.get(name, {}):
            write(f"grid_{name}.png", f"Reconstructions of {name}", plots.grid_plot(model, pictures[name]))
        curves = training_plot(name, model.training, model.metrics)
        write(f"training_{name}.png", f"Training of {name}", curves)
    for name in old - found.keys():
        (folder / name).unlink(missing_ok=True)
    return found


def _old_plots(report: Path) -> set[str]:
    """The plots that an earlier report of the folder names; only such are removed, never what else lies there."""
    try:
        names = read_json(report, ReportError)["plots"]
        return {name for name in names if name.endswith(".png") and name == Path(name).name}
    except (SplitliteError, LookupError, TypeError, AttributeError):
        return set()


def _pictures(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """By model and row, without what stands beside rows: uint8 (n, height, width, 3), middles of one size."""
    if not (folder / INDEX).is_file():
        return {}
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, model in read_pictures(folder / INDEX).models.items():
        files: dict[str, list[str]] = {ORIGINALS: [picture.original for picture in model.pictures]}
        for picture in model.pictures:
            for shown in picture.rows():
                files.setdefault(shown.row, []).append(shown.file)
        found[name] = {row: _middles([_picture(folder / file) for file in each]) for row, each in files.items()}
    return found


def _picture(path: Path) -> np.ndarray:
    try:
        return decode_image(read_bytes(path, ReportError))
    except (OSError, ValueError) as error:
        raise ReportError(f"{path}: damaged ({error}); make it again with `host collect`") from None


def _middles(pictures: Sequence[np.ndarray]) -> np.ndarray:
    height, width = (min(picture.shape[side] for picture in pictures) for side in (0, 1))
    return np.stack([middle(picture, height, width) for picture in pictures])


def _json(sources: RunSources, plots: dict[str, str]) -> dict[str, Any]:
    run = as_json(sources.run)
    return {
        "format_version": FORMAT_VERSION,
        "run": {key: value for key, value in run.items() if key not in ("results", "host", "notes")},
        "models": [_model_json(model, sources.run.device) for model in sources.models],
        "plots": sorted(plots),
        "sources": source_notes(sources),
    }


def _model_json(model: ModelSources, device: str) -> dict[str, Any]:
    evaluation: dict[str, Any] = {"match": model.match, "file": model.evaluation_file}
    if model.evaluation:
        evaluation |= {"images": model.evaluation.images, "tag": model.evaluation.tag}
    return as_json(
        {
            "model": model.name,
            "tag": model.collected.tag,
            "model_sha256": model.collected.model_sha256,
            "metrics": model.metrics,
            "evaluation": {key: value for key, value in evaluation.items() if value is not None},
            "rows": model.rows,
            "trainings": training_rows(model.training),
            "sentences": [sentence for paragraph in summary(model, device) for sentence in paragraph],
        }
    )


def _markdown(sources: RunSources, plots: dict[str, str]) -> str:
    models = sources.models
    parts = [
        f"# Report of run {sources.run.run_id}",
        f"Device: {place_text(sources.run)}.",
        "## Models",
        tables.final_markdown(models),
        "\n".join(f"- {note}" for note in source_notes(sources)),
    ]
    failed = [f"- {model.name} {name}: {row.error}" for model in models for name, row in named(model.rows) if row.error]
    if failed:
        parts += ["What failed:", "\n".join(failed)]
    parts.append("## What quantization cost, and what was won back")
    for model in models:
        if found := summary(model, sources.run.device):
            parts += [f"### {model.name}", *(" ".join(paragraph) for paragraph in found)]
    parts += ["## On the device", tables.device_markdown(models), _DEVICE_NOTE]
    for model in models:
        if lines := agreement_lines(model.collected, sources.run.host):
            parts.append(" ".join([f"{model.name}:", *(line.strip() for line in lines)]))
    known = [f"{key} {sources.environment[key]}" for key in _ENVIRONMENT if key in sources.environment]
    if known:
        parts.append(f"Environment: {', '.join(known)}.")
    trainings = [(model.name, row) for model in models for row in training_rows(model.training)]
    metrics = list({metric.key: metric for model in models for metric in model.metrics}.values())
    text = tables.training_markdown(trainings, metrics) if trainings else "No training.json at hand."
    parts += ["## Training", text]
    parts += ["## Plots", *(f"![{title}]({name})" for name, title in plots.items())]
    return "\n\n".join(parts) + "\n"
