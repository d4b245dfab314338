"""Contract 2, what crosses the wire: a header of 16 bytes and the payload that one image became.

Little-endian:

    byte 0       magic, 0x53
    byte 1       version << 4 | coder id
    bytes 2-5    tag: the digest of what fixes the payload's meaning and coding, shortened
    bytes 6-9    image height, image width: uint16 each
    bytes 10-12  payload length
    bytes 13-15  checksum: the low 24 bits of the CRC-32 of bytes 0-12 and the payload
    bytes 16-    payload

A kind of output brings its coder id (device/outputs); an id is never used again for something else.

Versions: 1 (2026) as above.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from struct import Struct

from .errors import BitstreamError

VERSION = 1
HEADER_BYTES = 16
MAGIC = 0x53
MAX_CODER_ID = 15
MAX_SIDE = (1 << 16) - 1
MAX_PAYLOAD_BYTES = (1 << 24) - 1
_CHECKED_BYTES = HEADER_BYTES - 3
_FIELDS = Struct("<BB4sHH3s3s")


@dataclass(frozen=True)
class Header:
    """What a bitstream says about itself; `height` and `width` are the image's, in pixels."""

    version: int
    coder_id: int
    tag: str
    height: int
    width: int
    payload_bytes: int


def pack(payload: bytes, coder_id: int, tag: str, height: int, width: int) -> bytes:
    """A whole bitstream; raises BitstreamError for a value that the header has no room for."""
    return seal(header_start(coder_id, tag, height, width), payload)


def header_start(coder_id: int, tag: str, height: int, width: int) -> bytes:
    """The header's bytes 0 to 9, the same for images of one size; raises BitstreamError for what it has no room for."""
    if not 0 <= coder_id <= MAX_CODER_ID:
        raise BitstreamError(f"coder id {coder_id}; a header holds 0 to {MAX_CODER_ID}")
    if not 0 < height <= MAX_SIDE or not 0 < width <= MAX_SIDE:
        raise BitstreamError(f"image of {height} x {width} pixels; a header holds sides of 1 to {MAX_SIDE}")
    sides = height.to_bytes(2, "little") + width.to_bytes(2, "little")
    return bytes((MAGIC, VERSION << 4 | coder_id)) + _tag_bytes(tag) + sides


def seal(start: bytes, payload: bytes) -> bytes:
    """A whole bitstream from `header_start` and the payload; raises BitstreamError if that is too long."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise BitstreamError(f"payload of {len(payload)} bytes; a header holds at most {MAX_PAYLOAD_BYTES}")
    checked = start + len(payload).to_bytes(3, "little")
    return checked + (_checksum(checked, payload)).to_bytes(3, "little") + payload


def unpack(stream: bytes, expect_tag: str | None = None) -> tuple[Header, bytes]:
    """Header and payload of one whole bitstream, with the tag `expect_tag` only, unless that is None.

    Raises BitstreamError in one line: too short, no bitstream, of a newer version, truncated, damaged, or another tag.
    """
    if len(stream) < HEADER_BYTES:
        raise BitstreamError(f"bitstream of {len(stream)} bytes is too short, a header alone has {HEADER_BYTES}")
    magic, first, tag, height, width, length, found = _FIELDS.unpack(stream[:HEADER_BYTES])
    if magic != MAGIC:
        raise BitstreamError(f"not a bitstream: it begins with 0x{magic:02x}, expected 0x{MAGIC:02x}")
    version, coder_id = divmod(first, 16)
    if version > VERSION:
        raise BitstreamError(f"bitstream version {version} is newer than {VERSION}, the newest read here, or damaged")
    if version < 1:
        raise BitstreamError(f"bitstream version {version} never was; the stream is damaged")
    header = Header(version, coder_id, tag.hex(), height, width, int.from_bytes(length, "little"))
    payload = bytes(stream[HEADER_BYTES:])
    if len(payload) != header.payload_bytes:
        kind = "truncated" if len(payload) < header.payload_bytes else "followed by other bytes"
        raise BitstreamError(
            f"bitstream is {kind} or damaged: {len(payload)} payload bytes, its header says {header.payload_bytes}"
        )
    expected = _checksum(stream[:_CHECKED_BYTES], payload)
    if int.from_bytes(found, "little") != expected:
        raise BitstreamError(f"bitstream is damaged: checksum {expected:06x}, its header says another")
    if expect_tag not in (None, header.tag):
        raise BitstreamError(
            f"bitstream has tag {header.tag}, expected {expect_tag}: made by another encoder or tables"
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
        raise BitstreamError(f"tag {tag!r} is not 8 hexadecimal digits")
    return raw
