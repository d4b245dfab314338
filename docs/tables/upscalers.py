"""The tables of super-resolution: what quantization and narrow numbers cost."""

from __future__ import annotations

from docs.tables.cells import markdown, number
from docs.tables.committed import evaluations
from docs.tables.evaluations import SIMULATED
from host.metrics import PSNR
from host.results import Result

# Rows of one network and what they are compared with: trained ones with a float control of equal epochs.
LOSSES = (
    ("int8", "float32"),
    ("int8_corrected", "float32"),
    ("int8_qat", "float32_control"),
    ("int16x8", "float32"),
)


def loss_table() -> str:
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
    for result in _results():
        psnr = {row.row: row.metrics[PSNR.key] for row in result.rows if PSNR.key in row.metrics}
        gain = {row.row: row.metrics.get("least_gain_db") for row in result.rows}
        lost = [_lost(psnr, *pair) for pair in LOSSES]
        cells = [
            psnr.get("bicubic"),
            psnr.get("float32"),
            gain.get("float32"),
            psnr.get("int8"),
            gain.get("int8"),
            *lost,
        ]
        body.append(
            (result.model, result.source, *(number(cell, 2) for cell in cells), number(psnr.get("keras qat"), 2))
        )
    return markdown(titles, body, 2) if body else "None yet."


def _lost(psnr: dict[str, float], row: str, reference: str) -> float | None:
    return psnr[reference] - psnr[row] if row in psnr and reference in psnr else None


def width_tables() -> str:
    """PSNR of simulated widths, without training: bits of weights, of activations, of both."""
    kinds = {"w{0}": "weights", "a{0}": "activations", "w{0} a{0}": "both"}
    parts = []
    for result in _results():
        psnr = {row.row: row.metrics.get(PSNR.key) for row in result.rows}
        body = [
            (str(bits), *(number(psnr.get(SIMULATED + kind.format(bits)), 2) for kind in kinds))
            for bits in range(8, 3, -1)
        ]
        parts.append(f"{result.model}, {result.source}:\n\n{markdown(('bits', *kinds.values()), body, 1)}")
    return "\n\n".join(parts) or "None yet."


def _results() -> list[Result]:
    return [result for result in evaluations() if result.task == "super_resolution"]
