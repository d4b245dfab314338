"""A C coder for tests: built once into a folder of its own, whatever this machine's user has."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from ...outputs.native import VARIABLE, Library
from ...outputs.native.build import build

HAS_COMPILER = any(shutil.which(name) for name in ("cc", "gcc", "clang"))
needs_compiler = unittest.skipUnless(HAS_COMPILER, "there is no C compiler")


@contextmanager
def using(coder: str) -> Iterator[None]:
    """Encoders that are opened inside have this coder: "c" or "numpy"."""
    with mock.patch.dict(os.environ, {VARIABLE: coder}):
        yield


@needs_compiler
class Compiled(unittest.TestCase):
    """A test case with a cache folder that holds the library."""

    cache: Path
    library: Library

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.cache = Path(temporary.name)
        patched = mock.patch.dict(os.environ, {"XDG_CACHE_HOME": temporary.name})
        patched.start()
        cls.addClassCleanup(patched.stop)
        cls.library, _ = build()
