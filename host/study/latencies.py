"""Times of the finished networks, measured in turns while nothing else of the study runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from device.bundle import read_bundle
from device.environment import read_environment
from device.files import read_json, write_json
from device.pipeline import Pipeline
from device.records import as_json, from_json
from host.errors import StudyError
from host.results import Latency
from host.spec.parsing import digest_of
from host.study.trials import Trial
from host.timing import interleaved_ns, latency, this_machine

MOST_ROUNDS, FEWEST_ROUNDS = 200, 20
ENOUGH_NS = 60_000_000_000  # of all rounds


@dataclass(frozen=True)
class Measured:
    """What was measured together.

    Attributes:
        of: digest of the trials and the machine that this is of.
        load_average: of the machine's last minute when it began: what else was running.
        latency: by trial's name, by variant.
    """

    of: str
    load_average: float | None = None
    latency: Mapping[str, Mapping[str, Latency]] = field(default_factory=dict)


def measure(trials: Sequence[Trial], variants: Mapping[str, Sequence[str]], kept: Path) -> Measured:
    """Times one whole encode of each variant of finished trials; they take turns in shuffled order.

    Args:
        variants: by trial's name, those that are measured.
        kept: the file of an earlier measurement, which is taken where it is of the same trials and machine.
    """
    machine, runtime = this_machine()
    of = digest_of([[trial.digest, *variants[trial.name]] for trial in trials] + [machine, runtime])
    if kept.is_file():
        found = from_json(Measured, read_json(kept, StudyError), str(kept), StudyError)
        if found.of == of:
            return found
    load_average = read_environment().get("load_average")
    calls: dict[str, Callable[[], object]] = {}
    owners: dict[str, tuple[str, str]] = {}
    for trial in trials:
        bundle = read_bundle(trial.folder / "bundles" / trial.model)
        image = bundle.read_samples()[0]
        for variant in variants[trial.name]:
            name = f"{trial.name} {variant}"
            calls[name], owners[name] = _encoding(Pipeline(bundle, variant), image), (trial.name, variant)
    latencies: dict[str, dict[str, Latency]] = {}
    for name, samples in interleaved_ns(calls, _rounds(calls), np.random.default_rng(1)).items():
        owner, variant = owners[name]
        latencies.setdefault(owner, {})[variant] = latency(samples, machine, runtime)
    measured = Measured(of, load_average, latencies)
    write_json(kept, as_json(measured))
    return measured


def _encoding(pipeline: Pipeline, image: np.ndarray) -> Callable[[], object]:
    return lambda: pipeline.encode(image)


def _rounds(calls: Mapping[str, Callable[[], object]]) -> int:
    """As many as ENOUGH_NS allows, by the time of one."""
    started = time.perf_counter_ns()
    for call in calls.values():
        call()
    one = max(1, time.perf_counter_ns() - started)
    return int(np.clip(ENOUGH_NS // one, FEWEST_ROUNDS, MOST_ROUNDS))
