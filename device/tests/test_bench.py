from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from .. import bench, encoder, run_file
from ..errors import BundleError
from . import tiny

PARENT = Path(__file__).resolve().parents[2]
PACKAGE = __package__.split(".")[0]


def run(*arguments: object, cwd: Path = PARENT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"{PACKAGE}.bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


class BenchCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.results = self.folder / "results"
        self.bundle = tiny.write(self.folder / "tiny")


class Bench(BenchCase):
    def test_a_run_from_beginning_to_end(self) -> None:
        broken = tiny.encoder_file("int8", bytes(500))
        encoders = {**{name: tiny.encoder_file(name) for name in tiny.INPUTS}, "int8_broken": broken}
        tiny.write(self.folder / "tiny", encoders=encoders)
        done = run("--bundle", self.folder / "tiny", "--out", self.results, "--runs", 5, "--warmup", 2)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertLessEqual(max(map(len, done.stdout.splitlines()[:-3])), 100)
        self.assertRegex(done.stdout, "This takes about .* s")
        self.assertIn("Too few runs: 5", done.stdout)
        self.assertRegex(done.stdout, "int8_broken +failed: the model does not load in")
        (folder,) = self.results.iterdir()
        self.assertIn(f"host collect {folder.name}", done.stdout)
        whole = run_file.read_run(folder)
        self.assertEqual(whole["run_id"], folder.name)
        self.assertEqual(whole["settings"], {"threads": 1, "runs": 5, "warmup": 2, "seed": 0})
        statuses = {row["variant"]: row["status"] for row in whole["results"]}
        self.assertEqual(statuses, {"float32": "ok", "int16x8": "ok", "int8": "ok", "int8_broken": "failed"})
        for row in whole["results"]:
            if row["status"] == "ok":
                self.assertEqual(len(run_file.read_outputs(folder, row)), len(tiny.samples()))
        self.assertIn("xnnpack_created", whole["environment"])
        self.assertEqual(whole["bundles"]["tiny"]["model_sha256"], "6" * 64)

    def test_variants_can_be_chosen(self) -> None:
        chosen = bench.plan_rows([str(self.folder / "tiny")], ["int8", "float32"])
        self.assertEqual([plan.variant for plan in chosen], ["float32", "int8"])

    def test_named_errors_are_one_line_and_status_1(self) -> None:
        cases = (
            (("--bundle", "none"), "no bundle 'none'"),
            (("--bundle", self.folder / "tiny", "--variant", "int4"), "available: float32, int16x8, int8"),
            (("--bundle", self.folder / "tiny", "--runtime", "none"), "unknown runtime 'none'"),
        )
        for arguments, words in cases:
            done = run(*arguments, "--out", self.results)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(words, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertFalse(self.results.exists())

    def test_usage_is_status_2(self) -> None:
        for arguments in (("--runs", "0"), ("--threads", "x"), ("--what",)):
            self.assertEqual(run(*arguments).returncode, 2)

    def test_no_bundles_says_what_to_do(self) -> None:
        nowhere = mock.patch.object(encoder, "DEFAULT_BUNDLES", self.folder / "none")
        with nowhere, self.assertRaisesRegex(BundleError, "run make export on the workstation"):
            bench.plan_rows([], [])

    def test_two_bundles_of_one_model_are_refused(self) -> None:
        tiny.write(self.folder / "copy")
        with self.assertRaisesRegex(BundleError, "two bundles of one model"):
            bench.plan_rows([str(self.folder / "tiny"), str(self.folder / "copy")], [])

    def test_run_from_inside_the_package_is_told_in_one_line(self) -> None:
        inside = Path(bench.__file__).resolve()
        done = subprocess.run(
            [sys.executable, str(inside)], capture_output=True, text=True, cwd=inside.parent, check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("from the folder that holds device/", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_without_numpy_it_says_so_in_one_line(self) -> None:
        # -S leaves out every site-packages, and numpy with it.
        for arguments in ([f"{PACKAGE}.bench"], [PACKAGE, "info"], [PACKAGE, "bench"]):
            command = [sys.executable, "-S", "-m", *arguments]
            done = subprocess.run(command, capture_output=True, text=True, cwd=PARENT, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr, "numpy is not installed; pip install -r device/requirements.txt\n")

    def test_run_ids_differ_within_a_second(self) -> None:
        now = time.strptime("2026-11-21 00:30", "%Y-%m-%d %H:%M")
        names = {bench.new_run_id(now) for _ in range(20)}
        self.assertGreater(len(names), 15)
        self.assertRegex(names.pop(), r"^20261121T003000Z-[a-z0-9-]+-[0-9a-f]{4}$")


class Crash(BenchCase):
    def job(self) -> dict[str, Any]:
        plan = bench.Plan(self.bundle, "int8")
        job = {"threads": 1, "runtime": None, "runs": 1, "warmup": 1}
        return bench._job(plan, job, self.folder / "out.bin")

    def test_a_worker_that_a_signal_ends_is_a_failed_row(self) -> None:
        # Python runs sitecustomize before anything else: it stands in for a runtime that crashes.
        (self.folder / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 4)\n", encoding="ascii")
        with mock.patch.dict(os.environ, {"PYTHONPATH": str(self.folder)}):
            row = bench.run_worker(self.job())
        self.assertEqual(row["status"], "failed")
        self.assertRegex(row["error"], "SIGILL: an illegal instruction")

    def test_a_worker_that_raises_is_a_failed_row(self) -> None:
        row = bench.run_worker({**self.job(), "outputs": str(self.folder / "tiny" / "tables.npy" / "out.bin")})
        self.assertEqual(row["status"], "failed")
        self.assertRegex(row["error"], "exit status 1: (FileExists|NotADirectory)Error")

    def test_what_the_signals_mean(self) -> None:
        self.assertIn("want of memory", bench.describe_exit(-9, ""))
        self.assertIn("SIGSEGV", bench.describe_exit(-11, ""))
        self.assertIn("exit status 3: last", bench.describe_exit(3, "first\nlast\n"))
        self.assertIn("nothing on stderr", bench.describe_exit(1, ""))

    def test_an_interrupted_run_leaves_nothing(self) -> None:
        arguments = ["--bundle", str(self.folder / "tiny"), "--out", str(self.results)]
        interrupted = mock.patch.object(bench, "run_worker", side_effect=KeyboardInterrupt)
        with interrupted, mock.patch("sys.stdout"), mock.patch("sys.stderr"):
            self.assertEqual(bench.main(arguments), 1)
        self.assertEqual(list(self.results.iterdir()), [])


class Contract(BenchCase):
    def test_row_is_json_without_nan(self) -> None:
        done = run("--bundle", self.folder / "tiny", "--variant", "int8", "--out", self.results, "--runs", 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        (folder,) = self.results.iterdir()
        text = (folder / "run.json").read_text(encoding="utf-8")

        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        json.loads(text, parse_constant=refuse)


if __name__ == "__main__":
    unittest.main()
