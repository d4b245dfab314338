"""Where times were measured. Times of different places never meet in one number, nor on one axis unnamed."""

from __future__ import annotations

from dataclasses import dataclass

from host.reporting.columns import EMULATED, size_text, threads_text
from host.results import CollectedRun, Result, Row


@dataclass(frozen=True)
class Place:
    """One device, runtime and number of threads.

    Attributes:
        emulated: by what; such times are no speed.
        bench: whether `python -m device.bench` measured them; else `host evaluate` did, in one process.
        pixels: of the images that were timed, where these were of other sizes than those that were judged.
    """

    device: str
    runtime: str
    threads: int | None
    emulated: str | None = None
    bench: bool = True
    pixels: str | None = None

    @property
    def text(self) -> str:
        """ "pi, ai_edge_litert 2.3.0, 1 thread"."""
        parts = [self.device, self.runtime, *([threads_text(self.threads)] if self.threads else [])]
        marks = [*([EMULATED] if self.emulated else []), *([] if self.bench else ["host evaluate"])]
        marks += [f"images of {self.pixels} pixels"] if self.pixels else []
        return ", ".join(parts) + (f" ({'; '.join(marks)})" if marks else "")


def run_place(run: CollectedRun, result: Result, row: Row, judged: Result | None) -> Place:
    """Where a row of a run's result was measured; `judged`: what the row's quality is from, if not from the run."""
    threads = row.threads or (run.threads[0] if len(run.threads) == 1 else None)
    other = judged is not None and judged.image_shapes != result.image_shapes
    return Place(
        run.device, run.runtime, threads, run.emulated, pixels=size_text(result.image_shapes) if other else None
    )


def evaluation_place(evaluation: Result) -> Place | None:
    """Where the rows of an evaluation were measured; None where none was.

    Baselines ran in libraries of their own, but on this device: they are of this place too, and say which.
    """
    times = [row.latency["device"] for row in evaluation.rows if "device" in row.latency]
    own = [row.latency["device"] for row in evaluation.rows if row.variant and "device" in row.latency]
    if not times:
        return None
    first = (own or times)[0]
    return Place(first.device, first.runtime, first.threads, first.emulated, bench=False)
