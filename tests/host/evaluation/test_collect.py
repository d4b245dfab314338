"""Collecting: what the device really sent is decoded; one bad row has an error and the rest is evaluated."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.errors import RunFileError
from device.run_file import read_outputs, read_run, write_outputs
from host.errors import CollectError
from host.evaluation.collect import collect, device_name, find_runs

Change = Callable[[dict[str, Any], Path], None]
ROWS = ["float32", "float16", "dynamic_range", "int8", "int8+tuned", "int16x8", "int8_qat", "int8_qat+tuned"]


@pytest.fixture
def run(loop: Any, tmp_path: Path) -> Path:
    """A copy of the run, to damage."""
    return Path(shutil.copytree(loop.run, tmp_path / "from-pi" / loop.run.name))


def change_row(run: Path, variant: str, change: Change) -> None:
    value = json.loads((run / "run.json").read_text())
    (row,) = (row for row in value["results"] if row["variant"] == variant)
    change(row, run)
    (run / "run.json").write_text(json.dumps(value))


def evaluate(run: Path, loop: Any, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """The rows of the only evaluation, by name."""
    (evaluation,) = collect(run, loop.build, tmp_path / "results")
    (result,) = evaluation["results"]
    return {row["row"]: row for row in result["rows"]}


def check_only_int8_fails(rows: dict[str, dict[str, Any]], *words: str) -> None:
    assert list(rows) == [name for name in ROWS if name != "int8+tuned"]
    error = rows["int8"]["error"]
    assert "\n" not in error
    for word in words:
        assert word in error
    assert "metrics" not in rows["int8"]
    for name, row in rows.items():
        if name != "int8":
            assert "error" not in row and row["metrics"]["psnr_db"] > 20


def test_every_variant_and_decoder_is_a_row_in_the_agreed_order(loop: Any, run: Path, tmp_path: Path) -> None:
    rows = evaluate(run, loop, tmp_path)
    assert list(rows) == ROWS
    for name, row in rows.items():
        variant, _, decoder = name.partition("+")
        assert (row["variant"], row["decoder"]) == (variant, decoder or "own")
        assert set(row["metrics"]) >= {"psnr_db", "ssim", "bpp"}


def test_damage_in_the_outputs_file_is_the_error_of_that_row(loop: Any, run: Path, tmp_path: Path) -> None:
    path = run / "tiny.int8.bin"
    content = bytearray(path.read_bytes())
    content[200] ^= 4
    path.write_bytes(content)
    check_only_int8_fails(evaluate(run, loop, tmp_path), str(path), "sha256")


def test_a_missing_outputs_file_is_the_error_of_that_row(loop: Any, run: Path, tmp_path: Path) -> None:
    (run / "tiny.int8.bin").unlink()
    check_only_int8_fails(evaluate(run, loop, tmp_path), "tiny.int8.bin", "cannot be read")


def test_a_stream_that_was_damaged_on_the_device_names_its_image(loop: Any, run: Path, tmp_path: Path) -> None:
    def damage(row: dict[str, Any], folder: Path) -> None:
        streams = read_outputs(folder, row)
        streams[3] = streams[3][:20] + bytes([streams[3][20] ^ 1]) + streams[3][21:]
        row["outputs"] = write_outputs(folder / row["outputs"]["file"], streams)

    change_row(run, "int8", damage)
    check_only_int8_fails(evaluate(run, loop, tmp_path), "image 3: ", "damaged: checksum")


def test_streams_of_another_codec_are_an_error_and_never_noise(loop: Any, run: Path, tmp_path: Path) -> None:
    def exchange(row: dict[str, Any], folder: Path) -> None:
        (other,) = (each for each in read_run(run)["results"] if each["variant"] == "float32")
        row["outputs"] = write_outputs(folder / row["outputs"]["file"], read_outputs(folder, other))

    change_row(run, "int8", exchange)
    check_only_int8_fails(evaluate(run, loop, tmp_path), "image 0: ", "another encoder or tables made it")


def test_an_unknown_codec_tag_names_the_tags_at_hand(loop: Any, run: Path, tmp_path: Path) -> None:
    change_row(run, "int8", lambda row, _: row.update(codec_tag="00c0ffee"))
    tags = json.loads((loop.build / "tiny" / "export.json").read_text())["codec_tags"]
    check_only_int8_fails(
        evaluate(run, loop, tmp_path), "no decoder for codec tag 00c0ffee", *sorted(set(tags.values()))
    )


def test_fewer_outputs_than_sample_images_are_an_error(loop: Any, run: Path, tmp_path: Path) -> None:
    def shorten(row: dict[str, Any], folder: Path) -> None:
        row["outputs"] = write_outputs(folder / row["outputs"]["file"], read_outputs(folder, row)[:-1])

    change_row(run, "int8", shorten)
    check_only_int8_fails(evaluate(run, loop, tmp_path), "63 outputs of 64 sample images")


def test_what_failed_on_the_device_says_why(loop: Any, run: Path, tmp_path: Path) -> None:
    change_row(run, "int8", lambda row, _: row.update(status="failed", error="the worker ended with SIGILL"))
    check_only_int8_fails(evaluate(run, loop, tmp_path), "SIGILL")


def test_a_missing_decoder_is_the_error_of_its_row(loop: Any, run: Path, tmp_path: Path) -> None:
    build = Path(shutil.copytree(loop.build, tmp_path / "build"))
    tag = json.loads((build / "tiny" / "export.json").read_text())["codec_tags"]["int8"]
    (build / "tiny" / tag / "decoder.tflite").unlink()
    (evaluation,) = collect(run, build, tmp_path / "results")
    rows = {row["row"]: row for row in evaluation["results"][0]["rows"]}
    check_only_int8_fails(rows, "decoder.tflite: missing", "export tiny again")


def test_a_bundle_of_elsewhere_is_an_error_of_every_row(loop: Any, run: Path, tmp_path: Path) -> None:
    value = json.loads((run / "run.json").read_text())
    value["bundles"]["tiny"]["bundle_sha256"] = "0" * 64
    (run / "run.json").write_text(json.dumps(value))
    rows = evaluate(run, loop, tmp_path)
    assert all("not exported on this workstation" in row["error"] for row in rows.values())


def test_collecting_twice_overwrites_no_run(loop: Any, run: Path, tmp_path: Path) -> None:
    first = collect(run, loop.build, tmp_path / "results")
    (kept,) = (tmp_path / "results" / first[0]["device"]).iterdir()
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    assert {path.name for path in run.iterdir()} < set(before)
    assert collect(run, loop.build, tmp_path / "results") == first
    # And a kept run can be collected from where it is kept.
    assert collect(kept, loop.build, tmp_path / "results") == first
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_worse_copy_of_a_kept_run_replaces_nothing(loop: Any, run: Path, tmp_path: Path, damage: Any) -> None:
    first = collect(run, loop.build, tmp_path / "results")
    (kept,) = (tmp_path / "results" / first[0]["device"]).iterdir()
    damage(run / "tiny.int8.bin")
    with pytest.raises(CollectError, match="collected before, with other bytes"):
        collect(run, loop.build, tmp_path / "results")
    assert json.loads((kept / "evaluation.json").read_text()) == first[0]


def test_the_evaluation_says_where_the_times_come_from(loop: Any, run: Path, tmp_path: Path) -> None:
    (evaluation,) = collect(run / "run.json", loop.build, tmp_path / "results")
    assert evaluation["run_id"] == run.name
    row = evaluation["results"][0]["rows"][0]
    samples = next(each for each in read_run(run)["results"] if each["variant"] == "float32")["samples"]["encode_ns"]
    assert row["latency"]["encoder"]["median_ns"] == np.median(samples)
    assert row["latency"]["encoder"]["n"] == len(samples) == 20
    assert row["latency"]["encoder"]["device"] == evaluation["device"]
    assert "ai_edge_litert" in row["latency"]["encoder"]["runtime"]
    assert row["memory"]["peak_rss_bytes"] > 0


def test_reconstructions_are_kept_for_the_reports_grid(loop: Any, run: Path, tmp_path: Path) -> None:
    (evaluation,) = collect(run, loop.build, tmp_path / "results")
    kept = tmp_path / "results" / evaluation["device"] / run.name / "reconstructions.npz"
    with np.load(kept, allow_pickle=False) as pictures:
        assert set(pictures.files) == {f"tiny/{name}" for name in ["originals", *ROWS]}
        assert pictures["tiny/int8"].shape == (8, 16, 16, 3)


def test_a_folder_of_runs_is_collected_oldest_first(loop: Any, run: Path, tmp_path: Path) -> None:
    later = Path(shutil.copytree(run, run.parent / "sub" / "29990101T000000Z-pi-0000"))
    unfinished = run.parent / ".29990101T000001Z-pi-0000.partial"
    shutil.copytree(run, unfinished)
    assert find_runs(run.parent) == [run, later]


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_runs_is_a_collect_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"no run here; expected a folder that `python -m device\.bench` wrote"):
        collect(tmp_path / name, tmp_path, tmp_path)


def test_a_run_of_a_newer_splitlite_is_refused(loop: Any, run: Path, tmp_path: Path) -> None:
    value = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**value, "format_version": 99}))
    with pytest.raises(RunFileError, match="run file version 99 is newer"):
        collect(run, loop.build, tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"board": "Raspberry Pi 4 Model B Rev 1.5", "hostname": "pi"}, "raspberry-pi-4-model-b-rev-1-5"),
        ({"hostname": "My.Host_7"}, "my-host-7"),
        ({"board": "../../etc"}, "etc"),
        ({}, "device"),
    ],
)
def test_a_device_is_a_plain_folder_name(environment: dict[str, Any], name: str) -> None:
    assert device_name(environment) == name
