"""A photo codec's points: of its real bitstreams, with each decoder; saturation; sums over images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

import device
from benchmarks.codec_points import (
    FLOAT32,
    FLOAT32_UNTUNED,
    NAME,
    UNTUNED,
    Measured,
    open_photo_codec,
    quality_rows,
    saturated_codes,
)
from device.bundle import Bundle
from device.outputs.context_codes import BlockGrid
from device.stream import unpack
from host.errors import CollectError, CurveError
from host.metrics import psnr_db
from host.tasks.codec.networks import Codec

CAT = np.ascontiguousarray(skimage.data.cat()[:177, 100:300])
Exported = tuple[Codec, Bundle, Path]


def test_points_are_of_the_devices_bitstreams(exported: Exported) -> None:
    codec, bundle, build = exported
    opened = open_photo_codec(str(bundle.folder), build, codec.spec.folder.parent)
    encoder = device.open_encoder(bundle.folder, quality=1)
    stream = encoder.encode(CAT)
    measured = opened.measure(CAT, 1)
    assert measured.bitstream_bytes == len(stream)
    assert measured.points[NAME][:2] == (8 * len(stream) / (177 * 200), psnr_db(CAT, opened.decode(stream, 1)))
    assert measured.codes == 45 * 50 * codec.channels
    assert measured.ideal_bits < 8 * len(unpack(stream)[1]) < 1.1 * measured.ideal_bits
    assert 0 < measured.differing < 0.1 * measured.codes
    assert measured.points[FLOAT32][1] == pytest.approx(measured.points[NAME][1], abs=0.3)


def test_a_decoder_is_replaced_and_the_bitstream_is_the_same(exported: Exported) -> None:
    codec, bundle, build = exported
    opened = open_photo_codec(str(bundle.folder), build, codec.spec.folder.parent)
    black = type("Black", (), {"image": lambda self, codes, quality, height, width: np.zeros_like(CAT)})()
    own = opened.networks["own"]
    opened.networks.clear()
    opened.networks.update(own=own)
    alone = opened.measure(CAT, 0).points
    assert list(alone) == [NAME, FLOAT32]
    opened.networks["tuned"] = black
    both = opened.measure(CAT, 0).points
    assert list(both) == [NAME, UNTUNED, FLOAT32, FLOAT32_UNTUNED]
    assert both[UNTUNED] == alone[NAME] and both[FLOAT32_UNTUNED] == alone[FLOAT32]
    assert both[NAME][0] == alone[NAME][0]
    assert both[NAME][1] == both[FLOAT32][1] == psnr_db(CAT, np.zeros_like(CAT))


def test_what_does_not_belong_together_is_named(exported: Exported, tmp_path: Path) -> None:
    codec, bundle, build = exported
    models = codec.spec.folder.parent
    with pytest.raises(CollectError, match=r"no decoder for tag .*; export the tiny"):
        open_photo_codec(str(bundle.folder), tmp_path, models)
    (tmp_path / "tiny").mkdir()
    for file in codec.spec.folder.glob("*.*"):
        (tmp_path / "tiny" / file.name).write_bytes(file.read_bytes())
    tables = np.load(tmp_path / "tiny" / "tables.q0.npy")
    np.save(tmp_path / "tiny" / "tables.q0.npy", tables[::-1])
    with pytest.raises(CurveError, match="changed since the bundle was exported"):
        open_photo_codec(str(bundle.folder), build, tmp_path)


def test_saturated_codes_of_both_kinds_of_channels() -> None:
    codes = np.array([[-128, 127, 126, 64, -127], [-64, 63, 62, -63, 0]], np.int8).T
    assert saturated_codes(codes, BlockGrid(16, 0, 0, 2, 1, 2, 1.0)) == 4
    assert saturated_codes(codes, BlockGrid(16, 0, 0, 2, 1, 1, 1.0)) == 2
    assert saturated_codes(codes, BlockGrid(16, 0, 0, 2, 2, 2, 1.0)) == 2


def test_rows_are_sums_over_the_images() -> None:
    def one(count: int, ideal: float) -> Measured:
        return Measured({NAME: (count / 100, 30.0, 0.9)}, count, 8 * ideal, 1, 1000, 5)

    rows = quality_rows([[one(110, 100), one(1000, 1000)], [one(302, 300), one(3000, 2000)]], [2.0, 1.0])
    assert [row["quality"] for row in rows] == [0, 1] and [row["step"] for row in rows] == [2.0, 1.0]
    assert rows[0]["bpp"] == pytest.approx(2.06)
    assert rows[0]["overhead_percent"] == pytest.approx(3) and rows[0]["largest_overhead_percent"] == pytest.approx(10)
    assert (rows[1]["bitstream_bytes"], rows[1]["ideal_bytes"]) == (4000, 3000)
    assert (rows[1]["saturated_codes"], rows[1]["codes"], rows[1]["float32_differing_percent"]) == (2, 2000, 0.5)
