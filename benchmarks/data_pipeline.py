"""Does a folder of images train as fast as the same images in memory?

Writes 20,000 of CIFAR-10's images as PNG into a temporary folder and trains the CIFAR-10 autoencoder's network on them,
from memory and streamed from the files, in turns: each turn is as many steps of both, and what is compared is the
median of the turns' steps per second. The first turn of each warms up and does not count.

    python benchmarks/data_pipeline.py --data-dir ~/data
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from host.quiet import load_tensorflow  # noqa: E402

MODEL = "cifar10-ae-mse"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder of data sets; else SPLITLITE_DATA")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--steps", type=int, default=60, help="of each, in each turn")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load_tensorflow()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    if options.json:
        print(json.dumps(found, indent=1, sort_keys=True))
        return
    for name in ("memory", "folder"):
        rates = found[f"{name}_steps_per_s"]
        print(f"{name}: median {statistics.median(rates):.2f} steps/s ({min(rates):.2f} to {max(rates):.2f})")
    print(f"ratio: {found['ratio']:.3f} of {found['turns']} turns of {found['steps']} steps of {found['batch_size']}")


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Steps per second of each turn, and the ratio of the medians."""
    from host.data import data_folder, load
    from host.data.split import Split
    from host.data.stream import ImageFiles
    from host.networks.builder import build, initialize
    from host.spec.model_folder import ModelFolder
    from host.spec.types import StageSpec
    from host.tasks import open_spec
    from host.tasks.compression.model_files import latent_grid
    from host.tasks.compression.work import autoencoder_work
    from host.training.distributed import share

    spec = open_spec(MODEL)[1]
    images = load(spec.data, data_folder(options.data_dir))
    train = images.sample.array[: options.images]
    paths = [folder / f"{index // 1000:02d}" / f"{index:05d}.png" for index in range(len(train))]
    for path, image in zip(paths, train):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    encoder, decoder = build(spec)
    initialize(spec, encoder, decoder, train)
    grid = latent_grid(ModelFolder(spec), encoder.output_shape[1:])
    stage = StageSpec("float", "float", 1, 1e-3, schedule={"name": "constant"})
    sources = {"memory": Split(train), "folder": Split(ImageFiles(paths, spec.data.image_shape, resize=True))}
    works = {
        name: autoencoder_work(spec, stage, name, encoder, decoder, grid, replace(images, train=source), seed=1)
        for name, source in sources.items()
    }
    step, size = share(works["memory"].step), spec.training.batch_size
    running = {name: _endless(work) for name, work in works.items()}
    rates: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(options.turns + 1):
        # The order turns round, so that a machine that slows down slows both.
        for name in list(works)[:: 1 if turn % 2 else -1]:
            started = time.perf_counter()
            for _ in range(options.steps):
                loss = step(*next(running[name]))["loss"]
            float(loss)  # waits for the last step
            rates[name].append(options.steps / (time.perf_counter() - started))
    rates = {name: values[1:] for name, values in rates.items()}
    return {
        "images": len(train),
        "turns": options.turns,
        "steps": options.steps,
        "batch_size": size,
        **{f"{name}_steps_per_s": values for name, values in rates.items()},
        "ratio": statistics.median(rates["folder"]) / statistics.median(rates["memory"]),
    }


def _endless(work: Any) -> Iterator[Any]:
    import tensorflow as tf

    for epoch in itertools.count():
        for batch in work.batches(np.random.default_rng([0, epoch])):
            yield tuple(tf.constant(part) for part in batch)


if __name__ == "__main__":
    main()
