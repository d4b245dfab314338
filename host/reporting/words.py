"""The report's paragraphs: sentences whose numbers and verbs are computed; one whose rows are absent is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from host.metrics import Metric
from host.reporting.columns import ACTUAL, EMULATED, LATENT, NETWORK, NOMINAL, STREAM, milliseconds, threads_text
from host.reporting.sources import ModelSources, one_per_name
from host.reporting.training import Record, find_record, minutes
from host.results import KERAS, Row

_EQUAL_RATIO = 0.005

Rows = Mapping[str, Row]


def summary(model: ModelSources, device: str) -> list[list[str]]:
    """What quantization cost, what training for it recovered, how speed and size changed.

    Args:
        model: of several numbers of threads the first counts.
        device: where the times of the variants were measured.

    Returns:
        Paragraphs, each of some sentences.
    """
    if (metric := model.axis) is None:
        return []
    rows = {row.row: row for row in one_per_name(model.rows)}
    judged = {row.row: row for row in model.judged() if metric.key in row.metrics}
    paragraphs: list[list[str | None]] = [
        [_quantized(judged, metric)],
        [_qat(judged, metric), _qat_cost(model.training) if "int8_qat" in rows else None],
        [_qualities(judged, metric)],
        [*_tuned(judged, metric, model.training)],
        [_speed(rows, device), _size(rows)],
        [_stream(judged)],
        [_baselines(judged, metric)],
        [_verdicts(rows)],
    ]
    found = [[sentence for sentence in paragraph if sentence] for paragraph in paragraphs]
    return [paragraph for paragraph in found if paragraph]


def gain(row: Row, other: Row, metric: Metric) -> float:
    """By how much a row is better than another, as the difference of the two numbers that are printed."""
    ours, theirs = (round(each.metrics[metric.key], metric.digits) for each in (row, other))
    return round(ours - theirs if metric.higher_is_better else theirs - ours, metric.digits)


def against(row: Row, other: Row, metric: Metric) -> str:
    """ "loses 0.21 dB PSNR against float32 (30.90 against 31.11 dB)"; the verb follows the sign."""
    better, theirs = gain(row, other, metric), metric.text(other.metrics[metric.key])
    if not better:
        return f"is equal to {other.row} ({theirs} {metric.title})"
    ours = f"{row.metrics[metric.key]:.{metric.digits}f}"
    return f"{_verb(better, metric)} against {other.row} ({ours} against {theirs})"


def _verb(better: float, metric: Metric) -> str:
    # A difference of percentages is no percentage.
    amount = replace(metric, unit="points").text(abs(better)) if metric.unit == "%" else metric.text(abs(better))
    return f"{'gains' if better > 0 else 'loses'} {amount} {metric.title}"


def _quantized(rows: Rows, metric: Metric) -> str | None:
    if not {"int8", "float32"} <= rows.keys():
        return None
    return f"Post-training quantization to int8 {against(rows['int8'], rows['float32'], metric)}."


def _qat(rows: Rows, metric: Metric) -> str | None:
    if not {"int8_qat", "int8"} <= rows.keys():
        return None
    trained, plain = rows["int8_qat"], rows["int8"]
    text = f"Quantization-aware training (int8_qat) {against(trained, plain, metric)}"
    if "float32" in rows:
        lost, gained = gain(rows["float32"], plain, metric), gain(trained, plain, metric)
        if lost > 0 and gained > 0:
            text += f", {100 * gained / lost:.0f} % of what quantization lost"
        text += f"; it {against(trained, rows['float32'], metric)}"
    return text + "."


def _qat_cost(training: Record) -> str | None:
    stage, control = find_record(training, "qat"), find_record(training, "qat, control")
    if not (cost := _cost(stage)):
        return None
    text = f"It cost {cost} of training"
    if continued := _cost(control):
        text += f"; its control, the float network continued on the same schedule, took {continued}"
        if "float32_weights" in stage:
            text += (
                " and gave the float32 row's weights"
                if stage["float32_weights"] == "control"
                else " and validated no better, so float32 keeps its first weights"
            )
    return text + "."


def _qualities(rows: Rows, metric: Metric) -> str | None:
    """The range that a family's qualities span."""
    sentences = []
    for points in _families([row for row in rows.values() if row.variant and row.decoder in ("own", None)]):
        streams = [STREAM.value(row) or 0.0 for row in points]
        values = [row.metrics[metric.key] for row in points]
        sentences.append(
            f"{points[0].family} has {len(points)} qualities: {min(streams):.1f} to {max(streams):.1f} bytes an image, "
            f"{min(values):.{metric.digits}f} to {metric.text(max(values))} {metric.title}."
        )
    return " ".join(sentences) or None


