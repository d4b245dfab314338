"""What is drawn: one data set in a figure, the qualities of a family joined, the metric that the result names."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from host.reporting import plots
from host.reporting.plots import latency_plot, rate_plot
from host.results import Row


@pytest.fixture
def drawn(monkeypatch):
    """The figures instead of their bytes."""
    figures: list[Figure] = []
    monkeypatch.setattr(plots, "png", lambda figure: figures.append(figure) or b"png")
    return figures


def points(axes):
    return [tuple(offset) for collection in axes.collections for offset in collection.get_offsets().tolist()]


def test_rows_of_other_images_are_not_drawn(project, drawn):
    project.row(project.evaluation, "int8")["metrics"] = {}  # its quality is then that of the samples, 29.00
    rate_plot(project.write().model())
    assert 29.0 not in [y for axes in drawn[0].axes for _, y in points(axes)]


def test_there_are_two_panels_only_where_there_are_baselines(project, drawn):
    for name in ("jpeg", "jpeg-headerless"):
        project.row(project.evaluation, name)["metrics"]["bpp"] = 2.7
    rate_plot(project.write().model())
    rate_plot(project.write(evaluation=False).model())
    project.evaluation["source"] = "folder x"
    rate_plot(project.write().model())
    assert [len(figure.axes) for figure in drawn] == [2, 2, 1]


def test_the_axis_is_of_the_first_metric(project, drawn):
    for where in (project.evaluation, project.result):
        where["metrics"] = [where["metrics"][1]]
    rate_plot(project.write().model())
    latency_plot(project.model(), "pi")
    assert {axes.get_ylabel() for figure in drawn for axes in figure.axes} == {"SSIM"}
    assert "SSIM against" in drawn[0].get_suptitle()


def test_without_bits_per_pixel_the_rate_is_bytes(project, drawn):
    for where in (project.evaluation, project.result):
        for row in where["rows"]:
            row.get("metrics", {}).pop("bpp", None)
    rate_plot(project.write().model())
    assert drawn[0].axes[0].get_xlabel().startswith("mean bytes")
    assert (352.5, 30.9) in points(drawn[0].axes[0])


def test_a_curve_is_of_one_family_and_one_decoder_in_order_of_its_qualities():
    def row(quality, decoder, family="int8"):
        return Row(f"{family}_{quality}{decoder}", "v", family, quality, decoder)

    rows = [row(1, "own"), row(0, "own"), row(0, "tuned"), Row("float32", "float32", "float32")]
    assert [[each.quality for each in curve] for curve in plots._curves(rows)] == [[0, 1], [0]]


def test_each_number_of_threads_is_a_point(project, drawn):
    latency_plot(project.sweep(1, 4).write().model(), "pi")
    assert {text.get_text() for text in drawn[0].axes[0].texts} == {"1", "4"}
    assert len(points(drawn[0].axes[0])) == 8


def test_where_nothing_was_measured_there_is_no_plot(project):
    for row in project.result["rows"]:
        row.pop("latency", None)
        row.pop("metrics", None)
    model = project.write(evaluation=False).model()
    assert rate_plot(model) is None and latency_plot(model, "pi") is None


def test_a_plot_is_a_png_that_says_nothing_of_its_maker(project):
    data = rate_plot(project.write().model())
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG" and image.size[0] > 300 and "Software" not in image.info


def shown(axes):
    """The pixels in each place, None where there is none."""
    return [each.images[0].get_array() if each.images else None for each in axes]


def grid_of(model, drawn, size, channels=3):
    images = np.random.default_rng(1).integers(0, 256, (6, *size, channels), np.uint8)
    made = {"originals": images, "int8": images // 2, "bicubic": images[:2]}
    plots.grid_plot(model, made)
    (figure,) = drawn
    return images, figure, figure.axes


def test_small_pictures_are_shown_whole_beside_their_differences(project, drawn):
    images, figure, axes = grid_of(project.write().model(), drawn, (8, 10), 1)
    assert len(axes) == 3 * 8  # four pictures, four differences
    found = shown(axes)
    np.testing.assert_array_equal(found[:4], images[:4, ..., 0])
    assert found[4:8] == [None] * 4
    np.testing.assert_array_equal(found[8:12], images[:4, ..., 0] // 2)
    expected = np.minimum(8 * (images[:4, ..., 0].astype(int) - images[:4, ..., 0] // 2), 255)
    np.testing.assert_array_equal(found[12:16], expected)
    assert axes[8].get_ylabel() == "int8\n30.90 dB" and axes[12].get_title("left") == "difference × 8"
    # Two pictures of a row that has no more, and no number.
    assert [each is None for each in found[16:]] == [False, False, True, True] * 2
    assert axes[16].get_ylabel() == "bicubic" and "middle" not in figure.get_suptitle()


def test_of_large_pictures_the_middle_is_shown_pixel_by_pixel(project, drawn):
    images, figure, axes = grid_of(project.write().model(), drawn, (140, 100))
    found = shown(axes)
    np.testing.assert_array_equal(found[0], images[0, 22:118, 2:98])
    np.testing.assert_array_equal(found[4], images[0])  # what it is the middle of
    np.testing.assert_array_equal(found[8], images[0, 22:118, 2:98] // 2)
    assert axes[0].images[0].get_interpolation() == "nearest" and axes[4].get_title("left") == "whole"
    assert "the middle 96 x 96 pixels" in figure.get_suptitle()
    inside = figure.get_size_inches() * plots.DPI
    assert inside[0] > 8 * 2 * 96 and inside[1] > 3 * 2 * 96  # room for each pixel twice
