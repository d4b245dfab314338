"""The report's paragraphs: sentences whose numbers and verbs are computed; one whose rows are absent is left out."""

from __future__ import annotations

from collections.abc import Sequence

from host.reporting.columns import EMULATED
from host.reporting.rows import ReportRow, one_per_name
from host.reporting.sources import Json, number
from host.reporting.training import find_stage, minutes

EQUAL_DB = 0.005
_EQUAL_RATIO = 0.005

Rows = dict[str, ReportRow]


def summary(rows: Sequence[ReportRow], training: Json, device: str) -> list[list[str]]:
    """What quantization cost, what training for it recovered, how speed and size changed.

    Args:
        rows: of one model; of several numbers of threads the first.
        training: its training.json, or {}.
        device: where the encode times were measured.

    Returns:
        Paragraphs, each of some sentences.
    """
    named = {row.row: row for row in one_per_name(rows)}
    paragraphs = [
        [_ptq(named)],
        [_qat(named), _qat_cost(training)],
        *([sentence] for sentence in _tuned(named, training)),
        [_speed(named, device), _encoder_size(named)],
        [_bitstream(named)],
        [_baselines(named)],
    ]
    found = [[sentence for sentence in paragraph if sentence] for paragraph in paragraphs]
    return [paragraph for paragraph in found if paragraph]


def against(row: ReportRow, other: ReportRow) -> str:
    """ "loses 0.21 dB against float32 (30.90 against 31.11 dB)"; the verb follows the sign."""
    assert row.psnr_db is not None and other.psnr_db is not None  # what _comparable promises
    delta = row.psnr_db - other.psnr_db
    values = f"({row.psnr_db:.2f} against {other.psnr_db:.2f} dB)"
    if abs(delta) <= EQUAL_DB:
        return f"is equal to {other.row} within {EQUAL_DB} dB {values}"
    return f"{'gains' if delta > 0 else 'loses'} {_db(delta)} against {other.row} {values}"


def _ptq(rows: Rows) -> str | None:
    if not _comparable(rows, "int8", "float32"):
        return None
    return f"Post-training quantization to int8 {against(rows['int8'], rows['float32'])}."


def _qat(rows: Rows) -> str | None:
    if not _comparable(rows, "int8_qat", "int8"):
        return None
    text = f"Quantization-aware training (int8_qat) {against(rows['int8_qat'], rows['int8'])}"
    if _comparable(rows, "int8_qat", "float32"):
        quality = {name: rows[name].psnr_db or 0.0 for name in ("int8_qat", "int8", "float32")}
        lost, gained = quality["float32"] - quality["int8"], quality["int8_qat"] - quality["int8"]
        if lost > EQUAL_DB and gained > EQUAL_DB:
            text += f", {gained / lost:.0%} of what quantization lost".replace("%", " %")
        text += f"; it {against(rows['int8_qat'], rows['float32'])}"
    return text + "."


def _qat_cost(training: Json) -> str | None:
    stage, control = find_stage(training, "qat"), find_stage(training, "qat", "control")
    if not (cost := _cost(stage)):
        return None
    text = f"It cost {cost} of training"
    if continued := _cost(control):
        text += f"; its control, the float network continued on the same schedule, took {continued}"
        if "float32_weights" in stage:
            text += (
                " and gave the float32 row's weights"
                if stage["float32_weights"] == "control"
                else " and validated no better, so that float32 keeps its first weights"
            )
    return text + "."


def _tuned(rows: Rows, training: Json) -> list[str]:
    sentences = []
    for name, row in rows.items():
        own = row.variant or ""
        if row.kind != "variant" or own == name or not _comparable(rows, name, own):
            continue
        text = f"A float32 decoder tuned on {own}'s real codes ({name}) {against(row, rows[own])}"
        if own != "float32" and _comparable(rows, name, "float32"):
            text += f" and {against(row, rows['float32'])}"
        text += "; the device does nothing more for it, encoder and bitstream are the same"
        stage = find_stage(training, "tune", own)
        if cost := _cost(stage):
            text += f" (tuning: {cost}{'' if stage.get('kept', True) else ', not kept: it validated no better'})"
        sentences.append(text + ".")
    return sentences


