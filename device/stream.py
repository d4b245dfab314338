"""Contract 2, what crosses the wire: a header of 16 bytes and the entropy-coded codes of one image.

Little-endian:

    byte 0       magic, 0x53
    byte 1       version << 4 | coder id
    bytes 2-5    codec tag: the digest of encoder, latent grid, tables and coder, shortened
    bytes 6-9    image height, image width: uint16 each
    bytes 10-12  payload length
    bytes 13-15  checksum: the low 24 bits of the CRC-32 of bytes 0-12 and the payload
    bytes 16-    payload

Versions: 1 (2026) as above.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import BitstreamError
from .files import canonical_json, sha256_bytes
from .outputs import entropy
from .quantization import LatentGrid

if TYPE_CHECKING:
    from .outputs.context_codes.block_grid import BlockGrid

VERSION = 1
HEADER_BYTES = 16
MAGIC = 0x53
MAX_PAYLOAD_BYTES = (1 << 24) - 1
_CHECKED_BYTES = HEADER_BYTES - 3

# Coder ids that a reader knows; an id is never used again for something else.
CODERS = {
    entropy.CODER_ID: "static per-channel tables, rANS over pairs",
    1: "static tables chosen by context, interleaved rANS",  # context.CODER_ID, not imported where it is not used
}


@dataclass(frozen=True)
class Header:
    """What a bitstream says about itself; `height` and `width` are the image's, in pixels."""

    version: int
    coder_id: int
    codec_tag: str
    height: int
    width: int
    payload_bytes: int


def codec_tag(
    encoder_sha256: str, grid: LatentGrid | BlockGrid, tables_sha256: str, coder_id: int = entropy.CODER_ID
) -> str:
    """The digest of what fixes the codes' meaning and coding, and of nothing else: no decoder is in it.

    Args:
        encoder_sha256: of the encoder's .tflite file, as it lies in the bundle whatever the quality.
        grid: the latent grid.
        tables_sha256: `Tables.sha256`, of the frequencies themselves, not of the file around them.
        coder_id: key of `CODERS`.

    Returns:
        8 hexadecimal digits.
    """
    digests = {"encoder_sha256": encoder_sha256, "tables_sha256": tables_sha256}
    return sha256_bytes(canonical_json({"coder": coder_id, "latent": grid.to_dict(), **digests}))[:8]


def header_start(coder_id: int, tag: str, height: int, width: int) -> bytes:
    """The header's bytes 0 to 9, which are the same for every image of an encoder.

    Raises:
        BitstreamError: a value that the header has no room for.
    """
    if coder_id not in CODERS:
        raise BitstreamError(f"unknown coder id {coder_id}; known: {sorted(CODERS)}")
    if not 0 < height < 1 << 16 or not 0 < width < 1 << 16:
        raise BitstreamError(f"image of {height} x {width} pixels; a header holds sides of 1 to 65535")
    sides = height.to_bytes(2, "little") + width.to_bytes(2, "little")
    return bytes((MAGIC, VERSION << 4 | coder_id)) + _tag_bytes(tag) + sides


def seal(start: bytes, payload: bytes) -> bytes:
    """A whole bitstream from `header_start` and the payload; raises BitstreamError if that is too long."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise BitstreamError(f"payload of {len(payload)} bytes; a header holds at most {MAX_PAYLOAD_BYTES}")
    checked = start + len(payload).to_bytes(3, "little")
    return checked + (_checksum(checked, payload)).to_bytes(3, "little") + payload


def unpack(stream: bytes, expect_tag: str | None = None) -> tuple[Header, bytes]:
    """Header and payload of one whole bitstream, checked; of the codec `expect_tag` only, unless that is None.

    Raises:
        BitstreamError: too short, not a bitstream, of a newer or unknown version, an unknown coder, truncated,
            trailing bytes, damaged, or of another codec; one line that says which.
    """
    if len(stream) < HEADER_BYTES:
        raise BitstreamError(f"bitstream of {len(stream)} bytes is too short, a header alone has {HEADER_BYTES}")
    if stream[0] != MAGIC:
        raise BitstreamError(f"not a bitstream: it begins with 0x{stream[0]:02x}, expected 0x{MAGIC:02x}")
    version, coder_id = stream[1] >> 4, stream[1] & 0x0F
    if version > VERSION:
        raise BitstreamError(f"bitstream version {version} is newer than {VERSION}, the newest read here, or damaged")
    if version < 1:
        raise BitstreamError(f"bitstream version {version} never was; the stream is damaged")
    if coder_id not in CODERS:
        raise BitstreamError(f"unknown coder id {coder_id}, known here: {sorted(CODERS)}; newer, or damaged")
    header = Header(
        version=version,
        coder_id=coder_id,
        codec_tag=bytes(stream[2:6]).hex(),
        height=int.from_bytes(stream[6:8], "little"),
        width=int.from_bytes(stream[8:10], "little"),
        payload_bytes=int.from_bytes(stream[10:13], "little"),
    )
    payload = bytes(stream[HEADER_BYTES:])
    if len(payload) != header.payload_bytes:
        kind = "truncated" if len(payload) < header.payload_bytes else "followed by other bytes"
        raise BitstreamError(
            f"bitstream is {kind} or damaged: {len(payload)} payload bytes, its header says {header.payload_bytes}"
        )
    found = int.from_bytes(stream[_CHECKED_BYTES:HEADER_BYTES], "little")
    expected = _checksum(stream[:_CHECKED_BYTES], payload)
    if found != expected:
        raise BitstreamError(f"bitstream is damaged: checksum {expected:06x}, its header says {found:06x}")
    if expect_tag not in (None, header.codec_tag):
        raise BitstreamError(
            f"bitstream has codec tag {header.codec_tag}, expected {expect_tag}: another encoder or tables made it"
        )
    return header, payload


def _checksum(checked: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(checked)) & 0xFFFFFF


def _tag_bytes(tag: str) -> bytes:
    try:
        raw = bytes.fromhex(tag)
    except ValueError:
        raw = b""
    if len(raw) != 4 or len(tag) != 8:
        raise BitstreamError(f"codec tag {tag!r} is not 8 hexadecimal digits")
    return raw
