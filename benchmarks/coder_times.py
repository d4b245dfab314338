"""Times of the entropy coder in C and in numpy, by turns, on codes of real images; their bytes must be equal.

    .venv/bin/python -m benchmarks.coder_times [--images DIR] [--count N] [--rounds N] [--json FILE]

Needs a C compiler and the exported bundles. The codec `photo` encodes photographs at each quality, by default Kodak's
in SPLITLITE_DATA, and WebP (method 4) encodes them beside it, at its setting nearest in bytes. The small models encode
the samples in their bundles. *coder* is the entropy coder alone, *encode* a whole encode. Times are medians over images
and rounds; ratios are medians of those within a round, which a machine that is slow for a while does not change.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from device.bundle import Bundle, read_bundle
from device.environment import read_environment
from device.errors import SplitliteError
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.entropy import Coder, Tables
from device.outputs.native import CODERS, VARIABLE
from device.outputs.native.build import build
from device.pipeline import Pipeline, find_bundle
from device.runtime import load_runtime
from host.curves.image_codecs import IMAGE_CODECS
from host.data import data_folder
from host.errors import DataError
from host.timing import interleaved_ns

SMALL = {"cifar10-ae-mse": ("int8",), "mnist-ae": ("int8",), "cifar10-rd": ("int8_q0", "int8_q2", "int8_q4")}
_PEER, _SEED = "webp-m4", 7


def main() -> int:
    """Prints a line for each model and quality; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coder_times", description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=Path, help="folder of photographs (default: kodak in SPLITLITE_DATA)")
    parser.add_argument("--count", type=int, default=24, help="photographs and samples at most (default: 24)")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each kind for each image (default: 5)")
    parser.add_argument("--json", type=Path, help="also write everything to this file")
    options = parser.parse_args()
    try:
        build()
        result = measure(read_photographs(options.images, options.count), options.count, options.rounds)
    except SplitliteError as reason:
        print(reason, file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def read_photographs(folder: Path | None, count: int) -> list[np.ndarray]:
    """The first `count` PNG files of a folder, uint8 (height, width, 3); raises DataError."""
    data = data_folder(None)
    chosen = folder or (data / "kodak" if data else None)
    paths = sorted(chosen.glob("*.png"))[:count] if chosen else []
    if not paths:
        raise DataError(f"{chosen or 'SPLITLITE_DATA'}: no PNG files; give --images a folder of photographs")
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def measure(photographs: Sequence[np.ndarray], count: int, rounds: int) -> dict[str, Any]:
    """Measures and prints every row; returns them with the environment."""
    print(f"{'':24}{'coder (ms)':>24}{'encode (ms)':>26}{'to WebP':>10}")
    print(f"{'':24}{'numpy':>8}{'c':>8}{'ratio':>8}{'numpy':>10}{'c':>8}{'ratio':>8}{'c':>10}")
    rows = []
    photo = read_bundle(find_bundle("photo"))
    for variant in photo.variants:
        rows.append(measure_row(photo, variant, photographs, rounds, has_peer=True))
    for name, variants in SMALL.items():
        bundle = read_bundle(find_bundle(name))
        for variant in variants:
            rows.append(measure_row(bundle, variant, list(bundle.read_samples()[:count]), rounds))
    environment = read_environment(load_runtime())
    print(f"{environment['coder']}; runtime {environment['runtime']} {environment['runtime_version']}, one thread")
    return {"environment": environment, "rounds": rounds, "rows": rows}


def measure_row(
    bundle: Bundle, variant: str, images: Sequence[np.ndarray], rounds: int, has_peer: bool = False
) -> dict[str, Any]:
    """Measures and prints one variant; raises DataError where the two coders' bytes differ."""
    encoders = {coder: _open(bundle, variant, coder) for coder in CODERS}
    streams = {coder: [encoder.encode(image) for image in images] for coder, encoder in encoders.items()}
    if streams["c"] != streams["numpy"]:
        raise DataError(f"{bundle.model} {variant}: the bitstreams of C and numpy differ")
    setting = _nearest(images, sum(map(len, streams["c"]))) if has_peer else None
    tables = bundle.variant(variant).output.read_tables(bundle.read_file)
    generator = np.random.default_rng(_SEED)
    times: dict[str, dict[str, list[int]]] = {"coder": {}, "encode": {}}
    for image in images:
        codes = encoders["numpy"].numbers(image)
        calls = {name: partial(each.encode, codes) for name, each in _coders(tables, codes.shape).items()}
        whole: dict[str, Callable[[], object]] = {
            name: partial(each.encode, image) for name, each in encoders.items()
        }
        if setting is not None:
            whole[_PEER] = partial(IMAGE_CODECS[_PEER].encode, Image.fromarray(image), setting)
        for what, timed in (("coder", calls), ("encode", whole)):
            for name, samples in interleaved_ns(timed, rounds, generator).items():
                times[what].setdefault(name, []).extend(samples)
    row: dict[str, Any] = {"model": bundle.model, "variant": variant, "images": len(images)}
    row["bitstream_bytes"] = sum(map(len, streams["c"])) / len(images)
    for what, found in times.items():
        row[f"{what}_ms"] = {name: float(np.median(samples)) / 1e6 for name, samples in found.items()}
        row[f"{what}_ratio"] = {
            name: float(np.median(np.divide(found["c"], samples))) for name, samples in found.items() if name != "c"
        }
    if setting is not None:
        row[f"{_PEER}_setting"] = setting
    print(_line(row), flush=True)
    return row


def _line(row: Mapping[str, Any]) -> str:
    cells = f"{row['model']} {row['variant']}".ljust(24)
    for what, width in (("coder", 8), ("encode", 10)):
        found = row[f"{what}_ms"]
        cells += f"{found['numpy']:>{width}.3f}{found['c']:>8.3f}{row[f'{what}_ratio']['numpy']:>8.2f}"
    return cells + (f"{row['encode_ratio'][_PEER]:>10.2f}" if _PEER in row["encode_ratio"] else "")


def _nearest(images: Sequence[np.ndarray], size: int) -> int:
    """WebP's setting whose files take nearest to `size` bytes in all."""
    codec = IMAGE_CODECS[_PEER]
    pictures = [Image.fromarray(image) for image in images]
    return min(codec.settings, key=lambda each: abs(sum(len(codec.encode(one, each)) for one in pictures) - size))


def _coders(tables: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    library = build()[0]
    kind: Any = Coder if isinstance(tables, Tables) else ContextCoder
    return {"c": kind(tables, shape, library), "numpy": kind(tables, shape)}


def _open(bundle: Bundle, variant: str, coder: str) -> Pipeline:
    with mock.patch.dict(os.environ, {VARIABLE: coder}):
        return Pipeline(bundle, variant)


if __name__ == "__main__":
    sys.exit(main())
