from __future__ import annotations

import copy
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import run_file
from ..errors import RunFileError
from ..records import as_json
from ..run_file import Outputs, Process, Run, RunBundle, RunImage, RunRow, Settings

STREAMS = [b"first", b"", b"the third"]
SAMPLES = {"encode_ns": (9,), "quantize_ns": (1,), "invoke_ns": (2,), "code_ns": (3,)}


def process(position: int = 0, **changes: Any) -> Process:
    memory = {"rss_before_load_bytes": 1, "rss_after_load_bytes": 2, "peak_rss_bytes": 3}
    made = Process(position, 5, 4, (3,), SAMPLES, (11,), memory, {"temperature_c": 40.5})
    return replace(made, **changes)


def ok_row(outputs: Outputs | None = None, **changes: Any) -> RunRow:
    made = RunRow(
        model="tiny",
        variant="int8",
        family="int8",
        threads=1,
        tag="0011aaff",
        status="ok",
        processes=(process(), process(1)),
        sizes={"network_bytes": 7, "latent_bytes": [16] * 3, "payload_bytes": [4] * 3, "bitstream_bytes": [20] * 3},
        outputs=outputs,
        numbers_sha256="7" * 64,
        delegate="none",
    )
    return replace(made, **changes)


class RunCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "results" / "20261121T003000Z-pi-3f2a"
        partial = run_file.partial_folder(self.folder)
        outputs = run_file.write_outputs(partial / "tiny.int8.bin", STREAMS)
        failed = RunRow("tiny", "odd_q3", "odd", 1, "00112233", "failed", 3, "why")
        self.made = Run(
            run_id=self.folder.name,
            started_at="2026-11-21T00:30:00Z",
            finished_at="2026-11-21T00:31:00Z",
            command=("python", "-m", "device.bench"),
            settings=Settings(2, 5, 0, 2, 0, (1,), 0),
            environment={"python": "3.11.2"},
            bundles={"tiny": RunBundle("1" * 64, "2" * 64, "3" * 64)},
            rows=(ok_row(outputs), failed),
        )


class Writing(RunCase):
    def test_round_trip(self) -> None:
        self.assertEqual(run_file.write_run(self.folder, self.made), self.folder)
        for path in (self.folder, self.folder / "run.json"):
            self.assertEqual(run_file.read_run(path), self.made)
        self.assertEqual(run_file.read_outputs(self.folder, self.made.rows[0]), STREAMS)
        self.assertEqual([path.name for path in self.folder.parent.iterdir()], [self.folder.name])

    def test_a_run_is_never_overwritten(self) -> None:
        run_file.write_run(self.folder, self.made)
        before = (self.folder / "run.json").read_bytes()
        with self.assertRaisesRegex(RunFileError, "never overwritten"):
            run_file.write_run(self.folder, replace(self.made, rows=()))
        self.assertEqual((self.folder / "run.json").read_bytes(), before)

    def test_an_unfinished_run_has_not_the_name_of_one(self) -> None:
        self.assertFalse(self.folder.exists())
        with self.assertRaises(RunFileError):
            run_file.read_run(self.folder)

    def test_what_does_not_fit_is_not_written(self) -> None:
        row = self.made.rows[0]
        assert row.outputs is not None
        for wrong, words in (
            (replace(row, outputs=replace(row.outputs, sha256="0" * 64)), "sha256"),
            (replace(row, processes=()), "processes"),
            (replace(row, model="../tiny"), "cannot name a file"),
        ):
            with self.assertRaisesRegex(RunFileError, words):
                run_file.write_run(self.folder, replace(self.made, rows=(wrong,)))
            self.assertFalse(self.folder.exists())


