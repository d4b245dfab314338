"""Which run is reported, and which evaluation and training belong to it."""

from __future__ import annotations

import pytest

from host.errors import ReportError
from host.reporting.sources import find_run, number, read_sources


def sources(project):
    return read_sources(None, project.models, project.benchmarks)


def test_the_evaluation_of_the_same_codec_tag_belongs_to_the_run(project, write_json_file):
    project.write()
    other = {**project.evaluation, "codec_tag": "other", "images": 20000}
    write_json_file(project.benchmarks / "evaluations" / "tiny-mse" / "a-first-by-name.json", other)
    model = sources(project).models[0]
    assert (model.match, model.evaluation["codec_tag"], model.loss) == ("codec_tag", "set-tag", "mse")
    assert model.evaluation_file == "evaluations/tiny-mse/set-tag.json"
    assert not model.other_model


def test_equal_weights_converted_elsewhere_match_by_their_digest(project):
    for row in project.evaluation["rows"]:
        if "codec_tag" in row:
            row["codec_tag"] += "-elsewhere"
    project.evaluation["codec_tag"] = "elsewhere"
    model = sources(project.write()).models[0]
    assert (model.match, model.evaluation["codec_tag"]) == ("model_sha256", "elsewhere")


def test_a_run_of_some_variants_matches_by_their_own_tags(project):
    project.result["codec_tag"] = "tag of a smaller set"
    project.result["model_sha256"] = "digest-b"
    model = sources(project.write()).models[0]
    assert model.match == "codec_tag"
    assert model.other_model


def test_nothing_matches_another_model_nor_two_missing_digests(project):
    for row in project.evaluation["rows"]:
        row.pop("codec_tag", None)
    for result in (project.evaluation, project.result):
        result.pop("model_sha256")
    project.evaluation["codec_tag"] = "elsewhere"
    model = sources(project.write(training=False)).models[0]
    assert (model.match, model.evaluation, model.training) == ("none", None, {})


def test_a_file_that_is_no_evaluation_is_named(project, write_json_file):
    project.write()
    write_json_file(project.benchmarks / "evaluations" / "tiny-mse" / "curve.json", {"format_version": 1, "points": {}})
    with pytest.raises(ReportError, match=r"curve\.json: no evaluation of a model, it has no rows"):
        sources(project)


def test_loss_comes_from_the_spec_without_an_evaluation(project, write_json_file):
    project.write(evaluation=False)
    assert sources(project).models[0].loss is None
    write_json_file(project.models / "tiny-mse" / "spec.json", {"training": {"loss": "mae"}})
    assert sources(project).models[0].loss == "mae"


def test_the_newest_run_is_that_of_the_latest_id_over_all_devices(tmp_path, write_json_file):
    for place in ("zz-board/20260101T000000Z-a-01", "aa-board/20260301T000000Z-a-01", "aa-board/.20270101T000000Z-x"):
        write_json_file(tmp_path / place / "evaluation.json", {})
    assert find_run(tmp_path).name == "20260301T000000Z-a-01"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "host collect"),
        ("{", "not valid JSON"),
        ('{"format_version": 3, "results": [1]}', "newer"),
        ("[]", "no format version"),
        ('{"format_version": 1, "results": []}', "no results"),
    ],
)
def test_a_run_that_cannot_be_read_is_a_named_error(project, content, expected):
    project.run_folder.mkdir(parents=True)
    if content is not None:
        (project.run_folder / "evaluation.json").write_text(content)
    with pytest.raises(ReportError, match=expected):
        read_sources(project.run_folder, project.models, project.benchmarks)


def test_no_run_at_all_says_what_to_do(project):
    with pytest.raises(ReportError, match="host collect"):
        sources(project)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), True, "3", {}])
def test_only_a_finite_number_is_a_number(value):
    assert number({"a": {"b": value}}, "a", "b") is None
    assert number({"a": {"b": 0}}, "a", "b") == 0
