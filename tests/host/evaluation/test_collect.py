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
from device.files import sha256_bytes
from device.records import as_json
from device.run_file import pooled_samples, read_outputs, read_run, write_outputs
from device.stream import header_start, seal, unpack
from host.curves.image_codecs import decode_image
from host.errors import CollectError
from host.evaluation.collect import collect, find_runs
from host.kept_pictures import INDEX, read_pictures
from host.metrics import judge_picture
from host.packaging.decoders import find_decoders
from host.results import Agreement, CollectedRun, Row, read_document
from host.tasks import TASKS

Change = Callable[[dict[str, Any], Path], None]
ROWS = ["float32", "float16", "dynamic_range", "int8", "int8+tuned", "int16x8", "int8_qat", "int8_qat+tuned"]


@pytest.fixture
def run(loop: Any, tmp_path: Path) -> Path:
    """A copy of the run, to damage."""
    return Path(shutil.copytree(loop.run, tmp_path / "from-pi" / loop.run.name))


def collected(path: Path, loop: Any, tmp_path: Path, **options: Any) -> CollectedRun:
    (found,) = collect(path, TASKS, loop.build, tmp_path / "results", bundles=loop.bundles, **options)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def streams_of(run: Path, variant: str) -> list[bytes]:
    row = next(row for row in read_run(run).rows if row.variant == variant)
    return read_outputs(run, row)


