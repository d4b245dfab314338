"""Which layers to keep from int8: the smallest set, found step by step, that brings most of what can be had."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from host.quantization.diagnosis.measuring import Measured, decibels
from host.quantization.diagnosis.result import FEW, HARMLESS, OUTPUT, SPREAD, Kept, LayerError
from host.quantization.diagnosis.simulation import FLOAT32, INT16

HARMLESS_DB = 40.0  # the error has a ten-thousandth of the signal's power
LEAST_GAIN_DB = 0.5  # below that nothing is worth another type
MOST_PERCENT = 200 / 3  # of the error that can be removed
_PART = 3  # at most every third layer is kept, and _FEW of them always may be
_FEW = 3
_TRIED = 10  # layers, the worst ones, among which each step chooses
_INT16_COSTS = 0.05  # of the removed error, that int16 may leave where float32 removes it
# Those that the mixed conversion has in int16 (AI Edge Quantizer 0.10).
_INT16_KINDS = {
    *("ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "LOGISTIC"),
    *("MAX_POOL_2D", "MEAN", "MUL", "PAD", "RELU", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SOFTMAX"),
    *("STRIDED_SLICE", "SUB", "SUM", "TANH", "TRANSPOSE", "TRANSPOSE_CONV"),
}


@dataclass(frozen=True)
class Advice:
    """See the fields of `NetworkDiagnosis`."""

    expected: float
    best: float
    verdict: str
    steps: tuple[Kept, ...] = ()
    chosen: Kept | None = None


@dataclass
class _Search:
    """The error that sets of layers leave, each computed once."""

    measured: Measured
    advance: Callable[[], object]
    known: dict[frozenset[tuple[str, str]], float] = field(default_factory=dict)

    def noise(self, kept: Mapping[str, str]) -> float:
        key = frozenset(kept.items())
        if key not in self.known:
            self.known[key] = self.measured.output_noise(self.measured.simulation.network(kept))
            self.advance()
        return self.known[key]


def advise(
    measured: Measured,
    layers: Sequence[LayerError],
    keep: str = FLOAT32,
    advance: Callable[[], object] = lambda: None,
) -> Advice:
    """Computes what the network's output gains by keeping layers from int8.

    Args:
        layers: all of the network's.
        keep: FLOAT32 keeps layers in that: delegates run it fast, and every runtime has it. INT16 keeps them in that
            where it does nearly as well, so that weights stay 8 bits; a CPU runs 16-bit layers many times slower.
        advance: called after each network that was run.
    """
    search = _Search(measured, advance)
    names = measured.simulation.layers
    before, best = search.noise({}), search.noise(dict.fromkeys(names, FLOAT32))
    if before == 0 or _db(before) >= HARMLESS_DB:
        return Advice(before, best, HARMLESS)
    if _db(best) - _db(before) < LEAST_GAIN_DB:
        return Advice(before, best, OUTPUT)
    removable = before - best

    def percent(noise: float) -> float:
        return 100 * (before - noise) / removable

    steps: list[Kept] = []
    for added in _order(search, layers, lambda noise: percent(noise) >= MOST_PERCENT):
        noise = search.noise(dict.fromkeys(added, FLOAT32))
        kept = dict.fromkeys(added, FLOAT32) if keep == FLOAT32 else _types(search, added, before - noise)
        noise = search.noise(kept)
        more = sum(
            ours - theirs for ours, theirs in (measured.simulation.weight_bytes(n) for n in kept if kept[n] == FLOAT32)
        )
        steps.append(Kept(kept, decibels(noise), percent(noise), more))
    enough = [step for step in steps if step.gain_percent >= MOST_PERCENT * (1 - _INT16_COSTS)]
    verdict = FEW if enough else SPREAD
    return Advice(before, best, verdict, tuple(steps), enough[0] if enough else None)


def _db(relative: float) -> float:
    found = decibels(relative)
    return math.inf if found is None else found


def _order(search: _Search, layers: Sequence[LayerError], enough: Callable[[float], bool]) -> list[tuple[str, ...]]:
    """Sets of layers, each with those before it and one or some more: those that remove most error for each layer.

    A layer is tried alone and with all that read it: a tensor stays integer while one of them is.
    """
    simulation = search.measured.simulation
    most = max(_FEW, len(layers) // _PART)
    worst = [each.layer for each in sorted(layers, key=lambda each: -each.share_percent)[:_TRIED]]
    groups = dict.fromkeys(group for name in worst for group in ((name,), (name, *simulation.readers(name))))
    found: list[tuple[str, ...]] = []
    kept: tuple[str, ...] = ()
    while len(kept) < min(most, len(layers) - 1) and not enough(search.noise(dict.fromkeys(kept, FLOAT32))):
        now = search.noise(dict.fromkeys(kept, FLOAT32))
        tried = {}
        for group in groups:
            added = tuple(name for name in group if name not in kept)
            if added and len(kept) + len(added) <= most:
                noise = search.noise(dict.fromkeys((*kept, *added), FLOAT32))
                tried[added] = (now - noise) / len(added)
        best = max(tried, key=lambda added: tried[added], default=())
        if not best or tried[best] <= 0:
            break
        kept = (*kept, *best)
        found.append(kept)
    return found


def _types(search: _Search, names: Sequence[str], removed: float) -> dict[str, str]:
    """int16 for each layer for which that does nearly as well: its weights stay 8 bits, and so its size."""
    kept = dict.fromkeys(names, FLOAT32)
    for name in names:
        other = {**kept, name: INT16}
        if not search.measured.simulation.kinds(name) <= _INT16_KINDS:
            continue
        if search.noise(other) - search.noise(kept) <= _INT16_COSTS * removed / len(names):
            kept = other
    return kept
