"""Where times were measured. Times of different places never meet in one number, nor on one axis unnamed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from host.reporting.columns import EMULATED, size_text, threads_text
from host.results import CollectedRun, Result, Row


@dataclass(frozen=True)
class Place:
    """One device, runtime and number of threads.

    Attributes:
        emulated: by what; such times are no speed.
        bench: whether `python -m device.bench` measured them; else `host evaluate` did, in one process.
        coder: "c" where the coder in C encoded; None of numpy, and where nothing is coded.
        pixels: of the images that were timed, where these were of other sizes than those that were judged.
    """

    device: str
    runtime: str
    threads: int | None
    emulated: str | None = None
    bench: bool = True
    pixels: str | None = None
    coder: str | None = None

    @property
    def text(self) -> str:
        """ "pi, ai_edge_litert 2.3.0, 1 thread"."""
        parts = [self.device, self.runtime, *([threads_text(self.threads)] if self.threads else [])]
        parts += ["coder in C"] if self.coder else []
        marks = [*([EMULATED] if self.emulated else []), *([] if self.bench else ["host evaluate"])]
        marks += [f"images of {self.pixels} pixels"] if self.pixels else []
        return ", ".join(parts) + (f" ({'; '.join(marks)})" if marks else "")


def run_place(run: CollectedRun, result: Result, row: Row, judged: Result | None) -> Place:
    """Where a row of a run's result was measured; `judged`: what the row's quality is from, if not from the run."""
    threads = row.threads or (run.threads[0] if len(run.threads) == 1 else None)
    other = judged is not None and judged.image_shapes != result.image_shapes
    pixels = size_text(result.image_shapes) if other else None
    return Place(run.device, run.runtime, threads, run.emulated, pixels=pixels, coder=_coder([row]))


def evaluation_place(evaluation: Result) -> Place | None:
    """Where the rows of an evaluation were measured; None where none was.

    Baselines ran in libraries of their own, but on this device: they are of this place too, and say which.
    """
    times = [row.latency["device"] for row in evaluation.rows if "device" in row.latency]
    own = [row.latency["device"] for row in evaluation.rows if row.variant and "device" in row.latency]
    if not times:
        return None
    first = (own or times)[0]
    coder = _coder(evaluation.rows)
    return Place(first.device, first.runtime, first.threads, first.emulated, bench=False, coder=coder)


def _coder(rows: Iterable[Row]) -> str | None:
    """The first word: which library of it coded makes no other place."""
    coders = {row.latency["device"].coder for row in rows if "device" in row.latency}
    return "c" if any(coder and coder.split()[0] == "c" for coder in coders) else None