def change_run(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads((run / "run.json").read_text())
    change(value)
    (run / "run.json").write_text(json.dumps(value))


def change_row(run: Path, variant: str, change: Change) -> None:
    value = json.loads((run / "run.json").read_text())
    (row,) = (row for row in value["rows"] if row["variant"] == variant)
    change(row, run)
    (run / "run.json").write_text(json.dumps(value))


def evaluate(run: Path, loop: Any, tmp_path: Path) -> dict[str, Row]:
    """The rows of the only model, by name."""
    (result,) = collected(run, loop, tmp_path).results
    return {row.row: row for row in result.rows}


def check_only_int8_fails(rows: dict[str, Row], *words: str) -> None:
    assert list(rows) == [name for name in ROWS if name != "int8+tuned"]
    error = rows["int8"].error or ""
    assert "\n" not in error
    for word in words:
        assert word in error
    assert not rows["int8"].metrics
    for name, row in rows.items():
        if name != "int8":
            assert row.error is None and row.metrics["psnr_db"] > 20


def test_every_variant_and_decoder_is_a_row_in_the_agreed_order(loop: Any, run: Path, tmp_path: Path) -> None:
    rows = evaluate(run, loop, tmp_path)
    assert list(rows) == ROWS
    for name, row in rows.items():
        variant, _, decoder = name.partition("+")
        assert (row.variant, row.family, row.decoder) == (variant, variant, decoder or "own")
        assert set(row.metrics) >= {"psnr_db", "ssim", "bpp"} and row.source == "samples"


def test_damage_in_the_outputs_file_is_the_error_of_that_row(loop: Any, run: Path, tmp_path: Path) -> None:
    path = run / "tiny.int8.bin"
    content = bytearray(path.read_bytes())
    content[200] ^= 4
    path.write_bytes(content)
    check_only_int8_fails(evaluate(run, loop, tmp_path), path.name, "sha256")


def test_a_missing_outputs_file_is_the_error_of_that_row(loop: Any, run: Path, tmp_path: Path) -> None:
    (run / "tiny.int8.bin").unlink()
    check_only_int8_fails(evaluate(run, loop, tmp_path), "tiny.int8.bin", "cannot be read")


def test_a_stream_that_was_damaged_on_the_device_names_its_image(loop: Any, run: Path, tmp_path: Path) -> None:
    def damage(row: dict[str, Any], folder: Path) -> None:
        streams = streams_of(folder, "int8")
        streams[3] = streams[3][:20] + bytes([streams[3][20] ^ 1]) + streams[3][21:]
        row["outputs"] = as_json(write_outputs(folder / row["outputs"]["file"], streams))

    change_row(run, "int8", damage)
    check_only_int8_fails(evaluate(run, loop, tmp_path), "image 3: ", "damaged: checksum")


def test_streams_of_another_codec_are_an_error_and_never_noise(loop: Any, run: Path, tmp_path: Path) -> None:
    def exchange(row: dict[str, Any], folder: Path) -> None:
        row["outputs"] = as_json(write_outputs(folder / row["outputs"]["file"], streams_of(folder, "float32")))

    change_row(run, "int8", exchange)
    check_only_int8_fails(evaluate(run, loop, tmp_path), "image 0: ", "made by another encoder or tables")


def test_an_unknown_codec_tag_names_the_tags_at_hand(loop: Any, run: Path, tmp_path: Path) -> None:
    change_row(run, "int8", lambda row, _: row.update(tag="00c0ffee"))
    tags = sorted({row.tag for row in read_run(loop.run).rows})
    check_only_int8_fails(evaluate(run, loop, tmp_path), "no decoder for tag 00c0ffee", *tags)


def test_fewer_outputs_than_sample_images_are_an_error(loop: Any, run: Path, tmp_path: Path) -> None:
    def shorten(row: dict[str, Any], folder: Path) -> None:
        row["outputs"] = as_json(write_outputs(folder / row["outputs"]["file"], streams_of(folder, "int8")[:-1]))
        row["sizes"] = {key: size if key == "network_bytes" else size[:-1] for key, size in row["sizes"].items()}

    change_row(run, "int8", shorten)
    check_only_int8_fails(evaluate(run, loop, tmp_path), "63 outputs of 64 images")


def test_what_failed_on_the_device_says_why(loop: Any, run: Path, tmp_path: Path) -> None:
    change_row(run, "int8", lambda row, _: row.update(status="failed", error="the worker ended with SIGILL"))
    check_only_int8_fails(evaluate(run, loop, tmp_path), "SIGILL")


@pytest.mark.parametrize("coder", ["numpy", "c 1a2b3c4d", None])
def test_what_coded_on_the_device_stands_beside_its_times(
    loop: Any, run: Path, tmp_path: Path, coder: str | None
) -> None:
    value = json.loads((run / "run.json").read_text())
    value["environment"]["coder"] = coder
    (run / "run.json").write_text(json.dumps(value))
    assert {row.latency["device"].coder for row in evaluate(run, loop, tmp_path).values()} == {coder}


def test_a_missing_decoder_is_the_error_of_its_row(loop: Any, run: Path, tmp_path: Path) -> None:
    build = Path(shutil.copytree(loop.build, tmp_path / "build"))
    (tag,) = (row.tag for row in read_run(run).rows if row.variant == "int8")
    (build / "tiny" / tag / "decoder.tflite").unlink()
    (evaluation,) = collect(run, TASKS, build, tmp_path / "results", bundles=loop.bundles)
    rows = {row.row: row for row in evaluation.results[0].rows}
    check_only_int8_fails(rows, "decoder.tflite: missing", "export tiny again")


def test_a_bundle_of_elsewhere_is_an_error_of_every_row(loop: Any, run: Path, tmp_path: Path) -> None:
    value = json.loads((run / "run.json").read_text())
    value["bundles"]["tiny"]["bundle_sha256"] = "0" * 64
    (run / "run.json").write_text(json.dumps(value))
    rows = evaluate(run, loop, tmp_path)
    assert all("not exported on this workstation" in (row.error or "") for row in rows.values())


def test_collecting_twice_overwrites_no_run(loop: Any, run: Path, tmp_path: Path) -> None:
    first = collected(run, loop, tmp_path)
    (kept,) = (tmp_path / "results" / first.device).iterdir()
    before = contents(kept)
    assert {path.name for path in run.iterdir()} - {"tables.txt"} < set(before)
    assert collected(run, loop, tmp_path) == first
    # And a kept run can be collected from where it is kept.
    assert collected(kept, loop, tmp_path) == first
    assert contents(kept) == before


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_worse_copy_of_a_kept_run_replaces_nothing(loop: Any, run: Path, tmp_path: Path, damage: Any) -> None:
    first = collected(run, loop, tmp_path)
    (kept,) = (tmp_path / "results" / first.device).iterdir()
    damage(run / "tiny.int8.bin")
    with pytest.raises(CollectError, match="collected before, with other bytes"):
        collected(run, loop, tmp_path)
    assert read_document(CollectedRun, kept / "evaluation.json", CollectError) == first


def test_the_evaluation_says_where_the_times_come_from(loop: Any, run: Path, tmp_path: Path) -> None:
    evaluation = collected(run / "run.json", loop, tmp_path)
    assert evaluation.run_id == run.name
    row = evaluation.results[0].rows[0]
    (measured,) = (each for each in read_run(run).rows if each.variant == "float32")
    found, samples = row.latency["device"], pooled_samples(measured)
    assert found.median_ns == np.median(samples)
    assert (found.n, found.processes, found.threads) == (len(samples), 2, 1)
    assert found.device == evaluation.device
    assert "ai_edge_litert" in found.runtime and "ai_edge_litert" in evaluation.host["runtime"]
    assert found.emulated is evaluation.emulated is None
    assert row.memory["peak_rss_bytes"] == max(process.memory["peak_rss_bytes"] for process in measured.processes) > 0


def test_pictures_are_kept_of_the_first_images(loop: Any, run: Path, tmp_path: Path) -> None:
    evaluation = collected(run, loop, tmp_path)
    folder = tmp_path / "results" / evaluation.device / run.name / "pictures"
    model = read_pictures(folder / INDEX).models["tiny"]
    assert len(model.pictures) == 8 and model.remarks == ()
    samples = np.load(loop.bundles / "tiny" / "samples.npy")
    streams = streams_of(run, "int8")
    for index, picture in enumerate(model.pictures):
        assert [each.row for each in picture.rows()] == ROWS
        np.testing.assert_array_equal(decode_image((folder / picture.original).read_bytes()), samples[index])
        (int8,) = (each for each in picture.shown if each.row == "int8")
        made = decode_image((folder / int8.file).read_bytes())
        assert int8.bytes == len(streams[index]) and dict(int8.values) == judge_picture(samples[index], made)
        assert [each.row for each in picture.baselines("int8+tuned")] == ["jpeg", "webp"]


def test_collecting_again_replaces_all_pictures(loop: Any, run: Path, tmp_path: Path) -> None:
    evaluation = collected(run, loop, tmp_path)
    folder = tmp_path / "results" / evaluation.device / run.name / "pictures"
    before = contents(folder)
    (folder / "tiny.9.stale.webp").write_bytes(b"of an earlier export")
    (folder / "tiny.0.webp").write_bytes(b"damaged")
    collected(run, loop, tmp_path)
    assert contents(folder) == before


def test_a_row_that_failed_has_no_picture_and_the_others_have_theirs(loop: Any, run: Path, tmp_path: Path) -> None:
    change_row(run, "int8", lambda row, _: row.update(status="failed", error="the worker ended with SIGILL"))
    evaluation = collected(run, loop, tmp_path)
    found = read_pictures(tmp_path / "results" / evaluation.device / run.name / "pictures" / INDEX)
    rows = [each.row for each in found.models["tiny"].pictures[0].rows()]
    assert rows == [name for name in ROWS if not name.startswith("int8+") and name != "int8"]


def test_where_nothing_can_be_judged_there_are_no_pictures(loop: Any, run: Path, tmp_path: Path) -> None:
    evaluation = collected(run, loop, tmp_path)
    kept = tmp_path / "results" / evaluation.device / run.name
    assert (kept / "pictures").is_dir()
    collect(run, TASKS, tmp_path / "no-build", tmp_path / "results", bundles=loop.bundles)
    assert not (kept / "pictures").exists()


def test_a_folder_of_runs_is_collected_oldest_first(loop: Any, run: Path, tmp_path: Path) -> None:
    later = Path(shutil.copytree(run, run.parent / "sub" / "29990101T000000Z-pi-0000"))
    unfinished = run.parent / ".29990101T000001Z-pi-0000.partial"
    shutil.copytree(run, unfinished)
    assert find_runs(run.parent) == [run, later]


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_runs_is_a_collect_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"no run here; expected a folder that `python -m device\.bench` wrote"):
        collect(tmp_path / name, TASKS, tmp_path, tmp_path)


