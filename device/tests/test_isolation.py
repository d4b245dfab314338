"""The package can be copied alone: what it imports, what it needs, where it runs."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import tiny

PACKAGE = Path(__file__).resolve().parents[1]
SHARED = ("entropy", "native")  # by kinds of outputs
KINDS = [path for path in (PACKAGE / "outputs").iterdir() if path.name[0] != "_" and path.stem not in SHARED]
ALLOWED = {"numpy", "ai_edge_litert", "tflite_runtime"}
OPTIONAL = {"image_file.py": {"PIL"}}  # used only where it happens to be installed
# Python 3.9 has no sys.stdlib_module_names; this is what the package uses.
STANDARD = {
    "__future__",
    *("_ctypes", "argparse", "ast", "bisect", "collections", "contextlib", "copy", "ctypes", "dataclasses"),
    "datetime",
    *(
        "functools",
        "getpass",
        "importlib",
        "io",
        "itertools",
        "json",
        "math",
        "os",
        "pathlib",
        "platform",
        "random",
        "re",
        "resource",
    ),
    *("secrets", "shlex", "shutil", "signal", "stat", "statistics", "threading", "tracemalloc", "types"),
    *("struct", "subprocess", "sys", "tempfile", "textwrap", "time", "typing", "unittest", "warnings", "zlib"),
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).split(".")[0]


class Isolation(unittest.TestCase):
    def test_nothing_is_imported_but_the_standard_library_numpy_and_the_runtime(self) -> None:
        for path in PACKAGE.rglob("*.py"):
            self.assertEqual(set(imported(path)) - STANDARD - ALLOWED - OPTIONAL.get(path.name, set()), set(), path)

    def test_only_one_file_names_the_runtimes(self) -> None:
        for path in PACKAGE.glob("*.py"):
            code = ast.dump(ast.parse(path.read_bytes()))
            if path.name not in ("runtime.py", "__main__.py", "bench.py", "__init__.py"):
                self.assertNotIn("ai_edge_litert", code, path)

    def test_importing_the_package_loads_neither_numpy_nor_a_runtime(self) -> None:
        code = f"import sys, {PACKAGE.name}; print(sorted(m for m in {sorted(ALLOWED)!r} if m in sys.modules))"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
        )
        self.assertEqual(done.stdout.strip(), "[]")

    def test_an_encoder_loads_its_own_modules_and_no_others(self) -> None:
        common = ["bundle", "errors", "files", "inputs", "outputs", "pipeline", "quantization", "records"]
        common += ["runtime", "stream"]
        context_codes = [f"outputs.context_codes{part}" for part in ("", ".coder", ".lanes", ".planes", ".tables")]
        kinds: dict[str, tuple[Any, str, list[str]]] = {
            "codes": (tiny.write, "int8", ["inputs.fixed", "outputs.codes", "outputs.entropy", "outputs.native"]),
            "scores": (tiny.write_scores, "int8", ["inputs.fixed", "outputs.scores"]),
            "context_codes": (tiny.write_blocks, "int8_q0", ["inputs.strips", *context_codes, "outputs.native"]),
            "pixels": (tiny.write_pixels, "int8", ["inputs.strips", "outputs.pixels"]),
        }
        self.assertEqual(sorted(kinds), sorted(path.stem for path in KINDS))
        for kind, (write, variant, own) in kinds.items():
            with tempfile.TemporaryDirectory() as name:
                write(Path(name))
                code = (
                    f"import sys, numpy, {PACKAGE.name}\n"
                    f"encoder = {PACKAGE.name}.open_encoder({name!r}, {variant!r})\n"
                    "encoder.encode(numpy.zeros((8, 8, encoder.bundle.input.channels), numpy.uint8))\n"
                    f"print(*sorted(m for m in sys.modules if m.startswith('{PACKAGE.name}.')))"
                )
                done = subprocess.run(
                    [sys.executable, "-c", code],
                    capture_output=True,
                    text=True,
                    cwd=PACKAGE.parent,
                    env={**os.environ, "SPLITLITE_CODER": "numpy"},
                    check=True,
                )
            expected = sorted(f"{PACKAGE.name}.{module}" for module in (*common, *own))
            self.assertEqual(done.stdout.split(), expected, kind)

    def test_what_opens_an_encoder_loads_its_own_module_more(self) -> None:
        def loaded(opened: str, name: str) -> set[str]:
            code = (
                f"import sys, numpy, {PACKAGE.name}\n"
                f"{PACKAGE.name}.{opened}\n"
                f"print(*(m for m in sys.modules if m.startswith('{PACKAGE.name}.')))"
            ).replace("BUNDLE", repr(name))
            command = [sys.executable, "-c", code]
            done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
            return set(done.stdout.split())

        image, luma = ("numpy.zeros((8, 8, CHANNELS), numpy.uint8)".replace("CHANNELS", each) for each in "31")
        with tempfile.TemporaryDirectory() as name:
            tiny.write_scores(Path(name))
            more = loaded(f"open_classifier(BUNDLE).classify({image})", name)
            more -= loaded(f"open_encoder(BUNDLE).encode({image})", name)
            self.assertEqual(more, {f"{PACKAGE.name}.classifier"})
        with tempfile.TemporaryDirectory() as name:
            tiny.write_pixels(Path(name))
            more = loaded(f"open_upscaler(BUNDLE).upscale({image})", name)
            more -= loaded(f"open_encoder(BUNDLE).encode({luma})", name)
            self.assertEqual(more, {f"{PACKAGE.name}.upscaler", f"{PACKAGE.name}.colour"})

    def test_a_worker_imports_none_of_the_heavy_modules(self) -> None:
        heavy = ["argparse", "subprocess", "logging", "tempfile", "importlib.metadata", "socket", "email"]
        code = (
            "import sys; import numpy; before = set(sys.modules)\n"
            f"import {PACKAGE.name}.bench.worker\n"
            f"print(sorted(m for m in {heavy!r} if m in sys.modules and m not in before))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
        )
        self.assertEqual(done.stdout.strip(), "[]")

    def test_a_copy_in_an_empty_folder_runs(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "device"
            ignored = shutil.ignore_patterns("bundles", "results", "__pycache__", "tests")
            shutil.copytree(PACKAGE, copy, ignore=ignored)
            tiny.write(copy / "bundles" / "tiny")
            command = [sys.executable, "-m", "device.bench", "--quick", "--variant", "int8"]
            done = subprocess.run(command, capture_output=True, text=True, cwd=name, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(list((copy / "results").iterdir())), 1)


if __name__ == "__main__":
    unittest.main()
