"""Decides which runs and rows may be compared, and lists what else differs between two runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from device.run_file import Run, RunRow

Key = tuple[str, str, int]  # model, variant, threads

# Of the environment: key to title, in the order in which they are told.
_ENVIRONMENT = {
    "board": "board",
    "cpu_model": "CPU",
    "hostname": "host name",
    "machine": "machine",
    "cores": "cores",
    "cpu_affinity": "CPU affinity",
    "max_frequency_hz": "maximum frequency (Hz)",
    "governor": "governor",
    "system": "system",
    "kernel": "kernel",
    "libc": "libc",
    "python": "Python",
    "numpy": "numpy",
    "runtime": "runtime",
    "runtime_version": "runtime version",
    "xnnpack_created": "XNNPACK created",
    "coder": "entropy coder",
    "emulated": "emulated by",
    "package_version": "package",
    "package_sha256": "package digest",
}
_MACHINE = ("hostname", "cpu_model", "board", "machine")
_SETTINGS = {
    "repetitions": "processes a row",
    "runs": "encodes a process, at least",
    "minimum_ns": "measured a process, at least (ns)",
    "warmup": "warm-up encodes, at least",
    "warmup_ns": "warm-up, at least (ns)",
}


@dataclass(frozen=True)
class Difference:
    """Something that two runs do not share; None where a run does not tell it."""

    what: str
    baseline: Any
    run: Any


@dataclass(frozen=True)
class Pairing:
    """Which rows of two runs belong together.

    Attributes:
        refused_run: why nothing may be compared; the rest is empty then.
        pairs: rows (of the baseline, of the run) that may be.
        refused: why others may not.
        only: rows that one of the two does not have, by "baseline" and "run".
        order: of all that both have, as in the baseline.
    """

    refused_run: str | None
    pairs: Mapping[Key, tuple[RunRow, RunRow]]
    refused: Mapping[Key, str]
    only: Mapping[str, tuple[Key, ...]]
    order: tuple[Key, ...]


def pair_rows(baseline: Run, run: Run) -> Pairing:
    """Pairs the rows of two runs by model, variant and number of threads."""
    if reason := refuse_runs(baseline, run):
        return Pairing(reason, {}, {}, {"baseline": (), "run": ()}, ())
    rows, others = _by_key(baseline), _by_key(run)
    pairs, refused = {}, {}
    for key, row in rows.items():
        if key not in others:
            if found := _other_threads(key, rows, others):
                refused[key] = f"other threads: {key[2]} against {', '.join(map(str, found))}"
        elif reason := _refuse_row(row, others[key]):
            refused[key] = reason
        else:
            pairs[key] = (row, others[key])
    order = tuple(key for key in rows if key in pairs or key in refused)
    told = {key[:2] for key in refused if key not in others}  # and not once more as missing
    strange = tuple(key for key in others if key not in rows and key[:2] not in told)
    only = {"baseline": tuple(key for key in rows if key not in order), "run": strange}
    return Pairing(None, pairs, refused, only, order)


def refuse_runs(baseline: Run, run: Run) -> str | None:
    """Why nothing of two runs may be compared; None if something may be."""
    emulated = [bool(one.environment.get("emulated")) for one in (baseline, run)]
    if emulated[0] != emulated[1]:
        which = "baseline" if emulated[0] else "run"
        return f"the {which} was emulated and the other was not: an emulator's times are not a machine's"
    # The pixels, not the names: what a file is called changes no time.
    files = [sorted(image.sha256 for image in one.images) for one in (baseline, run)]
    if files[0] != files[1]:
        said = " against ".join(f"{len(some)} of a folder" if some else "the bundle's samples" for some in files)
        return f"other images ({said}); measure both with the same --images, or both without"
    return None


def differences(baseline: Run, run: Run) -> tuple[Difference, ...]:
    """What differs between two runs that may be compared: machine, system, software, settings, bundles."""
    found: list[tuple[str, Any, Any]] = []
    for key, title in _ENVIRONMENT.items():
        found.append((title, baseline.environment.get(key), run.environment.get(key)))
    for key, title in _SETTINGS.items():
        found.append((title, getattr(baseline.settings, key), getattr(run.settings, key)))
    for model in sorted(baseline.bundles.keys() & run.bundles.keys()):
        # The tag does not cover the sample images, and the time of coding depends on them.
        digests = [one.bundles[model].bundle_sha256 for one in (baseline, run)]
        found.append((f"bundle {model}", digests[0], digests[1]))
    return tuple(Difference(what, one, other) for what, one, other in found if one != other)


def same_machine(baseline: Run, run: Run) -> bool:
    """Whether both runs name the same host and CPU."""
    return baseline.environment.get("hostname") is not None and _equal(baseline, run, _MACHINE)


def same_loop(baseline: Run, run: Run) -> bool:
    """Whether the fixed loop tells one machine's speed in both: it is Python and numpy, and another one of these
    changes its time where nothing else does."""
    return same_machine(baseline, run) and _equal(baseline, run, ("python", "numpy"))


def temperature_range(run: Run) -> tuple[float, float] | None:
    """Lowest and highest temperature before and after the processes of a run, in degrees Celsius."""
    states = [state for row in run.rows for process in row.processes for state in (process.before, process.after)]
    found = [state["temperature_c"] for state in states if "temperature_c" in state]
    return (min(found), max(found)) if found else None


def _refuse_row(baseline: RunRow, run: RunRow) -> str | None:
    for which, row in (("baseline", baseline), ("run", run)):
        if not row.ok:
            return f"failed in the {which}: {row.error}"
    if baseline.tag != run.tag:
        return f"other tag ({baseline.tag} against {run.tag}): another network or other tables"
    counts = [len(row.outputs.images) for row in (baseline, run) if row.outputs]
    if counts[0] != counts[1]:
        return f"other images: {counts[0]} against {counts[1]}"
    return None


def _equal(baseline: Run, run: Run, keys: Iterable[str]) -> bool:
    return all(baseline.environment.get(key) == run.environment.get(key) for key in keys)


def _by_key(run: Run) -> dict[Key, RunRow]:
    return {(row.model, row.variant, row.threads): row for row in run.rows}


def _other_threads(key: Key, rows: Iterable[Key], others: Iterable[Key]) -> list[int]:
    # Those of the other run, if the two have no number of threads of this model and variant in common.
    one, other = ([threads for *name, threads in keys if (*name,) == key[:2]] for keys in (rows, others))
    return [] if set(one) & set(other) else other