def test_a_run_of_a_newer_splitlite_is_refused(loop: Any, run: Path, tmp_path: Path) -> None:
    value = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**value, "format_version": 99}))
    with pytest.raises(RunFileError, match="run file version 99 is newer"):
        collected(run, loop, tmp_path)
    assert not (tmp_path / "results").exists()


def test_codes_of_the_same_machine_and_runtime_are_equal(loop: Any, run: Path, tmp_path: Path) -> None:
    rows = evaluate(run, loop, tmp_path)
    if not loop.python.parent.parent.name.startswith(".venv-device"):
        pytest.skip("no .venv-device here: make setup")
    for row in rows.values():
        assert row.agreement == Agreement(64 * 64, 0, 0)


def test_an_emulated_device_is_said_beside_every_time(loop: Any, run: Path, tmp_path: Path) -> None:
    change_run(run, lambda value: value["environment"].update(emulated="qemu-user"))
    evaluation = collected(run, loop, tmp_path)
    assert evaluation.emulated == "qemu-user"
    assert {row.latency["device"].emulated for row in evaluation.results[0].rows} == {"qemu-user"}


def sweep(run: Path, variant: str = "int8", counts: tuple[int, ...] = (2, 4)) -> None:
    """Adds rows of other numbers of threads, as the bench names their files."""
    value = json.loads((run / "run.json").read_text())
    (row,) = (row for row in value["rows"] if row["variant"] == variant)
    for count in counts:
        file = row["outputs"]["file"].replace(".bin", f".t{count}.bin")
        shutil.copy(run / row["outputs"]["file"], run / file)
        value["rows"].append({**row, "threads": count, "outputs": {**row["outputs"], "file": file}})
    value["settings"]["threads"] = [1, *counts]
    (run / "run.json").write_text(json.dumps(value))


