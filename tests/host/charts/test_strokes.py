"""How lines are drawn."""

from __future__ import annotations

from host.charts.strokes import Stroke, thinned
from host.charts.style import Look

LINE = [(float(at), 10.0) for at in range(100)]


def test_a_line_carries_markers_apart_from_those_of_another_one() -> None:
    stroke = Stroke(Look("currentColor", "circle"))
    first, second = stroke.marks(LINE, 0.3), stroke.marks(LINE, 0.7)
    assert first.count("<circle") == second.count("<circle") == 5
    assert not set(first.split("<")) & set(second.split("<")) - {""}


def test_a_grey_line_has_none_but_a_single_point_is_always_seen() -> None:
    assert Stroke(None).marks(LINE, 0.5) == ""
    assert Stroke(None).marks(LINE[:1], 0.5).count("<circle") == 1


def test_thousands_of_places_keep_their_extremes() -> None:
    noisy = [(at / 20, float((at * 7919) % 101)) for at in range(10_000)]
    noisy[5000] = (250.0, 999.0)
    kept = thinned(noisy)
    assert len(kept) < 1000 and (250.0, 999.0) in kept
    assert kept[0] == noisy[0] and kept[-1] == noisy[-1] and list(kept) == sorted(kept, key=lambda each: each[0])
    assert thinned(LINE) is LINE
