"""A bitstream typed in: what a device sent in 2026 is decoded at home for ever, through the path that collect takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device.errors import BitstreamError
from device.outputs.codes import LatentGrid
from device.outputs.entropy import Tables
from device.quantization import TensorInfo
from device.run_file import read_outputs
from host.evaluation.rows import decode_streams
from host.packaging.bundle_writer import EncoderFile, write_bundle
from host.packaging.decoders import DecoderFolder, write_decoders

# magic 53, version 1 coder 0, tag 0badcafe, 16 x 24 pixels, 9 bytes of payload, checksum; payload
STREAM = bytes.fromhex("53 10 0badcafe 1000 1800 090000 b713ac 04de220d68a5999901")
CODES = np.array([[[0, -128], [1, 127]], [[-3, 5], [127, 0]]], np.int8)
GRID = LatentGrid(2, 2, 2, 0.5, 0)


def tables() -> np.ndarray:
    """Channel 0: 1913 for the codes -8 to 8, 1921 for 0, 1 for all others; channel 1: 128 for every code."""
    peaked = np.ones(256, np.uint16)
    peaked[120:137] = 1913
    peaked[128] = 1921
    return np.stack([peaked, np.full(256, 128, np.uint16)])


@pytest.fixture
def decoders(tmp_path: Path) -> DecoderFolder:
    """A tag's folder as it lies on disk, its tag the golden stream's."""
    encoder = EncoderFile(
        b"an encoder",
        TensorInfo("image", (1, 16, 24, 3), "int8", 1 / 255, -128),
        TensorInfo("latent", (1, 2, 2, 2), "int8", 0.5, 0),
        (),
        None,
    )
    bundle = write_bundle(
        tmp_path / "bundle",
        model="golden",
        spec_sha256="5" * 64,
        model_sha256="6" * 64,
        image_shape=(16, 24, 3),
        grid=GRID,
        tables=tables(),
        samples=np.zeros((1, 16, 24, 3), np.uint8),
        encoders={"int8": encoder},
    )
    written = write_decoders(tmp_path / "build", bundle, "int8", {"own": b"a decoder"}, tables())
    return DecoderFolder(written.folder, {**written.value, "codec_tag": "0badcafe"}, written.grid)


def test_the_golden_tables_are_tables() -> None:
    assert Tables(tables()).channels == 2


def test_a_golden_stream_gives_its_codes(decoders: DecoderFolder) -> None:
    codes = decode_streams([STREAM, STREAM], decoders)
    assert codes.dtype == np.int8
    np.testing.assert_array_equal(codes, np.stack([CODES, CODES]))


def test_a_golden_stream_out_of_a_run_folder_gives_its_codes(decoders: DecoderFolder, tmp_path: Path) -> None:
    (tmp_path / "m.int8.bin").write_bytes(STREAM)
    digests = {"sha256": "081dd7f0c3453c28b7673612dc7811f801e6cd1ae142ed804ea2687b3657cb0a"}
    images = [{"offset": 0, "length": 25, "crc32": 0xF539D0BB}]
    row = {"outputs": {"file": "m.int8.bin", "images": images, **digests}}
    np.testing.assert_array_equal(decode_streams(read_outputs(tmp_path, row), decoders)[0], CODES)


def test_every_flipped_bit_is_an_error_that_names_the_image(decoders: DecoderFolder) -> None:
    for bit in range(8 * len(STREAM)):
        damaged = bytearray(STREAM)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BitstreamError, match=r"^image 1: "):
            decode_streams([STREAM, bytes(damaged)], decoders)


def test_another_codecs_stream_is_an_error(decoders: DecoderFolder) -> None:
    other = DecoderFolder(decoders.folder, {**decoders.value, "codec_tag": "0badcaff"}, decoders.grid)
    with pytest.raises(BitstreamError, match="image 0: bitstream has codec tag 0badcafe, expected 0badcaff"):
        decode_streams([STREAM], other)
