"""Curves that benchmarks/rate_distortion.py measured, beside published ones."""

from __future__ import annotations

import pytest

from host.report.published import curve_figures
from tests.host.project import MODEL, dump

POINTS = {"splitlite": [[0.5, 28.0, 0.9], [1.0, 31.0, 0.95]], "jpeg": [[0.5, 26.0, 0.9], [1.0, 29.0, 0.95]]}
TABLE = "name,quality,bpp,psnr_db,ms_ssim\nvtm,1,0.3,30.0,\nvtm,2,0.6,33.0,\nnobody,1,0.3,20.0,0.9\n"


def write(project, **changes):
    value = {"points": POINTS, "published": ["vtm", "nobody"], "images": 24, "model_sha256": "digest-a", **changes}
    dump(project.benchmarks / "curves" / MODEL / "kodak.json", value)
    table = project.benchmarks / "published" / "kodak_rd.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text(TABLE)


def figures(project):
    left_out = []
    return list(curve_figures(project.write().model(), project.folders, left_out)), left_out


def test_a_model_without_curves_has_no_figure(project):
    assert figures(project) == ([], [])


def test_measured_and_published_curves_stand_in_one_figure_and_are_told_apart(project):
    write(project)
    (figure,), left_out = figures(project)
    assert (figure.key, left_out) == ("curves-kodak", [])
    assert {row[0] for row in figure.chart.rows} >= {"splitlite", "jpeg"}
    assert "vtm (published)" in figure.chart.svg and "nobody" not in figure.chart.svg
    assert "24 images (kodak)" in figure.note and "not measured here" in figure.note
    assert "another state" not in figure.note


def test_without_published_curves_none_are_named(project):
    write(project, published=[])
    (figure,), _ = figures(project)
    assert "not measured here" not in figure.note and "vtm" not in figure.chart.svg


def test_curves_of_another_state_of_the_model_say_so(project):
    write(project, model_sha256="digest-old")
    (figure,), _ = figures(project)
    assert "another state of tiny-mse" in figure.note


@pytest.mark.parametrize(
    "changes",
    [
        {"points": {}},
        {"points": []},
        {"points": {"jpeg": [[0.5, 26.0, 0.9]]}},
        {"points": {"splitlite": []}},
        {"points": {"splitlite": [["a", 1, 2]]}},
        {"points": {"splitlite": [[1.0]]}},
        {"points": {"splitlite": 5}},
        {"points": {"splitlite": [[1.0, None, 1.0]]}},
        {"published": 5},
        {"images": None, "points": None},
    ],
)
def test_a_damaged_file_is_left_out_with_one_line(project, changes):
    write(project, **changes)
    found, left_out = figures(project)
    assert found == []
    assert len(left_out) == 1 and "kodak.json" in left_out[0] and "\n" not in left_out[0]


def test_a_missing_table_of_published_curves_leaves_the_figure_out_with_a_line(project):
    write(project)
    (project.benchmarks / "published" / "kodak_rd.csv").unlink()
    found, left_out = figures(project)
    assert found == [] and len(left_out) == 1 and "kodak_rd.csv" in left_out[0]
