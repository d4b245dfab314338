"""Charts of lines."""

from __future__ import annotations

from math import inf, nan
from typing import Any
from xml.etree import ElementTree

from host.charts.axis import Axis
from host.charts.curves import Curve, curves, stacked

SVG = "{http://www.w3.org/2000/svg}"
RATE = Axis("rate", "bpp")
SECONDS = Axis("time", "s", 0)


def rising(name: str, **more: Any) -> Curve:
    return Curve(name, ((0.1, 28.0), (0.5, 32.0), (1.0, 35.0)), **more)


def series(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """The groups of lines: of a marked one the first point's, else its own."""
    found: dict[str, ElementTree.Element] = {}
    for each in root.iter(f"{SVG}g"):
        if (name := each.get("data-series")) is not None:
            found.setdefault(name, each)
    return found


def texts(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def places(element: ElementTree.Element) -> list[tuple[float, float]]:
    path = element.find(f"{SVG}path")
    assert path is not None
    numbers = [float(each) for each in path.get("d", "").strip("M").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_marked_points_are_reached_one_by_one_and_a_bare_line_as_a_whole(tree: Any, psnr: Axis) -> None:
    lines = [rising("int8", texts=("one", "two", "three")), Curve("bare", ((0.1, 20.0), (1.0, 21.0)))]
    root = tree(curves("?", lines, RATE, psnr))
    said = [each.get("aria-label") for each in root.iter(f"{SVG}g") if each.get("tabindex")]
    assert said == ["one", "two", "three", "bare: PSNR from 20.00 dB to 21.00 dB, lowest 20.00, highest 21.00"]


def test_what_is_not_finite_is_left_out_with_its_text(tree: Any, psnr: Axis) -> None:
    line = Curve("a", ((0.1, 28.0), (0.5, nan), (inf, 3.0), (1.0, 35.0)), texts=("one", "two", "three", "four"))
    root = tree(curves("?", [line, Curve("b", ((nan, 1.0),))], RATE, psnr))
    assert [each.get("aria-label") for each in root.iter(f"{SVG}g") if each.get("tabindex")] == ["one", "four"]
    assert curves("?", [Curve("b", ((nan, 1.0),)), Curve("c", ())], RATE, psnr) is None


def test_long_lines_are_cut_at_the_limit_and_do_not_stretch_the_plot(tree: Any, psnr: Axis) -> None:
    long = Curve("published", ((0.0, 20.0), (0.4, 28.0), (4.0, 64.0)), faint=True)
    cut = tree(curves("?", [long], RATE, psnr, x_limit=1.0))
    found = places(series(cut)["published"])
    assert len(found) == 3 and curves("?", [long], RATE, psnr, x_limit=-1.0) is None
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(found, found[1:], strict=False)]
    assert abs(slopes[1] / slopes[0] - 0.5) < 0.01, "the cut lies on the line"
    marked = curves("?", [rising("a", texts=("1", "2", "3"))], RATE, psnr, x_limit=0.6)
    assert marked is not None and [row[1] for row in marked.rows] == ["0.10", "0.50"]


def test_lines_differ_by_more_than_colour(tree: Any, psnr: Axis) -> None:
    lines = [rising(f"published {at}", faint=True) for at in range(4)] + [rising("own"), rising("test", dashed=True)]
    found = series(tree(curves("?", lines, RATE, psnr)))
    dashes = [path.get("stroke-dasharray") for each in found.values() if (path := each.find(f"{SVG}path")) is not None]
    assert len(set(dashes[:4])) == 4 and dashes[4] is None and dashes[5] is not None
    assert all("sc-faint" in each.get("class", "") for name, each in found.items() if name.startswith("published"))
    assert found["own"].find(f"{SVG}*[@class='sc-m']") is not None
    assert found["test"].find(f"{SVG}*[@class='sc-h']") is not None


def test_a_line_may_have_another_one_s_colour(tree: Any, psnr: Axis) -> None:
    found = series(tree(curves("?", [rising("int8"), rising("tuned", colour_of="int8", dashed=True)], RATE, psnr)))
    assert found["int8"].get("class") == found["tuned"].get("class")


def test_a_name_stands_at_the_end_of_a_line_only_where_it_is_clear_whose_it_is(tree: Any, psnr: Axis) -> None:
    near = [rising("a"), Curve("b", ((0.1, 28.1), (1.0, 35.05)))]
    far = Curve("lonely", ((0.1, 20.0), (0.6, 22.0)))
    root = tree(curves("?", [*near, far], RATE, psnr))
    labels = next(each for each in root.iter(f"{SVG}g") if each.get("class") == "sc-labels")
    assert texts(labels) == ["lonely"] and sorted(texts(root)[-2:]) == ["a", "b"]


def test_plots_above_each_other_share_their_horizontal_axis(tree: Any) -> None:
    latency = [Curve("process 1", ((0.0, 5.0), (100.0, 6.0))), Curve("process 2", ((100.0, 5.0), (300.0, 7.0)))]
    heat = [Curve("CPU", ((0.0, 45.0), (300.0, 65.0)))]
    panels = [(latency, Axis("latency", "ms")), ([], Axis("clock")), (heat, Axis("heat", "°C", 1))]
    chart = stacked("?", panels, SECONDS)
    root = tree(chart)
    found = {name: places(each) for name, each in series(root).items()}
    assert found["process 1"][0][0] == found["CPU"][0][0] and found["process 2"][-1][0] == found["CPU"][-1][0]
    assert max(y for _, y in found["process 2"]) < min(y for _, y in found["CPU"])
    assert texts(root).count("time (s)") == 1
    assert chart is not None and chart.titles == ("name", "time (s)", "latency (ms)", "heat (°C)")
    assert chart.rows[0] == ("process 1", "0", "5.00", "") and chart.rows[-1] == ("CPU", "300", "", "65.0")
    assert stacked("?", [([], Axis("a"))], SECONDS) is None


def test_a_long_line_is_a_short_table_with_both_ends_and_a_small_picture(tree: Any) -> None:
    line = Curve("a", tuple((at / 10, 5 + (at * 7919 % 101) / 100) for at in range(20_000)))
    chart = curves("?", [line], SECONDS, Axis("latency", "ms"))
    tree(chart)
    assert chart is not None and len(chart.rows) <= 12 and len(chart.svg) < 12_000
    assert chart.rows[0][1] == "0" and chart.rows[-1][1] == "2,000"
