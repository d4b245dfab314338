from __future__ import annotations

import io
import json
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from .. import stream as bitstream
from ..bench import worker
from ..errors import RunFileError
from ..files import sha256_bytes
from ..records import from_json
from ..run_file import STAGES, Outputs, read_outputs
from . import tiny
from .test_run_file import ok_row


class Worker(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.bundle = tiny.write(self.folder / "tiny")
        self.job: dict[str, Any] = {
            "bundle": str(self.bundle.folder),
            "variant": "float32",
            "threads": 1,
            "runtime": None,
            "kind": "encode",
            "outputs": str(self.folder / "tiny.float32.bin"),
        }

    def test_measure(self) -> None:
        effort = {"runs": 7, "minimum_ns": 0, "warmup": 3, "warmup_ns": 0, "energy_s": 0}
        row = worker.run_job({**self.job, **effort, "kind": "measure"})
        self.assertEqual(row["status"], "ok")
        self.assertEqual({name: len(values) for name, values in row["samples"].items()}, dict.fromkeys(STAGES, 7))
        self.assertEqual(len(row["warmup_ns"]), 3)
        self.assertGreater(row["load_ns"], 0)
        self.assertGreater(min(row["reference_ns"]), 0)
        memory = row["memory"]
        self.assertGreaterEqual(memory["rss_after_load_bytes"], memory["rss_before_load_bytes"])
        self.assertGreaterEqual(memory["peak_rss_bytes"], memory["rss_after_load_bytes"])

    def test_labels_give_figures(self) -> None:
        self.assertEqual(worker.run_job(self.job)["figures"], {})
        job = {**self.job, "bundle": str(tiny.write_scores(self.folder / "labelled").folder)}
        for variant in tiny.SCORES:
            row = worker.run_job({**job, "variant": variant})
            self.assertEqual((row["status"], row["figures"]), ("ok", {"top1_percent": 60.0}))
            self.assertEqual(row["sizes"]["scores_bytes"], row["sizes"]["payload_bytes"])
        tiny.SAMPLES[:2].tofile(self.folder / "images.raw")
        own = {"file": str(self.folder / "images.raw"), "shapes": [tiny.IMAGE_SHAPE] * 2}
        self.assertEqual(worker.run_job({**job, "images": own})["figures"], {})
        tiny.write_scores(self.folder / "labelled", labels=None)
        self.assertEqual(worker.run_job(job)["figures"], {})
        tiny.write_scores(self.folder / "labelled", tiny.LABELS + 9)
        failed = worker.run_job(job)
        self.assertEqual(failed["status"], "failed")
        self.assertIn("outside the 4 classes", failed["error"])

    def test_encode(self) -> None:
        row = worker.run_job(self.job)
        self.assertEqual((row["status"], len(row["encode_ns"])), ("ok", len(tiny.samples())))
        outputs = from_json(Outputs, row["outputs"], "", RunFileError)
        streams = read_outputs(self.folder, ok_row(outputs))
        self.assertEqual(len(streams), len(tiny.samples()))
        sizes = row["sizes"]
        self.assertEqual(sizes["bitstream_bytes"], [len(stream) for stream in streams])
        self.assertEqual(sizes["payload_bytes"], [len(stream) - 16 for stream in streams])
        self.assertEqual((sizes["latent_bytes"], sizes["uncoded_latent_bytes"]), ([16] * 5, [64] * 5))
        tables = self.bundle.variant("float32").output.read_tables(self.bundle.read_file)
        codes = b""
        for stream in streams:
            _, payload = bitstream.unpack(stream, expect_tag=self.bundle.variant("float32").tag)
            codes += tables.coder(tiny.GRID.shape).decode(payload).tobytes()
        self.assertEqual(row["numbers_sha256"], sha256_bytes(codes))

    def test_a_file_that_does_not_load_is_a_failed_row(self) -> None:
        tiny.write(self.folder / "tiny", encoders={"int8": tiny.encoder_file("int8", bytes(500))})
        row = worker.run_job({**self.job, "variant": "int8"})
        self.assertEqual(row["status"], "failed")
        self.assertIn("does not load in", row["error"])

    def test_as_a_process_it_answers_in_one_line(self) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            with mock.patch("sys.stdin", io.StringIO(json.dumps(self.job))):
                self.assertEqual(worker.main(), 0)
            self.assertEqual(json.loads(stdout.getvalue())["status"], "ok")
            self.assertEqual(stderr.getvalue(), "")
            with mock.patch("sys.stdin", io.StringIO(json.dumps({**self.job, "variant": "int4"}))):
                self.assertEqual(worker.main(), 1)
        self.assertIn("no variant 'int4'", stderr.getvalue())


if __name__ == "__main__":
    unittest.main()
