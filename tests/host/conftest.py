"""What the tests of comparing and of its table share: runs as the bench writes them, drawn from known distributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

RunMaker = Callable[..., dict[str, Any]]
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
) -> dict[str, Any]:
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

    rows = [
        {
            "model": "m",
            "variant": variant,
            "threads": count,
            "codec_tag": f"tag-{variant}",
            "status": "ok",
            "processes": [process(position, MEDIANS_NS[variant] / count) for position in range(processes)],
            "sizes": {},
            "outputs": {"images": [{"offset": 0, "length": 1, "crc32": 0}] * 4},
            "codes_sha256": "c" * 64,
            "delegate": "XNNPACK",
        }
        for count in threads
        for variant in variants
    ]
    whole = {**ENVIRONMENT, **(environment or {})}
    return {
        "format_version": 2,
        "run_id": run_id,
        "started_at": "2026-01-02T03:04:05Z",
        "finished_at": "2026-01-02T03:05:05Z",
        "command": ["python", "-m", "device.bench"],
        "settings": {"threads": list(threads), "repetitions": processes, "runs": 20, "seed": seed},
        "environment": {key: value for key, value in whole.items() if value is not None},
        "images": {"source": "samples"},
        "bundles": {"m": {"model_sha256": "1", "spec_sha256": "2", "bundle_sha256": "b" * 64}},
        "results": rows,
    }


@pytest.fixture
def bench_run() -> RunMaker:
    """Makes a run; see `make_run`."""
    return make_run
