"""Figures of a run's raw samples: how times spread, which stage takes them, how they change with heat."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from device.errors import SplitliteError
from device.run_file import FILE_NAME, Run, RunRow, pooled_samples, read_run
from device.statistics import percentile
from device.verdict import judge
from host.charts.axis import Axis
from host.charts.bars import stacked_bars
from host.charts.curves import Curve, stacked
from host.charts.distributions import distributions
from host.report.entries import StoredRun
from host.report.figures import Figure
from host.report.places import Place
from host.report.sources import ModelSources

_STAGES = ("quantize", "invoke", "code")


def timing_figures(model: ModelSources, place: Place, left_out: list[str]) -> Iterator[Figure]:
    """Of the newest run at a place.

    Args:
        left_out: gets a line where the run's raw samples cannot be read.
    """
    stored = newest_run(model, place)
    if stored is None or (run := _raw(stored.folder, left_out)) is None:
        return
    measured = {
        row.variant: row for row in run.rows if row.model == model.name and row.ok and row.threads == place.threads
    }
    rows = {entry.name: measured[entry.name] for entry in model.entries if entry.name in measured}
    of = f"On {place.text}, run {stored.run.run_id}."
    number = model.places.index(place)
    axis = Axis("time of one image", "ms", 3, higher_is_better=False)
    samples = {name: np.array(pooled_samples(row)) / 1e6 for name, row in rows.items()}
    if chart := distributions("How much do the times vary?", samples, axis):
        counts = sorted({len(row.processes) for row in rows.values()})
        processes = f"{counts[0]} process{'' if counts == [1] else 'es'}" if len(counts) == 1 else "several processes"
        yield Figure(f"spread-{number}", chart, f"{of} All encodes of {processes} a row, none left out.", place)
    parts = {
        name: {stage: percentile(pooled_samples(row, f"{stage}_ns"), 50) / 1e6 for stage in _STAGES}
        for name, row in rows.items()
    }
    if chart := stacked_bars("Which stage takes the time?", parts, Axis("median of each stage", "ms", 3)):
        yield Figure(
            f"stages-{number}", chart, f"{of} The medians of stages need not add up to that of the whole.", place
        )
    yield from _sustained(rows, place, of, number)


def stability(model: ModelSources, place: Place, left_out: list[str]) -> dict[str, str]:
    """By variant, reasons to distrust its times at a place, as the bench gives them, or "stable".

    Absent where the raw samples are not at hand.
    """
    found = {}
    for entry in model.entries:
        stored = entry.times[place].run if place in entry.times else None
        run = _raw(stored.folder, left_out) if stored else None
        for row in run.rows if run else ():
            if (row.model, row.variant, row.threads, row.ok) == (model.name, entry.name, place.threads, True):
                found[entry.name] = ", ".join(judge(row, run.environment)) or "stable" if run else ""
    return found


def newest_run(model: ModelSources, place: Place) -> StoredRun | None:
    """The newest run among those that the times of a place are from."""
    found = [entry.times[place].run for entry in model.entries if place in entry.times]
    return max((each for each in found if each), key=lambda each: each.run.started_at, default=None)


def _sustained(rows: dict[str, RunRow], place: Place, of: str, number: int) -> Iterator[Figure]:
    times, heat = [], []
    for name, row in rows.items():
        if row.sustained and len(row.sustained.minutes) > 1:
            minutes = [(float(count), minute) for count, minute in enumerate(row.sustained.minutes, start=1)]
            medians = [(at, percentile(minute.encode_ns, 50) / 1e6) for at, minute in minutes if minute.encode_ns]
            texts = tuple(f"{name}, minute {at:.0f}: {ms:.3f} ms" for at, ms in medians)
            times.append(Curve(name, tuple(medians), texts))
            degrees = [
                (at, minute.state["temperature_c"])
                for at, minute in minutes
                if _is_number(minute.state.get("temperature_c"))
            ]
            if degrees:
                texts = tuple(f"{name}, minute {at:.0f}: {value:.1f} °C" for at, value in degrees)
                heat.append(Curve(name, tuple(degrees), texts))
    panels = [(times, Axis("median time", "ms", 3, log=False, higher_is_better=False))]
    panels += [(heat, Axis("temperature", "°C", 1, log=False))] if heat else []
    if times and (
        chart := stacked("Does it stay fast when it works without a pause?", panels, Axis("minute", "", 0, log=False))
    ):
        without = "" if heat else " This device tells no temperature."
        yield Figure(f"sustained-{number}", chart, f"{of} Each variant ran alone, one after the other.{without}", place)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@lru_cache(maxsize=8)
def _read(folder: Path, changed_ns: int) -> Run:
    """Read once for all models of a run; `changed_ns`: when the file was written, so that a new one is read."""
    return read_run(folder)


def _raw(folder: Path, left_out: list[str]) -> Run | None:
    try:
        return _read(folder, (folder / FILE_NAME).stat().st_mtime_ns)
    except OSError:
        return None  # collected elsewhere, and only what was judged came along
    except SplitliteError as error:
        if str(error) not in left_out:
            left_out.append(str(error))
        return None
