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
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from host.data import DataSet, data_folder, load  # noqa: E402
from host.networks.weights import load_weights  # noqa: E402
from host.spec.types import Spec, StageSpec  # noqa: E402
from host.tasks import open_spec  # noqa: E402
from host.tasks.codec.networks import build_codec  # noqa: E402
from host.tasks.codec.work import codec_work  # noqa: E402
from host.training.distributed import Session  # noqa: E402
from host.training.loop import fit  # noqa: E402

Rows = list[dict[str, Any]]


def trained_on(spec: Spec, data: DataSet, stage: StageSpec, quality: int, with_encoder: bool) -> tuple[Rows, Rows]:
    """The validation's rows of all qualities before and after training on for one of them."""
    trained, average = build_codec(spec), build_codec(spec)
    for codec in (trained, average):
        load_weights(spec.folder / "float.weights.h5", codec.models)
    work = codec_work(trained, average, data, stage, qualities=(quality,), with_encoder=with_encoder)
    before = work.validate()["qualities"]
    with tempfile.TemporaryDirectory() as scratch:
        result = fit(work, stage, Path(scratch), Session())
    return before, result["history"][-1]["qualities"]


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
    spec = open_spec(options.model)[1]
    schedule = {"name": "hold", "warm_up": 200, "hold": 0.6, "final": 0.02}
    stage = StageSpec("float", "float", 1, options.learning_rate, steps=options.steps, schedule=schedule)
    data = load(spec.data, data_folder(options.data_dir))
    curve, without = trained_on(spec, data, stage, options.quality, with_encoder=False)
    _, with_it = trained_on(spec, data, stage, options.quality, with_encoder=True)
    shared, own = without[options.quality], with_it[options.quality]
    for name, row in (("shared encoder", shared), ("encoder of its own", own)):
        print(f"quality {options.quality}, {name}: {row['estimated_bpp']:.4f} bpp, {row['psnr_db']:.3f} dB")
    change = rate_change_percent(own, shared, curve)
    print(f"an encoder of its own changes the rate by {change:+.2f} % at equal PSNR")


if __name__ == "__main__":
    main()
