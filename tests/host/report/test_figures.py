"""Which figures there are of which data, and that each shows one data set at one place."""

from __future__ import annotations

import pytest

from host.report.figures import (
    classes_figure,
    history_figure,
    pareto_figures,
    places_figures,
    rate_figure,
    training_figures,
)
from host.report.places import Place
from tests.host.project import row


def keys(figures):
    return [figure.key for figure in figures]


def named(figures, key):
    (found,) = (figure for figure in figures if figure.key == key)
    return found


def names(figure):
    """The names in a chart's table."""
    return [each[0] for each in figure.chart.rows]


def test_quality_against_each_cost_with_a_number_for_each_place(project):
    model = project.write().model()
    figures = list(pareto_figures(model))
    assert keys(figures) == ["time-0", "time-1", "bytes", "size"]
    assert [figure.place for figure in figures] == [*model.places, None, None]
    assert all(figure.filtered for figure in figures)
    for figure in figures[:2]:
        assert figure.place.text in figure.note
    assert all("10000 images of 32 x 24 pixels (test set)" in figure.note for figure in figures)


def test_points_are_the_places_own(project):
    project.write().another_run(1, runtime="tflite_runtime 2.14.0", faster=4)
    first, second, *_ = pareto_figures(project.model())
    times = [{name: float(x) for name, x, _ in figure.chart.rows} for figure in (first, second)]
    assert [each["int8"] for each in times] == [0.25, 1.0]


def test_rows_of_other_images_are_not_drawn(project):
    project.row(project.evaluation, "int8")["metrics"] = {}  # its quality is then that of the samples
    for figure in pareto_figures(project.write().model()):
        assert "int8" not in names(figure) and "float32" in names(figure)


def test_simulated_rows_that_cost_nothing_are_not_drawn(project):
    for figure in pareto_figures(project.write().model()):
        assert "pca" not in names(figure)  # without a ratio its bytes stand for nothing


def test_without_a_time_or_several_sizes_these_figures_are_absent(project):
    for where in (project.result, project.evaluation):
        for each in where["rows"]:
            each.pop("latency", None)
            each["sizes"] = {"network_bytes": 5_000} if "variant" in each else {}
    model = project.write().model()
    assert keys(pareto_figures(model)) == []
    assert (keys(places_figures(model)), history_figure(model, None)) == ([], None)


def test_emulated_times_have_no_front(project):
    project.emulate()
    project.row(project.result, "int8")["latency"]["device"]["median_ns"] = 9e6  # beaten, were it speed
    figures = list(pareto_figures(project.write().model()))
    emulated = next(figure for figure in figures if figure.place and figure.place.emulated)
    assert "emulated, not speed" in emulated.note
    assert "sc-front" not in emulated.chart.svg and "sc-dominated" not in emulated.chart.svg
    assert "sc-dominated" in named(figures, "size").chart.svg


def test_what_is_far_below_the_rest_is_named_at_the_edge(project):
    for where in (project.result, project.evaluation):
        where["rows"].append(row("broken", 3.25))
    figure = named(list(pareto_figures(project.write().model())), "bytes")
    assert "broken 3.25 dB" in figure.note and "broken" in names(figure)


def qualities(project, *decoders):
    for where in (project.result, project.evaluation):
        where["rows"] = [
            row(
                f"int8_q{quality}{'' if decoder == 'own' else '+' + decoder}",
                25.0 + 5 * quality,
                variant=f"int8_q{quality}",
                family="int8",
                quality=quality,
                decoder=decoder,
                metrics={"psnr_db": 25.0 + 5 * quality, "bpp": 0.5 * (1 + quality)},
            )
            for decoder in decoders
            for quality in (1, 0, 2)
        ]
    return project.write().model()


def test_the_qualities_of_a_family_are_a_curve_for_each_decoder(project):
    figure = rate_figure(qualities(project, "own", "tuned"))
    lines = list(dict.fromkeys(names(figure)))
    assert len(lines) == 2
    for line in lines:
        points = [(float(rate), float(value)) for name, rate, value in figure.chart.rows if name == line]
        assert points == [(0.5, 25.0), (1.0, 30.0), (1.5, 35.0)]


def test_without_qualities_there_is_no_curve_of_rates(project):
    assert rate_figure(project.write().model()) is None


def test_training_is_drawn_for_the_loss_and_each_metric_that_was_watched(project):
    figures = list(training_figures(project.write().model()))
    assert keys(figures) == ["training-loss", "training-validation_loss", "training-psnr_db"]
    assert set(names(figures[0])) == {"float", "qat", "qat, control", "tune, int8"}
    assert "Validation" not in figures[0].note and "Validation" in figures[1].note


def test_a_stage_begins_where_the_one_before_ended(project):
    figure = named(training_figures(project.write().model()), "training-loss")
    begins = {}
    for name, epoch, _ in figure.chart.rows:
        begins.setdefault(name, float(epoch))
    assert begins == {"float": 1, "qat": 7, "qat, control": 7, "tune, int8": 11}


def test_places_are_compared_where_there_are_several(project):
    project.write()
    assert keys(places_figures(project.model())) == ["places"]  # the device and the workstation
    project.another_run(1, device="qemu", emulated="qemu-user")
    assert keys(places_figures(project.model())) == ["places"]  # one emulated place has nothing beside it
    project.another_run(2, device="qemu", runtime="tflite_runtime 2.14.0", emulated="qemu-user")
    figures = list(places_figures(project.model()))
    assert keys(figures) == ["places", "places-emulated"]
    speed, emulated = (figure.chart for figure in figures)
    assert "qemu" not in speed.svg and "bench-pc" not in emulated.svg
    assert "+tuned" not in speed.svg  # a decoder changes nothing on the device


def test_the_history_begins_with_three_runs_and_stands_at_one_place(project):
    project.write()
    project.another_run(1, faster=2)
    for day, changes in enumerate(
        [
            {"runtime": "tflite_runtime 2.14.0"},
            {"device": "board"},
            {"emulated": "qemu-user"},
            {"image_shapes": [[512, 768, 3]]},
        ],
        start=2,
    ):
        project.another_run(day, **changes)
    model = project.model()
    place = Place("pi", "ai_edge_litert 2.3.0", 1)
    assert place in model.places
    assert history_figure(model, place) is None
    project.another_run(9, faster=4)
    figure = history_figure(project.model(), place)
    assert place.text in figure.note and figure.place == place
    times = [(float(run), float(ms)) for name, run, ms in figure.chart.rows if name == "int8"]
    assert times == [(1, 1.0), (2, 0.5), (3, 0.25)]


def test_the_workstation_has_no_history(project):
    project.write()
    for day in (1, 2, 3):
        project.another_run(day)
    model = project.model()
    assert [history_figure(model, place) is not None for place in (*model.places, None)] == [True, False, False]


@pytest.mark.parametrize("counted", [True, False])
def test_of_classes_the_share_that_is_right_is_drawn(project, counted):
    project.evaluation["classes"] = ["cat", "dog"]
    if counted:
        project.row(project.evaluation, "int8")["counts"] = {"confusion": [[9, 1], [5, 15]]}
    figure = classes_figure(project.write().model())
    if not counted:
        assert figure is None
    else:
        assert {each[0]: each[1:] for each in figure.chart.rows} == {"cat": ("90.0",), "dog": ("75.0",)}
