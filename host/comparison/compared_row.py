"""One row of a comparison: the same model, variant and number of threads in two runs.

The unit is the process: samples of one process are not independent (Kalibera and Jones, Rigorous Benchmarking in
Reasonable Time, 2013, https://doi.org/10.1145/2464157.2464160). A row is called different where all of these agree
on one side of 1, so that a false call is as rare as the strictest of them makes it (the intersection-union test,
Berger 1982, https://doi.org/10.1080/00401706.1982.10487790):

1. The interval of the ratio of medians over all samples, by resampling processes (`median_ratio_interval`).
2. The rank-sum interval of the ratio of the processes' own medians. It is exact for any distribution and as far out
   as one likes, which ten resampled processes are not, so it carries the correction for many rows (Bonferroni's):
   the confidence is that of the whole comparison, no equal row in it called different.
3. Where one machine made both runs, with one Python and numpy: both again for times in units of the fixed loop that
   each process measured around its encodes. A machine that changes its speed slows Python and vector code down by
   unequal factors. The plain ratio is right for a network that did not feel the change, the divided one for a network
   that felt it like the loop, and what both find is the network's wherever it lies between the two.

What changes between two runs but neither within one nor in the loop (other programs that preempt only long calls)
is not in any of this; only more runs, by turns, tell it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from device.run_file import RunRow
from device.statistics import fewest_processes, percentile
from device.verdict import judge
from host.comparison.comparability import Key
from host.comparison.effects import Effect, Interval, Samples, measure_effect, median_ratio_interval, pooled_median

Environment = Mapping[str, Any]
FEWEST_PROCESSES = 10
STAGES = ("encode", "quantize", "invoke", "code", "load", "first_encode")
_ONCE_A_PROCESS = ("load", "first_encode")
SLOWER, FASTER = ("slower", "longer"), ("faster", "shorter")  # the second of each for emulated runs
EQUAL, MACHINE, FEW, REFUSED = "no difference found", "machine changed", "too few to tell", "refused"


@dataclass(frozen=True)
class Side:
    """One run's part in a row; `unstable`: why its times may not come out again, as the bench says it."""

    processes: int
    samples: int
    median_ns: float
    unstable: tuple[str, ...]


@dataclass(frozen=True)
class Loop:
    """The fixed loop's time, run / baseline; its interval where there are processes enough."""

    ratio: float
    interval: Interval | None

    @property
    def changed(self) -> bool:
        """Whether the machine's own speed did."""
        return self.interval is not None and not self.interval[0] <= 1 <= self.interval[1]


@dataclass(frozen=True)
class ComparedRow:
    """One model, variant and number of threads in both runs.

    Attributes:
        verdict: of `SLOWER` or `FASTER`, `EQUAL`, `MACHINE`, `FEW` or `REFUSED`.
        reason: for the last three, and of a verdict that the interval alone would not give.
        plain: of the times; absent in the last two.
        divided, loop: of the times divided by the fixed loop, and of the loop; where it tells one machine's speed.
        smallest_effect: the relative difference that would have been seen.
        delegates: of both, where they differ.
    """

    model: str
    variant: str
    threads: int
    verdict: str
    reason: str | None = None
    baseline: Side | None = None
    run: Side | None = None
    plain: Effect | None = None
    divided: Effect | None = None
    loop: Loop | None = None
    smallest_effect: float | None = None
    delegates: tuple[str, str] | None = None


@dataclass(frozen=True)
class Question:
    """What is asked of every row; `tested`: of how many together."""

    stage: str
    confidence: float
    tested: int

    def enough(self, pair: tuple[RunRow, RunRow]) -> bool:
        """Whether both rows have the processes that an answer needs."""
        return min(len(row.processes) for row in pair) >= self.fewest

    @property
    def fewest(self) -> int:
        """Processes that each side needs."""
        return max(FEWEST_PROCESSES, fewest_processes(self.confidence))


def compare_rows(
    key: Key,
    pair: tuple[RunRow, RunRow],
    environments: tuple[Environment, Environment],
    loop: Loop | None,
    question: Question,
) -> ComparedRow:
    """Compares a row of the baseline and one of the run, both with status "ok".

    `loop` is of the whole runs, None where it does not tell one machine's speed in both.
    """
    sides = [_side(row, environment, question.stage) for row, environment in zip(pair, environments, strict=True)]
    found: dict[str, Any] = {"baseline": sides[0], "run": sides[1]}
    if pair[0].delegate != pair[1].delegate:
        found["delegates"] = (pair[0].delegate, pair[1].delegate)
    counts = f"{sides[0].processes} and {sides[1].processes} processes"
    if not question.enough(pair):
        return ComparedRow(*key, FEW, f"{counts}; each side needs {question.fewest}", **found)
    times = [_times(row, question.stage) for row in pair]
    plain = measure_effect(times[0], times[1], question.confidence, question.tested)
    if plain is None:
        reason = f"{counts} cannot reach {100 * question.confidence:g} % over {question.tested} rows"
        return ComparedRow(*key, FEW, reason, **found)
    emulated = any(environment.get("emulated") for environment in environments)
    verdicts = {1: SLOWER[emulated], -1: FASTER[emulated], 0: EQUAL}
    corrected = None
    if not plain.side and not plain.interval[0] <= 1 <= plain.interval[1]:
        corrected = f"not by ranks, and corrected for {question.tested} rows"
    own_loop = measure_loop([pair[0]], [pair[1]], question.confidence)
    if loop is None or own_loop is None:
        return ComparedRow(*key, verdicts[plain.side], corrected, **found, plain=plain, smallest_effect=plain.smallest)
    scaled = [_in_loops(row, samples) for row, samples in zip(pair, times, strict=True)]
    divided = measure_effect(scaled[0], scaled[1], question.confidence, question.tested)
    assert divided is not None  # of as many processes as `plain`
    found.update(plain=plain, divided=divided, loop=own_loop, smallest_effect=max(plain.smallest, divided.smallest))
    if plain.side == divided.side:
        return ComparedRow(*key, verdicts[plain.side], corrected, **found)
    if loop.changed or own_loop.changed:
        return ComparedRow(*key, MACHINE, f"its fixed loop ran {own_loop.ratio:.2f}x as long", **found)
    only = "only the times differ" if plain.side else "the times do not differ"
    return ComparedRow(*key, EQUAL, f"{only}; in units of the fixed loop the ratio is {divided.ratio:.3f}", **found)


def measure_loop(baseline: Sequence[RunRow], run: Sequence[RunRow], confidence: float) -> Loop | None:
    """The fixed loop over all processes of rows with status "ok"; None where one of them did not measure it."""
    sides = [[process.reference_ns for row in rows for process in row.processes] for rows in (baseline, run)]
    if not all(side and all(side) for side in sides):
        return None
    interval = median_ratio_interval(sides[0], sides[1], confidence)
    return Loop(pooled_median(sides[1]) / pooled_median(sides[0]), interval)


def _side(row: RunRow, environment: Environment, stage: str) -> Side:
    times = _times(row, stage)
    return Side(len(times), sum(map(len, times)), pooled_median(times), tuple(judge(row, environment)))


def _times(row: RunRow, stage: str) -> Samples:
    if stage in _ONCE_A_PROCESS:
        return [[getattr(process, f"{stage}_ns")] for process in row.processes]
    return [process.samples[f"{stage}_ns"] for process in row.processes]


def _in_loops(row: RunRow, times: Samples) -> Samples:
    loops = [percentile(process.reference_ns, 50) for process in row.processes]
    return [[sample / loop for sample in samples] for samples, loop in zip(times, loops, strict=True)]
