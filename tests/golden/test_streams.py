"""Bitstreams typed in: what a device sent in 2026 is decoded at home for ever, by the path that collect takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from device.errors import BitstreamError
from device.files import sha256_bytes
from device.inputs.fixed import Fixed
from device.inputs.strips import Strips
from device.outputs import TablesFile
from device.outputs.codes import CodesDescription, LatentGrid
from device.outputs.context_codes import BlockGrid, ContextCodesDescription
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import parse_context_tables
from device.outputs.entropy import Tables
from device.outputs.scores import ScoresDescription, ScoresOutput
from device.run_file import Outputs, Place, RunRow, read_outputs
from device.stream import pack, unpack
from host.evaluation.receiver import Receiver
from host.packaging.bundle_writer import array_bytes
from host.packaging.decoders import DecoderFolder
from host.tasks import task_named

CONTEXT_TABLES = Path(__file__).parent / "context_tables.npy"
SIZE = {0: (16, 24), 1: (12, 20), 2: (16, 24)}
STREAMS = {
    # magic 53, version 1 coder 0, tag 0badcafe, 16 x 24 pixels, 9 bytes of payload, checksum; payload
    0: bytes.fromhex("53 10 0badcafe 1000 1800 090000 b713ac 04de220d68a5999901"),
    # likewise coder 1, 12 x 20 pixels; payload: 47 symbols, one lane, and 15 codes that were escaped
    1: bytes.fromhex(
        "53 11 0badcafe 0c00 1400 260000 e41025"
        "2f00727d57ef96e4e07b0791287fee3070a7010b55a2121a007ffe01feff0200fefe020180fe"
    ),
    # likewise coder 2, 16 x 24 pixels; payload: scores of three classes in int16
    2: bytes.fromhex("53 12 0badcafe 1000 1800 060000 2ab3f0 0080ffff2c01"),
}
CODES = {
    0: np.array([[[0, -128], [1, 127]], [[-3, 5], [127, 0]]], np.int8),
    1: np.array(
        [
            [[-2, 0, -1], [-2, 0, -1], [-2, 0, -1], [-2, 0, -1], [-2, 0, -1]],
            [[-2, 1, -1], [-1, 2, 0], [-128, -2, 1], [1, -1, 2], [2, 0, -2]],
            [[-2, 1, -1], [0, -2, 1], [2, 0, -2], [-1, 2, 0], [1, -1, 127]],
        ],
        np.int8,
    ),
    2: np.array([-32768, -1, 300], np.int16),
}


def tables() -> np.ndarray:
    """Channel 0: 1913 for the codes -8 to 8, 1921 for 0, 1 for all others; channel 1: 128 for every code."""
    peaked = np.ones(256, np.uint16)
    peaked[120:137] = 1913
    peaked[128] = 1921
    return np.stack([peaked, np.full(256, 128, np.uint16)])


@dataclass(frozen=True)
class Case:
    """One coder id: what decodes its golden stream, as it lies on disk, and what codes it."""

    receiver: Receiver
    encode: Callable[[np.ndarray], bytes]
    stream: bytes
    codes: np.ndarray


@pytest.fixture(params=sorted(STREAMS))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    coder_id: int = request.param
    height, width = SIZE[coder_id]
    shape = CODES[coder_id].shape
    source: Fixed | Strips = Fixed(height, width, 3)
    output: CodesDescription | ContextCodesDescription | ScoresDescription
    if coder_id == 0:
        known = Tables(tables())
        file = _tables_file(tmp_path, array_bytes(tables()), known.sha256)
        output, encode = CodesDescription(LatentGrid(2, 2, 2, 0.5, 0), file), known.coder(shape).encode
    elif coder_id == 1:
        source = Strips(4, 0, 0, 3)
        contexts = parse_context_tables(CONTEXT_TABLES.read_bytes(), CONTEXT_TABLES)
        file = _tables_file(tmp_path, CONTEXT_TABLES.read_bytes(), contexts.sha256)
        output = ContextCodesDescription(BlockGrid(4, 0, 0, 3, 1, 2, 0.5), file)
        encode = ContextCoder(contexts, shape).encode
    else:
        output = ScoresDescription(("cat", "dog", "frog"), "int16", 0.25, 0)
        encode = lambda scores: ScoresOutput().payload([scores[None]])  # noqa: E731
    task = task_named({0: "compression", 1: "codec", 2: "classification"}[coder_id])
    label = {"model": "golden", "task": task.name, "variant": "int8", "family": "int8"}
    digests = {"model_sha256": "6" * 64, "spec_sha256": "5" * 64}
    home = DecoderFolder(
        folder=tmp_path,
        tag="0badcafe",
        network_bytes=1,
        output_dtype="int8",
        input=source,
        output=output,
        networks={},
        **label,
        **digests,
    )
    return Case(Receiver(task, home, task.decoders(home)), encode, STREAMS[coder_id], CODES[coder_id])


def _tables_file(folder: Path, content: bytes, numbers_sha256: str) -> TablesFile:
    (folder / "tables.npy").write_bytes(content)
    return TablesFile("tables.npy", sha256_bytes(content), numbers_sha256)


def numbers(case: Case, stream: bytes) -> np.ndarray:
    header, payload = unpack(stream, expect_tag=case.receiver.folder.tag)
    return case.receiver.decoders.numbers(payload, header.height, header.width)


def test_a_golden_stream_gives_its_codes(case: Case) -> None:
    codes = numbers(case, case.stream)
    assert codes.dtype == case.codes.dtype
    np.testing.assert_array_equal(codes, case.codes)


def test_the_codes_give_the_golden_stream(case: Case) -> None:
    header, _ = unpack(case.stream)
    payload = case.encode(case.codes)
    assert pack(payload, header.coder_id, "0badcafe", header.height, header.width) == case.stream


def test_a_golden_stream_out_of_a_run_folder_gives_its_codes(case: Case, tmp_path: Path) -> None:
    (tmp_path / "m.int8.bin").write_bytes(STREAMS[0])
    digest = "081dd7f0c3453c28b7673612dc7811f801e6cd1ae142ed804ea2687b3657cb0a"
    outputs = Outputs("m.int8.bin", digest, (Place(0, 25, 0xF539D0BB),))
    row = RunRow("m", "int8", "int8", 1, "0badcafe", "ok", outputs=outputs)
    assert read_outputs(tmp_path, row) == [STREAMS[0]]


def test_every_flipped_bit_is_an_error(case: Case) -> None:
    for bit in range(8 * len(case.stream)):
        damaged = bytearray(case.stream)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BitstreamError):
            numbers(case, bytes(damaged))


def test_another_codecs_stream_is_an_error(case: Case) -> None:
    other = replace(case, receiver=replace(case.receiver, folder=replace(case.receiver.folder, tag="0badcaff")))
    with pytest.raises(BitstreamError, match="tag 0badcafe, expected 0badcaff"):
        numbers(other, case.stream)


def test_many_codes_of_coder_1_give_the_golden_bytes() -> None:
    """Enough for several lanes, which the typed stream has not."""
    row, column, channel = np.indices((60, 80, 3))
    codes = ((row // 3 + column // 5 + channel) % 4 == 0) * ((row * 7 + column * 3 + channel) % 5 - 2)
    codes = (codes + (row * row + column * column == 2500) * 90).astype(np.int8)
    payload = ContextCoder(parse_context_tables(CONTEXT_TABLES.read_bytes(), CONTEXT_TABLES), codes.shape).encode(codes)
    assert (len(payload), sha256(payload).hexdigest()) == (
        4736,
        "add636bca5422f30f0e6352181f249ccd9a3446ad14365272b5ee78d9e2a8297",
    )
