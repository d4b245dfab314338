"""The memory that the bench reports, beside what psutil sees of the same processes from outside.

    .venv/bin/python benchmarks/memory_crosscheck.py [--bundle cifar10-ae-mse] [--variant int8]

Runs the device's own workers, as the bench does, and reads their resident set about every millisecond while they run.
Peak: VmHWM of the process against the largest resident set that was seen. Working: resident after loading, as the
process read it, against the median of what was seen in the last quarter of its life, while it encoded; that is more by
what the first encodes touch. Needs Linux, and the host's environment for psutil.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from device.bundle import Bundle, read_bundle  # noqa: E402
from device.errors import SplitliteError  # noqa: E402
from device.pipeline import find_bundle  # noqa: E402
from device.statistics import percentile  # noqa: E402

DEVICE_PYTHON = ROOT / ".venv-device" / "bin" / "python"
LIMIT = 0.02  # between the two peaks
_TITLES = ("peak", "peak", "outside", "loaded", "working", "outside")
_SIDES = ("inside", "outside", "/ inside", "inside", "outside", "/ inside")


def main() -> int:
    """Prints a row for each variant; exit code 1 if peaks differ by more than the limit, or on a named error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="cifar10-ae-mse")
    parser.add_argument("--variant", action="append", default=[], help="may be repeated (default: all)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=5, help="processes of each variant (default: 5)")
    parser.add_argument("--python", type=Path, default=DEVICE_PYTHON, help="with a runtime (default: .venv-device's)")
    parser.add_argument("--json", action="store_true", help="print every process' values as JSON")
    options = parser.parse_args()
    python = options.python if options.python.is_file() else Path(sys.executable)
    try:
        bundle = read_bundle(find_bundle(options.bundle))
        found = {
            name: [watch(python, bundle, name, options.threads) for _ in range(options.repetitions)]
            for name in options.variant or list(bundle.variants)
        }
    except SplitliteError as error:
        print(error, file=sys.stderr)
        return 1
    middles = {
        name: {key: percentile([process[key] for process in processes], 50) for key in processes[0]}
        for name, processes in found.items()
    }
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print(f"{bundle.model}, medians of {options.repetitions} processes each, in MB")
        print(f"{'':16}" + "".join(f"{title:>10}" for title in _TITLES))
        print(f"{'variant':16}" + "".join(f"{title:>10}" for title in _SIDES))
        for name, middle in middles.items():
            print(f"{name:16}" + "".join(f"{cell:>10}" for cell in cells(middle)))
        print(f"limit: peaks within {100 * LIMIT:g} % of each other")
    return int(any(abs(peak_ratio(middle) - 1) > LIMIT for middle in middles.values()))


def peak_ratio(middle: dict[str, float]) -> float:
    """The peak seen from outside to the peak that the process told."""
    return middle["outside_peak_bytes"] / middle["inside_peak_bytes"]


def cells(middle: dict[str, float]) -> list[str]:
    """A row's cells: both peaks and their ratio, both resident sets after loading and theirs."""
    peaks, loaded = (
        [f"{middle[f'{side}_bytes'] / 1e6:.2f}" for side in sides]
        for sides in (("inside_peak", "outside_peak"), ("inside_loaded", "outside_working"))
    )
    working = middle["outside_working_bytes"] / middle["inside_loaded_bytes"]
    return [*peaks, f"{peak_ratio(middle):.3f}", *loaded, f"{working:.3f}"]


def watch(python: Path, bundle: Bundle, variant: str, threads: int) -> dict[str, float]:
    """One worker, measured from both sides; bytes, and how many readings there were from outside.

    Raises:
        SplitliteError: the worker failed.
    """
    job: dict[str, Any] = {
        "bundle": str(bundle.folder.resolve()),
        "variant": variant,
        "threads": threads,
        "runtime": None,
        "delegate": None,
        "kind": "measure",
        "runs": 100,
        "minimum_ns": 500_000_000,
        "warmup": 10,
        "warmup_ns": 0,
        "energy_s": 0,
    }
    # A file and no pipe: nobody reads while the process is watched, and a full pipe would stop it.
    with tempfile.TemporaryFile("w+") as answer, tempfile.TemporaryFile("w+") as said:
        worker = subprocess.Popen(
            [python, "-m", "device.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=said,
            text=True,
            cwd=ROOT,
        )
        assert worker.stdin is not None
        process = psutil.Process(worker.pid)
        worker.stdin.write(json.dumps(job))
        worker.stdin.close()
        seen: list[int] = []
        while worker.poll() is None:
            try:
                seen.append(process.memory_info().rss)
            except psutil.Error:  # it has just ended
                break
            time.sleep(0.001)
        worker.wait()
        answer.seek(0)
        said.seek(0)
        lines = answer.read().strip().splitlines()
        row = json.loads(lines[-1]) if lines else {"status": "failed", "error": said.read().strip() or "no answer"}
    if row["status"] != "ok":
        raise SplitliteError(f"{bundle.model} {variant}: {row['error'].splitlines()[-1]}")
    memory = row["memory"]
    living = [value for value in seen if value]  # what has exited but was not waited for has none
    return {
        "inside_peak_bytes": memory["peak_rss_bytes"],
        "inside_loaded_bytes": memory["rss_after_load_bytes"],
        "outside_peak_bytes": max(living),
        "outside_working_bytes": percentile(living[-(len(living) // 4) :], 50),
        "readings": len(living),
    }


if __name__ == "__main__":
    sys.exit(main())