def _tuned(rows: Rows, metric: Metric, training: Record) -> list[str]:
    tuned = [row for row in rows.values() if row.variant and row.row != row.variant and row.variant in rows]
    sentences = []
    for row in tuned:
        if row.quality is None:
            own = rows[row.variant or ""]
            text = f"A float32 decoder tuned on the real codes of {own.row} ({row.row}) {against(row, own, metric)}"
            if own.row != "float32" and "float32" in rows:
                text += f" and {against(row, rows['float32'], metric)}"
            sentences.append(text + _tuning(training, f"tune, {own.row}"))
    for points in _families(tuned):
        gains = [gain(row, rows[row.variant or ""], metric) for row in points]
        span = f"{min(gains):+.{metric.digits}f} to {max(gains):+.{metric.digits}f} {metric.unit}".rstrip()
        text = f"The {points[0].decoder} decoder of {points[0].family} changes {metric.title} by {span}"
        sentences.append(f"{text} over {len(points)} qualities{_tuning(training, 'tune')}")
    return sentences


def _tuning(training: Record, name: str) -> str:
    text, record = "; the device does the same for both", find_record(training, name)
    if cost := _cost(record):
        text += f" (tuning: {cost}{'' if record.get('kept', True) else ', not kept: it validated no better'})"
    return text + "."


def _families(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows that have a quality, by family."""
    found: dict[str | None, list[Row]] = {}
    for row in rows:
        if row.quality is not None:
            found.setdefault(row.family, []).append(row)
    return list(found.values())


def _speed(rows: Rows, device: str) -> str | None:
    times = _printed({name: milliseconds(row, "device") for name, row in rows.items() if row.row == row.variant}, 3)
    points = [times[row.row] for row in rows.values() if row.quality is not None and row.row in times]
    if points:
        text = f"{min(points):.3f} to {max(points):.3f} ms, by quality and image"
    elif others := [name for name in ("int8", "int8_qat") if name in times and "float32" in times]:
        reference = times["float32"]
        parts = [f"{name} {times[name]:.3f} ms, {_ratio(times[name], reference)} float32" for name in others]
        text = f"float32 {reference:.3f} ms; {'; '.join(parts)}"
    else:
        return None
    first = next(row for row in rows.values() if row.row in times)
    of = f" with {threads_text(first.threads)}" if first.threads else ""
    where = f"{device} ({EMULATED})" if first.latency["device"].emulated else device
    return f"One image on {where}{of} takes (median) {text}."


def _size(rows: Rows) -> str | None:
    sizes = _printed({name: NETWORK.value(rows[name]) for name in ("int8", "float32") if name in rows}, 1)
    if len(sizes) < 2:
        return None
    return (
        f"The int8 network's file has {sizes['int8']:.1f} kB, {_ratio(sizes['int8'], sizes['float32'])} "
        f"that of float32 ({sizes['float32']:.1f} kB)."
    )


def _stream(rows: Rows) -> str | None:
    row = next((rows[name] for name in ("int8", "int8_qat") if name in rows), None)
    if row is None or not (latent := LATENT.value(row)) or not (stream := STREAM.value(row)):
        return None
    text = (
        f"An {row.row} bitstream has {stream:.1f} bytes on average with its header, {_ratio(stream, latent)} the "
        f"{latent:.0f} bytes of the latent, which is coded without loss"
    )
    if (nominal := NOMINAL.value(row)) and (actual := ACTUAL.value(row)):
        text += f"; compression ratio {actual:.2f} actual, {nominal:.2f} nominal"
    return text + "."


def _baselines(rows: Rows, metric: Metric) -> str | None:
    if (ours := rows.get("int8")) is None:
        return None
    parts = []
    for row in rows.values():
        in_keras = any(time.runtime == KERAS for time in row.latency.values())  # no baseline, but the network itself
        if row.variant or row.quality is not None or in_keras:
            continue
        better, stream = gain(ours, row, metric), STREAM.value(row)
        verb = f"{_verb(better, metric)} against" if better else "is equal to"
        parts.append(f"{verb} {row.row}{f' at {stream:.1f} bytes' if stream else ''}")
    value = metric.text(ours.metrics[metric.key])
    return f"Beside the baselines, int8 ({value} {metric.title}) {', '.join(parts)}." if parts else None


def _verdicts(rows: Rows) -> str | None:
    said: dict[str, list[str]] = {}
    for row in rows.values():
        if row.verdict:
            said.setdefault(row.verdict, []).append(row.row)
    parts = [f"{', '.join(names)}: {words}" for words, names in said.items()]
    return f"By what the spec asks: {'. '.join(parts)}." if parts else None


def _printed(values: Mapping[str, float | None], digits: int) -> dict[str, float]:
    """Rounded as they are printed, so that a reader who divides finds the same; without what is absent or 0."""
    return {name: rounded for name, value in values.items() if value and (rounded := round(value, digits))}


def _ratio(value: float, reference: float) -> str:
    ratio = value / reference
    if abs(ratio - 1) < _EQUAL_RATIO:
        return "as much as"
    return f"{abs(ratio - 1) * 100:.0f} % {'less' if ratio < 1 else 'more'} ({ratio:.2f} times) than"


def _cost(record: Record) -> str | None:
    if not record.get("epochs") or "seconds" not in record:
        return None
    return f"{record['epochs']} epoch{'' if record['epochs'] == 1 else 's'} and {minutes(record['seconds'])}"
