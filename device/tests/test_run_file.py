from __future__ import annotations

import copy
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from .. import run_file
from ..errors import RunFileError

STREAMS = [b"first", b"", b"the third"]


def ok_row(outputs: dict[str, Any]) -> dict[str, Any]:
    process = {
        "position": 0,
        "load_ns": 5,
        "first_encode_ns": 4,
        "warmup_ns": [3],
        "samples": {"encode_ns": [9], "quantize_ns": [1], "invoke_ns": [2], "code_ns": [3]},
        "reference_ns": [11],
        "memory": {"rss_before_load_bytes": 1, "rss_after_load_bytes": 2, "peak_rss_bytes": 3},
        "before": {"temperature_c": 40.5},
        "after": {},
    }
    return {
        "model": "tiny",
        "variant": "int8",
        "threads": 1,
        "codec_tag": "0011aaff",
        "status": "ok",
        "processes": [process, {**copy.deepcopy(process), "position": 1}],
        "sizes": {"encoder_bytes": 7, "latent_bytes": 16, "payload_bytes": [4], "bitstream_bytes": [20]},
        "outputs": outputs,
        "codes_sha256": "7" * 64,
        "delegate": "none",
    }


class RunCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "results" / "20261121T003000Z-pi-3f2a"
        partial = run_file.partial_folder(self.folder)
        outputs = run_file.write_outputs(partial / "tiny.int8.bin", STREAMS)
        failed = {"model": "tiny", "variant": "odd", "threads": 1, "codec_tag": "0", "status": "failed", "error": "why"}
        self.run_: dict[str, Any] = {
            "run_id": self.folder.name,
            "started_at": "2026-11-21T00:30:00Z",
            "finished_at": "2026-11-21T00:31:00Z",
            "command": ["python", "-m", "device.bench"],
            "settings": {"threads": [1], "repetitions": 2, "seed": 0},
            "environment": {"python": "3.11.2"},
            "bundles": {"tiny": {"model_sha256": "1", "spec_sha256": "2", "bundle_sha256": "3"}},
            "results": [ok_row(outputs), failed],
        }


class Writing(RunCase):
    def test_round_trip(self) -> None:
        self.assertEqual(run_file.write_run(self.folder, self.run_), self.folder)
        for path in (self.folder, self.folder / "run.json"):
            self.assertEqual(run_file.read_run(path), {**self.run_, "format_version": 2})
        row = run_file.read_run(self.folder)["results"][0]
        self.assertEqual(run_file.read_outputs(self.folder, row), STREAMS)
        self.assertEqual([path.name for path in self.folder.parent.iterdir()], [self.folder.name])

    def test_a_run_is_never_overwritten(self) -> None:
        run_file.write_run(self.folder, self.run_)
        before = (self.folder / "run.json").read_bytes()
        with self.assertRaisesRegex(RunFileError, "never overwritten"):
            run_file.write_run(self.folder, {**self.run_, "results": []})
        self.assertEqual((self.folder / "run.json").read_bytes(), before)

    def test_an_unfinished_run_has_not_the_name_of_one(self) -> None:
        self.assertFalse(self.folder.exists())
        with self.assertRaises(RunFileError):
            run_file.read_run(self.folder)

    def test_outputs_that_do_not_fit_are_not_written(self) -> None:
        self.run_["results"][0]["outputs"]["sha256"] = "0" * 64
        with self.assertRaisesRegex(RunFileError, "sha256"):
            run_file.write_run(self.folder, self.run_)
        self.assertFalse(self.folder.exists())


