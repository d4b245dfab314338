"""What the numbers of a model say: at most ten sentences, the important ones first, each computed from the data.

A sentence whose rows are absent is left out. Numbers are compared as they are printed, so that a reader who subtracts
or divides finds the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from host.metrics import FLOAT32_LATENT, Metric
from host.report.choice import Offer, no_worse_than_int8, offers, outstanding, short_entries
from host.report.entries import Entry
from host.report.places import Place
from host.report.sources import ModelSources
from host.report.why import why_training_helps
from host.reporting.columns import ACTUAL, LATENT, NETWORK, NOMINAL, STREAM
from host.reporting.training import Record, find_record, minutes
from host.results import KERAS, Row

MOST = 10
_EQUAL_RATIO = 0.005

Rows = Mapping[str, Row]


def sentences(model: ModelSources, place: Place | None) -> tuple[str, ...]:
    """What quantization cost, what training for it recovered and why, what is fast where, what to deploy.

    Args:
        place: whose times count where one place is enough.
    """
    if (metric := model.axis) is None:
        return ()
    rows = {entry.name: entry.row for entry in model.judged()}
    candidates = [
        _deploy(offers(model, place), [entry.row for entry in model.entries], metric, place),
        _quantized(rows, metric),
        _qat(rows, metric),
        _qat_cost(model.training) if "int8_qat" in rows else None,
        why_training_helps(model.diagnoses) if _gains(rows, metric) else None,
        _flips(model),
        _speed(model, place),
        _size(rows),
        _ratios(rows),
        _qualities(rows, metric),
        *_tuned(rows, metric, model.training)[:1],
        _baselines(rows, [entry for entry in short_entries(model, place) if not entry.is_variant], metric),
        _verdicts([entry.row for entry in model.entries]),
    ]
    return tuple([sentence for sentence in candidates if sentence][:MOST])


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


def _deploy(found: Sequence[Offer], rows: Sequence[Row], metric: Metric, place: Place | None) -> str | None:
    """What to deploy under which constraint; the fastest and the smallest of what is no worse than int8."""
    if any(offer.entry.row.quality is not None for offer in found):
        return None  # which quality to take is a question of bytes, not of time
    if any(row.perfect_images and metric.key not in row.metrics for row in rows):
        return None  # a row without any error has no PSNR to be compared
    good = no_worse_than_int8(found)
    chosen = outstanding(good)
    reasons: dict[str, list[str]] = {}
    words = {"best": f"the best {metric.title}", "fastest": "the least time", "smallest": "the smallest network"}
    for word, offer in chosen.items():
        reasons.setdefault(offer.entry.name, []).append(words[word])
    if len(found) < 2 or not reasons:
        return None
    offered = {each.entry.name: each for each in found}
    parts = [f"{name} for {_listed(why)} ({_offer_text(offered[name], metric)})" for name, why in reasons.items()]
    where = f" on {place.text}" if place and "fastest" in chosen else ""
    than = " (of the variants that are no worse than int8)" if len(good) < len(found) else ""
    return f"What to deploy{where}{than}: {'; '.join(parts)}."


def _offer_text(offer: Offer, metric: Metric) -> str:
    parts = [metric.text(offer.entry.row.metrics[metric.key])]
    parts += [f"{offer.ms:.3f} ms"] if offer.ms is not None else []
    parts += [f"{offer.kb:.1f} kB"] if offer.kb is not None else []
    return ", ".join(parts)


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
            share = f"{100 * gained / lost:.0f} % of what" if gained <= lost else "more than"
            text += f", {share} quantization lost"
        text += f"; it {against(trained, rows['float32'], metric)}"
    return text + "."


def _gains(rows: Rows, metric: Metric) -> bool:
    """Whether quantization-aware training is better than int8 at all: else there is nothing to explain."""
    return {"int8", "int8_qat"} <= rows.keys() and gain(rows["int8_qat"], rows["int8"], metric) > 0


def _qat_cost(training: Record) -> str | None:
    stage, control = find_record(training, "qat"), find_record(training, "qat, control")
    if not (cost := _cost(stage)):
        return None
    text = f"Quantization-aware training took {cost}"
    if continued := _cost(control):
        text += f"; its control, the float network continued on the same schedule, took {continued}"
        if "float32_weights" in stage:
            text += (
                " and gave the float32 row's weights"
                if stage["float32_weights"] == "control"
                else " and validated no better, so float32 keeps its first weights"
            )
    return text + "."


def _flips(model: ModelSources) -> str | None:
    """Which place turns the order of int8 and float32 round; emulated times are no speed and say nothing.

    Places that timed other images are not compared, nor are those of `host evaluate` with the bench's.
    """
    entries = {entry.name: entry for entry in model.entries}
    groups: dict[tuple[bool, str | None], list[Place]] = {}
    for place in model.places:
        if not place.emulated:
            groups.setdefault((place.bench, place.pixels), []).append(place)
    for name in ("int8", "int8_qat"):
        for places in groups.values():
            ratios = {place: _times_faster(entries.get(name), entries.get("float32"), place) for place in places}
            faster = {place: ratio for place, ratio in ratios.items() if ratio and ratio > 1 + _EQUAL_RATIO}
            slower = {place: ratio for place, ratio in ratios.items() if ratio and ratio < 1 - _EQUAL_RATIO}
            if faster and slower:
                same = len({(place.device, place.threads) for place in (*faster, *slower)}) == 1
                first = "; ".join(f"{ratio:.2f} times faster on {place.text}" for place, ratio in faster.items())
                then = "; ".join(f"{1 / ratio:.2f} times slower on {place.text}" for place, ratio in slower.items())
                return (
                    f"Which of {name} and float32 is faster depends on the {'runtime' if same else 'place'}: {name} is "
                    f"{first}, but {then}."
                )
    return None


def _times_faster(ours: Entry | None, theirs: Entry | None, place: Place) -> float | None:
    """By the times as they are printed; None where one of them was not measured."""
    times = _printed({"ours": ours.ms(place) if ours else None, "theirs": theirs.ms(place) if theirs else None}, 3)
    return times["theirs"] / times["ours"] if len(times) == 2 else None


def _qualities(rows: Rows, metric: Metric) -> str | None:
    """The range that a family's qualities span."""
    found = []
    for points in _families([row for row in rows.values() if row.variant and row.decoder in ("own", None)]):
        streams = [stream for row in points if (stream := STREAM.value(row)) is not None]
        values = [row.metrics[metric.key] for row in points]
        sent = f"{min(streams):.1f} to {max(streams):.1f} bytes an image, " if len(streams) == len(points) else ""
        found.append(
            f"{points[0].family} has {len(points)} qualities: {sent}"
            f"{min(values):.{metric.digits}f} to {metric.text(max(values))} {metric.title}."
        )
    return " ".join(found) or None


