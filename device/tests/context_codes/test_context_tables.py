from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

from ...errors import BundleError
from ...outputs.context_codes.tables import ContextTables, is_known, parse_context_tables
from ...quantization import Array
from . import tiny

HEAD = 7
COMPANDING = HEAD
EDGES = COMPANDING + 256
ROWS = EDGES + 2 + 1
QUIET = ROWS + 6
FREQUENCIES = QUIET + 6
COUNTS = FREQUENCIES + 18


class Faults(unittest.TestCase):
    def refused(self, vector: Array, word: str) -> None:
        with self.assertRaisesRegex(BundleError, word) as caught:
            ContextTables(vector, "here.npy")
        self.assertRegex(str(caught.exception), r"\Ahere.npy: [^\n]+\Z")

    def changed(self, place: int, value: int) -> Array:
        vector = tiny.context_tables().vector.copy()
        vector[place] = value
        return vector

    def test_what_is_no_vector(self) -> None:
        vector = tiny.context_tables().vector
        self.refused(vector.astype(np.int32), "uint16")
        self.refused(vector[None], "uint16")
        self.refused(vector[:5], "uint16")

    def test_versions(self) -> None:
        self.refused(self.changed(0, 2), "newer")
        self.refused(self.changed(0, 0), "older")

    def test_lengths(self) -> None:
        vector = tiny.context_tables().vector
        for length in range(HEAD, len(vector), 11):
            self.refused(vector[:length], "too few")
        self.refused(np.append(vector, vector[:1]), "expected")
        for place in range(1, 5):
            self.refused(self.changed(place, 0), "none is 0")
        self.refused(self.changed(1, 65535), "too few")
        self.refused(self.changed(COUNTS, 60000), "too few")

    def test_values(self) -> None:
        self.refused(self.changed(COMPANDING + 9, 40000), "companding")
        self.refused(self.changed(COMPANDING, 1), "companding")
        self.refused(self.changed(EDGES, 0), "score edge is 0")
        self.refused(self.changed(EDGES, 1400), "score edges")
        self.refused(self.changed(EDGES + 1, 8192), "score edges")
        self.refused(self.changed(EDGES + 2, 64), "skew edges")
        self.refused(self.changed(ROWS + 2, 3), "table 3, there are 3")
        self.refused(self.changed(QUIET, 700), "quiet edges")
        self.refused(self.changed(QUIET + 3, 0), "quiet frequency")
        self.refused(self.changed(QUIET + 3, 32768), "quiet frequency")
        self.refused(self.changed(FREQUENCIES, 1), "table 0 does not sum")

    def test_a_radius_whose_places_int16_does_not_hold(self) -> None:
        vector = tiny.context_tables().vector
        for radius, word in ((254, "table 0 does not sum"), (255, "a radius of 255, expected at most 254")):
            wide = np.insert(vector, [FREQUENCIES] * (6 * (radius - 2)), 0)
            wide[5] = radius
            self.refused(wide, word)

    def test_an_escape_that_is_impossible(self) -> None:
        vector = self.changed(FREQUENCIES + 5, 0)
        vector[FREQUENCIES + 4] = 38
        self.refused(vector, "escape")

    def test_sources_that_are_not_known_yet(self) -> None:
        first = COUNTS + 6
        for source in (0, 4, 6, 18, 65535):
            self.refused(self.changed(first, source), "predictor of channel 0 has a source")

    def test_the_order_of_coding(self) -> None:
        known = [[is_known(neighbour, source, 1) for source in range(3)] for neighbour in range(6)]
        own, left, right = [True, False, False], [True, True, False], [True, False, False]
        self.assertEqual(known, [own, left, right] + 3 * [[True] * 3])


class File(unittest.TestCase):
    def test_round_trip(self) -> None:
        tables = tiny.context_tables()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "context.npy"
            np.save(path, tables.vector)
            stored = path.read_bytes()
            read = parse_context_tables(stored, path)
            np.testing.assert_array_equal(read.vector, tables.vector)
            self.assertEqual(read.sha256, tables.sha256)
            for content in (b"nothing like it", stored[:-2], stored[:60], b""):
                with self.assertRaisesRegex(BundleError, "context.npy"):
                    parse_context_tables(content, path)
            np.save(path, np.array([{}], object), allow_pickle=True)
            with self.assertRaisesRegex(BundleError, "context.npy"):
                parse_context_tables(path.read_bytes(), path)

    def test_parts(self) -> None:
        tables = tiny.context_tables()
        self.assertEqual((tables.channels, tables.radius, tables.rows.shape), (3, 2, (3, 2)))
        bias, terms = list(tables.predictors)[1]
        self.assertEqual((bias, len(terms)), (0, 6))
        self.assertEqual(terms[2:5], [(3, 1, -9), (5, 0, 6), (0, 0, 11)])
        self.assertEqual(next(iter(tables.scales))[0], 30)

    def test_it_cannot_be_changed_afterwards(self) -> None:
        with self.assertRaises(ValueError):
            tiny.context_tables().vector[7] = 1


if __name__ == "__main__":
    unittest.main()