class Reading(RunCase):
    def setUp(self) -> None:
        super().setUp()
        run_file.write_run(self.folder, self.run_)
        self.path = self.folder / "run.json"
        self.value = json.loads(self.path.read_bytes())

    def refused(self, value: Any, words: str) -> None:
        self.path.write_text(json.dumps(value), encoding="utf-8")
        with self.assertRaisesRegex(RunFileError, words) as caught:
            run_file.read_run(self.path)
        self.assertIn("run.json", str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_versions(self) -> None:
        for version, words in ((3, "newer"), (0, "older"), (None, "no format version")):
            self.refused({**self.value, "format_version": version}, words)

    def test_each_missing_key_is_named(self) -> None:
        for key in self.run_:
            self.refused({name: each for name, each in self.value.items() if name != key}, f"{key}: missing")
        for key in ok_row({}):
            value = copy.deepcopy(self.value)
            del value["results"][0][key]
            self.refused(value, rf"results\[0\]\.{key}: missing")
        value = copy.deepcopy(self.value)
        del value["results"][1]["error"]
        self.refused(value, r"results\[1\]\.error: missing")

    def test_wrong_values_are_named(self) -> None:
        for samples in ([1.5], [-1], ["1"], [None]):
            value = copy.deepcopy(self.value)
            value["results"][0]["processes"][1]["samples"]["invoke_ns"] = samples
            self.refused(value, r"results\[0\].processes\[1\].samples.invoke_ns")
        for key in ("reference_ns", "before", "position"):
            value = copy.deepcopy(self.value)
            del value["results"][0]["processes"][0][key]
            self.refused(value, rf"processes\[0\].{key}: missing")
        value = copy.deepcopy(self.value)
        value["results"][0]["processes"] = []
        self.refused(value, "processes: empty")
        value = copy.deepcopy(self.value)
        value["results"][1]["status"] = "fine"
        self.refused(value, "status")

    def test_version_1_stays_readable(self) -> None:
        # A run of that version, its lists cut short.
        run = run_file.read_run(Path(__file__).parent / "data" / "run.v1.json")
        self.assertEqual((run["settings"]["threads"], run["settings"]["repetitions"]), ([1], 1))
        first, second, failed = run["results"]
        self.assertEqual((first["threads"], failed["status"]), (1, "failed"))
        (process,) = first["processes"]
        self.assertEqual((process["reference_ns"], process["before"]), ([], {}))
        self.assertEqual(run_file.process_samples(first), [process["samples"]["encode_ns"]])
        self.assertEqual(len(run_file.pooled_samples(second, "invoke_ns")), 3)

    def test_a_damaged_version_1_is_named(self) -> None:
        value = json.loads((Path(__file__).parent / "data" / "run.v1.json").read_bytes())
        del value["results"][0]["samples"]
        self.refused(value, r"results\[0\].samples: missing")

    def test_samples_by_process_and_together(self) -> None:
        row = self.value["results"][0]
        self.assertEqual(run_file.process_samples(row), [[9], [9]])
        self.assertEqual(run_file.pooled_samples(row, "code_ns"), [3, 3])

    def test_unknown_keys_are_left_alone(self) -> None:
        self.value["results"][0]["later"] = 1
        self.path.write_text(json.dumps(self.value), encoding="utf-8")
        self.assertEqual(run_file.read_run(self.path)["results"][0]["later"], 1)

    def test_damaged_outputs_are_refused(self) -> None:
        row = self.value["results"][0]
        path = self.folder / "tiny.int8.bin"
        data = path.read_bytes()
        path.write_bytes(data[:-1] + b"X")
        with self.assertRaisesRegex(RunFileError, "tiny.int8.bin: sha256"):
            run_file.read_outputs(self.folder, row)
        path.write_bytes(data)
        row["outputs"]["images"][2]["offset"] = 4
        with self.assertRaisesRegex(RunFileError, "image 2"):
            run_file.read_outputs(self.folder, row)
        row["outputs"]["file"] = "../" + path.name
        with self.assertRaisesRegex(RunFileError, "plain file name"):
            run_file.read_outputs(self.folder, row)
        path.unlink()
        with self.assertRaisesRegex(RunFileError, "cannot be read"):
            run_file.read_outputs(self.folder, self.run_["results"][0])


if __name__ == "__main__":
    unittest.main()
