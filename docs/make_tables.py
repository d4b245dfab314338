"""Writes the tables in README.md and docs/ anew from the committed results and from the tables of spec.json's fields.

    .venv/bin/python -m docs.make_tables          # or: make docs

A document marks the place of a table by two lines, `<!-- made: NAME -->` and `<!-- end -->`. NAME is a key of `TABLES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from docs.spec_tables import SPEC_TABLES, markdown
from host.errors import CollectError
from host.metrics import FLOAT32_LATENT, PSNR
from host.reporting.columns import DEVICE, NETWORK, STREAM, file_columns, judged_columns
from host.reporting.sources import TEST_SET
from host.results import Result, Row, read_document
from host.study.results import read_result
from host.study.table import study_markdown

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "benchmarks" / "studies" / "results"
CURVES = ROOT / "benchmarks" / "curves"
PICTURE = Path("docs/images/parrot.json")
_PLACE = re.compile(r"(<!-- made: ([a-z0-9-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
OURS = "splitlite"
SIMULATED = "simulated "  # begins the names of rows that no file has
# Rows of one network and what they are compared with: trained ones with a float control of equal epochs.
UPSCALER_LOSSES = (
    ("int8", "float32"),
    ("int8_corrected", "float32"),
    ("int8_qat", "float32_control"),
    ("int16x8", "float32"),
)
PUBLISHED = ("bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean")
NAMES = {
    "jpeg": "JPEG",
    "jpeg-444": "JPEG",
    "webp": "WebP",
    "webp-m4": "WebP",
    "jpeg2000": "JPEG 2000",
    "avif": "AVIF",
    "avif-psnr": "AVIF tuned for PSNR",
}


def main() -> None:
    """Writes every document whose tables changed, and prints its name."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        made = rendered(text, path)
        if made != text:
            path.write_text(made, encoding="utf-8")
            print(path.relative_to(ROOT))


