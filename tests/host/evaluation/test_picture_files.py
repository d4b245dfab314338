"""What collect keeps of pictures: exact files, baselines of equal bytes beside them, one file for equal bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
import skimage.data
from PIL import Image

from device.files import NAME
from host.curves.image_codecs import decode_image
from host.data.split import Split
from host.evaluation.picture_files import MadePictures, PictureFiles, index_pictures
from host.evaluation.tally import MadeRow
from host.kept_pictures import INDEX, ModelPictures, Shown
from host.metrics import PICTURES, judge_picture
from host.tasks.pictures import PictureDecoders
from host.tasks.task import Decoders

IMAGES = [np.ascontiguousarray(skimage.data.coffee()[at : at + 96, 40:168]) for at in (0, 120)]


def made_row(name: str, images: Sequence[np.ndarray], stream_bytes: Sequence[int], shift: int = 1) -> MadeRow:
    pictures = [np.clip(image, 0, 255 - shift) + np.uint8(shift) for image in images]
    judged = [{**judge_picture(*pair), "of_no_metric": 1.0} for pair in zip(images, pictures, strict=True)]
    return MadeRow(name, pictures, judged, stream_bytes)


def made(rows: Sequence[MadeRow], images: Sequence[np.ndarray] = IMAGES, model: str = "photo") -> MadePictures:
    split = Split(list(images))
    return MadePictures(model, PICTURES, cast(Decoders, PictureDecoders()), split, split, tuple(rows))


def indexed(*rows: MadeRow, images: Sequence[np.ndarray] = IMAGES) -> tuple[ModelPictures, dict[str, bytes]]:
    files = PictureFiles()
    model = index_pictures(made(rows, images), files)
    return model, files.folder({"photo": model})


def names(shown: Sequence[Shown]) -> list[tuple[str, str | None]]:
    return [(each.row, each.beside) for each in shown]


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_kept_to_the_last_bit(channels: int) -> None:
    images = [image[..., :channels] for image in IMAGES]
    row = made_row("int8_q0+tuned", images, [1000, 2000])
    model, files = indexed(row, images=images)
    for index, picture in enumerate(model.pictures):
        shown = picture.shown[0]
        assert (picture.index, picture.width, picture.height, picture.middle_of) == (index, 128, 96, None)
        assert (picture.original, shown.file) == (f"photo.{index}.webp", f"photo.{index}.int8_q0-tuned.webp")
        for file, expected in ((picture.original, images[index]), (shown.file, row.pictures[index])):
            np.testing.assert_array_equal(decode_image(files[file]), np.broadcast_to(expected, (96, 128, 3)))
        assert shown.bytes == [1000, 2000][index]
        assert dict(shown.values) == judge_picture(images[index], row.pictures[index])
    document = json.loads(files[INDEX])
    assert document["format_version"] == 1 and len(document["models"]["photo"]["pictures"]) == 2
    said = {picture.original for picture in model.pictures} | {s.file for p in model.pictures for s in p.shown}
    assert set(files) == said | {INDEX}


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_equal_bytes_stand_beside_a_row_as_they_are(channels: int) -> None:
    images = [image[..., :channels] for image in IMAGES[:1]]
    model, files = indexed(made_row("int8", images, [2500]), images=images)
    _, jpeg, webp = model.pictures[0].shown
    for shown, form, suffix in ((jpeg, "JPEG", "jpeg.jpg"), (webp, "WEBP", "webp.webp")):
        data = files[shown.file]
        with Image.open(io.BytesIO(data)) as opened:
            assert opened.format == form and opened.size == (128, 96)
        assert shown.file == f"photo.0.int8.{suffix}" and 1500 < len(data) == shown.bytes <= 2500
        assert dict(shown.values) == judge_picture(images[0], decode_image(data, channels))
        assert (shown.title or "").lower().startswith(f"{shown.row}, quality ") and shown.remarks == ()
    assert names([jpeg, webp]) == [("jpeg", "int8"), ("webp", "int8")]


def test_rows_of_equal_bytes_share_their_baselines_and_equal_files_are_one() -> None:
    image = IMAGES[:1]
    rows = [
        made_row("float32", image, [900]),
        made_row("float16", image, [900]),
        made_row("int8", image, [2500], shift=2),
        made_row("tiny", image, [30], shift=3),
        made_row("tinier", image, [20], shift=4),
    ]
    model, files = indexed(*rows, images=image)
    (picture,) = model.pictures
    found = {(each.row, each.beside): each for each in picture.shown}
    assert [each.row for each in picture.rows()] == ["float32", "float16", "int8", "tiny", "tinier"]
    assert ("jpeg", "float16") not in found and found["jpeg", "float32"].file != found["jpeg", "int8"].file
    assert picture.baselines("float16") == (found["jpeg", "float32"], found["webp", "float32"])
    assert found["float16", None].file == found["float32", None].file == "photo.0.float32.webp"
    # No file is as small: both have the smallest one, and each its own words.
    assert found["jpeg", "tiny"].file == found["jpeg", "tinier"].file and found["jpeg", "tiny"].bytes > 30
    assert "30 bytes" in found["jpeg", "tiny"].remarks[0] and "20 bytes" in found["jpeg", "tinier"].remarks[0]
    assert len(set(files.values())) == len(files)


def test_of_large_pictures_the_middle_is_shown_also_of_baselines() -> None:
    large = np.tile(IMAGES[0], (7, 3, 1))  # 672 x 384
    row = made_row("int8", [large], [9000])
    shown_row = MadeRow("int8", [row.pictures[0][80:592]], row.judged, [9000])
    model, files = indexed(shown_row, images=[large])
    (picture,) = model.pictures
    assert (picture.width, picture.height, picture.middle_of) == (384, 512, (384, 672))
    np.testing.assert_array_equal(decode_image(files[picture.original]), large[80:592])
    _, jpeg, _ = picture.shown
    assert jpeg.file.endswith(".webp") and 6000 < jpeg.bytes <= 9000
    assert decode_image(files[jpeg.file]).shape == (512, 384, 3)


def test_of_very_large_images_no_file_of_equal_bytes_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.evaluation.picture_files._LARGEST_SEARCH", 96 * 128 - 1)
    model, _ = indexed(made_row("int8", IMAGES, [2500, 2500]))
    assert [names(picture.shown) for picture in model.pictures] == [[("int8", None)]] * 2


def test_a_perfect_picture_has_no_psnr() -> None:
    model, _ = indexed(made_row("int8", IMAGES, [10, 10], shift=0))
    assert dict(model.pictures[0].shown[0].values) == {"ssim": 1.0}


def test_every_name_is_a_plain_file_name_and_none_comes_twice() -> None:
    files = PictureFiles()
    rows = [made_row(name, IMAGES[:1], [size], size) for size, name in enumerate(("a+b", "a-b", "x" * 150), 1)]
    models = {model: index_pictures(made(rows, IMAGES[:1], model), files) for model in ("m", "m.0", "m.0.0")}
    found = files.folder(models)
    said: list[Any] = [shown.file for model in models.values() for p in model.pictures for shown in p.rows()]
    originals = [picture.original for model in models.values() for picture in model.pictures]
    assert len({*said, *originals}) == len(said) + len(originals) == 12
    assert all(NAME.fullmatch(name) for name in found)


def test_without_pictures_there_is_no_folder() -> None:
    assert PictureFiles().folder({}) == {}
