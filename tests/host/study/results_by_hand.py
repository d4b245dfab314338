"""A study's result with numbers that a reader can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from host.metrics import Metric
from host.results import Latency
from host.study.results import StudyResult, TrialResult, TrialRow, cell_rows

ACCURACY = Metric("accuracy_percent", "accuracy", "%", 2, True)
AGREEMENT = Metric("agreement_percent", "agreement", "%", 2, True)


def trial(model: str, cell: str, seed: int, accuracies: Mapping[str, float], dataset: str = "mnist") -> TrialResult:
    """A trial whose rows have these accuracies; its later rows are smaller and faster."""
    rows = [
        TrialRow(
            name,
            name,
            {ACCURACY.key: value, AGREEMENT.key: 99.0},
            {"network_bytes": 40_000.0 / (place + 1)},
            Latency("vm", "litert", 20, 1e6 / (place + 1), 1e6, 1e6),
        )
        for place, (name, value) in enumerate(accuracies.items())
    ]
    numbers = {"images": 10_000, "tags": {}, "epochs": 5, "seconds": 10.0 * seed}
    return TrialResult(
        model,
        cell,
        seed,
        digest="d",
        spec_sha256="s",
        dataset=dataset,
        data_sha256=dataset,
        rows=tuple(rows),
        **numbers,
    )


def result(trials: Sequence[TrialResult]) -> StudyResult:
    """The result of these trials."""
    metrics = {each.model: (ACCURACY, AGREEMENT) for each in trials}
    return StudyResult(
        study="hand",
        made_at="2026-01-02T03:04:05+00:00",
        metrics=metrics,
        tasks=dict.fromkeys(metrics, "some"),
        rows=cell_rows(trials, metrics),
        trials=tuple(trials),
    )
