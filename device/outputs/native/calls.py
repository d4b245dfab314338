"""Calls of coder.c: arrays with their lengths, and coder id 0. Coder id 1 is in ../context_codes/compiled.py."""

from __future__ import annotations

import ctypes

import numpy as np

from ...errors import BundleError
from ...quantization import Array
from . import Library


class Span(ctypes.Structure):
    """An array as coder.c takes it: its address and length."""

    _fields_ = [("at", ctypes.c_void_p), ("count", ctypes.c_uint64)]


class StaticCall:
    """Coder id 0, for codes of one shape."""

    def __init__(self, library: Library, frequencies: Array, starts: Array, count: int) -> None:
        """Frequencies and starts are integers (channels, 256), `count` is of the codes."""
        self._call = library.functions.splitlite_static
        self._call.restype = ctypes.c_int64
        self._symbols = frequencies.astype(np.uint32) << np.uint32(16) | starts.astype(np.uint32)
        self._out = np.empty(4 * ((count + 1) // 2) + 8, np.uint8)
        self._count = ctypes.c_uint64(count)
        out = address(self._out), ctypes.c_uint64(self._out.size)
        self._rest = (address(self._symbols), ctypes.c_uint64(self._symbols.size), *out)

    def encode(self, codes: Array) -> bytes:
        """Codes int8, of `count`, to the payload."""
        codes = np.ascontiguousarray(codes)
        length = self._call(address(codes), self._count, *self._rest)
        return taken(self._out, length)


def span(array: Array) -> Span:
    """Of a contiguous array, which the caller keeps alive."""
    return Span(array.ctypes.data, array.size)


def address(array: Array) -> ctypes.c_void_p:
    """Of a contiguous array, which the caller keeps alive."""
    return ctypes.c_void_p(array.ctypes.data)


def taken(out: Array, length: int) -> bytes:
    """The payload of `length` bytes at the end of a buffer; raises BundleError where `length` is a fault."""
    if length < 0:
        raise BundleError(f"the C coder refuses these tables (fault {-length}); export the bundle again")
    return out[out.size - length :].tobytes()
