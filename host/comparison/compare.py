"""Compares runs with the first one: what differs about them, and which rows take longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device.run_file import Run
from host.comparison.comparability import (
    Difference,
    Key,
    Pairing,
    differences,
    pair_rows,
    same_loop,
    same_machine,
    temperature_range,
)
from host.comparison.compared_row import (
    REFUSED,
    STAGES,
    ComparedRow,
    Loop,
    Question,
    compare_rows,
    measure_loop,
)
from host.comparison.effects import Interval
from host.errors import CompareError


@dataclass(frozen=True)
class Comparison:
    """One run against the baseline.

    Attributes:
        refused: why nothing of it was compared.
        emulated: both were; their times are an emulator's, not a speed.
        same_machine, same_loop: one machine made both; and with one Python and numpy, which the fixed loop needs to
            tell that machine's speed.
        temperatures_c: lowest and highest, by "baseline" and "run".
        loop: over the processes of all compared rows; absent where a run did not measure it.
        only: rows that one of the two does not have, by "baseline" and "run".
    """

    run_id: str
    refused: str | None
    emulated: bool
    same_machine: bool
    same_loop: bool
    differences: tuple[Difference, ...]
    temperatures_c: Mapping[str, Interval]
    loop: Loop | None
    rows: tuple[ComparedRow, ...]
    only: Mapping[str, tuple[Key, ...]]


@dataclass(frozen=True)
class Comparisons:
    """Each run against the first.

    Attributes:
        baseline: its run id.
        stage: of `STAGES`.
        confidence: that no equal row is called different, in all comparisons together.
        tested_rows: that had enough processes, in all; what the rank intervals are corrected for.
    """

    baseline: str
    stage: str
    confidence: float
    tested_rows: int
    comparisons: tuple[Comparison, ...]


def compare(runs: Sequence[Run], stage: str = "encode", confidence: float = 0.99) -> Comparisons:
    """Compares runs with the first of them.

    Args:
        runs: two or more, as `read_run` returns them.
        stage: one of `STAGES`.
        confidence: 0.5 or more, less than 1.

    Raises:
        CompareError: fewer than two runs, one of them twice, an unknown stage, or a confidence out of range.
    """
    names = [run.run_id for run in runs]
    if len(runs) < 2:
        raise CompareError("a comparison needs two or more runs; the first is the baseline")
    if len(set(names)) < len(names):
        raise CompareError(f"the same run twice among {', '.join(names)}; name each once")
    if stage not in STAGES:
        raise CompareError(f"no stage {stage!r}; available: {', '.join(STAGES)}")
    if not 0.5 <= confidence < 1:
        raise CompareError(f"a confidence of {100 * confidence:g} %, expected 50 to less than 100")
    pairings = [pair_rows(runs[0], run) for run in runs[1:]]
    question = Question(stage, confidence, 0)
    tested = sum(question.enough(pair) for pairing in pairings for pair in pairing.pairs.values())
    question = Question(stage, confidence, tested)
    found = [_compare_run(runs[0], run, pairing, question) for run, pairing in zip(runs[1:], pairings, strict=True)]
    return Comparisons(names[0], stage, confidence, tested, tuple(found))


def _compare_run(baseline: Run, run: Run, pairing: Pairing, question: Question) -> Comparison:
    environments = (baseline.environment, run.environment)
    same = same_loop(baseline, run)
    rows_of_both = [[pair[side] for pair in pairing.pairs.values()] for side in (0, 1)]
    loop = measure_loop(rows_of_both[0], rows_of_both[1], question.confidence)
    rows = {key: ComparedRow(*key, REFUSED, reason) for key, reason in pairing.refused.items()}
    for key, pair in pairing.pairs.items():
        rows[key] = compare_rows(key, pair, environments, loop if same else None, question)
    ranges = {name: temperature_range(one) for name, one in (("baseline", baseline), ("run", run))}
    return Comparison(
        run_id=run.run_id,
        refused=pairing.refused_run,
        emulated=all(environment.get("emulated") for environment in environments),
        same_machine=same_machine(baseline, run),
        same_loop=same,
        differences=differences(baseline, run),
        temperatures_c={name: found for name, found in ranges.items() if found},
        loop=loop,
        rows=tuple(rows[key] for key in pairing.order),
        only=pairing.only,
    )
