"""What it costs that all qualities of a photo codec share one encoder.

    python benchmarks/shared_encoder.py [photo] --quality 2 --steps 1500

From the trained weights, everything is trained on for one quality alone, and beside it, with the same patches, all but
the encoder. The difference is what an encoder of its own would win: rate at equal PSNR on the validation photographs,
estimated under the factorized prior. Needs the photographs (SPLITLITE_DATA) and minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from host.data import data_folder  # noqa: E402
from host.networks.weights import load_weights  # noqa: E402
from host.spec.types import StageSpec  # noqa: E402
from host.tasks.codec.images import (  # noqa: E402
    Photographs,
    load_codec_images,
)
from host.tasks.codec.networks import build_codec  # noqa: E402
from host.tasks.codec.spec import CodecSpec  # noqa: E402
from host.tasks.codec.task import load_codec_spec  # noqa: E402
from host.tasks.codec.training import Loop  # noqa: E402
from host.tasks.codec.validation import Validation  # noqa: E402


def trained_on(
    spec: CodecSpec, photographs: Photographs, quality: int, with_encoder: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The validation's row of a quality after training on for it, and the rows of all qualities before."""
    trained, average = build_codec(spec), build_codec(spec)
    for codec in (trained, average):
        load_weights(spec.folder / "float.weights.h5", codec.models)
    validation = Validation(average, photographs.validation)
    before = validation.report("before")
    with tempfile.TemporaryDirectory() as scratch:
        loop = Loop(spec, trained, average, Path(scratch), qualities=(quality,), with_encoder=with_encoder)
        loop.epoch(photographs, 1)
    return validation.report("with the encoder" if with_encoder else "without")[quality], before


def rate_change_percent(own: dict[str, Any], shared: dict[str, Any], curve: list[dict[str, Any]]) -> float:
    """Rate of `own` against `shared` at equal PSNR; the slope between rate and PSNR is the curve's."""
    psnr, log_rate = ([row["psnr_db"] for row in curve], np.log([row["estimated_bpp"] for row in curve]))
    expected = np.interp([own["psnr_db"], shared["psnr_db"]], psnr, log_rate)
    found = np.log(own["estimated_bpp"]) - np.log(shared["estimated_bpp"])
    return float(100 * np.expm1(found - (expected[0] - expected[1])))


def main() -> None:
    """Trains twice and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="photo")
    parser.add_argument("--quality", type=int, default=2)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    spec = load_codec_spec(options.model)
    spec = replace(spec, float_=StageSpec(1, options.steps, options.learning_rate, 1))
    photographs = load_codec_images(spec, data_folder(options.data_dir))
    shared, curve = trained_on(spec, photographs, options.quality, with_encoder=False)
    own, _ = trained_on(spec, photographs, options.quality, with_encoder=True)
    for name, row in (("shared encoder", shared), ("encoder of its own", own)):
        print(f"quality {options.quality}, {name}: {row['estimated_bpp']:.4f} bpp, {row['psnr_db']:.3f} dB")
    change = rate_change_percent(own, shared, curve)
    print(f"an encoder of its own changes the rate by {change:+.2f} % at equal PSNR")


if __name__ == "__main__":
    main()
