from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from .. import open_encoder, run_file
from ..bench import process, rows
from ..bench import run as bench
from ..colour import luma
from ..files import sha256_bytes
from . import tiny

PARENT = Path(__file__).resolve().parents[2]
PACKAGE = __package__.split(".")[0]
FAST = ("--runs", 5, "--seconds", 0.001, "--warmup", 2)


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
        arguments = (*FAST, "--repetitions", 3, "--seed", 7, "--verbose")
        done = run("--bundle", self.folder / "tiny", "--out", self.results, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLessEqual(max(map(len, done.stdout.splitlines()[:-2])), 80)
        said = " ".join(done.stdout.split())
        self.assertRegex(said, r"3 fresh processes a row, shuffled \(seed 7\).* This takes about \d+ s")
        self.assertRegex(done.stdout, "int8_broken +failed: the model does not load in")
        self.assertRegex(done.stdout, "int8 +(xnnpack|none): 2 CONV_2D")
        (folder,) = self.results.iterdir()
        self.assertRegex(done.stdout, rf"python -m host collect .*{folder.name}\n$")
        tables = (folder / "tables.txt").read_text(encoding="utf-8")
        self.assertIn(tables, done.stdout)
        ends = [line.split()[0] for line in done.stdout[done.stdout.index(tables) + len(tables) :].split("\n") if line]
        self.assertEqual(ends[:3], ["fastest", "smallest", "stable"])
        self.assertEqual(ends[-2:], ["tables", "next"])
        whole = run_file.read_run(folder)
        self.assertEqual(whole.run_id, folder.name)
        expected = {"threads": (1,), "repetitions": 3, "runs": 5, "warmup": 2, "seed": 7}
        self.assertEqual({key: getattr(whole.settings, key) for key in expected}, expected)
        statuses = {row.variant: row.status for row in whole.rows}
        self.assertEqual(statuses, {"float32": "ok", "int16x8": "ok", "int8": "ok", "int8_broken": "failed"})
        ok = [row for row in whole.rows if row.ok]
        for row in ok:
            self.assertEqual(len(run_file.read_outputs(folder, row)), len(tiny.samples()))
            self.assertEqual([len(samples) >= 5 for samples in run_file.process_samples(row)], [True] * 3)
        positions = [process.position for row in ok for process in row.processes]
        self.assertEqual(sorted(positions), list(range(9)))
        # Interleaved: no row has its processes one after the other.
        self.assertNotEqual(positions, sorted(positions))
        self.assertIn("xnnpack_created", whole.environment)
        self.assertEqual(whole.images, ())
        self.assertNotIn("figures", (folder / "run.json").read_text(encoding="utf-8"))
        self.assertEqual(whole.bundles["tiny"].model_sha256, "6" * 64)

    def test_a_classifier_on_labelled_samples(self) -> None:
        tiny.write_scores(self.folder / "tiny")
        arguments = ("--bundle", self.folder / "tiny", "--variant", "int8", "--out", self.results, *FAST)
        done = run(*arguments, "--repetitions", 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLessEqual(max(map(len, done.stdout.splitlines()[:-2])), 80)
        (folder,) = self.results.iterdir()
        tables = (folder / "tables.txt").read_text(encoding="utf-8")
        self.assertRegex(tables, r" top1\n.* %\nint8 .* 60.00\n")
        self.assertIn("Top1: from the labels of the few sample images", tables)
        self.assertNotIn("Top1", done.stdout)
        self.assertEqual(run_file.read_run(folder).rows[0].figures, {"top1_percent": 60.0})
        self.assertEqual(json.loads((folder / "run.json").read_bytes())["rows"][0]["figures"], {"top1_percent": 60.0})

    def test_a_sweep_over_threads(self) -> None:
        arguments = (*FAST, "--repetitions", 1, "--threads", "2,1", "--variant", "int8", "--quick")
        done = run("--bundle", self.folder / "tiny", "--out", self.results, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        (folder,) = self.results.iterdir()
        found = run_file.read_run(folder).rows
        self.assertEqual([row.threads for row in found], [1, 2])
        self.assertEqual([row.outputs and row.outputs.file for row in found], ["tiny.int8.t1.bin", "tiny.int8.t2.bin"])
        self.assertIn("tiny, 2 threads", (folder / "tables.txt").read_text(encoding="utf-8"))
        self.assertRegex(done.stdout, r"(?m)^fastest +int8 \(\d threads?\), [\d.]+ ms an image$")

    def test_own_images(self) -> None:
        pictures = self.folder / "pictures"
        pictures.mkdir()
        for number, image in enumerate(tiny.samples()[:2]):
            np.save(pictures / f"{number}.npy", image)
        arguments = ("--bundle", self.folder / "tiny", "--variant", "int8", "--out", self.results, *FAST)
        done = run(*arguments, "--repetitions", 1, "--images", pictures)
        self.assertEqual(done.returncode, 0, done.stderr)
        (folder,) = self.results.iterdir()
        whole = run_file.read_run(folder)
        self.assertEqual([image.name for image in whole.images], ["0.npy", "1.npy"])
        digest = sha256_bytes(tiny.samples()[1].tobytes())
        self.assertEqual(whole.images[1], run_file.RunImage("1.npy", digest, (8, 8, 3)))
        expected = [open_encoder(self.folder / "tiny").encode(image) for image in tiny.samples()[:2]]
        self.assertEqual(run_file.read_outputs(folder, whole.rows[0]), expected)
        self.assertEqual({path.name for path in folder.iterdir()}, {"run.json", "tables.txt", "tiny.int8.bin"})

        np.save(pictures / "big.npy", np.zeros((9, 8, 3), np.uint8))
        (pictures / "0.npy").unlink()
        (pictures / "1.npy").unlink()
        done = run(*arguments, "--images", pictures)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^big.npy: uint8 \(9, 8, 3\), tiny takes uint8 \(8, 8, 3\); .*\n$")

    def test_images_of_several_sizes(self) -> None:
        bundle = tiny.write_blocks(self.folder / "tiny")
        pictures = self.folder / "pictures"
        pictures.mkdir()
        images = [np.full((height, width, 3), 10 * height, np.uint8) for height, width in ((8, 8), (5, 14), (16, 9))]
        for number, image in enumerate(images):
            np.save(pictures / f"{number}.npy", image)
        arguments = ("--bundle", bundle.folder, "--quality", 1, "--out", self.results, *FAST, "--repetitions", 1)
        done = run(*arguments, "--images", pictures)
        self.assertEqual(done.returncode, 0, done.stderr)
        (tables,) = self.results.glob("*/tables.txt")
        self.assertIn("tiny, 1 thread, 3 images of 8 x 8, 14 x 5, 9 x 16 pixels", tables.read_text(encoding="utf-8"))
        (folder,) = self.results.iterdir()
        whole = run_file.read_run(folder)
        self.assertEqual([image.shape for image in whole.images], [image.shape for image in images])
        encoder = open_encoder(bundle.folder, quality=1)
        (row,) = whole.rows
        self.assertEqual(run_file.read_outputs(folder, row), [encoder.encode(image) for image in images])
        self.assertEqual((row.variant, row.family, row.quality), ("int8_q1", "int8", 1))
        self.assertEqual(row.sizes["latent_bytes"], [16, 32, 48])
        digest = sha256_bytes(b"".join(encoder.numbers(image).tobytes() for image in images))
        self.assertEqual(row.numbers_sha256, digest)

    def test_pictures_for_a_network_that_reads_luma(self) -> None:
        bundle = tiny.write_pixels(self.folder / "double")
        text = (bundle.folder / "bundle.json").read_text(encoding="utf-8")
        renamed = text.replace('"model": "tiny"', '"model": "double"')
        (bundle.folder / "bundle.json").write_text(renamed, encoding="utf-8")
        pictures = self.folder / "pictures"
        pictures.mkdir()
        images = [tiny.samples()[0], tiny.samples()[1][..., :1]]
        for number, image in enumerate(images):
            np.save(pictures / f"{number}.npy", image)
        arguments = ("--variant", "int8", "--out", self.results, *FAST, "--repetitions", 1, "--images", pictures)
        done = run("--bundle", bundle.folder, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("the network takes the luma of these pictures alone"), 1)
        (folder,) = self.results.iterdir()
        whole = run_file.read_run(folder)
        expected = [luma(image) for image in images]
        digests = [sha256_bytes(image.tobytes()) for image in expected]
        self.assertEqual(
            [(image.sha256, image.shape) for image in whole.images], [(each, (8, 8, 1)) for each in digests]
        )
        encoder = open_encoder(bundle.folder)
        self.assertEqual(run_file.read_outputs(folder, whole.rows[0]), [encoder.encode(image) for image in expected])

        done = run("--bundle", bundle.folder, "--bundle", self.folder / "tiny", *arguments)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr, f"{pictures}: double reads luma, tiny does not; choose one of them with --bundle\n"
        )

    def test_sustained(self) -> None:
        arguments = ["--bundle", str(self.folder / "tiny"), "--variant", "int8", "--out", str(self.results)]
        minute = mock.patch.object(rows, "_MINUTE_NS", 2_000_000)
        stdout = io.StringIO()
        with minute, redirect_stdout(stdout), redirect_stderr(io.StringIO()):
            status = bench.main([*arguments, *map(str, FAST), "--repetitions", "1", "--sustained", "2"])
        self.assertEqual(status, 0)
        (folder,) = self.results.iterdir()
        sustained = run_file.read_run(folder).rows[0].sustained
        assert sustained is not None
        self.assertEqual(len(sustained.minutes), 2)
        for entry in sustained.minutes:
            self.assertGreaterEqual(entry.encodes, len(entry.encode_ns))
            self.assertIn("clock_s", entry.state)
        (tables,) = self.results.glob("*/tables.txt")
        self.assertRegex(tables.read_text(encoding="utf-8"), r"minute +median +p90")

    def test_one_process_that_fails_is_said_and_the_others_count(self) -> None:
        answers = iter([False, True, False, False])  # encode, then three that measure

        def sometimes(job: dict[str, Any]) -> dict[str, Any]:
            return {"status": "failed", "error": "SIGKILL"} if next(answers) else process.run_worker(job)

        arguments = ["--bundle", str(self.folder / "tiny"), "--variant", "int8", "--out", str(self.results)]
        stdout = io.StringIO()
        with mock.patch.object(rows, "run_worker", sometimes), redirect_stdout(stdout):
            self.assertEqual(bench.main([*arguments, *map(str, FAST), "--repetitions", "3"]), 0)
        self.assertIn("failed tiny int8: 1 of 3 processes: SIGKILL", " ".join(stdout.getvalue().split()))
        (folder,) = self.results.iterdir()
        (row,) = run_file.read_run(folder).rows
        self.assertEqual((len(row.processes), row.failures), (2, (run_file.Failure("SIGKILL", 0),)))

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
        for arguments in (("--runs", "0"), ("--threads", "1,x"), ("--seconds", "0"), ("--what",)):
            self.assertEqual(run(*arguments).returncode, 2)

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


class Interrupted(BenchCase):
    def test_it_leaves_nothing(self) -> None:
        arguments = ["--bundle", str(self.folder / "tiny"), "--out", str(self.results)]
        interrupted = mock.patch.object(rows, "run_worker", side_effect=KeyboardInterrupt)
        with interrupted, mock.patch("sys.stdout"), mock.patch("sys.stderr"):
            self.assertEqual(bench.main(arguments), 1)
        self.assertEqual(list(self.results.iterdir()), [])


class Contract(BenchCase):
    def test_row_is_json_without_nan(self) -> None:
        done = run("--bundle", self.folder / "tiny", "--variant", "int8", "--out", self.results, *FAST)
        self.assertEqual(done.returncode, 0, done.stderr)
        (folder,) = self.results.iterdir()
        text = (folder / "run.json").read_text(encoding="utf-8")

        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        json.loads(text, parse_constant=refuse)


if __name__ == "__main__":
    unittest.main()
