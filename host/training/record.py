"""Describes training.json in words, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from host.metrics import Metric
from host.spec.types import Spec


def stage_lines(record: dict[str, Any], metrics: Sequence[Metric]) -> list[str]:
    """A line for each stage that training.json records."""
    return [f"{name}: {_stage(result, metrics)}" for name, result in record["stages"].items()]


def next_step(spec: Spec, record: dict[str, Any]) -> str:
    """The command that comes after a training: the stages that are still missing, or the export."""
    missing = set(spec.training.stages) - set(record["stages"])
    return f"host train {spec.name} --resume" if missing else f"host export {spec.name}"


def _stage(result: dict[str, Any], metrics: Sequence[Metric]) -> str:
    if "history" not in result:
        parts = {name: part for name, part in result.items() if isinstance(part, dict) and "history" in part}
        words = [f"{name} {_stage(part, metrics)}" for name, part in parts.items()]
        seconds = result.get("wall_seconds")
        return "; ".join(words) or ("done" if seconds is None else f"{seconds:.0f} s")
    found = result["history"][result["best_epoch"] - 1].get("validation", {})
    words = [f"{result['epochs']} epochs", f"{result['seconds']:.0f} s"]
    words += [f"validation {each.title} {each.text(found[each.key])}" for each in metrics if each.key in found]
    return ", ".join(words)
