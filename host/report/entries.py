"""One row of a model as the report has it: how it was judged, and what each place measured of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from host.report.places import Place, evaluation_place, run_place
from host.results import Agreement, CollectedRun, Latency, Result, Row

RESULT = "evaluation.json"  # in the folder of a collected run
# Sizes of files: alike wherever a row was judged. The others are means over images.
FILES = ("network_bytes", "network_gzip_bytes", "decoder_bytes", "full_bytes")


@dataclass(frozen=True)
class StoredRun:
    """A collected run and its folder."""

    folder: Path
    run: CollectedRun


@dataclass(frozen=True)
class Measured:
    """One model in one run."""

    stored: StoredRun
    result: Result

    @property
    def file(self) -> Path:
        """Where the result stands."""
        return self.stored.folder / RESULT


@dataclass(frozen=True)
class Evaluated:
    """An evaluation and its file; `match`: "tag", or "model_sha256" where equal weights were converted elsewhere."""

    file: Path
    result: Result
    match: str = "tag"


@dataclass(frozen=True)
class Timed:
    """What one place measured of a row.

    Attributes:
        memory: of the device's worker processes, bytes.
        agreement: of the numbers that it sent, with those of this machine.
        run: where it was measured; None of `host evaluate`.
    """

    latency: Latency
    memory: Mapping[str, float] = field(default_factory=dict)
    agreement: Agreement | None = None
    run: StoredRun | None = None

    @property
    def ms(self) -> float:
        """The median in milliseconds."""
        return self.latency.median_ns / 1e6


@dataclass(frozen=True)
class Entry:
    """One variant with one decoder, or one baseline.

    Attributes:
        row: its metrics, ratios, rates and sizes; of `latency` what the workstation measured, "decoder" and "full".
        times: of the whole work on one image, by place.
        judged_in: the file of the metrics, and of means of bytes; None where nothing was judged.
        judged_on: which images: their source, how many, and their different shapes.
        measured_in, tested_in: the files of the newest run and of the evaluation that have the row.
    """

    row: Row
    times: Mapping[Place, Timed]
    judged_in: Path | None
    judged_on: tuple[str | None, int, tuple[tuple[int, int, int], ...]] = (None, 0, ())
    measured_in: Path | None = None
    tested_in: Path | None = None

    @property
    def name(self) -> str:
        return self.row.row

    @property
    def is_variant(self) -> bool:
        return self.row.variant is not None

    def ms(self, place: Place | None) -> float | None:
        """The median time at a place in milliseconds; None where it was not measured there."""
        return self.times[place].ms if place is not None and place in self.times else None


def make_entries(runs: Sequence[Measured], evaluation: Evaluated | None) -> tuple[Entry, ...]:
    """The rows of a model, one entry a name.

    Metrics, ratios and rates of a row are of one place, which its `source` names: means over some samples and over a
    test set must not meet in one row.

    Args:
        runs: of one state of the model, the newest first.

    Returns:
        What stands before the variants in the evaluation, the variants, the baselines.
    """
    tested = evaluation.result.rows if evaluation else ()
    measured = [row for run in runs for row in run.result.rows]
    first = [row.row for row in takewhile(lambda row: row.variant is None, tested)]
    variants = [row.row for row in (*tested, *measured) if row.variant is not None]
    names = dict.fromkeys([*first, *variants, *(row.row for row in (*tested, *measured))])
    return tuple(_entry(name, runs, evaluation) for name in names)


def _entry(name: str, runs: Sequence[Measured], evaluation: Evaluated | None) -> Entry:
    tested = next((row for row in evaluation.result.rows if row.row == name), None) if evaluation else None
    found = [(each, row) for each in runs for row in each.result.rows if row.row == name]
    # The newest run that judged it, else the newest.
    newest = next((pair for pair in found if pair[1].metrics), found[0] if found else None)
    times: dict[Place, Timed] = {}
    for each, row in found:
        if "device" in row.latency:
            timed = Timed(row.latency["device"], row.memory, row.agreement, each.stored)
            judged = evaluation.result if evaluation and tested else None
            times.setdefault(run_place(each.stored.run, each.result, row, judged), timed)
    if evaluation and tested and "device" in tested.latency and (place := evaluation_place(evaluation.result)):
        times[place] = Timed(tested.latency["device"], tested.memory)
    places = []
    if evaluation and tested:
        places.append(
            (replace(tested, source=tested.source or evaluation.result.source), evaluation.file, evaluation.result)
        )
    if newest:
        run, row = newest
        places.append((replace(row, source=row.source or run.result.source), run.file, run.result))
    row, file, result = next((each for each in places if each[0].metrics), places[0])
    return Entry(
        _merged(row, tested, newest[1] if newest else None),
        times,
        judged_in=file if row.metrics else None,
        judged_on=(row.source, result.images, result.image_shapes),
        measured_in=newest[0].file if newest else None,
        tested_in=evaluation.file if evaluation and tested else None,
    )


def _merged(row: Row, tested: Row | None, measured: Row | None) -> Row:
    """The row that was judged, with the files and the workstation's times that the other one knows."""
    files = {
        key: each.sizes[key]
        for key in FILES
        # The device's own file is that which was measured.
        for each in ((tested, measured) if key == "network_bytes" else (measured, tested))
        if each and key in each.sizes
    }
    both = [each for each in (measured, tested) if each]
    latency = {part: time for each in both for part, time in each.latency.items() if part != "device"}
    errors = [
        f"{place}: {' '.join(each.error.split())}"
        for place, each in (("device", measured), ("test set", tested))
        if each and each.error
    ]
    return replace(
        row,
        threads=None,
        source=row.source if row.metrics else None,
        memory={},
        sizes={**{key: size for key, size in row.sizes.items() if key not in FILES}, **files},
        latency=latency,
        agreement=measured.agreement if measured else None,
        error="; ".join(errors) or None,
    )
