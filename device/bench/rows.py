"""The rows of a run on their way: encoded once, then measured in fresh processes."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import RunFileError
from ..records import as_json, from_json
from ..run_file import Effort, Failure, Process, RunRow, Sustained
from ..state import read_state
from . import energy
from .plan import Plan, process_seconds, shuffled_order
from .process import run_worker
from .progress import Progress, duration
from .table import WIDTH

ENERGY_S = 2.0
_MINUTE_NS = 60_000_000_000


@dataclass
class Entry:
    """One row: what to run, what came of it, and what starting a process and one encode take, in seconds."""

    plan: Plan
    job: dict[str, Any]
    row: RunRow
    start_s: float = 0.0
    encode_s: float = 0.0
    processes: list[Process] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    sustained: Sustained | None = None

    @property
    def label(self) -> str:
        """For the line of progress."""
        threads = self.plan.threads
        return f"{self.plan.bundle.model} {self.plan.variant}" + (f" {threads} threads" if threads > 1 else "")

    def finished(self) -> RunRow:
        """The row with all that was measured; failed where no process could measure it."""
        row = replace(self.row, failures=tuple(self.failures))
        if not row.ok:
            return row
        if not self.processes:
            return replace(row, status="failed", error=self.failures[0].error)
        return replace(row, processes=tuple(self.processes), sustained=self.sustained)


def encode_all(plans: Sequence[Plan], common: dict[str, Any], partial: Path) -> list[Entry]:
    """Encodes with every row once, before anything is timed: what it sends home, whether it works, what it costs.

    `common` is in all jobs, see `worker`; the folder `partial` takes the outputs.
    """
    print(f"Rows: {len(plans)}. Encoding with each once, to see what works and how long it takes.", flush=True)
    several = len({plan.threads for plan in plans}) > 1
    entries = []
    with Progress(len(plans)) as progress:
        for plan in plans:
            variant, model = plan.bundle.variant(plan.variant), plan.bundle.model
            job = {**common, "variant": variant.name, "threads": plan.threads}
            row = RunRow(model, variant.name, variant.family, plan.threads, variant.tag, "failed", variant.quality)
            entry = Entry(plan, {**job, "bundle": str(plan.bundle.folder.resolve())}, row)
            progress.step(entry.label)
            outputs = partial / f"{model}.{variant.name}{f'.t{plan.threads}' if several else ''}.bin"
            begun = time.monotonic()
            answer = run_worker({**entry.job, "kind": "encode", "outputs": str(outputs)})
            elapsed = time.monotonic() - begun
            times = [sample / 1e9 for sample in answer.pop("encode_ns", [])]
            # Each image was encoded twice, once to its bitstream and once to its numbers.
            entry.start_s, entry.encode_s = max(0.0, elapsed - 2 * sum(times)), min(times, default=0.0)
            entry.row = from_json(RunRow, {**as_json(row), **answer}, "worker", RunFileError)
            entries.append(entry)
    return entries


def round_seconds(entries: Sequence[Entry], effort: Effort) -> float:
    """How long one process of each row takes."""
    return sum(process_seconds(effort, entry.start_s, entry.encode_s) for entry in entries)


def measure_all(entries: Sequence[Entry], effort: Effort, seed: int) -> None:
    """Measures each row in fresh processes, in an order that the seed shuffles."""
    energy_s = ENERGY_S * energy.is_available()
    seconds = effort.repetitions * round_seconds(entries, effort) + energy_s * len(entries)
    text = (
        f"Measuring: {effort.repetitions} fresh processes a row, shuffled (seed {seed}); in each at least"
        f" {effort.runs} encodes and {effort.minimum_ns / 1e9:g} s after the warm-up. This takes about"
        f" {duration(seconds)}."
    )
    print("\n".join(textwrap.wrap(text, WIDTH)), flush=True)
    order = shuffled_order(len(entries), effort.repetitions, seed)
    with Progress(len(order), seconds) as progress:
        for position, number in enumerate(order):
            entry = entries[number]
            progress.step(entry.label)
            # Once a row: it takes longer than all the rest.
            first = not entry.processes and not entry.failures
            job = {**entry.job, **vars(effort), "kind": "measure", "energy_s": energy_s * first}
            before, answer, after = read_state(), run_worker(job), read_state()
            if answer["status"] == "ok":
                # The worker's own readings, taken while the processor was busy, replace those from outside.
                states = {"before": {**before, **answer["before"]}, "after": {**after, **answer["after"]}}
                value = {**answer, **states, "position": position}
                entry.processes.append(from_json(Process, value, "worker", RunFileError))
            else:
                entry.failures.append(Failure(answer["error"], position))


def sustain_all(entries: Sequence[Entry], minutes: int) -> None:
    """Encodes with each row for so many minutes without a pause, one row after the other."""
    total = len(entries) * minutes
    print(f"Sustained: {minutes} min a row without a pause, one row after the other: {duration(60 * total)}.")
    with Progress(total, 60.0 * total) as progress:
        for entry in entries:
            states: list[dict[str, Any]] = []

            def at_minute(line: str, label: str = entry.label, states: list[Any] = states) -> None:
                states.append(read_state())
                progress.step(f"{label} {line}")

            job = {**entry.job, "kind": "sustained", "minutes": minutes, "minute_ns": _MINUTE_NS}
            answer = run_worker(job, at_minute)
            if answer["status"] == "ok":
                for minute, state in zip(answer["minutes"], states):
                    minute["state"] = {**state, **minute["state"]}
                entry.sustained = from_json(Sustained, answer, "worker", RunFileError)
            else:
                entry.failures.append(Failure(answer["error"]))
