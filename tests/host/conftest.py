"""What several rooms' tests share: runs as the bench writes them, drawn from known distributions; a made-up project."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.errors import RunFileError
from device.records import as_json, from_json
from device.run_file import FILE_NAME, FORMAT_VERSION, Run
from tests.host.project import Project

RunMaker = Callable[..., Run]
ENVIRONMENT = {
    "hostname": "pi",
    "cpu_model": "Cortex-A72",
    "machine": "aarch64",
    "governor": "performance",
    "kernel": "6.6.20",
    "python": "3.11.2",
    "numpy": "2.2.0",
    "runtime": "ai_edge_litert",
    "runtime_version": "2.3.0",
    "coder": "numpy",
    "timer_step_ns": 40,
    "package_sha256": "a" * 64,
}
MEDIANS_NS = {"float32": 2_000_000, "int8": 1_000_000, "int16x8": 3_000_000}


def make_run(
    run_id: str,
    seed: int,
    *,
    variants: Sequence[str] = ("float32", "int8"),
    threads: Sequence[int] = (1,),
    processes: int = 10,
    slower: float = 1.0,
    machine: float = 1.0,
    share: float = 1.0,
    spread: float = 0.01,
    environment: dict[str, Any] | None = None,
) -> Run:
    """A run as `read_run` returns it.

    Args:
        run_id: its name.
        seed: of all that is drawn.
        variants, threads: of its rows, all of the model "m".
        processes: of each row.
        slower: factor on the network's times.
        machine: factor on the fixed loop's times.
        share: how much of it, as an exponent, the network feels.
        spread: standard deviation between processes, relative.
        environment: changed or, where None, missing keys of `ENVIRONMENT`.
    """
    generator = np.random.default_rng(seed)
    factor = slower * machine**share

    def process(position: int, median_ns: float) -> dict[str, Any]:
        own = median_ns * factor * np.exp(spread * generator.normal())
        loop = 400_000 * machine * np.exp(spread / 2 * generator.normal())

        def times(center: float, count: int) -> list[int]:
            return [round(center * (1 + 0.02 * abs(generator.normal()))) for _ in range(count)]

        samples = {f"{stage}_ns": times(own * part, 20) for stage, part in (("encode", 1), ("invoke", 0.7))}
        samples |= {"quantize_ns": times(own * 0.01, 20), "code_ns": times(own * 0.29, 20)}
        return {
            "position": position,
            "load_ns": times(own * 5, 1)[0],
            "first_encode_ns": times(own * 3, 1)[0],
            "warmup_ns": times(own, 3),
            "samples": samples,
            "reference_ns": times(loop, 10),
            "memory": {},
            "before": {"temperature_c": 45.0},
            "after": {"temperature_c": 61.0},
        }

    place = {"offset": 0, "length": 1, "crc32": 0}
    rows = [
        {
            "model": "m",
            "variant": variant,
            "family": variant,
            "threads": count,
            "tag": f"{len(variant):08x}",
            "status": "ok",
            "processes": [process(position, MEDIANS_NS[variant] / count) for position in range(processes)],
            "sizes": {"network_bytes": 1, "payload_bytes": [1] * 4, "bitstream_bytes": [1] * 4},
            "outputs": {"file": f"m.{variant}.bin", "sha256": "f" * 64, "images": [place] * 4},
            "numbers_sha256": "c" * 64,
            "delegate": "XNNPACK",
        }
        for count in threads
        for variant in variants
    ]
    whole = {**ENVIRONMENT, **(environment or {})}
    value = {
        "run_id": run_id,
        "started_at": "2026-01-02T03:04:05Z",
        "finished_at": "2026-01-02T03:05:05Z",
        "command": ["python", "-m", "device.bench"],
        "settings": {
            "threads": list(threads),
            "repetitions": processes,
            "runs": 20,
            "minimum_ns": 10**9,
            "warmup": 3,
            "warmup_ns": 10**8,
            "seed": seed,
        },
        "environment": {key: value for key, value in whole.items() if value is not None},
        "bundles": {"m": {"model_sha256": "1" * 64, "spec_sha256": "2" * 64, "bundle_sha256": "b" * 64}},
        "rows": rows,
    }
    return from_json(Run, value, run_id, RunFileError)


def edited(run: Run, change: Callable[[dict[str, Any]], None]) -> Run:
    """A copy of a run, its JSON changed."""
    value = as_json(run)
    change(value)
    return from_json(Run, value, run.run_id, RunFileError)


def write_run_file(run: Run, folder: Path) -> Path:
    """Writes a run's run.json as the bench does, without its outputs; returns its folder."""
    (folder / run.run_id).mkdir(parents=True)
    value = {**as_json(run), "format_version": FORMAT_VERSION}
    (folder / run.run_id / FILE_NAME).write_text(json.dumps(value))
    return folder / run.run_id


def without_loop(run: Run) -> Run:
    """A copy of a run that did not measure the fixed loop."""

    def change(value: dict[str, Any]) -> None:
        for process in (process for row in value["rows"] for process in row["processes"]):
            process["reference_ns"] = []

    return edited(run, change)


@pytest.fixture
def bench_run() -> RunMaker:
    """Makes a run; see `make_run`."""
    return make_run


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Nothing of it is written yet."""
    return Project(tmp_path)
