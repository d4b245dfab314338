"""What must not be compared is refused in words; what differs is told."""

from __future__ import annotations

from typing import Any

from device.run_file import Run
from host.comparison.comparability import differences, pair_rows, same_loop, same_machine, temperature_range
from tests.host.conftest import edited

EMULATED = {"emulated": "qemu-user"}


def test_rows_are_paired_by_model_variant_and_threads(bench_run: Any) -> None:
    first = bench_run("a", 1, variants=("float32", "int8"), threads=(1, 2))
    second = bench_run("b", 2, variants=("int8", "int16x8"), threads=(1, 2))
    found = pair_rows(first, second)
    assert found.refused_run is None and not found.refused
    assert found.order == (("m", "int8", 1), ("m", "int8", 2))
    one, other = found.pairs["m", "int8", 2]
    assert one is first.rows[3] and other is second.rows[2]
    assert found.only == {
        "baseline": (("m", "float32", 1), ("m", "float32", 2)),
        "run": (("m", "int16x8", 1), ("m", "int16x8", 2)),
    }


def test_another_codec_tag_is_another_network(bench_run: Any) -> None:
    first, second = bench_run("a", 1), bench_run("b", 2)
    second = edited(second, lambda run: run["rows"][1].update(tag="new"))
    found = pair_rows(first, second)
    assert found.refused == {("m", "int8", 1): "other tag (00000004 against new): another network or other tables"}
    assert list(found.pairs) == [("m", "float32", 1)]


def test_threads_in_common_are_compared_and_others_are_refused(bench_run: Any) -> None:
    found = pair_rows(bench_run("a", 1, threads=(1,)), bench_run("b", 2, threads=(2, 4)))
    assert found.refused["m", "int8", 1] == "other threads: 1 against 2, 4"
    assert not found.pairs and found.only == {"baseline": (), "run": ()}
    found = pair_rows(bench_run("a", 1, threads=(1,)), bench_run("b", 2, threads=(1, 4)))
    assert not found.refused and len(found.pairs) == 2
    assert found.only["run"] == (("m", "float32", 4), ("m", "int8", 4))


def test_other_threads_are_still_told_beside_another_codec_tag(bench_run: Any) -> None:
    first, second = bench_run("a", 1), bench_run("b", 2, threads=(1, 4))
    second = edited(second, lambda run: run["rows"][1].update(tag="new"))
    found = pair_rows(first, second)
    assert ("m", "int8", 4) in found.only["run"]


def test_a_row_that_failed_says_where_and_why(bench_run: Any) -> None:
    first, second = bench_run("a", 1), bench_run("b", 2)
    failed = {"status": "failed", "error": "no RESIZE in int16x8"}
    second = edited(second, lambda run: run["rows"].append({**run["rows"].pop(0), **failed, "outputs": None}))
    assert pair_rows(first, second).refused["m", "float32", 1] == "failed in the run: no RESIZE in int16x8"
    assert "failed in the baseline" in pair_rows(second, first).refused["m", "float32", 1]


def test_emulated_and_real_are_not_compared(bench_run: Any) -> None:
    real, emulated = bench_run("a", 1), bench_run("b", 2, environment=EMULATED)
    assert "the run was emulated" in (pair_rows(real, emulated).refused_run or "")
    assert "the baseline was emulated" in (pair_rows(emulated, real).refused_run or "")
    assert pair_rows(emulated, bench_run("c", 3, environment=EMULATED)).refused_run is None


def test_other_images_are_not_compared_whatever_they_are_called(bench_run: Any) -> None:
    def with_images(run_id: str, *digests: str) -> Run:
        files = [{"name": f"{run_id}{n}", "sha256": digest, "shape": [8, 8, 3]} for n, digest in enumerate(digests)]
        return edited(bench_run(run_id, 1), lambda run: run.update(images=files))

    samples = bench_run("s", 1)
    assert pair_rows(with_images("a", "1", "2"), with_images("b", "2", "1")).refused_run is None
    reason = pair_rows(samples, with_images("a", "1", "2")).refused_run or ""
    assert reason.startswith("other images (the bundle's samples against 2 of a folder)")
    assert "other images" in (pair_rows(with_images("a", "1"), with_images("b", "2")).refused_run or "")
    fewer = edited(bench_run("f", 1), lambda run: run["rows"][0]["outputs"]["images"].pop())
    assert pair_rows(samples, fewer).refused == {("m", "float32", 1): "other images: 4 against 3"}


def test_differences_name_what_they_are_of(bench_run: Any) -> None:
    first = bench_run("a", 1)
    changed = {"numpy": "1.26.4", "governor": None, "board": "Pi 4", "coder": "c 0badcafe"}
    second = bench_run("b", 2, processes=12, environment=changed)
    second = edited(second, lambda run: run["bundles"]["m"].update(bundle_sha256="d" * 64))
    found = {part.what: (part.baseline, part.run) for part in differences(first, second)}
    assert found == {
        "board": (None, "Pi 4"),
        "governor": ("performance", None),
        "numpy": ("2.2.0", "1.26.4"),
        "entropy coder": ("numpy", "c 0badcafe"),
        "processes a row": (10, 12),
        "bundle m": ("b" * 64, "d" * 64),
    }
    assert differences(first, bench_run("c", 3)) == ()


def test_one_machine_and_one_loop(bench_run: Any) -> None:
    first = bench_run("a", 1)
    for environment, machine, loop in (
        ({}, True, True),
        ({"kernel": "6.12", "runtime": "tflite_runtime"}, True, True),
        ({"numpy": "1.26.4"}, True, False),
        ({"python": "3.13.0"}, True, False),
        ({"hostname": "pi2"}, False, False),
        ({"cpu_model": "Cortex-A76"}, False, False),
        ({"hostname": None}, False, False),
    ):
        second = bench_run("b", 2, environment=environment)
        assert (same_machine(first, second), same_loop(first, second)) == (machine, loop), environment
    nameless = bench_run("c", 3, environment={"hostname": None})
    assert not same_machine(nameless, nameless)


def test_the_temperature_is_the_range_over_all_processes(bench_run: Any) -> None:
    run = bench_run("a", 1)
    assert temperature_range(run) == (45.0, 61.0)

    def forget(value: dict[str, Any]) -> None:
        for process in (process for row in value["rows"] for process in row["processes"]):
            del process["before"], process["after"]

    assert temperature_range(edited(run, forget)) is None
