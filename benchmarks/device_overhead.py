"""What the device package adds to a bare script: start-up, memory, and the Python around the network.

    .venv-device/bin/python benchmarks/device_overhead.py [--bundle cifar10-ae-mse] [--variant int8]

Needs what the device has: numpy and a runtime. The bare script imports numpy and the runtime, loads the same file and
invokes it once; the other opens an encoder and encodes one image. Both run in fresh processes, interleaved, and the
medians are compared. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from device.bundle import Bundle, read_bundle  # noqa: E402
from device.errors import SplitliteError  # noqa: E402
from device.pipeline import Pipeline, find_bundle  # noqa: E402
from device.runtime import load_runtime  # noqa: E402
from device.statistics import percentile  # noqa: E402

STARTUP_LIMIT_S, MEMORY_LIMIT_BYTES, CODING_LIMIT_S = 0.08, 8e6, 0.15e-3

_MEMORY = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
_BARE = f"""
import sys
import numpy as np
from RUNTIME.interpreter import Interpreter
interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
detail = interpreter.get_input_details()[0]
interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
interpreter.invoke()
interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
{_MEMORY}
"""
_OURS = f"""
import sys
import numpy as np
import device
encoder = device.open_encoder(sys.argv[2], sys.argv[3])
encoder.encode(np.zeros(encoder.bundle.samples.shape[1:], np.uint8))
{_MEMORY}
"""


def main() -> int:
    """Prints the three figures beside their limits; exit code 1 if one is over, or on a named error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="cifar10-ae-mse")
    parser.add_argument("--variant", default="int8")
    parser.add_argument("--repetitions", type=int, default=20, help="fresh processes of each kind (default: 20)")
    parser.add_argument("--json", action="store_true", help="print the raw samples as JSON")
    options = parser.parse_args()
    try:
        bundle = read_bundle(find_bundle(options.bundle))
        samples = measure(bundle, options.variant, options.repetitions)
    except SplitliteError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(samples, indent=1))
    startup = percentile(samples["ours_s"], 50) - percentile(samples["bare_s"], 50)
    memory = percentile(samples["ours_bytes"], 50) - percentile(samples["bare_bytes"], 50)
    coding = percentile(samples["coding_s"], 50)
    figures = (
        ("start-up beyond a bare script", startup, STARTUP_LIMIT_S, 1e3, "ms"),
        ("peak memory beyond a bare script", memory, MEMORY_LIMIT_BYTES, 1e-6, "MB"),
        (f"input and coding of {samples['numbers'][0]:.0f} numbers a call", coding, CODING_LIMIT_S, 1e3, "ms"),
    )
    print(f"{bundle.model} {options.variant}, {load_runtime().name}, medians of {options.repetitions} processes each")
    for label, value, limit, unit, name in figures:
        verdict = "ok" if value <= limit else "over"
        print(f"{label:42} {value * unit:8.3f} {name}   limit {limit * unit:g} {name}   {verdict}")
    print(f"{'  the quickest tenth of calls':42} {percentile(samples['coding_s'], 10) * 1e3:8.3f} ms")
    return int(any(value > limit for _, value, limit, _, _ in figures))


def measure(bundle: Bundle, variant: str, repetitions: int) -> dict[str, list[float]]:
    """Raw samples: seconds and bytes of both kinds of process, seconds of the Python stages of single calls."""
    model = bundle.folder / bundle.variant(variant).file
    samples: dict[str, list[float]] = {key: [] for key in ("bare_s", "ours_s", "bare_bytes", "ours_bytes", "coding_s")}
    programs = {"bare": _BARE.replace("RUNTIME", load_runtime().name), "ours": _OURS}
    for repetition in range(repetitions + 1):
        for kind, program in programs.items():
            seconds, peak = _process(program, str(model), str(bundle.folder), variant)
            if repetition:  # the first of each fills the file cache
                samples[f"{kind}_s"].append(seconds)
                samples[f"{kind}_bytes"].append(peak)
    encoder = Pipeline(bundle, variant)
    images = bundle.read_samples()
    samples["numbers"] = [encoder.numbers(images[0]).size]
    for call in range(1200):
        start = time.perf_counter()
        encoder.quantize(images[call % len(images)])
        middle = time.perf_counter()
        encoder.invoke()
        resumed = time.perf_counter()
        encoder.code()
        if call >= 200:
            samples["coding_s"].append(middle - start + time.perf_counter() - resumed)
    return samples


def _process(program: str, *arguments: str) -> tuple[float, float]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, float(done.stdout.split()[-1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
