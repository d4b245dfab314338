"""A study's charts: one data set in a figure, what is beaten faint."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from host.study import charts as charting
from host.study.charts import charts
from tests.host.study.results_by_hand import result, trial


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures instead of their bytes."""
    figures: list[Figure] = []
    monkeypatch.setattr(charting, "png", lambda figure: figures.append(figure) or b"png")
    return figures


def test_data_sets_share_no_axes(drawn: list[Figure]) -> None:
    trials = [
        trial(model, "base", seed, {"float32": 90.0, "int8": 89.0}, dataset)
        for model, dataset in (("a", "mnist"), ("b", "cifar10"), ("c", "cifar10"), ("d", "tfds:x"))
        for seed in (1, 2)
    ]
    names = [f"{dataset}.{cost}" for dataset in ("mnist", "cifar10", "tfds-x") for cost in ("latency", "size")]
    assert list(charts(result(trials))) == names
    assert [len(figure.axes[0].containers) for figure in drawn] == [2, 2, 4, 4, 2, 2]


def test_what_another_beats_is_faint(drawn: list[Figure]) -> None:
    # int8 is smaller and faster: float32 stays only where it is better.
    charts(result([trial("m", "base", seed, {"float32": 90.0, "int8": 89.0}) for seed in (1, 2)]))
    charts(result([trial("m", "base", seed, {"float32": 88.0, "int8": 89.0}) for seed in (1, 2)]))
    alphas = [[bars.lines[0].get_alpha() for bars in figure.axes[0].containers] for figure in drawn[1::2]]
    assert alphas == [[1.0, 1.0], [0.25, 1.0]]


def test_a_figure_is_a_png() -> None:
    made = charts(result([trial("m", "base", 1, {"float32": 90.0, "int8": 89.0})]))
    assert all(data.startswith(b"\x89PNG") for data in made.values())
