"""Names at the left of a plot, values at its right."""

from __future__ import annotations

import re

from host.charts.chart import WIDTH
from host.charts.lines import beside, lines
from host.charts.style import SIZE
from host.svg.text import width


def test_the_plot_leaves_room_for_both_sides() -> None:
    placed = lines(["float32", "int8"], ["12.34 ms", "1.20 ms"], 30)
    assert placed.box.left > width("float32", SIZE) and WIDTH - placed.box.right > width("12.34 ms", SIZE)
    assert placed.box.bottom - placed.box.top == 60 and placed.middle(1) - placed.middle(0) == 30


def test_long_names_and_values_leave_a_plot_between_them() -> None:
    placed = lines(["W" * 99], ["1,000,000.00 thousands of a long unit"], 30)
    assert placed.box.right - placed.box.left > WIDTH / 3


def test_a_long_name_is_cut_and_leaves_the_plot_its_room() -> None:
    name = "cifar10-ae-mse int8_qat with a tuned decoder"
    placed = lines([name], [], 30)
    (shown,) = re.findall(r">([^<]+)</text>", beside(placed, [name], []))
    assert shown.endswith("…") and name.startswith(shown[:-1]) and width(shown, SIZE) < placed.box.left < WIDTH / 2
