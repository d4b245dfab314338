"""Rate against distortion as benchmarks/rate_distortion.py measured it, beside published curves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device.files import read_json
from host.charts.axis import Axis
from host.charts.curves import Curve, curves
from host.curves.published import published_curves
from host.errors import CurveError, ReportError
from host.metrics import PSNR
from host.report.figures import Figure, metric_axis
from host.report.sources import Folders, ModelSources

# Of some twenty published codecs those that papers compare with; all are in benchmarks/published.
_PUBLISHED = ("bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018", "cheng2020-anchor", "av1", "vtm")
_OURS = "splitlite"
_VARIATIONS = ("(", "444", "4:4:4", "scan", "-m4", "-psnr")
_LOOKS = {_OURS: "int8"}  # the family whose bitstreams they are


def curve_figures(model: ModelSources, folders: Folders, left_out: list[str]) -> Iterator[Figure]:
    """A figure for each set of images in benchmarks/curves/<model>.

    Args:
        left_out: gets a line for each file that cannot be read.
    """
    for file in sorted((folders.benchmarks / "curves" / model.name).glob("*.json")):
        try:
            yield _figure(file, model, folders)
        except (ReportError, CurveError) as error:
            left_out.append(str(error))


def _figure(file: Path, model: ModelSources, folders: Folders) -> Figure:
    found = read_json(file, ReportError)
    try:
        lines = [_curve(name, points) for name, points in found["points"].items() if not _is_variation(name)]
        largest = max(float(rate) for rate, *_ in found["points"][_OURS])
        names, images, digest = tuple(found.get("published", ())), found["images"], found["model_sha256"]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ReportError(
            f"{file}: no rate-distortion curves; make them again with benchmarks/rate_distortion.py"
        ) from None
    published = (
        published_curves(folders.benchmarks / "published" / "kodak_rd.csv", set(found["points"])) if names else {}
    )
    for name in _PUBLISHED:
        if name in names and name in published:
            points = tuple((float(rate), float(psnr)) for rate, psnr, _ in published[name] if psnr == psnr)
            lines.append(Curve(f"{name} (published)", points, faint=True))
    rate = Axis("rate", "bits per pixel", 3, log=False, higher_is_better=False)
    chart = curves(
        "How much PSNR for how many bits, beside other codecs?", lines, rate, metric_axis(PSNR), x_limit=1.15 * largest
    )
    if chart is None:
        raise ReportError(f"{file}: holds no points; make it again with benchmarks/rate_distortion.py")
    note = f"Means of {images} images ({file.stem}), real files and bitstreams (curves/{model.name}/{file.name})."
    note += " Published curves were not measured here." if names else ""
    if digest != model.best.model_sha256:
        note += f" {_OURS} is another state of {model.name} here than in the tables."
    return Figure(f"curves-{file.stem}", chart, note)


def _curve(name: str, points: Any) -> Curve:
    line = tuple((float(rate), float(psnr)) for rate, psnr, *_ in points)
    texts = tuple(f"{name}: {psnr:.2f} dB at {rate:.3f} bits per pixel" for rate, psnr in line)
    codec = name.partition(",")[0]
    return Curve(name, line, texts, dashed=codec != name, colour_of=_LOOKS.get(codec, codec.partition(" ")[0]))


def _is_variation(name: str) -> bool:
    """Whether it is a codec with other settings: all are in the file, few have a place in a figure."""
    return any(mark in name for mark in _VARIATIONS)
