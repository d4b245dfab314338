"""How long `host report` takes over many runs, straight from their files.

    .venv/bin/python benchmarks/report_speed.py [--runs 1000] [--repeat 3]

Copies a collected run (the newest in benchmarks/results, or --run FOLDER) so many times into a scratch folder, with
ids and days of their own, on four made-up devices, and writes the report of all. Prints the median and all
repetitions, the page's size, and beside it the same for one run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from host.report.report import write_report  # noqa: E402
from host.report.sources import Folders  # noqa: E402

_DEVICES = ("one", "two", "three", "four")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder of a collected run")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    found = sorted((ROOT / "benchmarks" / "results").glob("*/*/evaluation.json"), key=lambda file: file.parent.name)
    if not (options.run or found):
        sys.exit("no collected run in benchmarks/results; run `make loop` first")
    run = options.run or found[-1].parent
    evaluation = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
    rows = sum(len(result["rows"]) for result in evaluation["results"])
    print(f"{run.name}: {len(evaluation['results'])} models, {rows} rows")
    for count in (1, options.runs):
        with tempfile.TemporaryDirectory() as scratch:
            benchmarks = _copies(Path(scratch), run, evaluation, count)
            seconds = []
            for _ in range(options.repeat):
                begin = time.perf_counter()
                write_report(Folders(benchmarks=benchmarks), benchmarks / "reports")
                seconds.append(time.perf_counter() - begin)
            page = (benchmarks / "reports" / "report.html").stat().st_size
            every = ", ".join(f"{value:.1f}" for value in seconds)
            print(f"{count:5} runs: {statistics.median(seconds):5.1f} s (of {every}), page {page / 1e6:.2f} MB")


def _copies(folder: Path, run: Path, evaluation: dict, count: int) -> Path:
    for name in ("evaluations", "curves", "published", "diagnoses"):
        os.symlink(ROOT / "benchmarks" / name, folder / name)
    for number in range(count):
        device, day = _DEVICES[number % len(_DEVICES)], f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
        copy = folder / "results" / device / f"{day.replace('-', '')}T000000Z-{device}-{number:04x}"
        copy.mkdir(parents=True)
        text = json.dumps({**evaluation, "run_id": copy.name, "device": device, "started_at": f"{day}T00:00:00Z"})
        (copy / "evaluation.json").write_text(text, encoding="utf-8")
        for name in ("run.json", "pictures"):
            if (run / name).exists():
                os.symlink(run.resolve() / name, copy / name)
    return folder


if __name__ == "__main__":
    main()
