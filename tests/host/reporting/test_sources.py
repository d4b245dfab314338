"""Which run is reported, and which evaluation and training belong to it."""

from __future__ import annotations

import os

import pytest

from host.errors import ReportError
from host.reporting.sources import find_run, read_sources


def test_the_evaluation_of_the_same_tag_belongs_to_the_run(project, write_json_file):
    project.write()
    other = {**project.evaluation, "tag": "other", "tags": {}, "images": 20000}
    write_json_file(project.benchmarks / "evaluations" / "tiny-mse" / "a-first-by-name.json", other)
    model = project.model()
    assert (model.match, model.evaluation.tag, model.loss) == ("tag", "set-tag", "mse")
    assert model.evaluation_file == "evaluations/tiny-mse/set-tag.json"
    assert not model.other_model


def test_equal_weights_converted_elsewhere_match_by_their_digest(project):
    project.evaluation.update(tag="elsewhere", tags={name: f"{tag}-elsewhere" for name, tag in TAGS.items()})
    model = project.write().model()
    assert (model.match, model.evaluation.tag) == ("model_sha256", "elsewhere")


TAGS = {"float32": "tag-float32", "int8": "tag-int8", "int8_qat": "tag-int8_qat"}


def test_a_run_of_some_variants_matches_by_their_own_tags(project):
    project.result.update(tag="tag of a smaller set", tags={"int8": "tag-int8"}, model_sha256="digest-b")
    model = project.write().model()
    assert model.match == "tag"
    assert model.other_model


@pytest.mark.parametrize(
    "change",
    [
        {"tag": "x", "tags": {}, "model_sha256": "y"},
        {"source": "folder kodak"},
        {"image_shapes": [[512, 768, 3]]},  # larger images take longer: not the run's times
    ],
)
def test_nothing_else_belongs_to_a_run(project, change):
    tag = project.evaluation["tag"]
    project.evaluation.update(change)
    model = project.write(training=False).model()
    assert (model.match, model.evaluation, model.training) == ("none", None, {}), tag


def test_a_file_that_is_no_evaluation_is_named(project, write_json_file):
    project.write()
    write_json_file(project.benchmarks / "evaluations" / "tiny-mse" / "curve.json", {"format_version": 1, "points": {}})
    with pytest.raises(ReportError, match=r"curve\.json\.model: missing"):
        project.read()


def test_the_default_run_is_the_one_that_was_collected_last(tmp_path, write_json_file):
    names = "zz-board/20260301T000000Z-a-01", "aa-board/20260101T000000Z-a-01", "aa-board/.20270101T000000Z-x"
    for second, name in enumerate(names):
        file = tmp_path / name / "evaluation.json"
        write_json_file(file, {})
        os.utime(file, (second, second))
    assert find_run(tmp_path).name == "20260101T000000Z-a-01"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "host collect"),
        ("{", "not valid JSON"),
        ('{"format_version": 2, "results": [1]}', "newer"),
        ("[]", "no format version"),
        ('{"format_version": 1, "run_id": "r", "device": "d", "runtime": "l", "started_at": "t"}', "no results"),
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
        project.read()


def test_a_number_that_is_not_finite_is_no_number(project):
    project.row(project.evaluation, "int8")["metrics"]["psnr_db"] = float("nan")
    with pytest.raises(ReportError, match=r"rows\[2\]\.metrics\.psnr_db: expected number, found number nan"):
        project.write().read()
