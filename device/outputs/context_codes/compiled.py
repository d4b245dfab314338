"""Segments of codes to bytes in C: ../native/coder.c, with the buffers that it needs for codes of one shape."""

from __future__ import annotations

import ctypes

import numpy as np

from ...quantization import Array
from ..native import Library
from ..native.calls import Span, address, span, taken
from .tables import GROUP, NEIGHBOURS, ContextTables, Sums

# As in coder.c.
_BLOCK = 8
_LINES = 5
_MAX_LANES = 1 << 12
_HEAD_BYTES = 10 + 1 + 5 + _MAX_LANES * 68 // 8


class _Sums(ctypes.Structure):
    _fields_ = [(name, Span) for name in ("biases", "ends", "steps", "weights")]


class _Context(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint64) for name in ("channels", "columns", "pitch", "radius")),
        *((name, _Sums) for name in ("predictors", "scales")),
        *((name, Span) for name in ("lefts", "companding", "score_places", "remainder_places", "symbols", "escapes")),
        *((name, Span) for name in ("quiet_edges", "quiet_frequencies")),
        *((name, Span) for name in ("code_rows", "companded_rows", "lines", "sequence", "states", "out")),
    ]


class ContextCall:
    """Coder id 1, for codes of one shape: `begin`, then the segments from the top."""

    def __init__(self, library: Library, tables: ContextTables, columns: int, segment_rows: int) -> None:
        """`segment_rows`: rows of a segment, at most."""
        self._call = library.functions.splitlite_context
        self._call.restype = ctypes.c_int64
        channels, width = tables.channels, -(-(columns + 2) // _BLOCK) * _BLOCK
        pitch = width + 2
        codes = segment_rows * channels * columns
        symbols = codes + segment_rows * channels * -(-columns // GROUP)
        self._rows = np.zeros((2, 2, channels, pitch), np.int16)
        self._out = np.empty(codes + 4 * (symbols // 2 + 1) + _HEAD_BYTES, np.uint8)
        names = ("lefts", "companding", "score_places", "remainder_places", "symbols", "escapes")
        arrays = {name: np.ascontiguousarray(getattr(tables, name)) for name in (*names, "quiet_edges")}
        arrays["quiet_frequencies"] = np.ascontiguousarray(tables.quiet_frequencies)
        arrays |= {
            "code_rows": self._rows[0],
            "companded_rows": self._rows[1],
            "lines": np.empty(_LINES * pitch, np.int16),
            "sequence": np.empty(1 + symbols, np.uint32),
            "states": np.empty(_MAX_LANES, np.uint64),
            "out": self._out,
        }
        terms = {name: _terms(getattr(tables, name), channels, pitch) for name in ("predictors", "scales")}
        self._kept = arrays, terms  # the C side has only their addresses
        self._context = _Context(
            channels=channels,
            columns=columns,
            pitch=pitch,
            radius=tables.radius,
            **{name: _Sums(**{key: span(value) for key, value in each.items()}) for name, each in terms.items()},
            **{name: span(value) for name, value in arrays.items()},
        )
        self._address = ctypes.c_void_p(ctypes.addressof(self._context))

    def begin(self) -> None:
        """Above the next segment there is nothing."""
        self._rows.fill(0)

    def encode(self, codes: Array) -> bytes:
        """A segment of codes int8 (rows, columns, channels)."""
        codes = np.ascontiguousarray(codes)
        sizes = ctypes.c_uint64(codes.size), ctypes.c_uint64(len(codes))
        length = self._call(self._address, address(codes), *sizes)
        return taken(self._out, length)


def _terms(sums: Sums, channels: int, pitch: int) -> dict[str, Array]:
    """Of each term the step from the rows' begin to its source, at the first of the places that are summed."""
    neighbours, sources = np.divmod(sums.sources.astype(np.intp), channels)
    rows, columns = np.array(NEIGHBOURS).T
    steps = ((1 + rows[neighbours]) * channels + sources) * pitch + 1 + columns[neighbours]
    return {
        "biases": np.ascontiguousarray(sums.biases),
        "ends": np.cumsum(sums.counts, dtype=np.uint32),
        "steps": steps.astype(np.uint32),
        "weights": np.ascontiguousarray(sums.weights),
    }
