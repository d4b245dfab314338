"""A comparison in the terminal: at most 80 columns, and nothing that could be read as more than was found."""

from __future__ import annotations

from typing import Any

import pytest

from device.run_file import Run
from host.comparison.compare import compare
from host.reporting.comparison import comparison_text
from tests.host.conftest import edited, without_loop


def text_of(*runs: Run, **options: Any) -> str:
    text = comparison_text(compare(runs, **options))
    assert max(map(len, text.splitlines())) <= 80, text
    assert all(line == line.rstrip() for line in text.splitlines())
    return text


def flat(text: str) -> str:
    """Without line breaks, so that a sentence is found wherever it wraps."""
    return " ".join(text.split())


def line_of(text: str, variant: str) -> str:
    (line,) = (line for line in text.splitlines() if line.startswith(variant + " "))
    return line


def test_a_slower_row_shows_ratio_interval_and_what_could_be_seen(bench_run: Any) -> None:
    text = text_of(bench_run("a", 1), bench_run("b", 2, slower=1.1))
    cells = line_of(text, "int8").split()
    assert cells[1].startswith("1.0") and cells[2].startswith("1.1")
    assert float(cells[3]) == pytest.approx(1.1, abs=0.02)
    low, high = map(float, cells[4].split(".."))
    assert 1 < low < 1.1 < high
    assert 0 < float(cells[5]) < 8 and cells[6:] == ["slower"]
    assert "m, 1 thread, encode" in text and "99 % interval" in text
    assert "2 rows were compared" in flat(text) and "A smaller one may still be there." in flat(text)
    assert "The machine's fixed loop ran 1.0" in flat(text)


def test_what_differs_is_told_and_digests_are_short(bench_run: Any) -> None:
    other = {"kernel": "6.12.1", "package_sha256": "d" * 64, "board": "Raspberry Pi 4 Model B " * 5}
    text = text_of(bench_run("a", 1), bench_run("b", 2, environment=other))
    assert "differs: kernel: 6.6.20 -> 6.12.1\n" in text
    assert "differs: package digest: aaaaaaaaaaaa -> dddddddddddd\n" in text
    assert "differs: board: not told -> Raspberry Pi 4 Model B" in text
    assert "temperature (C): baseline 45 to 61, run 45 to 61\n" in text


def test_the_loop_is_told_as_what_it_is(bench_run: Any) -> None:
    first = bench_run("a", 1)
    elsewhere = flat(text_of(first, bench_run("b", 2, machine=0.55, environment={"hostname": "pi5"})))
    assert "Another machine: its fixed loop ran 0.55x as long (0." in elsewhere
    assert "Nothing is divided by that" in elsewhere and "One machine made both" not in elsewhere
    python = flat(text_of(first, bench_run("b", 2, environment={"python": "3.13.1"})))
    assert "Python or numpy changed and the fixed loop ran 1.0" in python
    silent = without_loop(bench_run("b", 2))
    assert "A run has no times of the fixed loop, so nothing tells whether the machine's own" in flat(
        text_of(first, silent)
    )


def test_a_machine_that_changed_has_its_reason_and_its_sentence(bench_run: Any) -> None:
    text = text_of(bench_run("a", 1), bench_run("b", 2, machine=1.85, share=0.5))
    assert line_of(text, "int8").endswith("machine changed")
    assert "its fixed loop ran 1.8" in text
    assert "Machine changed: the speed of the machine itself changed" in flat(text)


def test_too_few_and_refused_rows_say_why(bench_run: Any) -> None:
    first, second = bench_run("a", 1), bench_run("b", 2, processes=3)
    text = text_of(first, second)
    assert line_of(text, "int8").endswith("too few to tell")
    assert text.count("10 and 3 processes; each side needs 10") == 1  # of both rows
    assert "rows were compared" not in flat(text)
    second = edited(second, lambda run: run["rows"][1].update(tag="new"))
    text = text_of(first, second)
    assert line_of(text, "int8").split()[1:] == ["-"] * 5 + ["refused"]
    assert "other tag (00000004 against new)" in flat(text) and "10 and 3 processes" in text


def test_a_refused_run_has_no_table(bench_run: Any) -> None:
    text = text_of(bench_run("a", 1), bench_run("b", 2, environment={"emulated": "qemu-user"}))
    assert "refused: the run was emulated and the other was not" in flat(text)
    assert "verdict" not in text


def test_emulated_times_are_never_a_speed(bench_run: Any) -> None:
    emulated = {"emulated": "qemu-user"}
    text = text_of(bench_run("a", 1, environment=emulated), bench_run("b", 2, slower=2, environment=emulated))
    assert "Both runs were emulated. Their times are the emulator's, not a speed." in flat(text)
    assert line_of(text, "int8").endswith("longer")
    assert "slower" not in text and "faster" not in text


def test_rows_of_one_run_only_are_listed(bench_run: Any) -> None:
    first = bench_run("a", 1, variants=("float32", "int8"))
    text = text_of(first, bench_run("b", 2, variants=("int8", "int16x8"), threads=(1, 4)))
    assert "only in the baseline: m float32\n" in text
    assert "only in the run: m int16x8, m int8 (4 threads), m int16x8 (4 threads)" in flat(text)
    assert "No row is in both runs." in text_of(first, bench_run("b", 2, variants=("int16x8",)))


def test_each_run_has_its_part(bench_run: Any) -> None:
    text = text_of(bench_run("a", 1), bench_run("b", 2), bench_run("c", 3, slower=1.2))
    assert text.count("baseline  a\n") == 2 and "run       b\n" in text and "run       c\n" in text
    assert "4 rows were compared" in flat(text)


def test_microseconds_and_seconds_keep_their_digits_and_long_names_their_line(bench_run: Any) -> None:
    def scaled(run: Run, factor: float) -> Run:
        def change(value: dict[str, Any]) -> None:
            for row in value["rows"]:
                row["variant"] += "_with_a_long_name"
                for process in row["processes"]:
                    process["samples"]["encode_ns"] = [round(ns * factor) for ns in process["samples"]["encode_ns"]]

        return edited(run, change)

    text = text_of(*(scaled(bench_run(name, seed), 0.002) for name, seed in (("a", 1), ("b" * 90, 2))))
    assert "int8_with_a_~  0.0020" in text
    text = text_of(scaled(bench_run("a", 1), 20_000), scaled(bench_run("b", 2), 500_000), confidence=0.995)
    cells = line_of(text, "int8_with_a_~").split()
    assert 20_000 <= int(cells[1]) < 21_000 and 500_000 <= int(cells[2]) < 520_000 and cells[-1] == "slower"
    assert "99.5 % interval" in text
