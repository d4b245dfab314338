"""What a report is made of: every run, evaluation, training and diagnosis of a model's newest state."""

from __future__ import annotations

import copy

import pytest

from host.errors import ReportError
from host.report.sources import Folders, read_sources
from tests.host.project import MODEL, RUN, dump, make_diagnosis

TAGS = {"float32": "tag-float32", "int8": "tag-int8", "int8_qat": "tag-int8_qat"}


def one_line(raised):
    assert "\n" not in str(raised.value)
    return str(raised.value)


def of_another_state(value):
    """A run or an evaluation of the model before it was trained again."""
    value = copy.deepcopy(value)
    for result in value.get("results", [value]):
        result.update(tag="old", model_sha256="digest-old", tags={name: f"old-{name}" for name in result["tags"]})
    return value


def runs_of(model):
    return [each.stored.run.run_id for each in model.runs]


def test_everything_is_read_and_the_newest_run_stands_first(project):
    project.write()
    days = {day: project.another_run(day)["run_id"] for day in (2, 3, 1)}
    only_evaluated = {**project.evaluation, "model": "never-ran"}
    dump(project.benchmarks / "evaluations" / "never-ran" / "a.json", only_evaluated)
    sources = project.read()
    newest_first = [days[3], days[2], days[1], RUN]
    assert [each.run.run_id for each in sources.runs] == newest_first
    never, model = sources.models
    assert (never.name, never.runs, never.best.model) == ("never-ran", (), "never-ran")
    assert (model.name, runs_of(model), model.evaluation.match) == (MODEL, newest_first, "tag")
    assert (model.loss, model.training["seed"], sources.left_out) == ("mse", 1, ())


def test_runs_are_chosen_by_id_or_folder_and_bring_only_their_models(project, monkeypatch):
    project.write()
    other = project.another_run(1, model="other")
    folder = project.benchmarks / "results" / "pi" / other["run_id"]
    dump(project.benchmarks / "evaluations" / "never-ran" / "a.json", project.evaluation)
    monkeypatch.chdir(folder.parent)
    for name in (other["run_id"], str(folder)):
        assert [model.name for model in project.read([name]).models] == ["other"]
    both = project.read([RUN, other["run_id"], str(folder)])
    assert [(model.name, len(model.runs)) for model in both.models] == [("other", 1), (MODEL, 1)]
    assert len(both.runs) == 2


def test_models_are_chosen_by_name(project):
    project.write().another_run(1, model="other")
    sources = project.read(names=[MODEL, MODEL])
    assert [model.name for model in sources.models] == [MODEL]
    assert [each.run.run_id for each in sources.runs] == [RUN]


def test_an_unknown_model_is_an_error_that_lists_those_there_are(project):
    project.write().another_run(1, model="other")
    with pytest.raises(ReportError, match="nobody") as raised:
        project.read(names=["nobody", "other"])
    message = one_line(raised)
    assert MODEL in message and "other" in message.partition("nobody")[2]


@pytest.mark.parametrize("name", ["nothing", "*", "", "."])
def test_an_unknown_run_is_an_error_that_says_what_was_expected(project, name):
    project.write()
    with pytest.raises(ReportError) as raised:
        project.read([name])
    assert str(project.benchmarks / "results") in one_line(raised)


def test_a_run_that_was_not_collected_says_what_to_do(project, tmp_path):
    project.write()
    dump(tmp_path / "fresh" / "run.json", {})
    with pytest.raises(ReportError, match="host collect"):
        project.read([str(tmp_path / "fresh")])


def test_nothing_at_all_says_what_to_do(tmp_path):
    with pytest.raises(ReportError, match=r"host collect.*host evaluate"):
        read_sources(Folders(tmp_path, tmp_path, tmp_path))


def test_runs_that_begin_with_a_dot_are_not_finished_and_not_read(project):
    project.write()
    folder = project.run_folder
    folder.rename(folder.with_name(f".{folder.name}"))
    model = project.model()
    assert (model.runs, model.evaluation.file) == ((), project.evaluation_file)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "not valid JSON"),
        ('{"format_version": 2, "results": [1]}', "newer"),
        ("[]", "no format version"),
        ('{"format_version": 1, "run_id": "r", "device": "d", "runtime": "l", "started_at": "t"}', "no results"),
        ('{"format_version": 1, "run_id": 5}', "run_id"),
    ],
)
def test_a_damaged_run_is_left_out_with_a_line_but_an_error_where_it_is_asked_for(project, content, expected):
    project.write()
    damaged = project.run_folder.with_name("damaged")
    damaged.mkdir()
    (damaged / "evaluation.json").write_text(content)
    sources = project.read()
    (line,) = sources.left_out
    assert str(damaged) in line and expected in line and "\n" not in line
    assert [each.run.run_id for each in sources.runs] == [RUN]
    with pytest.raises(ReportError, match=expected) as raised:
        project.read(["damaged"])
    assert one_line(raised) == line


