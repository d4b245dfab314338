"""The tables of coder id 1: they predict a code from earlier codes, and give the frequencies for what is left.

    codes before --predictors--> prediction: the nearest code, and the skew, which is what rounding to it left
    remainders before --scales, lefts--> score: how large the remainder, code - nearest, will be
    (score's bin, skew's bin) --rows--> a table of frequencies, which codes the remainder

Predictors and scales are weighted sums of a few sources per channel; a source is a channel of a block in
`NEIGHBOURS`. What a scale adds for the block to the left in the same channel is apart, in `lefts`: without it, the
sum over a group of blocks says before the first of them how quiet the group will be, and where that is likely enough,
one symbol says that all its remainders are 0. The file is one vector of uint16, little-endian, where int16 stands in
two's complement:

    version, channels, score bins, skew bins, tables, radius, quiet bins
    companding (256); score edges (score bins - 1); skew edges (skew bins - 1); rows (score bins, skew bins)
    quiet edges (quiet bins); quiet frequencies (quiet bins)
    frequencies (tables, 2 * radius + 2)
    predictors, then scales, each: terms per channel; biases (int16) per channel; sources, weights (int16) per term
    lefts (int16) per channel

Versions: 1 (2026) the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...errors import BundleError
from ...files import check_version, sha256_bytes
from ...quantization import Array, parse_array

VERSION = 1
TABLE_BITS = 15
TOTAL = 1 << TABLE_BITS  # of a table's frequencies
NEIGHBOURS = ((0, 0), (0, -1), (0, 1), (-1, -1), (-1, 0), (-1, 1))  # rows and columns from a block to a source's
OWN_LEFT = 1  # in NEIGHBOURS
MAGNITUDES = 256
SKEW_BITS = 6  # a prediction counts in 1/64 code
SCORES = 1 << 13
MAX_RADIUS = 254  # the places of remainders, 64 * (2 * radius + 3), are counted in int16
GROUP = 16  # blocks side by side
QUIET_CAP = 2047  # a block's part of a group's sum is in 0..QUIET_CAP
_HEAD = 7


@dataclass(frozen=True)
class Sums:
    """Weighted sums, one per channel: bias + sum of weight * source, modulo 2**16, as int16.

    `biases` int16 and `counts` uint16 (terms of each) are (channels,); `sources` uint16, which are neighbour *
    channels + channel, and `weights` int16 are (terms,).
    """

    biases: Array
    counts: Array
    sources: Array
    weights: Array

    def __iter__(self) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
        """Per channel its bias and, per term, neighbour, channel and weight."""
        channels, place = len(self.counts), 0
        for bias, count in zip(self.biases.tolist(), self.counts.tolist()):
            sources = self.sources[place : place + count].tolist()
            weights = self.weights[place : place + count].tolist()
            yield bias, [(*divmod(source, channels), weight) for source, weight in zip(sources, weights)]
            place += count


class ContextTables:
    """A model of codes in their context.

    Attributes:
        channels: of the codes.
        companding: int16 (256,): what a remainder of each magnitude counts in a score; 0 for none.
        score_edges, skew_edges: uint16, ascending; a bin's number is how many edges are not above the value. Score
            edges are above 0.
        rows: uint16 (score bins, skew bins): which table.
        radius: of the remainders that tables hold; at most `MAX_RADIUS`.
        frequencies: uint16 (tables, 2 * radius + 2): of remainders -radius..radius and, last, of the escape; out of
            2**15. What has frequency 0 is coded as an escape and costs a byte more.
        predictors: `Sums` of codes, in 1/64 code.
        scales: `Sums` of companded remainders.
        lefts: int16 (channels,): weights of the companded remainder to the left, which belong to the scales.
        quiet_edges: uint16 (quiet bins,), ascending: a group whose sum is below the last is asked for.
        quiet_frequencies: uint16 (quiet bins,): how often such a group is quiet, out of 2**15.
        vector: uint16, read-only: all of it.
        starts: uint32 (tables, 2 * radius + 2): sums of the frequencies before each.
        score_places: uint16 (SCORES,), remainder_places: uint16 (64 * (2 * radius + 3),), by skew + 32 and by the
            remainder, -radius - 1..radius + 1: their sum is a place in `symbols`.
        symbols: uint32: frequency << 16 | start; 0 for what is escaped.
        escapes: uint32 (score bins * skew bins,): the same of the escapes.
        sha256: digest of the vector as little-endian bytes, whatever file it came from.
    """

    def __init__(self, vector: Array, where: object = "context tables") -> None:
        """Takes apart and checks `vector`; raises BundleError naming `where`."""
        if vector.dtype != np.uint16 or vector.ndim != 1 or len(vector) < _HEAD:
            raise BundleError(f"{where}: {vector.dtype} {vector.shape}, expected uint16 ({_HEAD} or more,)")
        self.vector: Array = np.array(vector, np.uint16, order="C")
        self.vector.flags.writeable = False
        self.sha256: str = sha256_bytes(self.vector.astype("<u2").tobytes())
        version, self.channels, scores, skews, tables, self.radius, quiet = self.vector[:_HEAD].tolist()
        check_version(version, VERSION, "context tables", where, BundleError)
        if min(self.channels, scores, skews, tables) < 1:
            raise BundleError(f"{where}: {self.channels} channels, {scores} x {skews} bins, {tables} tables; none is 0")
        self._next = _HEAD
        try:
            self.companding: Array = self._take(MAGNITUDES).astype(np.int16)
            self.score_edges, self.skew_edges = self._take(scores - 1), self._take(skews - 1)
            self.rows: Array = self._take(scores * skews).reshape(scores, skews)
            self.quiet_edges, self.quiet_frequencies = self._take(quiet), self._take(quiet)
            self.frequencies: Array = self._take(tables * (2 * self.radius + 2)).reshape(tables, -1)
            self.predictors, self.scales = self._take_sums(), self._take_sums()
            self.lefts: Array = self._take(self.channels).view(np.int16)
        except IndexError:
            raise BundleError(f"{where}: {len(vector)} numbers are too few; damaged, copy it again") from None
        if self._next != len(vector):
            raise BundleError(f"{where}: {len(vector)} numbers, expected {self._next}; damaged, copy it again")
        for fault in self._faults():
            raise BundleError(f"{where}: {fault}")
        wide = self.frequencies.astype(np.uint32)
        self.starts: Array = np.cumsum(wide, axis=1, dtype=np.uint32) - wide
        packed = wide << np.uint32(16) | self.starts
        self.escapes: Array = packed[self.rows.ravel(), -1]
        packed[:, -1] = 0
        packed[wide == 0] = 0
        self.symbols: Array = packed[self.rows.ravel()].ravel()
        symbols = packed.shape[1]
        # Small integers: the time that they take is memory's.
        score_bins = np.searchsorted(self.score_edges, np.arange(SCORES), "right")
        self.score_places: Array = (score_bins * (skews * symbols)).astype(np.uint16)
        # A remainder is seen from the side on which the prediction was rounded off.
        skew = np.arange(1 << SKEW_BITS)[:, None] - (1 << SKEW_BITS - 1)
        remainder = np.arange(-self.radius - 1, self.radius + 2)
        seen = np.where(skew < 0, -remainder, remainder)
        column = np.where(abs(seen) > self.radius, symbols - 1, seen + self.radius)
        remainder_places = np.searchsorted(self.skew_edges, abs(skew), "right") * symbols + column
        self.remainder_places: Array = remainder_places.ravel().astype(np.uint16)

    def _take(self, count: int) -> Array:
        self._next += count
        if self._next > len(self.vector):
            raise IndexError
        return self.vector[self._next - count : self._next]

    def _take_sums(self) -> Sums:
        counts, biases = self._take(self.channels), self._take(self.channels)
        terms = int(counts.sum(dtype=np.int64))
        return Sums(biases.view(np.int16), counts, self._take(terms), self._take(terms).view(np.int16))

    def _faults(self) -> Iterator[str]:
        if self.radius > MAX_RADIUS:
            yield f"a radius of {self.radius}, expected at most {MAX_RADIUS}"
        if self.rows.size * self.frequencies.shape[1] > 1 << 16:
            yield f"{self.rows.size} bins of {self.frequencies.shape[1]} symbols, expected at most {1 << 16} in all"
        for name, edges, limit in (
            ("score", self.score_edges, SCORES),
            ("skew", self.skew_edges, 1 << SKEW_BITS),
            ("quiet", self.quiet_edges, GROUP * QUIET_CAP),
        ):
            if (np.diff(edges.astype(np.int64)) <= 0).any() or (edges >= limit).any():
                yield f"{name} edges do not ascend below {limit}"
        if (self.rows >= len(self.frequencies)).any():
            yield f"a row names table {self.rows.max()}, there are {len(self.frequencies)}"
        sums = self.frequencies.sum(axis=1, dtype=np.int64)
        if (sums != TOTAL).any():
            yield f"table {int(np.argmax(sums != TOTAL))} does not sum to {TOTAL}"
        if not self.frequencies[:, -1].all():
            yield "an escape has frequency 0; every code must be possible"
        if not self.quiet_frequencies.all() or (self.quiet_frequencies >= TOTAL).any():
            yield f"a quiet frequency is not in 1..{TOTAL - 1}"
        for name, sums_of in (("predictor", self.predictors), ("scale", self.scales)):
            for channel, (_, terms) in enumerate(sums_of):
                for neighbour, source, _ in terms:
                    if sums_of is self.scales and (neighbour, source) == (OWN_LEFT, channel):
                        yield f"the scale of channel {channel} has its left neighbour among the sources"
                    if neighbour >= len(NEIGHBOURS) or not is_known(neighbour, source, channel):
                        yield f"the {name} of channel {channel} has a source that is not known before it"
        if (self.companding < 0).any() or self.companding[0]:
            yield "companding is not in 0..32767, or not 0 for no remainder"
        if 0 in self.score_edges[:1]:
            yield "a score edge is 0; scores below 0 count as 0"


def is_known(neighbour: int, source: int, channel: int) -> bool:
    """Whether a source comes before a code: rows of blocks are coded channel by channel, these from left to right."""
    row, column = NEIGHBOURS[neighbour]
    return row < 0 or source < channel or (source == channel and column < 0)


def parse_context_tables(data: bytes, path: object) -> ContextTables:
    """Context tables from the bytes of the file `path`; raises BundleError naming it."""
    return ContextTables(parse_array(data, path), path)