def _tuned(rows: Rows, metric: Metric, training: Record) -> list[str]:
    tuned = [row for row in rows.values() if row.variant and row.row != row.variant and row.variant in rows]
    found = []
    for row in tuned:
        if row.quality is None:
            own = rows[row.variant or ""]
            text = f"A float32 decoder tuned on the real codes of {own.row} ({row.row}) {against(row, own, metric)}"
            if own.row != "float32" and "float32" in rows:
                text += f" and {against(row, rows['float32'], metric)}"
            found.append(text + _tuning(training, f"tune, {own.row}"))
    for points in _families(tuned):
        gains = [gain(row, rows[row.variant or ""], metric) for row in points]
        span = f"{min(gains):+.{metric.digits}f} to {max(gains):+.{metric.digits}f} {metric.unit}".rstrip()
        text = f"The {points[0].decoder} decoder of {points[0].family} changes {metric.title} by {span}"
        found.append(f"{text} over {len(points)} qualities{_tuning(training, 'tune')}")
    return found


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


def _speed(model: ModelSources, place: Place | None) -> str | None:
    if place is None or place.emulated:
        return None
    entries = {entry.name: entry for entry in model.entries if entry.is_variant and place in entry.times}
    times = _printed({name: entry.ms(place) for name, entry in entries.items()}, 3)
    points = [times[name] for name, entry in entries.items() if entry.row.quality is not None and name in times]
    if points:
        text = f"{min(points):.3f} to {max(points):.3f} ms, by quality and image"
    elif others := [name for name in ("int8", "int8_qat") if name in times and "float32" in times]:
        reference = times["float32"]
        parts = [f"{name} {times[name]:.3f} ms, {_ratio(times[name], reference)} float32" for name in others]
        text = f"float32 {reference:.3f} ms; {'; '.join(parts)}"
    else:
        return None
    return f"One image on {place.text} takes (median) {text}."