def documents() -> list[Path]:
    """README.md and the Markdown files of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def rendered(text: str, path: Path) -> str:
    """A document with its tables made anew.

    Raises:
        ValueError: a place names a table that does not exist.
    """

    def table(place: re.Match[str]) -> str:
        if place[2] not in TABLES:
            raise ValueError(f"{path}: no table {place[2]}; available: {', '.join(TABLES)}")
        body = TABLES[place[2]]()
        # Links are written from the root; a document in docs/ is one folder further down.
        if path.parent != ROOT:
            body = re.sub(r"\]\((?=docs/)", "](../", body).replace("](../docs/", "](")
        return f"{place[1]}\n{body}\n\n{place[3]}"

    return _PLACE.sub(table, text)


def evaluations() -> list[Result]:
    """The committed results of `host evaluate`, by model."""
    return list(_evaluation_files().values())


def _evaluation_files() -> dict[Path, Result]:
    files = sorted((ROOT / "benchmarks" / "evaluations").glob("*/*.json"))
    return {file: read_document(Result, file, CollectError) for file in files}


def curve(model: str, name: str) -> dict[str, Any]:
    """A committed comparison of rate and distortion."""
    found: dict[str, Any] = json.loads((CURVES / model / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _number(value: float | None, digits: int, divisor: float = 1) -> str:
    return "-" if value is None else f"{value / divisor:.{digits}f}".replace("-", "−")


def _percent(value: float, digits: int = 1) -> str:
    return f"{value:+.{digits}f} %".replace("-", "−")


def _fewer(percent: float) -> str:
    return f"{abs(percent):.1f} % {'fewer' if percent < 0 else 'more'}"


def _models() -> str:
    rows = []
    for file in sorted((ROOT / "models").glob("*/spec.json")):
        spec = json.loads(file.read_text(encoding="utf-8"))
        name = file.parent.name
        rows.append((f"[`{name}`](../models/{name}/spec.json)", f"`{spec['task']}`", spec["description"]))
    return markdown(("model", "task", "what it is"), rows)


def _evaluations() -> str:
    parts = []
    for result in evaluations():
        if not _sends_images(result):
            continue
        network = f"{sum(result.parameters.values()):,} parameters; " if result.parameters else ""
        images = f"{result.images:,} images of {_shape(result)}"
        parts.append(f"### {result.model}\n\n{network}{images}; source: {result.source}.\n\n{_rows(result)}")
    return "\n\n".join(parts)


def _of_task(task: str) -> str:
    """The evaluations of a task: all that is known of each row, and pictures."""
    parts = []
    for file, result in _evaluation_files().items():
        if result.task != task:
            continue
        rows = [row for row in result.rows if not row.row.startswith(SIMULATED)]
        columns = [*judged_columns(result.metrics, rows), STREAM, DEVICE, NETWORK, *file_columns(rows)]
        columns = [each for each in columns if any(each.value(row) is not None for row in rows)]
        titles = ["row", *(f"{each.title} ({each.unit})" if each.unit else each.title for each in columns), "verdict"]
        body = [(row.row, *(each.cell(row).replace("-", "−") for each in columns), row.verdict or "−") for row in rows]
        if not any(row.verdict for row in rows):
            titles, body = titles[:-1], [cells[:-1] for cells in body]
        network = f"{sum(result.parameters.values()):,} parameters; {result.images:,} images of {_shape(result)}"
        folder = file.with_name(f"{file.stem}-figures")
        pictures = [f"![{path.stem}](../{path.relative_to(ROOT)})" for path in sorted(folder.glob("*.png"))]
        title = result.model if result.source == TEST_SET else f"{result.model}, {result.source}"
        about = f"### {title}\n\n{network}; source: {result.source}; times: {result.device}."
        parts.append("\n\n".join([about, markdown(titles, body, 1), *pictures]))
    return "\n\n".join(parts) or "None yet."


def _upscalers() -> str:
    """By model and set of pictures: PSNR, and what each way to quantize the whole network costs."""
    titles = [
        "model",
        "pictures",
        "bicubic",
        "float32",
        "least gain",
        "int8",
        "its least gain",
        "int8 loses",
        "corrected loses",
    ]
    titles += ["int8_qat loses", "int16x8 loses", "Keras, fake quantization"]
    body = []
    for result in _upscaler_results():
        psnr = {row.row: row.metrics[PSNR.key] for row in result.rows if PSNR.key in row.metrics}
        gain = {row.row: row.metrics.get("least_gain_db") for row in result.rows}
        lost = [_lost(psnr, *pair) for pair in UPSCALER_LOSSES]
        cells = [
            psnr.get("bicubic"),
            psnr.get("float32"),
            gain.get("float32"),
            psnr.get("int8"),
            gain.get("int8"),
            *lost,
        ]
        body.append(
            (result.model, result.source, *(_number(cell, 2) for cell in cells), _number(psnr.get("keras qat"), 2))
        )
    return markdown(titles, body, 2) if body else "None yet."


def _lost(psnr: dict[str, float], row: str, reference: str) -> float | None:
    return psnr[reference] - psnr[row] if row in psnr and reference in psnr else None


def _widths() -> str:
    """PSNR of simulated widths, without training: bits of weights, of activations, of both."""
    kinds = {"w{0}": "weights", "a{0}": "activations", "w{0} a{0}": "both"}
    parts = []
    for result in _upscaler_results():
        psnr = {row.row: row.metrics.get(PSNR.key) for row in result.rows}
        body = [
            (str(bits), *(_number(psnr.get(SIMULATED + kind.format(bits)), 2) for kind in kinds))
            for bits in range(8, 3, -1)
        ]
        parts.append(f"{result.model}, {result.source}:\n\n{markdown(('bits', *kinds.values()), body, 1)}")
    return "\n\n".join(parts) or "None yet."


def _upscaler_results() -> list[Result]:
    return [result for result in evaluations() if result.task == "super_resolution"]


def _classifier_speeds() -> str:
    """Medians of one image, and how many times faster int8 is than Keras in each of its ways."""
    ways = ("predict", "call", "tf.function")
    titles = ["model", "int8 (ms)", "float32 (ms)", *(f"{way} (ms)" for way in ways)]
    titles += [f"{way} / int8" for way in ways]
    body = []
    for result in evaluations():
        times = {row.row: row.latency["device"].median_ns / 1e6 for row in result.rows if "device" in row.latency}
        keras = [times.get(f"keras {way}") for way in ways]
        if None in keras:
            continue
        shown = [f"{value:.3g}" for value in (times["int8"], times["float32"], *map(float, filter(None, keras)))]
        body.append((result.model, *shown, *(f"{value / times['int8']:,.0f}" for value in keras if value)))
    return markdown(titles, body, 1)


def _classifier_sizes() -> str:
    """Files in kB, and how many times smaller int8 is than each of the three that it may be compared with."""
    files = {"keras_optimizer": "Keras, optimizer", "keras_weights": "Keras, weights", "float32": "float32 .tflite"}
    titles = ["model", *(f"{title} (kB)" for title in files.values()), "int8 (kB)"]
    titles += [f"{title} / int8" for title in files.values()]
    body = []
    for result in evaluations():
        sizes = {row.row: row.sizes["network_bytes"] / 1000 for row in result.rows if "network_bytes" in row.sizes}
        if not sizes.keys() >= files.keys():
            continue
        shown = [f"{sizes[row]:,.1f}" for row in (*files, "int8")]
        body.append((result.model, *shown, *(f"{sizes[row] / sizes['int8']:.1f}" for row in files)))
    return markdown(titles, body, 1)


def _sends_images(result: Result) -> bool:
    """Whether what the device sends stands for the image."""
    return any("actual" in row.ratios for row in result.rows)


def _studies() -> str:
    parts = []
    for file in sorted(STUDIES.glob("*.json")):
        found = read_result(file)
        about = f"{found.description}\n\n" if found.description else ""
        charts = [f"![{path.stem}](../{path.relative_to(ROOT)})" for path in sorted(STUDIES.glob(f"{file.stem}.*.png"))]
        parts.append("\n\n".join([f"### Study {found.study}", about + study_markdown(found), *charts]))
    return "\n\n".join(parts) or "None yet."


def _shape(result: Result) -> str:
    sizes = [f"{height} x {width}" for height, width, _ in result.image_shapes]
    return f"{sizes[0]} pixels" if len(sizes) == 1 else f"{len(sizes)} sizes"


def _rows(result: Result) -> str:
    titles = ["row", *(f"{metric.title} ({metric.unit})" if metric.unit else metric.title for metric in result.metrics)]
    ratios = {"ratio float32 latent": FLOAT32_LATENT, "ratio nominal": "nominal", "ratio actual": "actual"}
    ratios = {title: key for title, key in ratios.items() if any(key in row.ratios for row in result.rows)}
    titles += ["bitstream (bytes)", *ratios, "network (kB)"]
    rows = [
        (
            row.row,
            *(_number(row.metrics.get(metric.key), metric.digits) for metric in result.metrics),
            _number(row.sizes.get("bitstream_bytes"), 1),
            *(_number(row.ratios.get(key), 2) for key in ratios.values()),
            _number(row.sizes.get("network_bytes"), 1, 1000),
        )
        for row in result.rows
    ]
    return markdown(titles, rows, 1)


def _times() -> str:
    titles = ("model", "row", "machine", "runtime", "device (ms)", "decoder (ms)")
    rows = [(result.model, *_row_times(row)) for result in evaluations() for row in result.rows if row.latency]
    return markdown(titles, rows, 4)


def _row_times(row: Row) -> tuple[str, ...]:
    latencies = [row.latency.get(part) for part in ("device", "decoder")]
    measured = next(latency for latency in row.latency.values())
    times = [_number(latency.median_ns if latency else None, 3, 1e6) for latency in latencies]
    return (row.row, measured.device, measured.runtime, *times)


def _codec_name(result: dict[str, Any], name: str) -> str:
    return f"{NAMES[name]}, {result['codecs'][name]}" if name in NAMES else name


def _times_an_image(result: dict[str, Any], name: str) -> tuple[str, str]:
    """Encode and decode time of one mean image, in milliseconds; decimals where they tell something."""
    size = result["megapixels"] / result["images"]
    encode, decode = (result[f"{kind}_ms_per_megapixel"].get(name) for kind in ("encode", "decode"))
    return _number(encode and encode * size, 1), _number(decode and decode * size, 0)


def _photo_summary() -> str:
    result = curve("photo", "kodak")
    names = ("jpeg", "webp-m4", "webp", "jpeg2000", "avif")
    rows = [(f"**splitlite** (`{result['model']}`, int8)", "", *_times_an_image(result, OURS))]
    rows += [
        (_codec_name(result, name), _percent(result["bd_rate_percent"][name]), *_times_an_image(result, name))
        for name in names
    ]
    return markdown(("codec", "size of splitlite at equal PSNR", "encode (ms)", "decode (ms)"), rows, 1)


def _photo_rates() -> str:
    result = curve("photo", "kodak")
    measured = [name for name in NAMES if name in result["points"]]
    rows: list[tuple[str, ...]] = [("splitlite", "", "", *_times_an_image(result, OURS))]
    rows += [
        (_codec_name(result, name), *_both_rates(result, name), *_times_an_image(result, name)) for name in measured
    ]
    rows += [(f"{name} (published curve)", *_both_rates(result, name), "-", "-") for name in PUBLISHED]
    return markdown(("codec", "BD-rate, PSNR", "BD-rate, MS-SSIM", "encode (ms)", "decode (ms)"), rows, 1)


def _both_rates(result: dict[str, Any], name: str) -> list[str]:
    columns = ("bd_rate_percent", "bd_rate_ms_ssim_percent")
    return [_percent(result[column][name]) if name in result[column] else "-" for column in columns]


def _photo_qualities() -> str:
    result = curve("photo", "kodak")
    rows = []
    for quality, (bpp, psnr, ms_ssim) in zip(result["qualities"], result["points"][OURS], strict=True):
        numbers = (_number(bpp, 3), _number(psnr, 2), _number(ms_ssim, 4))
        overhead, saturated = _percent(quality["overhead_percent"], 2), str(quality["saturated_codes"])
        rows.append((str(quality["quality"]), *numbers, overhead, saturated))
    titles = ("quality", "bits per pixel", "PSNR (dB)", "MS-SSIM", "bitstream over ideal length", "saturated codes")
    return markdown(titles, rows, 0)


def _photo_facts() -> str:
    result = curve("photo", "kodak")
    first, last = result["points"][OURS][0], result["points"][OURS][-1]
    rates, cost = result["bd_rate_percent"], result["int8_cost_percent"][OURS]
    tuned = rates["splitlite (untuned decoder)"]
    encode, decode = _times_an_image(result, OURS)
    code = result["timing"]["encode_stages_ms_per_megapixel"]["code"] * result["megapixels"] / result["images"]
    return "\n".join(
        (
            f"- On the {result['images']} Kodak images, the qualities reach from {_number(first[0], 3)} bits per pixel "
            f"at {_number(first[1], 2)} dB to {_number(last[0], 3)} bits per pixel at {_number(last[1], 2)} dB.",
            f"- At equal PSNR, splitlite needs {_fewer(rates['jpeg'])} bytes than JPEG (4:2:0) and "
            f"{_fewer(rates['webp'])} bytes than WebP (method 6).",
            f"- Quantizing the encoder to int8 costs {_number(cost, 2)} % of rate against the same weights in float32.",
            f"- The tuned decoder saves {_number(-tuned, 2)} % of rate.",
            f"- One Kodak image takes {encode} ms to encode on one thread of {_machine(result)}; the entropy coder "
            f"takes {_number(code, 1)} ms of it. Decoding takes {decode} ms.",
        )
    )


def _machine(result: dict[str, Any]) -> str:
    model = result["environment"].get("cpu_model", result["environment"]["machine"])
    return f"an {model}" if model[0] in "AEIOU" else f"a {model}"


def _photo_setting() -> str:
    result = curve("photo", "kodak")
    return (
        f"Times are for one Kodak image on one thread of {_machine(result)}. All codecs took turns, each at the "
        f"setting nearest {result['timing']['nearest_bpp']:g} bits per pixel."
    )


def _cifar10_rd() -> str:
    result = curve("cifar10-rd", "test")
    rows = [(name, _percent(rate)) for name, rate in sorted(result["bd_rate_percent"].items())]
    points = [
        (str(quality), _number(bpp, 3), _number(psnr, 2), _percent(overhead, 1))
        for quality, ((bpp, psnr), overhead) in enumerate(
            zip(result["points"][OURS], result["payload_overhead_percent"], strict=True)
        )
    ]
    return "\n\n".join(
        (
            f"{result['images']:,} test images of CIFAR-10.",
            markdown(("codec", "BD-rate, PSNR"), rows, 1),
            markdown(("quality", "bits per pixel", "PSNR (dB)", "payload over ideal length"), points, 0),
        )
    )


def _picture() -> str:
    found = json.loads((ROOT / PICTURE).read_text(encoding="utf-8"))
    return (
        f"![A parrot three times: original, splitlite, JPEG of the same size]({PICTURE.with_suffix('.png')})\n\n"
        f"*Part of {found['image']}. Left: the original. Middle: splitlite (`photo`, quality {found['quality']}), "
        f"{found['splitlite']['bytes']:,} bytes for the whole image, {_number(found['splitlite']['psnr_db'], 1)} dB. "
        f"Right: JPEG, {found['jpeg']['bytes']:,} bytes, {_number(found['jpeg']['psnr_db'], 1)} dB.*"
    )


TABLES: dict[str, Callable[[], str]] = {
    "picture": _picture,
    "photo-summary": _photo_summary,
    "photo-setting": _photo_setting,
    "photo-rates": _photo_rates,
    "photo-qualities": _photo_qualities,
    "photo-facts": _photo_facts,
    "cifar10-rd": _cifar10_rd,
    "evaluations": _evaluations,
    "classifiers": partial(_of_task, "classification"),
    "super-resolution": partial(_of_task, "super_resolution"),
    "upscalers": _upscalers,
    "widths": _widths,
    "classifier-speeds": _classifier_speeds,
    "classifier-sizes": _classifier_sizes,
    "studies": _studies,
    "times": _times,
    "models": _models,
    **SPEC_TABLES,
}

if __name__ == "__main__":
    main()