def test_each_number_of_threads_is_a_row_and_a_tuned_decoder_comes_once(loop: Any, run: Path, tmp_path: Path) -> None:
    sweep(run)
    evaluation = collected(run, loop, tmp_path)
    assert evaluation.threads == (1, 2, 4)
    rows = evaluation.results[0].rows
    int8 = [row for row in rows if row.variant == "int8"]
    assert [(row.row, row.threads) for row in int8] == [("int8", 1), ("int8+tuned", 1), ("int8", 2), ("int8", 4)]
    assert [row.latency["device"].threads for row in int8] == [1, 1, 2, 4]
    assert int8[0].metrics == int8[3].metrics
    assert len(rows) == len(ROWS) + 2
    # The run is kept with all its files.
    assert (tmp_path / "results" / evaluation.device / run.name / "tiny.int8.t4.bin").is_file()


def test_other_threads_with_other_codes_are_evaluated_on_their_own(loop: Any, run: Path, tmp_path: Path) -> None:
    sweep(run, counts=(2,))
    value = json.loads((run / "run.json").read_text())
    (row,) = (row for row in value["rows"] if row["threads"] == 2)
    decoders = TASKS["compression"].decoders(find_decoders(loop.build, row["tag"]))
    streams = streams_of(run, "int8")
    codes = [decoders.numbers(unpack(stream)[1], 16, 16) for stream in streams]
    codes[5] = codes[5].copy()
    codes[5][0, 0, 0] += 1
    home = find_decoders(loop.build, row["tag"])
    tables = home.output.read_tables(home.read_file)
    streams[5] = seal(header_start(0, row["tag"], 16, 16), tables.coder(codes[5].shape).encode(codes[5]))
    row["outputs"] = as_json(write_outputs(run / row["outputs"]["file"], streams))
    row["numbers_sha256"] = sha256_bytes(b"".join(each.tobytes() for each in codes))
    (run / "run.json").write_text(json.dumps(value))
    evaluation = collected(run, loop, tmp_path)
    found = [row for row in evaluation.results[0].rows if row.variant == "int8"]
    assert [(row.row, row.threads) for row in found] == [
        ("int8", 1),
        ("int8+tuned", 1),
        ("int8", 2),
        ("int8+tuned", 2),
    ]
    agreements = [row.agreement for row in found if row.agreement]
    assert agreements[2].differing - agreements[0].differing == 1
    assert found[0].metrics["psnr_db"] != found[2].metrics["psnr_db"]
    # The pictures are those of the fewest threads, whose row a report shows.
    collect(loop.run, TASKS, loop.build, tmp_path / "one thread", bundles=loop.bundles)
    folders = [tmp_path / name / evaluation.device / run.name / "pictures" for name in ("results", "one thread")]
    assert contents(folders[0]) == contents(folders[1])


