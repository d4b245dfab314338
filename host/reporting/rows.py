"""The rows of the final table: quality of the test set, time of the device, the rest of the workstation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile

from host.results import Latency, Result, Row

_FILES = ("network_bytes", "network_gzip_bytes", "decoder_bytes", "full_bytes")


def merged_rows(collected: Result, evaluation: Result | None) -> tuple[Row, ...]:
    """What a run measured and what the test set judged, as one row each.

    Metrics, ratios and rates of a row are of one place, which its `source` names: means over some samples and over a
    test set must not meet in one row. The time of the encoder is the device's alone.

    Returns:
        What stands before the variants in the evaluation, the variants (one row for each number of threads), the
        baselines.
    """
    tested = [replace(row, source=row.source or evaluation.source) for row in evaluation.rows] if evaluation else []
    measured = [replace(row, source=row.source or collected.source) for row in collected.rows]
    by_name = {row.row: row for row in tested}
    first = [row.row for row in takewhile(lambda row: row.variant is None, tested)]
    variants = [row.row for row in (*tested, *measured) if row.variant is not None]
    found = []
    for name in dict.fromkeys([*first, *variants, *by_name]):
        of_run: list[Row | None] = [row for row in measured if row.row == name]
        found += [_merge(by_name.get(name), row) for row in of_run or [None]]
    return tuple(found)


def time_source(rows: Iterable[Row], part: str) -> str | None:
    """Where the times of a part were measured, with how many runs and processes; several places are all named."""
    found: dict[tuple[str, str], list[Latency]] = {}
    for row in rows:
        if part in row.latency:
            time = row.latency[part]
            found.setdefault((time.device, time.runtime), []).append(time)
    texts = []
    for (device, runtime), times in sorted(found.items()):
        text = f"{device}, {runtime}, n={_spread(time.n for time in times)}"
        if processes := [time.processes for time in times if time.processes]:
            text += f" of {_spread(processes)} process{'' if set(processes) == {1} else 'es'}"
        texts.append(text)
    return "; ".join(texts) or None


def _spread(counts: Iterable[int]) -> str:
    known = sorted(set(counts))
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"


def _merge(tested: Row | None, measured: Row | None) -> Row:
    row = measured or tested
    assert row is not None
    known = next((each for each in (tested, measured) if each and each.metrics), None)
    files = {
        key: each.sizes[key]
        for key in _FILES
        # The device's own file is that which was measured.
        for each in ((tested, measured) if key == "network_bytes" else (measured, tested))
        if each and key in each.sizes
    }
    times = {**(measured.latency if measured else {}), **(tested.latency if tested else {})}
    times.pop("device", None)
    if measured and "device" in measured.latency:
        times["device"] = measured.latency["device"]
    errors = [
        f"{place}: {' '.join(each.error.split())}"
        for place, each in (("device", measured), ("test set", tested))
        if each and each.error
    ]
    return replace(
        row,
        metrics=known.metrics if known else {},
        intervals=known.intervals if known else {},
        counts=known.counts if known else {},
        perfect_images=known.perfect_images if known else 0,
        ratios=known.ratios if known else {},
        verdict=known.verdict if known else None,
        sizes={**{key: size for key, size in (known.sizes if known else {}).items() if key not in _FILES}, **files},
        latency=times,
        source=known.source if known else None,
        error="; ".join(errors) or None,
    )