@pytest.mark.parametrize("name", ["../outside", "a/b", "</script>", ""])
def test_a_model_whose_name_is_no_name_of_a_file_is_left_out(project, name):
    # The name becomes a part of paths.
    project.write().another_run(1, model=name)
    sources = project.read()
    assert [model.name for model in sources.models] == [MODEL]
    assert len(sources.left_out) == 1 and "cannot name a file" in sources.left_out[0]


@pytest.mark.parametrize("digits", [-1, 10, 10**9])
def test_a_metric_of_digits_that_nobody_prints_is_left_out(project, digits):
    project.write()
    metrics = [{**each, "digits": digits} for each in project.evaluation["metrics"]]
    dump(project.evaluation_file.with_name("x.json"), {**project.evaluation, "metrics": metrics})
    project.another_run(1, results=[{**project.result, "metrics": metrics}])
    sources = project.read()
    assert len(sources.left_out) == 2 and all(f"{digits} digits" in line for line in sources.left_out)
    assert [each.run.run_id for each in sources.runs] == [RUN]


def test_a_model_of_which_a_run_holds_no_variant_is_left_out(project):
    project.write().another_run(1, results=[{**project.result, "model": "bare", "rows": []}])
    sources = project.read()
    assert [model.name for model in sources.models] == [MODEL]
    assert len(sources.left_out) == 1 and "bare" in sources.left_out[0]


def test_a_file_that_is_no_evaluation_is_left_out_but_an_error_where_its_model_is_asked_for(project):
    project.write()
    dump(project.evaluation_file.with_name("curve.json"), {"format_version": 1, "points": {}})
    sources = project.read()
    assert len(sources.left_out) == 1 and "curve.json.model: missing" in sources.left_out[0]
    assert sources.models[0].evaluation.file == project.evaluation_file
    with pytest.raises(ReportError, match=r"curve\.json\.model: missing"):
        project.read(names=[MODEL])


def test_a_number_that_is_not_finite_is_no_number(project):
    project.row(project.evaluation, "int8")["metrics"]["psnr_db"] = float("nan")
    with pytest.raises(ReportError, match=r"rows\[2\]\.metrics\.psnr_db: expected number, found number nan"):
        project.write().read(names=[MODEL])


def test_the_evaluation_of_the_same_tag_belongs_to_the_run(project):
    project.write()
    other = {**project.evaluation, "tag": "other", "tags": {}, "images": 20000}
    dump(project.evaluation_file.with_name("a-first-by-name.json"), other)
    evaluation = project.model().evaluation
    assert (evaluation.match, evaluation.file) == ("tag", project.evaluation_file)


def test_equal_weights_converted_elsewhere_match_by_their_digest(project):
    project.evaluation.update(tag="elsewhere", tags={name: f"{tag}-elsewhere" for name, tag in TAGS.items()})
    evaluation = project.write().model().evaluation
    assert (evaluation.match, evaluation.result.tag) == ("model_sha256", "elsewhere")


def test_a_run_of_some_variants_matches_by_their_own_tags(project):
    project.result.update(tag="tag of a smaller set", tags={"int8": "tag-int8"}, model_sha256="digest-b")
    evaluation = project.write().model().evaluation
    assert (evaluation.match, evaluation.result.model_sha256) == ("tag", "digest-a")


@pytest.mark.parametrize("change", [{"tag": "x", "tags": {}, "model_sha256": "y"}, {"source": "folder kodak"}])
def test_nothing_else_belongs_to_a_run(project, change):
    project.evaluation.update(change)
    model = project.write(training=False).model()
    assert (model.evaluation, model.best.source, model.training) == (None, "samples", {})


def test_an_evaluation_on_a_folder_of_images_stands_apart(project):
    project.write()
    dump(project.evaluation_file.with_name("mine.json"), {**project.evaluation, "source": "folder mine", "images": 7})
    model = project.model()
    assert model.evaluation.result.source == "test set"
    assert [(other.result.source, other.result.images) for other in model.others] == [("folder mine", 7)]


def test_a_model_that_never_ran_is_shown_by_the_evaluation_of_most_images(project):
    for name, images in (("a", 20), ("b", 30), ("c", 10)):
        dump(project.evaluation_file.with_name(f"{name}.json"), {**project.evaluation, "images": images})
    assert project.model().evaluation.file.name == "b.json"