class Reading(RunCase):
    def setUp(self) -> None:
        super().setUp()
        run_file.write_run(self.folder, self.made)
        self.path = self.folder / "run.json"
        self.value = json.loads(self.path.read_bytes())

    def refused(self, value: Any, words: str) -> None:
        self.path.write_text(json.dumps(value), encoding="utf-8")
        with self.assertRaisesRegex(RunFileError, words) as caught:
            run_file.read_run(self.path)
        self.assertIn("run.json", str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def changed(self, *path: Any, to: Any = None) -> Any:
        """The run's JSON with one value changed, or without it."""
        value = copy.deepcopy(self.value)
        part = value
        for key in path[:-1]:
            part = part[key]
        if to is None:
            del part[path[-1]]
        else:
            part[path[-1]] = to
        return value

    def test_versions(self) -> None:
        for version, words in ((2, "newer"), (0, "older"), (None, "no format version")):
            self.refused({**self.value, "format_version": version}, words)
        self.refused([], "no format version")

    def test_each_missing_key_is_named(self) -> None:
        for key in self.value:
            if key != "format_version":
                self.refused(self.changed(key), f"{key}: missing")
        for key in as_json(self.made.rows[0]):
            self.refused(self.changed("rows", 0, key), rf"rows\[0\]\.{key}.*: missing")
        for key in ("position", "samples", "reference_ns"):
            self.refused(self.changed("rows", 0, "processes", 0, key), rf"processes\[0\].{key}: missing")
        self.refused(self.changed("rows", 0, "sizes", "payload_bytes"), "sizes.payload_bytes: missing")
        self.refused(self.changed("rows", 1, "error"), r"rows\[1\]\.error: missing")

    def test_wrong_values_are_named(self) -> None:
        samples = "rows", 0, "processes", 1, "samples", "invoke_ns"
        for bad in ([1.5], [-1], ["1"], [None], [10**400], []):
            self.refused(self.changed(*samples, to=bad), r"rows\[0\].processes\[1\].samples.invoke_ns")
        cases: tuple[tuple[Any, Any, str], ...] = (
            (("rows", 0, "processes"), [], "processes: missing"),
            (("rows", 1, "status"), "fine", r"rows\[1\].status: 'fine'"),
            (("rows", 0, "sizes", "bitstream_bytes"), [20], "sizes.bitstream_bytes: not one for each image"),
            (("rows", 0, "sizes", "network_bytes"), "7", "sizes.network_bytes"),
            (("rows", 0, "processes", 0, "memory", "peak_rss_bytes"), "3", "peak_rss_bytes: expected integer"),
            (("rows", 0, "figures"), {"top1_percent": "60"}, "figures.top1_percent: expected number"),
            (("images",), {}, "images: expected list, found object"),
            (("bundles",), {"other": self.value["bundles"]["tiny"]}, r"rows\[0\].model: 'tiny' is not among"),
        )
        for path, wrong, words in cases:
            self.refused(self.changed(*path, to=wrong), words)

    def test_names_that_could_leave_their_folder_are_refused(self) -> None:
        bad = ("/tmp/x/abs", "../../../../x", "a/b", "..", ".", "", "*", "a\0b", "\ud800", "a" * 300, "-a", ".a")
        for name in bad:
            self.refused({**self.value, "run_id": name}, "run_id: .*cannot name a file")
            for key in ("model", "variant", "family"):
                self.refused(self.changed("rows", 0, key, to=name), rf"rows\[0\].{key}: .*cannot name a file")
            self.refused(self.changed("rows", 0, "outputs", "file", to=name), "outputs.file: .*cannot name a file")
            self.refused(self.changed("rows", 0, "tag", to=name), r"rows\[0\].tag: .*hexadecimal")
            self.refused({**self.value, "bundles": {name: self.value["bundles"]["tiny"]}}, "bundles: .*cannot name")
            self.refused(self.changed("bundles", "tiny", "bundle_sha256", to=name), "tiny.bundle_sha256: .*SHA-256")
        image = as_json(RunImage("a b (1).png", "4" * 64, (8, 8, 3)))
        self.path.write_text(json.dumps({**self.value, "images": [image]}), encoding="utf-8")
        self.assertEqual(run_file.read_run(self.path).images[0].name, "a b (1).png")
        for name in ("/tmp/x", "../x", "a/b", "..", ".", "", "a\0b", "a\nb", "a" * 300):
            self.refused({**self.value, "images": [{**image, "name": name}]}, r"images\[0\].name: .*not the name of a")

    def test_samples_by_process_and_together(self) -> None:
        row = self.made.rows[0]
        self.assertEqual(run_file.process_samples(row), [(9,), (9,)])
        self.assertEqual(run_file.pooled_samples(row, "code_ns"), [3, 3])

    def test_unknown_keys_are_left_alone(self) -> None:
        self.value["rows"][0]["later"] = 1
        self.path.write_text(json.dumps(self.value), encoding="utf-8")
        self.assertEqual(run_file.read_run(self.path), self.made)

    def test_damaged_outputs_are_refused(self) -> None:
        row = self.made.rows[0]
        outputs = row.outputs
        assert outputs is not None
        path = self.folder / "tiny.int8.bin"
        data = path.read_bytes()
        path.write_bytes(data[:-1] + b"X")
        with self.assertRaisesRegex(RunFileError, "tiny.int8.bin: sha256"):
            run_file.read_outputs(self.folder, row)
        path.write_bytes(data)
        for offset in (4, -1):
            images = (*outputs.images[:2], replace(outputs.images[2], offset=offset))
            with self.assertRaisesRegex(RunFileError, "image 2"):
                run_file.read_outputs(self.folder, replace(row, outputs=replace(outputs, images=images)))
        with self.assertRaisesRegex(RunFileError, "cannot name a file"):
            run_file.read_outputs(self.folder, replace(row, outputs=replace(outputs, file="../" + path.name)))
        path.unlink()
        with self.assertRaisesRegex(RunFileError, "cannot be read"):
            run_file.read_outputs(self.folder, row)
        with self.assertRaisesRegex(RunFileError, "odd_q3 has no outputs: why"):
            run_file.read_outputs(self.folder, self.made.rows[1])


if __name__ == "__main__":
    unittest.main()