def _speed(rows: Rows, device: str) -> str | None:
    parts = []
    reference = rows["float32"].milliseconds("encoder") if "float32" in rows else None
    for name in ("int8", "int8_qat"):
        time = rows[name].milliseconds("encoder") if name in rows else None
        if time is not None and reference:
            parts.append(f"{name} {time:.3f} ms, {_ratio(time, reference)} float32's")
    if not parts or reference is None:
        return None
    threads = rows["float32"].threads
    of = f" with {threads} thread{'' if threads == 1 else 's'}" if threads else ""
    where = f"{device} ({EMULATED})" if rows["float32"].emulated else device
    return f"One whole encode on {where}{of} takes (median) float32 {reference:.3f} ms; {'; '.join(parts)}."


def _encoder_size(rows: Rows) -> str | None:
    sizes = [rows[name].encoder_bytes if name in rows else None for name in ("int8", "float32")]
    if not sizes[0] or not sizes[1]:
        return None
    return (
        f"The int8 encoder's file has {sizes[0] / 1e3:.1f} kB, {_ratio(sizes[0], sizes[1])} "
        f"float32's {sizes[1] / 1e3:.1f} kB."
    )


def _bitstream(rows: Rows) -> str | None:
    row = next((rows[name] for name in ("int8", "int8_qat") if name in rows and rows[name].bitstream_bytes), None)
    if row is None or not row.bitstream_bytes or not row.latent_bytes:
        return None
    text = (
        f"An {row.row} bitstream has {row.bitstream_bytes:.1f} bytes on average, header included, "
        f"{_ratio(row.bitstream_bytes, row.latent_bytes)} its {row.latent_bytes:.0f} latent bytes, coded without loss"
    )
    if row.ratio_nominal and row.ratio_actual:
        text += f"; compression ratio {row.ratio_actual:.2f} actual, {row.ratio_nominal:.2f} nominal"
    return text + "."


def _baselines(rows: Rows) -> str | None:
    parts = []
    for name, row in rows.items():
        if row.kind == "baseline" and _comparable(rows, "int8", name):
            at = f" at {row.bitstream_bytes:.1f} bytes" if row.bitstream_bytes else ""
            delta = (rows["int8"].psnr_db or 0.0) - (row.psnr_db or 0.0)
            verb = (
                "is equal to" if abs(delta) <= EQUAL_DB else f"{'gains' if delta > 0 else 'loses'} {_db(delta)} against"
            )
            parts.append(f"{verb} {name}{at}")
    return f"Beside the baselines, int8 {', '.join(parts)}." if parts else None


def _comparable(rows: Rows, *names: str) -> bool:
    """Whether all have a PSNR of the same images: the test set's and the samples' must not be subtracted."""
    found = [rows[name] for name in names if name in rows and rows[name].psnr_db is not None]
    return len(found) == len(names) and len({(row.quality, row.images) for row in found}) == 1


def _db(delta: float) -> str:
    return f"{abs(delta):.3f} dB" if round(abs(delta), 3) < 0.01 else f"{abs(delta):.2f} dB"


def _ratio(value: float, reference: float) -> str:
    ratio = value / reference
    if abs(ratio - 1) < _EQUAL_RATIO:
        return "as much as"
    return f"{abs(ratio - 1) * 100:.0f} % {'less' if ratio < 1 else 'more'} ({ratio:.2f} times) than"


def _cost(stage: Json) -> str | None:
    epochs, seconds = number(stage, "epochs"), number(stage, "seconds")
    if epochs is None or seconds is None:
        return None
    return f"{epochs:.0f} epoch{'' if epochs == 1 else 's'} and {minutes(seconds)}"
