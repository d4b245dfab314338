"""Comparing on runs that are drawn: equal ones, slower ones, a machine that changed, and what cannot be told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from device.records import as_json
from device.run_file import Run
from host.comparison.compare import Comparison, compare
from host.comparison.compared_row import EQUAL, FEW, MACHINE, REFUSED, STAGES
from host.errors import CompareError
from tests.host.conftest import edited, without_loop


def one(*runs: Run, **options: Any) -> Comparison:
    (comparison,) = compare(runs, **options).comparisons
    return comparison


def verdicts(comparison: Comparison) -> list[str]:
    return [row.verdict for row in comparison.rows]


def test_equal_runs_differ_in_no_row_and_say_what_they_could_have_seen(bench_run: Any) -> None:
    called = 0
    for seed in range(12):
        found = one(bench_run("a", 2 * seed), bench_run("b", 2 * seed + 1))
        called += sum(verdict != EQUAL for verdict in verdicts(found))
        for row in found.rows:
            assert row.plain and row.plain.ratio == pytest.approx(1, abs=0.03)
            assert row.smallest_effect and 0.005 < row.smallest_effect < 0.06
    assert called == 0


def test_a_slower_network_is_found_in_either_direction(bench_run: Any) -> None:
    fast, slow = bench_run("a", 1), bench_run("b", 2, slower=1.1)
    for runs, verdict, ratio in (((fast, slow), "slower", 1.1), ((slow, fast), "faster", 1 / 1.1)):
        found = one(*runs)
        assert verdicts(found) == [verdict, verdict]
        for row in found.rows:
            assert row.plain and row.divided and row.plain.ratio == pytest.approx(ratio, abs=0.03)
            assert row.plain.interval[0] < ratio < row.plain.interval[1]


@pytest.mark.parametrize("share", [0.3, 0.7, 1.0])
def test_a_machine_that_changed_is_no_difference_of_the_network(share: float, bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, machine=1.85, share=share))
    assert verdicts(found) == [MACHINE, MACHINE]
    assert found.loop and found.loop.changed and found.loop.ratio == pytest.approx(1.85, abs=0.03)
    assert all(row.reason and row.reason.startswith("its fixed loop ran 1.8") for row in found.rows)
    back = one(bench_run("b", 2, machine=1.85, share=share), bench_run("a", 1))
    assert verdicts(back) == [MACHINE, MACHINE]


def test_a_slower_network_that_a_faster_machine_hides_is_not_called_equal(bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, slower=1.85, machine=1 / 1.85))
    assert verdicts(found) == [MACHINE, MACHINE]
    assert all(row.plain and not row.plain.side for row in found.rows)


def test_a_network_slower_than_any_share_of_the_machine_explains_is_found(bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, slower=1.3, machine=1.2, share=0.5))
    assert verdicts(found) == ["slower", "slower"]


def test_two_speeds_within_both_runs_are_no_difference(bench_run: Any) -> None:
    def mixed(run_id: str, seed: int) -> Run:
        run, slow = bench_run(run_id, seed), bench_run(run_id, seed + 50, machine=1.85, share=0.8)
        first = (seed % 3) * 3
        pairs = zip(run.rows, slow.rows, strict=True)
        return replace(
            run, rows=tuple(replace(a, processes=a.processes[:first] + b.processes[first:]) for a, b in pairs)
        )

    for seed in range(3):
        assert not {"slower", "faster"} & set(verdicts(one(mixed("a", seed), mixed("b", seed + 1))))


@pytest.mark.parametrize("environment", [{"python": "3.13.0"}, {"hostname": "pi2"}])
def test_the_loop_of_another_machine_or_python_divides_nothing(environment: dict[str, str], bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, machine=0.5, environment=environment))
    assert verdicts(found) == ["faster", "faster"]
    assert found.loop and found.loop.ratio == pytest.approx(0.5, abs=0.02)
    assert all(row.divided is None and row.loop is None for row in found.rows)


def test_too_few_processes_have_medians_and_no_verdict(bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, processes=9, slower=3))
    assert verdicts(found) == [FEW, FEW]
    for row in found.rows:
        assert row.plain is None and row.smallest_effect is None
        assert row.run and row.run.median_ns > 2e6
        assert row.reason == "10 and 9 processes; each side needs 10"
    assert one(bench_run("a", 1), bench_run("b", 2), confidence=0.999).rows[0].reason == (
        "10 and 10 processes; each side needs 11"
    )


def test_runs_without_the_fixed_loop_are_compared_by_their_times(bench_run: Any) -> None:
    first, second = bench_run("a", 1), without_loop(bench_run("b", 2, slower=1.2))
    found = one(first, second)
    assert verdicts(found) == ["slower", "slower"]
    assert found.loop is None and found.rows[0].divided is None


def test_emulated_runs_have_no_speed(bench_run: Any) -> None:
    emulated = {"emulated": "qemu-user"}
    runs = bench_run("a", 1, environment=emulated), bench_run("b", 2, slower=1.5, environment=emulated)
    assert one(*runs).emulated
    assert verdicts(one(*runs)) == ["longer", "longer"]
    assert verdicts(one(*reversed(runs))) == ["shorter", "shorter"]


def test_a_refused_run_has_a_reason_and_no_rows(bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, environment={"emulated": "qemu-user"}))
    assert found.refused and not found.rows and not found.emulated


def test_refused_rows_stand_among_the_others_in_the_baselines_order(bench_run: Any) -> None:
    first, second = (bench_run(name, seed, variants=("int8", "float32")) for name, seed in (("a", 1), ("b", 2)))
    second = edited(second, lambda run: run["rows"][0].update(tag="new"))
    found = one(first, second)
    assert [(row.variant, row.verdict) for row in found.rows] == [("int8", REFUSED), ("float32", EQUAL)]


def test_every_run_is_compared_with_the_first_and_the_correction_is_for_all(bench_run: Any) -> None:
    runs = [bench_run("a", 1), bench_run("b", 2, slower=1.1), bench_run("c", 3), bench_run("d", 4, processes=5)]
    found = compare(runs)
    assert [comparison.run_id for comparison in found.comparisons] == ["b", "c", "d"]
    assert [verdicts(comparison)[0] for comparison in found.comparisons] == ["slower", EQUAL, FEW]
    assert found.baseline == "a" and found.tested_rows == 4  # the two of "d" are no test
    alone = one(*runs[:2])
    wide, narrow = found.comparisons[0].rows[0].plain, alone.rows[0].plain
    assert wide and narrow
    assert wide.interval == narrow.interval
    assert wide.rank_interval[0] <= narrow.rank_interval[0] and wide.rank_interval[1] >= narrow.rank_interval[1]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_compared(stage: str, bench_run: Any) -> None:
    found = one(bench_run("a", 1), bench_run("b", 2, slower=1.3), stage=stage)
    assert verdicts(found) == ["slower", "slower"]
    side = found.rows[0].baseline
    assert side and side.samples == (10 if stage in ("load", "first_encode") else 200)


def test_unstable_rows_and_other_delegates_are_told(bench_run: Any) -> None:
    first, second = bench_run("a", 1), bench_run("b", 2, environment={"governor": "powersave"})
    second = edited(second, lambda run: run["rows"][0].update(delegate="none"))
    found = one(first, second).rows
    assert found[0].delegates == ("XNNPACK", "none") and found[1].delegates is None
    assert found[0].baseline and found[0].baseline.unstable == ()
    assert found[0].run and found[0].run.unstable == ("governor powersave, not performance",)


def test_json_holds_what_applies(bench_run: Any) -> None:
    value = as_json(compare([bench_run("a", 1), bench_run("b", 2), bench_run("c", 3, processes=3)]))
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    row = value["comparisons"][0]["rows"][0]
    assert set(row) == {
        "model", "variant", "threads", "verdict", "baseline", "run", "plain", "divided", "loop", "smallest_effect"
    }  # fmt: skip
    assert set(row["plain"]) == {"ratio", "interval", "rank_interval"}
    assert "plain" not in value["comparisons"][1]["rows"][0]


def test_wrong_questions_are_one_line(bench_run: Any) -> None:
    first, second = bench_run("a", 1), bench_run("b", 2)
    for runs, options, words in (
        ([first], {}, "a comparison needs two or more runs"),
        ([first, second, first], {}, "the same run twice among a, b, a"),
        ([first, second], {"stage": "decode"}, "no stage 'decode'; available: encode"),
        ([first, second], {"confidence": 1.0}, "a confidence of 100 %"),
        ([first, second], {"confidence": 0.01}, "a confidence of 1 %"),
        ([first, second], {"confidence": float("nan")}, "a confidence of nan %"),
    ):
        with pytest.raises(CompareError) as caught:
            compare(runs, **options)
        assert words in str(caught.value) and "\n" not in str(caught.value)
