"""A study's charts: one data set in a figure, what is beaten faint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from host.study import charts as charting
from host.study import curves_chart, rows_chart
from host.study.charts import charts
from host.study.results import Curve, TrialResult
from tests.host.study.results_by_hand import result, trial


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures instead of their bytes."""
    figures: list[Figure] = []
    monkeypatch.setattr(charting, "png", lambda figure: figures.append(figure) or b"png")
    return figures


@pytest.fixture
def drawn_of_models(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Likewise, those of models."""
    figures: list[Figure] = []
    for module in (rows_chart, curves_chart):
        monkeypatch.setattr(module, "png", lambda figure: figures.append(figure) or b"png")
    return figures


def by_layer(seed: int) -> TrialResult:
    """A trial whose rows differ in what they quantize: nothing, one layer, both, both in four bits."""
    found = trial("m", "base", seed, {"float32": 90.0, "part": 89.0 + seed / 10, "int8_qat": 89.5, "int4": 50.0})
    types = (("float32", "float32"), ("float32", "int8"), ("int8", "int8"), ("int4", "int4"))
    rows = [
        replace(row, types=dict(zip(("first", "last"), kinds, strict=True)), trained=("first", "last") * (place == 2))
        for place, (row, kinds) in enumerate(zip(found.rows, types, strict=True))
    ]
    values = {"float": (1.0, 2.0), "qat": (3.0, 3.25), "control": (3.0, 3.5), "part": (2.5, 2.75)}
    return replace(found, rows=tuple(rows), curves=tuple(Curve(name, (1, 2), each) for name, each in values.items()))


def test_data_sets_share_no_axes(drawn: list[Figure]) -> None:
    trials = [
        trial(model, "base", seed, {"float32": 90.0, "int8": 89.0}, dataset)
        for model, dataset in (("a", "mnist"), ("b", "cifar10"), ("c", "cifar10"), ("d", "tfds:x"))
        for seed in (1, 2)
    ]
    names = [f"{dataset}.{cost}" for dataset in ("mnist", "cifar10", "tfds-x") for cost in ("latency", "size")]
    assert list(charts(result(trials))) == [*names, *(f"{model}.rows" for model in "abcd")]
    assert [len(figure.axes[0].containers) for figure in drawn] == [2, 2, 4, 4, 2, 2]


def test_what_another_beats_is_faint(drawn: list[Figure]) -> None:
    # int8 is smaller and faster: float32 stays only where it is better.
    charts(result([trial("m", "base", seed, {"float32": 90.0, "int8": 89.0}) for seed in (1, 2)]))
    charts(result([trial("m", "base", seed, {"float32": 88.0, "int8": 89.0}) for seed in (1, 2)]))
    alphas = [[bars.lines[0].get_alpha() for bars in figure.axes[0].containers] for figure in drawn[1::2]]
    assert alphas == [[1.0, 1.0], [0.25, 1.0]]


def test_rows_stand_below_each_other_with_their_layers_and_costs(drawn_of_models: list[Figure]) -> None:
    rows_chart.rows_chart("m", result([by_layer(seed) for seed in (1, 2, 3)]))
    layers, drops, size, latency = drawn_of_models[0].axes
    assert [label.get_text() for label in layers.get_yticklabels()] == [
        "float32  90.00 %", "part  89.20 %", "int8_qat  89.50 %", "int4  50.00 %",
    ]  # fmt: skip
    assert len(layers.patches) == 4 * 2 and len(layers.lines) == 2  # dots: both layers of int8_qat
    assert len({patch.get_facecolor() for patch in layers.patches}) == 3
    assert [bars.lines[0].get_xdata()[0] for bars in drops.containers] == pytest.approx([0.8, 0.5])
    assert [text.get_text() for text in drops.texts] == ["40.00 % \N{RIGHTWARDS ARROW}"]  # too far to draw
    assert (size.get_xlabel(), latency.get_xlabel()) == ("network (kB)", "one image (ms)")


def test_stages_have_a_panel_each_beside_the_control(drawn_of_models: list[Figure]) -> None:
    other = replace(by_layer(1), cell="other", curves=(Curve("float", (1,), (0.0,)), Curve("qat", (1,), (9.0,))))
    curves_chart.curves_chart("m", "base", result([*(by_layer(seed) for seed in (1, 2)), other]))
    panels = drawn_of_models[0].axes
    assert [axes.get_title(loc="left") for axes in panels] == ["qat", "part"]
    assert [list(axes.lines[2].get_ydata()) for axes in panels] == [[3.0, 3.5]] * 2  # the mean of the control
    assert [list(axes.lines[-1].get_ydata()) for axes in panels] == [[3.0, 3.25], [2.5, 2.75]]


def test_epochs_that_were_not_validated_are_no_points(drawn_of_models: list[Figure]) -> None:
    curves = (Curve("float", (2, 4), (1.0, 2.0)), Curve("qat", (2, 4), (3.0, 4.0)))
    shorter = replace(by_layer(2), curves=(curves[0], Curve("qat", (2,), (5.0,))))
    curves_chart.curves_chart("m", "base", result([replace(by_layer(1), curves=curves), shorter]))
    lines = drawn_of_models[0].axes[0].lines
    assert [list(line.get_xdata()) for line in lines] == [[2, 4], [2]], "no mean of curves that differ in their epochs"


def test_a_stage_far_from_the_others_has_a_scale_of_its_own(drawn_of_models: list[Figure]) -> None:
    values = {"float": (1.0, 2.0), "a": (3.0, 3.1), "b": (3.0, 3.2), "far": (0.0, 3.0)}
    made = replace(by_layer(1), curves=tuple(Curve(name, (1, 2), each) for name, each in values.items()))
    curves_chart.curves_chart("m", "base", result([made]))
    panels = drawn_of_models[0].axes
    assert [axes.get_title(loc="left") for axes in panels[:3]] == ["a", "b", "far (own scale)"]
    assert panels[0].get_ylim() == panels[1].get_ylim() == pytest.approx((2.98, 3.22))
    assert panels[2].get_ylim() == pytest.approx((-0.3, 3.3))


def test_cells_have_curves_of_their_own(drawn_of_models: list[Figure]) -> None:
    trials = [by_layer(1), replace(by_layer(1), cell="longer")]
    assert {"m.base.curves", "m.longer.curves"} < set(charts(result(trials)))
    assert "m.curves" in charts(result(trials[:1]))


def test_a_model_without_comparison_or_curves_has_no_figure() -> None:
    assert rows_chart.rows_chart("m", result([trial("m", "base", 1, {"float32": 90.0})])) is None
    assert curves_chart.curves_chart("m", "base", result([trial("m", "base", 1, {"float32": 90.0})])) is None


def test_more_rows_than_shapes_share_no_axes(drawn: list[Figure]) -> None:
    rows = {f"row{index}": 80.0 + index for index in range(9)}
    assert list(charts(result([trial("m", "base", 1, rows)]))) == ["m.rows"]


def test_a_figure_is_a_png() -> None:
    made = charts(result([trial("m", "base", 1, {"float32": 90.0, "int8": 89.0})]))
    assert all(data.startswith(b"\x89PNG") for data in made.values())
