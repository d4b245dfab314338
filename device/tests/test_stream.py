from __future__ import annotations

import unittest

from .. import stream as bitstream
from ..errors import BitstreamError

PAYLOAD = bytes(range(1, 38))


class Format(unittest.TestCase):
    def test_golden_bytes(self) -> None:
        stream = bitstream.pack(b"\x01\x02\x03", 0, "89abcdef", 32, 513)
        self.assertEqual(stream.hex(), "531089abcdef2000010203000036de77010203")

    def test_round_trip(self) -> None:
        stream = bitstream.pack(PAYLOAD, 0, "0011aaff", 480, 65535)
        header, payload = bitstream.unpack(stream)
        self.assertEqual(payload, PAYLOAD)
        self.assertEqual(header, bitstream.Header(1, 0, "0011aaff", 480, 65535, len(PAYLOAD)))
        self.assertEqual(len(stream), 16 + len(PAYLOAD))


class Damage(unittest.TestCase):
    def test_every_single_bit_flip_is_refused(self) -> None:
        stream = bitstream.pack(PAYLOAD, 0, "0011aaff", 32, 32)
        for bit in range(8 * len(stream)):
            damaged = bytearray(stream)
            damaged[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(BitstreamError, msg=f"bit {bit}"):
                bitstream.unpack(bytes(damaged))

    def refused(self, stream: bytes, words: str) -> None:
        with self.assertRaisesRegex(BitstreamError, words) as caught:
            bitstream.unpack(stream, expect_tag="0011aaff")
        self.assertNotIn("\n", str(caught.exception))

    def test_each_error_says_what_it_is(self) -> None:
        stream = bitstream.pack(PAYLOAD, 0, "0011aaff", 32, 32)
        self.refused(b"", "too short")
        self.refused(stream[:15], "too short")
        self.refused(b"\x89PNG" + stream[4:], "not a bitstream")
        self.refused(stream[:1] + b"\x20" + stream[2:], "version 2 is newer")
        self.refused(stream[:1] + b"\x00" + stream[2:], "version 0")
        self.refused(stream[:-1], "truncated")
        self.refused(stream + b"\0", "followed by other bytes")
        self.refused(stream[:-1] + b"\xff", "damaged")
        self.refused(bitstream.pack(PAYLOAD, 0, "deadbeef", 32, 32), "tag deadbeef, expected 0011aaff")

    def test_what_a_header_cannot_hold_is_refused(self) -> None:
        for tag in ("", "0011aaf", "0011aaff00", "0011 aaff", "0011aagg"):
            with self.assertRaisesRegex(BitstreamError, "hexadecimal"):
                bitstream.pack(PAYLOAD, 0, tag, 32, 32)
        with self.assertRaisesRegex(BitstreamError, "65535"):
            bitstream.pack(PAYLOAD, 0, "0011aaff", 65536, 32)
        with self.assertRaisesRegex(BitstreamError, "coder"):
            bitstream.pack(PAYLOAD, 16, "0011aaff", 32, 32)
        with self.assertRaisesRegex(BitstreamError, "at most"):
            bitstream.pack(bytes(1 << 24), 0, "0011aaff", 32, 32)


if __name__ == "__main__":
    unittest.main()
