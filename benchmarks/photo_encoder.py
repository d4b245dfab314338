"""What encoding a photograph costs on this machine: time by stage and by height of a strip, memory of a large one.

    python benchmarks/photo_encoder.py IMAGE [--bundle photo] [--quality 3]

Times are medians over interleaved rounds, one thread. The memory is the highest that a fresh process ever held
(VmHWM), encoding an image of 4000 x 3000 pixels made of IMAGE by repetition; Linux alone tells it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from device.bundle import read_bundle  # noqa: E402
from device.image_file import read_image  # noqa: E402
from device.inputs import strips  # noqa: E402
from device.pipeline import Pipeline, find_bundle  # noqa: E402

LARGE = (3000, 4000)
LIMIT_BYTES = 200_000_000
_ROUNDS = 20
_STRIP_ROWS = (1, 2, 4, 8, 16, 1000)
_CHILD = """
import sys
import numpy as np
import device
from device.image_file import read_image
encoder = device.open_encoder(sys.argv[2], quality=int(sys.argv[3]))
tile = read_image(sys.argv[1])
height, width = {shape}
image = np.empty((height, width, 3), np.uint8)
for top in range(0, height, tile.shape[0]):
    for left in range(0, width, tile.shape[1]):
        part = image[top : top + tile.shape[0], left : left + tile.shape[1]]
        part[:] = tile[: part.shape[0], : part.shape[1]]
encoder.encode(image)
print([line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1])
"""


def peak_rss_bytes(image: Path, bundle: str, quality: int) -> int:
    """Of a fresh process that encodes a large photograph."""
    command = [sys.executable, "-c", _CHILD.format(shape=LARGE), str(image), bundle, str(quality)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(result.stdout) * 1024


def medians(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of each call, by turns; the first two rounds warm up."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(_ROUNDS + 2):
        for name, call in calls.items():
            start = time.perf_counter_ns()
            call()
            times[name].append((time.perf_counter_ns() - start) / 1e6)
    return {name: statistics.median(samples[2:]) for name, samples in times.items()}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("image", type=Path, help=".ppm, .npy (others with Pillow)")
    parser.add_argument("--bundle", default="photo")
    parser.add_argument("--quality", type=int, default=3)
    options = parser.parse_args()
    image = read_image(options.image, 3)
    height, width, _ = image.shape
    bundle = read_bundle(find_bundle(options.bundle))
    variant = bundle.find("int8", options.quality).name
    encoder = Pipeline(bundle, variant)
    calls: dict[str, Callable[[], object]] = {
        "quantize": lambda: encoder.quantize(image),
        "invoke": encoder.invoke,
        "code": encoder.code,
        "encode": lambda: encoder.encode(image),
    }
    print(f"{options.image.name}, {height} x {width}, {variant}, {len(encoder.encode(image))} bytes")
    print(", ".join(f"{name} {value:.2f} ms" for name, value in medians(calls).items()))
    by_rows, chosen = {}, strips.STRIP_PIXELS
    for rows in _STRIP_ROWS:
        strips.STRIP_PIXELS = rows * bundle.input.block * width
        other = Pipeline(bundle, variant)
        other.prepare(image)
        by_rows[str(rows)] = lambda other=other: other.numbers(image)  # type: ignore[misc]
    text = ", ".join(f"{name} rows {value:.2f} ms" for name, value in medians(by_rows).items())
    print(f"codes by height of a strip: {text} (chosen: about {chosen} pixels)")
    peak = peak_rss_bytes(options.image.resolve(), str(bundle.folder.resolve()), options.quality)
    print(f"{LARGE[1]} x {LARGE[0]} pixels in a fresh process: peak {peak / 1e6:.0f} MB, limit {LIMIT_BYTES / 1e6:.0f}")


if __name__ == "__main__":
    main()