def test_runs_of_another_state_of_the_model_are_left_out_and_counted(project):
    project.write(evaluation=False)
    for day in (1, 2):
        project.another_run(day, faster=100, results=of_another_state(project.run)["results"])
    # The newest run decides which state is shown.
    project.another_run(3)
    model = project.model()
    assert [each.stored.run.started_at[:7] for each in model.runs] == ["2026-02", "2026-01"]
    assert model.other_runs == 2
    (place,) = model.places
    assert {entry.ms(place) for entry in model.entries} == {2.0, 1.0, None}


def test_of_a_run_the_variants_that_changed_since_are_left_out_alone(project):
    project.write(evaluation=False)
    results = copy.deepcopy(project.run["results"])
    results[0]["tags"]["int8"] = "tag-int8 of other weights"
    project.another_run(1, results=results)
    model = project.model()
    assert [row.row for row in model.runs[1].result.rows] == ["float32", "int8_qat", "int16x8"]
    assert (len(model.runs), model.other_runs) == (2, 0)


def test_a_newest_run_of_one_variant_does_not_hide_the_others_of_the_same_state(project):
    project.write(evaluation=False)
    results = copy.deepcopy(project.run["results"])
    results[0].update(tag="of int8 alone", tags={"int8": "tag-int8"})
    results[0]["rows"] = [row for row in results[0]["rows"] if row["row"] == "int8"]
    project.another_run(1, faster=2, results=results)
    model = project.model()
    (place,) = model.places
    times = {entry.name: entry.ms(place) for entry in model.entries if entry.ms(place)}
    assert times == {"int8": 0.5, "float32": 2.0, "int8_qat": 1.0, "int8+tuned": 1.0}


def test_places_stand_newest_first_then_host_evaluate_then_emulated_ones(project):
    project.write()
    project.another_run(3, device="a-qemu", emulated="qemu-user")
    project.another_run(2, device="z-board")
    project.another_run(1, device="b-board")
    devices = [(place.device, place.bench) for place in project.model().places]
    assert devices == [("z-board", True), ("b-board", True), ("pi", True), ("bench-pc", False), ("a-qemu", True)]


def test_diagnoses_of_this_state_are_read_and_a_damaged_one_is_left_out(project):
    project.write().write_diagnoses(make_diagnosis("int8", 12.0), make_diagnosis("int8_qat", 30.0))
    folder = project.benchmarks / "diagnoses" / MODEL
    text = (folder / "int8.json").read_text()
    (folder / "float32.json").write_text(text.replace("digest-a", "digest-old").replace('"int8"', '"float32"'))
    (folder / "broken.json").write_text("{")
    sources = project.read()
    assert set(sources.models[0].diagnoses) == {"int8", "int8_qat"}
    assert len(sources.left_out) == 1 and "broken.json" in sources.left_out[0]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"stages": []}',
        '{"stages": {"float": 5}}',
        '{"stages": {"float": {"history": 5}}}',
        '{"stages": {"float": {"history": [5]}}}',
        '{"stages": {"float": {"history": [{"loss": 1}]}}}',
        '{"stages": {"float": {"history": [{"epoch": "one"}]}}}',
        '{"stages": {"float": {"history": [{"epoch": 1, "loss": "small"}]}}}',
        '{"stages": {"float": {"history": [{"epoch": 1, "loss": NaN}]}}}',
        '{"stages": {"float": {"history": [{"epoch": 1, "validation": 5}]}}}',
        '{"stages": {"qat": {"control": {"history": [{"epoch": 1, "validation": {"psnr_db": []}}]}}}}',
        '{"stages": {"float": {"seconds": "long", "history": [{"epoch": 1}]}}}',
    ],
)
def test_a_damaged_training_is_left_out_with_a_line(project, content):
    project.write()
    project.training_file.write_text(content)
    report = project.report()
    (line,) = report.left_out
    assert line.startswith(str(project.training_file)) and "\n" not in line
    assert report.models[0].sources.training == {}


def test_means_of_other_images_stand_in_no_figure_beside_the_rest(project):
    project.write(evaluation=False)
    results = copy.deepcopy(project.run["results"])
    results[0]["images"] = 32  # fewer of the same source
    project.row(results[0], "int8").update(error="out of memory", metrics={})
    project.another_run(1, results=results)
    model = project.model()
    assert {entry.name: entry.judged_on[1] for entry in model.entries if entry.row.metrics}["int8"] == 64
    assert [entry.name for entry in model.judged()] == ["float32", "int8_qat", "int8+tuned"]


def test_a_model_that_nobody_here_knows_has_no_axis_and_judges_nothing(project):
    del project.result["metrics"]
    model = project.write(evaluation=False).model()
    assert (model.axis, model.judged(), model.judging) == (None, [], ())
