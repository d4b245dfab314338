"""How samples are distributed, one line a name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from host.charts.axis import LARGEST, Axis
from host.charts.chart import WIDTH, Chart
from host.charts.elements import line, pointed, rect
from host.charts.frame import BELOW, across
from host.charts.lines import beside, lines
from host.charts.scale import Scale, scale
from host.charts.style import look
from host.svg.numbers import px

_PITCH = 46
_RIDGE = 26  # pixels of the highest place of each
_STEPS = 56  # places at which the density is computed
_BINS = 4 * _STEPS
_PERCENTS = (5, 50, 95)


def distributions(title: str, samples: Mapping[str, np.ndarray], axis: Axis) -> Chart | None:
    """The density of each name's samples, and below it their extremes, 5th to 95th percentile, and median.

    All ridges are equally high: the chart compares shapes and places, not numbers of samples.

    Args:
        samples: float (n,) for each name; those that are not finite are left out, and names without any.

    Returns:
        The chart; None where there are no samples.
    """
    kept = {name: np.asarray(each, np.float64).ravel() for name, each in samples.items()}
    kept = {name: each[np.abs(each) < LARGEST] for name, each in kept.items()}
    kept = {name: np.sort(each) for name, each in kept.items() if each.size}
    if not kept:
        return None
    names = list(kept)
    facts = [(each[0], *np.percentile(each, _PERCENTS), each[-1]) for each in kept.values()]
    values = [axis.text(each[2]) for each in facts]
    placed = lines(names, values, _PITCH)
    ends = [float(value) for each in facts for value in (each[0], each[-1])]
    flat = scale(axis, ends, placed.box.left, placed.box.right)
    inside = across(placed.box, flat, axis)
    rows = []
    for at, (name, each) in enumerate(kept.items()):
        base = placed.middle(at) + 9
        low, first, median, last, high = (flat.at(float(value)) for value in facts[at])
        drawn = rect("sc-hit", placed.box.left, base - 30, placed.box.right, base + 12)
        drawn += _ridge(each, flat, base)
        drawn += f'<path class="sc-thin" d="M{px(low)} {px(base + 3)}v8M{px(high)} {px(base + 3)}v8'
        drawn += f'M{px(low)} {px(base + 7)}H{px(high)}"/>'
        drawn += rect("sc-bar", first, base + 4.5, max(last, first + 1), base + 9.5)
        drawn += f'<circle class="sc-h" cx="{px(median)}" cy="{px(base + 7)}" r="4"/>'
        numbers = tuple(axis.number(float(value)) for value in facts[at])
        said = f"{name}: median {values[at]}; 5 to 95 % from {numbers[1]} to {numbers[3]}; "
        said += f"lowest {numbers[0]}, highest {numbers[4]}; {each.size:,} samples"
        inside += pointed(f"sc-point {look(name).css}", said, drawn, row=name)
        rows.append((name, numbers[2], numbers[1], numbers[3], numbers[0], numbers[4], f"{each.size:,}"))
    unit = f" ({axis.unit})" if axis.unit else ""
    percents = [f"{title}{unit}" for title in ("median", "5 %", "95 %", "lowest", "highest")]
    svg = f'<g class="sc-plot">{inside}{beside(placed, names, values, 6)}</g>'
    return Chart(title, svg, WIDTH, placed.box.bottom + BELOW, ("name", *percents, "samples"), tuple(rows))


def density(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """A Gaussian kernel's density at equally spaced places, its highest 1.

    The bandwidth is Silverman's (Density Estimation for Statistics and Data Analysis, 1986, equation 3.31). Samples
    are counted in narrow bins first: any number of them takes the same time.

    Args:
        samples: float64 (n,), within `low` to `high`, not all equal.

    Returns:
        float64 (56,).
    """
    counts, edges = np.histogram(samples, _BINS, (low, high))
    quarters = np.percentile(samples, (25, 75))
    spread = float(np.std(samples))
    if (between := float(quarters[1] - quarters[0]) / 1.34) > 0:
        spread = min(spread, between)
    width = max(0.9 * spread * samples.size**-0.2, (high - low) / _STEPS / 2)
    places = np.linspace(low, high, _STEPS)
    apart = (places[:, None] - (edges[:-1] + edges[1:])[None] / 2) / width
    found = np.exp(-0.5 * apart**2) @ counts
    return np.asarray(found / found.max())


def _ridge(samples: np.ndarray, flat: Scale, base: float) -> str:
    if samples[0] == samples[-1]:
        at = flat.at(float(samples[0]))
        return f'<path class="sc-line" d="{line([(at, base), (at, base - _RIDGE)])}"/>'
    plain = np.log10(samples) if flat.is_log else samples
    low, high = float(plain[0]), float(plain[-1])
    beside = (high - low) * 0.03
    heights = density(plain, low - beside, high + beside)
    ends = flat.at(float(samples[0])), flat.at(float(samples[-1]))
    more = (ends[1] - ends[0]) * 0.03
    xs = np.linspace(ends[0] - more, ends[1] + more, _STEPS)
    top = [(x, base - _RIDGE * y) for x, y in zip(xs.tolist(), heights.tolist(), strict=True)]
    return f'<path class="sc-area" d="{line([(top[0][0], base), *top, (top[-1][0], base)])}z"/>'