def _size(rows: Rows) -> str | None:
    sizes = _printed({name: NETWORK.value(rows[name]) for name in ("int8", "float32") if name in rows}, 1)
    if len(sizes) < 2:
        return None
    return (
        f"The int8 network's file has {sizes['int8']:.1f} kB, {_ratio(sizes['int8'], sizes['float32'])} "
        f"that of float32 ({sizes['float32']:.1f} kB)."
    )


def _ratios(rows: Rows) -> str | None:
    """The compression ratio in its three meanings; papers often mean the first."""
    row = next((rows[name] for name in ("int8", "int8_qat") if name in rows), None)
    row = row or next((each for each in rows.values() if each.variant and each.quality is None), None)
    if row is None or not (latent := LATENT.value(row)) or not (stream := STREAM.value(row)):
        return None
    nominal, actual, plain = NOMINAL.value(row), ACTUAL.value(row), row.ratios.get(FLOAT32_LATENT)
    if not nominal or not actual:
        return None
    first = f"{plain:.2f} to 1 for the float32 latent as it leaves the network, " if plain else ""
    return (
        f"Compression ratio of {row.row}: {first}{nominal:.2f} for its codes ({latent:.0f} bytes), {actual:.2f} for "
        f"the bitstream that is sent ({stream:.1f} bytes on average with its header). It codes the latent "
        "without loss."
    )


def _baselines(rows: Rows, baselines: Sequence[Entry], metric: Metric) -> str | None:
    if (ours := rows.get("int8")) is None:
        return None
    parts = []
    for row in (entry.row for entry in baselines if entry.times or entry.row.sizes):
        in_keras = any(time.runtime == KERAS for time in row.latency.values())  # no baseline, but the network itself
        if in_keras or row.row not in rows:
            continue
        better, stream = gain(ours, row, metric), STREAM.value(row)
        verb = f"{_verb(better, metric)} against" if better else "is equal to"
        parts.append(f"{verb} {row.row}{f' at {stream:.1f} bytes' if stream else ''}")
    value = metric.text(ours.metrics[metric.key])
    return f"Beside the baselines, int8 ({value} {metric.title}) {', '.join(parts)}." if parts else None


def _verdicts(rows: Sequence[Row]) -> str | None:
    said: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict:
            said.setdefault(row.verdict, []).append(row.row)
    if not said:
        return None
    failed = sum(len(names) for words, names in said.items() if words != "pass")
    parts = [f"{', '.join(said['pass'])} pass" if "pass" in said else "no variant passes"]
    parts += [f"{failed} {'fails' if failed == 1 else 'fail'}"] if failed else []
    return f"By what the spec asks, {'; '.join(parts)}."


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _printed(values: Mapping[str, float | None], digits: int) -> dict[str, float]:
    """Rounded as they are printed; without what is absent or 0."""
    return {name: rounded for name, value in values.items() if value and (rounded := round(value, digits))}


def _ratio(value: float, reference: float) -> str:
    ratio = value / reference
    if abs(ratio - 1) < _EQUAL_RATIO:
        return "as much as"
    return (
        f"{ratio:.2f} times" if ratio >= 2 else f"{abs(ratio - 1) * 100:.0f} % {'less' if ratio < 1 else 'more'} than"
    )


def _cost(record: Record) -> str | None:
    if not record.get("epochs") or "seconds" not in record:
        return None
    return f"{record['epochs']} epoch{'' if record['epochs'] == 1 else 's'} and {minutes(record['seconds'])}"
