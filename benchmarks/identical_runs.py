"""How often `host compare` calls rows different that are not: pairs of identical runs on one machine.

    .venv/bin/python benchmarks/identical_runs.py [--pairs 20] [--bundle cifar10-ae-mse] [--repetitions 10]

Makes the runs with `python -m device.bench` in .venv-device, the two of a pair one after the other, and compares each
pair by itself. An interrupted call goes on where it stopped: runs are kept in --folder, and only those that are missing
are made. Beside the verdicts it counts what two simpler rules would have called different: the interval of the ratio
alone, and interval and ranks without the machine's fixed loop. Exit code 1 if more rows than the limit were called
different.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from device.errors import SplitliteError  # noqa: E402
from device.run_file import FILE_NAME, Run, read_run  # noqa: E402
from host.comparison.compare import compare  # noqa: E402
from host.comparison.compared_row import FASTER, MACHINE, SLOWER, STAGES, ComparedRow  # noqa: E402
from host.errors import CompareError  # noqa: E402

LIMIT = 2
PYTHON = ROOT / ".venv-device" / "bin" / "python"
SIDES = ("first", "second")
_COLUMNS = (
    ("pair", 4),
    ("rows", 6),
    ("different", 11),
    ("interval", 10),
    ("and ranks", 11),
    ("machine", 9),
    ("loop", 8),
)


def main() -> int:
    """Prints a line for each pair and the sums; see above for the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--bundle", default="cifar10-ae-mse")
    parser.add_argument("--variant", action="append", default=[], help="may be repeated (default: all)")
    parser.add_argument("--repetitions", type=int, default=10, help="fresh processes a row (default: 10)")
    parser.add_argument("--stage", choices=STAGES, default="encode")
    parser.add_argument("--confidence", type=float, default=99.0, help="of each pair, in percent (default: 99)")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "identical_runs", help="where the runs are kept"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args()
    arguments = ["--bundle", options.bundle, "--repetitions", str(options.repetitions)]
    arguments += [part for name in options.variant for part in ("--variant", name)]
    found = []
    try:
        for number in range(1, options.pairs + 1):
            print(f"pair {number} of {options.pairs}", file=sys.stderr, flush=True)
            runs = make_pair(options.folder / f"pair-{number:02}", arguments, measure)
            found.append({"pair": number, **count_rows(runs, options.stage, options.confidence / 100)})
    except SplitliteError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same call goes on from here", file=sys.stderr)
        return 1
    total = add_up(found)
    if options.json:
        print(json.dumps({"pairs": found, "total": total, "limit": LIMIT}, indent=1))
    else:
        print("\n".join(table(found, total)))
    return int(total["different"] > LIMIT)


def make_pair(folder: Path, arguments: Sequence[str], make: Callable[[Sequence[str], Path], None]) -> list[Run]:
    """The two runs of a pair, made where they are missing.

    Args:
        folder: of the pair.
        arguments: of the bench.
        make: runs the bench with these arguments, and leaves the run in a folder.

    Raises:
        CompareError: the bench failed, or the two are not identical: kept from another call, or the code changed.
    """
    for side in SIDES:
        if not _kept(folder / side):
            make(arguments, folder / side)
    runs = [read_run(file) for side in SIDES for file in _kept(folder / side)]
    if len(runs) != len(SIDES):
        raise CompareError(f"{folder}: {len(runs)} runs, expected {len(SIDES)}; remove it and call again")
    for run in runs:
        # "python -m device.bench" before the arguments, "--out" and the folder after them.
        if list(run.command[3:-2]) != list(arguments):
            raise CompareError(
                f"{folder}: made by {' '.join(run.command)}, expected {' '.join(arguments)}; give another --folder"
            )
    return runs


def measure(arguments: Sequence[str], folder: Path) -> None:
    """Runs the bench once; raises CompareError if it fails."""
    command = [str(PYTHON), "-m", "device.bench", *arguments, "--out", str(folder)]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    except OSError as reason:
        raise CompareError(f"{PYTHON}: {reason.strerror}; make setup makes it") from None
    if done.returncode:
        raise CompareError(f"the bench ended with exit status {done.returncode}; it says above why")


def count_rows(runs: Sequence[Run], stage: str, confidence: float) -> dict[str, Any]:
    """How many rows of a pair each rule calls different.

    Raises:
        CompareError: the runs differ in machine, software or settings, or a row has no answer.
    """
    (comparison,) = compare(runs, stage, confidence).comparisons
    differs = [difference.what for difference in comparison.differences]
    if comparison.refused or differs or any(comparison.only.values()):
        what = comparison.refused or ", ".join(differs) or "their rows"
        raise CompareError(f"{comparison.run_id} and its pair are not identical: {what}; remove that pair's folder")
    silent = [row for row in comparison.rows if row.plain is None]
    if silent:
        raise CompareError(f"{comparison.run_id}: {silent[0].variant}: {silent[0].verdict}, {silent[0].reason}")
    return {
        "rows": len(comparison.rows),
        "different": sum(row.verdict in SLOWER + FASTER for row in comparison.rows),
        "by_interval": sum(_interval_excludes_one(row) for row in comparison.rows),
        "by_interval_and_ranks": sum(bool(row.plain and row.plain.side) for row in comparison.rows),
        "machine_changed": sum(row.verdict == MACHINE for row in comparison.rows),
        "loop_ratio": comparison.loop.ratio if comparison.loop else None,
        "names": [f"{row.model} {row.variant}" for row in comparison.rows if row.verdict in SLOWER + FASTER],
    }


def add_up(found: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The sums over all pairs."""
    keys = ("rows", "different", "by_interval", "by_interval_and_ranks", "machine_changed")
    return {key: sum(pair[key] for pair in found) for key in keys}


def table(found: Sequence[dict[str, Any]], total: dict[str, int]) -> list[str]:
    """Lines of at most 80 columns."""
    keys = ("pair", "rows", "different", "by_interval", "by_interval_and_ranks", "machine_changed")
    lines = ["".join(f"{title:>{width}}" for title, width in _COLUMNS)]
    for pair in found:
        loop = "-" if pair["loop_ratio"] is None else f"{pair['loop_ratio']:.2f}x"
        cells = [*(str(pair[key]) for key in keys), loop]
        line = "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True))
        lines += [line, *(f"      {name}" for name in pair["names"])]
    sums = ["sum", *(str(total[key]) for key in keys[1:])]
    lines.append("".join(f"{cell:>{width}}" for cell, (_, width) in zip(sums, _COLUMNS[:-1], strict=True)))
    lines.append(f"Called different: {total['different']} of {total['rows']} rows, limit {LIMIT}.")
    lines.append("Interval, and ranks: different by these alone. Machine: the machine changed.")
    return lines


def _kept(folder: Path) -> list[Path]:
    # A name that begins with a dot is a run that was not finished.
    return [file for file in sorted(folder.glob(f"*/{FILE_NAME}")) if not file.parent.name.startswith(".")]


def _interval_excludes_one(row: ComparedRow) -> bool:
    return row.plain is not None and not row.plain.interval[0] <= 1 <= row.plain.interval[1]


if __name__ == "__main__":
    sys.exit(main())