@pytest.fixture
def own_run(loop: Any, run: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The run as if its images had been the user's own, and the folder with these."""
    images = np.load(loop.bundles / "tiny" / "samples.npy")
    photos = tmp_path / "photos"
    photos.mkdir()
    files = []
    for number, image in enumerate(images):
        np.save(photos / f"{number:02}.npy", image)
        digest = sha256_bytes(image.tobytes())
        files.append({"name": f"{number:02}.npy", "sha256": digest, "shape": list(image.shape)})
    change_run(run, lambda value: value.update(images=files))
    return run, photos


def test_own_images_give_the_same_values_as_samples(loop: Any, own_run: tuple[Path, Path], tmp_path: Path) -> None:
    run, photos = own_run
    own = collected(run, loop, tmp_path / "own", images=photos)
    samples = collected(loop.run, loop, tmp_path / "samples")
    assert [row.metrics for row in own.results[0].rows] == [row.metrics for row in samples.results[0].rows]
    assert (own.results[0].source, samples.results[0].source) == ("folder photos", "samples")
    assert own.notes == samples.notes == ()


def test_own_images_that_are_not_at_hand_leave_rates_and_times(
    loop: Any, own_run: tuple[Path, Path], tmp_path: Path
) -> None:
    evaluation = collected(own_run[0], loop, tmp_path)
    rows = {row.row: row for row in evaluation.results[0].rows}
    assert list(rows) == [name for name in ROWS if "+" not in name]
    for row in rows.values():
        assert set(row.metrics) == {"bpp"} and row.latency["device"].n and row.error is None
        assert row.agreement == Agreement(not_compared="the images are not at hand")
    (note,) = evaluation.notes
    assert "00.npy, 01.npy, 02.npy, ..." in note and "host collect RUN --images DIR" in note


def test_a_wrong_folder_of_images_keeps_nothing(loop: Any, own_run: tuple[Path, Path], tmp_path: Path) -> None:
    run, photos = own_run
    (photos / "05.npy").unlink()
    with pytest.raises(CollectError, match=r"photos/05\.npy: missing"):
        collected(run, loop, tmp_path, images=photos)
    assert not (tmp_path / "results").exists()


def test_images_that_are_not_needed_are_said_to_be_not_needed(loop: Any, run: Path, tmp_path: Path) -> None:
    evaluation = collected(run, loop, tmp_path, images=tmp_path)
    assert evaluation.notes == ("--images was not needed: the device encoded the sample images",)
