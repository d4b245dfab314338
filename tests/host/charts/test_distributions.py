"""Distributions of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from host.charts.axis import Axis
from host.charts.distributions import density, distributions

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def samples() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(7)
    return {"float32": generator.gamma(9, 0.05, 400), '<b>"&': generator.normal(0.3, 0.01, 30)}


def test_every_name_has_its_facts_in_words_and_in_the_table(
    tree: Any, ms: Axis, samples: dict[str, np.ndarray]
) -> None:
    chart = distributions("?", samples, ms)
    found = {each.get("data-row"): each for each in tree(chart).iter(f"{SVG}g") if each.get("data-row")}
    assert set(found) == set(samples) and chart is not None
    assert chart.titles == ("name", "median (ms)", "5 % (ms)", "95 % (ms)", "lowest (ms)", "highest (ms)", "samples")
    expected = [np.percentile(samples["float32"], percent) for percent in (50, 5, 95, 0, 100)]
    assert chart.rows[0] == ("float32", *(f"{value:.2f}" for value in expected), "400")
    assert f"median {expected[0]:.2f} ms" in found["float32"].get("aria-label", "")
    assert sum("sc-area" in each.get("class", "") for each in found["float32"]) == 1


def test_what_is_not_finite_is_left_out_and_equal_samples_are_a_line(tree: Any, ms: Axis) -> None:
    made = {"a": np.array([1.0, np.nan, 1.0, np.inf]), "none": np.array([np.nan]), "empty": np.array([])}
    chart = distributions("?", made, ms)
    root = tree(chart)
    assert chart is not None and [row[0] for row in chart.rows] == ["a"] and chart.rows[0][-1] == "2"
    assert not [each for each in root.iter(f"{SVG}path") if each.get("class") == "sc-area"]
    assert distributions("?", {"none": made["none"]}, ms) is None


def test_a_density_has_its_hills_where_the_samples_are() -> None:
    generator = np.random.default_rng(1)
    two = np.concatenate([generator.normal(2, 0.1, 3000), generator.normal(8, 0.1, 1000)])
    found = density(two, 0.0, 10.0)
    places = np.linspace(0, 10, found.size)
    assert found.max() == 1 and abs(places[found.argmax()] - 2) < 0.3
    assert found[np.abs(places - 5).argmin()] < 0.05
    assert found[np.abs(places - 8).argmin()] > 0.2


def test_places_follow_a_logarithmic_axis(tree: Any, ms: Axis) -> None:
    even = np.geomspace(1, 1000, 101)
    root = tree(distributions("?", {"a": even}, ms))
    (group,) = (each for each in root.iter(f"{SVG}g") if each.get("data-row"))
    bar = group.find(f"{SVG}rect[@class='sc-bar']")
    dot = group.find(f"{SVG}circle")
    assert bar is not None and dot is not None
    middle = float(bar.get("x", "")) + float(bar.get("width", "")) / 2
    assert middle == pytest.approx(float(dot.get("cx", "")), abs=0.3)
