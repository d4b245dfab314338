from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from ..bench import process
from . import tiny


class RunWorker(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        tiny.write(self.folder / "tiny")
        self.job: dict[str, Any] = {
            "bundle": str(self.folder / "tiny"),
            "variant": "int8",
            "threads": 1,
            "runtime": None,
            "kind": "encode",
            "outputs": str(self.folder / "out.bin"),
        }

    def test_its_answer(self) -> None:
        answer = process.run_worker(self.job)
        self.assertEqual(answer["status"], "ok")
        self.assertEqual(answer["outputs"]["file"], "out.bin")

    def test_lines_before_the_answer_arrive(self) -> None:
        lines: list[str] = []
        job = {**self.job, "kind": "sustained", "minutes": 2, "minute_ns": 1_000_000}
        answer = process.run_worker(job, lines.append)
        self.assertEqual((lines, len(answer["minutes"])), (["minute 1", "minute 2"], 2))

    def test_one_that_a_signal_ends(self) -> None:
        # Python runs sitecustomize before anything else: it stands in for a runtime that crashes.
        (self.folder / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 4)\n", encoding="ascii")
        with mock.patch.dict(os.environ, {"PYTHONPATH": str(self.folder)}):
            answer = process.run_worker(self.job)
        self.assertEqual(answer["status"], "failed")
        self.assertRegex(answer["error"], "SIGILL: an illegal instruction")

    def test_one_that_raises(self) -> None:
        answer = process.run_worker({**self.job, "outputs": str(self.folder / "tiny" / "tables.npy" / "out.bin")})
        self.assertEqual(answer["status"], "failed")
        self.assertRegex(answer["error"], "exit status 1: (FileExists|NotADirectory)Error")

    def test_one_that_says_much_does_not_stop_it(self) -> None:
        text = "import sys\nsys.stderr.write('x' * 300000)\n"
        (self.folder / "sitecustomize.py").write_text(text, encoding="ascii")
        with mock.patch.dict(os.environ, {"PYTHONPATH": str(self.folder)}):
            self.assertEqual(process.run_worker(self.job)["status"], "ok")

    def test_what_the_signals_mean(self) -> None:
        self.assertIn("memory ran out", process.describe_exit(-9, ""))
        self.assertIn("SIGSEGV", process.describe_exit(-11, ""))
        self.assertIn("exit status 3: last", process.describe_exit(3, "first\nlast\n"))
        self.assertIn("nothing on stderr", process.describe_exit(1, ""))


if __name__ == "__main__":
    unittest.main()
