"""Which rows matter: the best, the fastest and the smallest variant, and those that no other beats in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from host.report.entries import Entry
from host.report.places import Place
from host.report.sources import ModelSources

# The variants that every model has, as docs/ introduces them: a reader looks for them whatever beats them.
_DEFAULTS = ("float32", "float16", "dynamic_range", "int8", "int16x8", "int8_qat")
_MOST = 3  # rows of a family of baselines that stand in a short table, more are a curve; and of rows without any cost


@dataclass(frozen=True)
class Offer:
    """What one variant offers, by the numbers as they are printed, so that a reader who compares finds the same.

    Attributes:
        value: the metric, larger is better.
        ms, kb: time at a place, and the network's file; None where it was not measured.
        bitstream_bytes: that are sent for an image; None where these do not stand for the image.
    """

    entry: Entry
    value: float
    ms: float | None
    kb: float | None
    bitstream_bytes: float | None

    def costs(self) -> tuple[float | None, ...]:
        return self.ms, self.kb, self.bitstream_bytes


def offers(model: ModelSources, place: Place | None) -> list[Offer]:
    """Every judged variant of a model."""
    metric = model.axis
    if metric is None:
        return []
    sign = 1 if metric.higher_is_better else -1
    found = []
    for entry in model.judged():
        if entry.is_variant:
            row = entry.row
            # Emulated times are no speed: nothing is chosen by them.
            ms = None if place is None or place.emulated else entry.ms(place)
            size, sent = row.sizes.get("network_bytes"), row.sizes.get("bitstream_bytes")
            found.append(
                Offer(
                    entry,
                    sign * round(row.metrics[metric.key], metric.digits),
                    None if ms is None else round(ms, 3),
                    None if size is None else round(size / 1e3, 1),
                    None if sent is None or "actual" not in row.ratios else round(sent, 1),
                )
            )
    return found


def outstanding(found: Sequence[Offer]) -> dict[str, Offer]:
    """The "best", the "fastest" and the "smallest"; of equal ones that which is better in the rest.

    Where some were timed, only these count: another may not run there at all.
    """
    chosen = {}
    timed = [each for each in found if each.ms is not None]
    found = timed or found
    if found:
        chosen["best"] = max(found, key=lambda each: (each.value, -_cost(each.ms), -_cost(each.kb)))
    if timed:
        chosen["fastest"] = min(timed, key=lambda each: (_cost(each.ms), -each.value, _cost(each.kb)))
    if sized := [each for each in found if each.kb is not None]:
        # A codec's qualities share one network: there the fewest bytes decide.
        chosen["smallest"] = min(sized, key=lambda each: (_cost(each.kb), _cost(each.bitstream_bytes), -each.value))
    return chosen


def no_worse_than_int8(found: Sequence[Offer]) -> list[Offer]:
    """The offers that are at least as good as int8, which everybody gets without training; all where there is none."""
    plain = next((each for each in found if each.entry.name == "int8"), None)
    return [each for each in found if plain is None or each.value >= plain.value]


def unbeaten(found: Sequence[Offer]) -> list[Offer]:
    """The offers that no other is at least as good as in everything and better in something."""
    return [each for each in found if not any(_beats(other, each) for other in found)]


def short_entries(model: ModelSources, place: Place | None) -> list[Entry]:
    """The rows of a short table: the default variants, what is unbeaten, and baselines.

    Of a codec's qualities the better decoder alone. Of baselines those that are no whole curve; rows that cost nothing
    known, such as simulations, only where they are few.
    """
    kept = {each.entry.name for each in unbeaten(offers(model, place))}
    qualities = _better_decoders(model)
    baselines = [entry for entry in model.entries if not entry.is_variant]
    families = Counter(entry.row.family for entry in baselines)
    free = sum(not has_cost(entry) for entry in baselines)
    shown = []
    for entry in model.entries:
        row = entry.row
        if not entry.is_variant:
            few = row.family is None or families[row.family] <= _MOST
            wanted = few and (has_cost(entry) or free <= _MOST)
        elif row.quality is not None:
            wanted = entry.name in qualities
        else:
            wanted = row.family in _DEFAULTS or entry.name in kept
        if wanted:
            shown.append(entry)
    return shown


def has_cost(entry: Entry) -> bool:
    """Whether a time, a size or a rate is known of a row."""
    return bool(entry.times or entry.row.sizes or entry.row.ratios)


def _better_decoders(model: ModelSources) -> set[str]:
    """Of each family of qualities the rows of the decoder that is better on average."""
    metric = model.axis
    found: dict[str | None, dict[str | None, list[Entry]]] = {}
    for entry in model.entries:
        if entry.is_variant and entry.row.quality is not None:
            found.setdefault(entry.row.family, {}).setdefault(entry.row.decoder, []).append(entry)

    def mean(entries: Sequence[Entry]) -> float:
        known = [each.row.metrics[metric.key] for each in entries if metric and metric.key in each.row.metrics]
        sign = 1 if metric is None or metric.higher_is_better else -1
        return sign * sum(known) / len(known) if known else float("-inf")

    return {entry.name for decoders in found.values() for entry in max(decoders.values(), key=mean)}


def _beats(one: Offer, other: Offer) -> bool:
    pairs = [(one.value, other.value), *_comparable(one, other)]
    return all(ours >= theirs for ours, theirs in pairs) and any(ours > theirs for ours, theirs in pairs)


def _comparable(one: Offer, other: Offer) -> Iterable[tuple[float, float]]:
    """Costs as negative numbers; what is not known of one counts as the worst."""
    for ours, theirs in zip(one.costs(), other.costs(), strict=True):
        if ours is not None or theirs is not None:
            yield -_cost(ours), -_cost(theirs)


def _cost(value: float | None) -> float:
    return float("inf") if value is None else value
