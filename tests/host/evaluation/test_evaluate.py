"""`host evaluate` over a folder of the user's own images: the table of the test set, kept beside it, and apart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from device.errors import SplitliteError
from host.errors import DataError, ModelError
from host.evaluation.evaluate import evaluate
from host.evaluation.reconstruct import open_deployed
from host.report.sources import Folders, match_evaluation, read_sources
from host.results import Result, as_document, read_document
from host.spec.model_folder import ModelFolder
from host.tasks import TASKS, open_spec


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked of a folder is kept; not in the user's own folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def pictures(tmp_path: Path, photos: np.ndarray) -> Path:
    """Three images of the model's size and one that is larger."""
    folder = tmp_path / "pictures"
    (folder / "deep").mkdir(parents=True)
    for index, pixels in enumerate(photos[2:5]):
        Image.fromarray(pixels).save(folder / f"{index}.png")
    Image.fromarray(np.full((48, 20, 3), (200, 10, 30), np.uint8)).save(folder / "deep" / "red.bmp")
    return folder


def run(loop: Any, **options: Any) -> Result:
    task, spec = open_spec(loop.models / loop.name)
    return evaluate(task, ModelFolder(spec), bundles=loop.bundles, build=loop.build, **options)


def stored(path: Path) -> Result:
    return read_document(Result, path, ModelError)


def test_a_folder_gives_the_table_of_the_test_set_without_the_rows_that_need_training_images(
    loop: Any, pictures: Path, tmp_path: Path, photos: np.ndarray
) -> None:
    found = run(loop, data=pictures, evaluations=tmp_path / "evaluations")
    assert stored(tmp_path / "evaluations" / "tiny" / "pictures.json") == found
    assert (found.images, found.image_shapes, found.source) == (4, ((16, 16, 3),), "folder pictures")
    rows = {row.row: row for row in found.rows}
    assert {"float32", "int8", "int8+tuned", "keras", "keras unrounded", "jpeg", "webp"} <= set(rows)
    assert "pca" not in rows
    assert set(rows["int8"].latency) == {"device", "decoder", "full"}
    assert set(rows["int8+tuned"].latency) == {"device"}
    alone = run(loop, data=pictures, images=3, baselines=False, evaluations=tmp_path / "evaluations")
    deployed = open_deployed(loop.bundles / loop.name, TASKS, build=loop.build)
    psnr = [deployed.reconstruct(image).metrics["psnr_db"] or 0 for image in photos[2:5]]
    (row,) = (row for row in alone.rows if row.row == "int8")
    # The first three by name are those of the model's size; deep/red.bmp comes after them.
    assert row.metrics["psnr_db"] == pytest.approx(np.mean(psnr))
    assert stored(tmp_path / "evaluations" / "tiny" / "pictures.json") == found


def test_the_result_goes_where_out_says_and_nothing_else_is_overwritten(
    loop: Any, pictures: Path, tmp_path: Path
) -> None:
    options = {"data": pictures, "images": 1, "baselines": False, "out": tmp_path / "mine.json"}
    first = run(loop, **options)
    assert stored(tmp_path / "mine.json").images == first.images == 1
    run(loop, **{**options, "images": 2})
    assert stored(tmp_path / "mine.json").images == 2
    other = replace(first, source="test set")
    (tmp_path / "mine.json").write_text(json.dumps(as_document(other)))
    with pytest.raises(ModelError, match=r"mine\.json: holds something else, which is not overwritten; .* --out"):
        run(loop, **options)
    assert stored(tmp_path / "mine.json") == other
    (tmp_path / "mine.json").write_text('{"curves": []}')
    with pytest.raises(ModelError, match="no format version"):
        run(loop, **options)
    assert json.loads((tmp_path / "mine.json").read_text()) == {"curves": []}


def test_a_report_does_not_take_it_for_the_test_sets(loop: Any, pictures: Path, tmp_path: Path) -> None:
    options = {"images": 1, "baselines": False}
    folder, folders = tmp_path / "evaluations" / "tiny", Folders(loop.models, tmp_path, tmp_path)
    own = run(loop, data=pictures, out=folder / "pictures.json", **options)
    (alone,) = read_sources(folders).models
    assert alone.evaluation and match_evaluation(own, [alone.evaluation]) is None
    run(loop, out=folder / "test.json", **options)
    (model,) = read_sources(folders).models
    assert model.evaluation and model.evaluation.file == folder / "test.json"
    assert match_evaluation(own, [*model.others, model.evaluation]) == model.evaluation
    assert [other.file.name for other in model.others] == ["pictures.json"]


def test_a_folder_that_cannot_be_used_is_one_line(loop: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for data, words in ((tmp_path / "nowhere", "nowhere: no such folder of images"), (tmp_path / "empty", "no images")):
        with pytest.raises(DataError, match=words) as raised:
            run(loop, data=data)
        assert isinstance(raised.value, SplitliteError) and "\n" not in str(raised.value)
