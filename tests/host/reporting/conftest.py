"""A made-up project: one run of one model, its evaluation, its training. Tests change what they are about."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.files import write_bytes, write_json
from device.records import from_json
from host.curves.image_codecs import lossless_webp
from host.errors import ReportError
from host.kept_pictures import KeptPicture, KeptPictures, ModelPictures, Shown, as_document
from host.metrics import PICTURES
from host.reporting.sources import ModelSources, RunSources, read_sources
from host.results import KERAS, CollectedRun, Result

MODEL = "tiny-mse"
RUN = "20260102T030405Z-pi-0a1b"


def times(device: str, median_ns: float, n: int) -> dict[str, Any]:
    return {
        "device": device,
        "runtime": "ai_edge_litert 2.3.0",
        "n": n,
        "median_ns": median_ns,
        "mean_ns": median_ns * 1.1,
        "p90_ns": median_ns * 1.4,
    }


def row(name: str, psnr_db: float, **changes: Any) -> dict[str, Any]:
    variant, _, decoder = name.partition("+")
    found = {
        "row": name,
        "variant": variant,
        "family": variant,
        "decoder": decoder or "own",
        "tag": f"tag-{variant}",
        "metrics": {"psnr_db": psnr_db, "ssim": 0.95, "bpp": 2.75},
        "sizes": {
            "network_bytes": 80_000,
            "decoder_bytes": 50_000,
            "full_bytes": 130_000,
            "latent_bytes": 512,
            "payload_bytes": 336.5,
            "bitstream_bytes": 352.5,
        },
        "ratios": {"nominal": 6.0, "actual": 8.715},
    }
    return {**found, **changes}


def baseline(name: str, psnr_db: float, **sizes: float) -> dict[str, Any]:
    return {"row": name, "metrics": {"psnr_db": psnr_db, "ssim": 0.8}, "sizes": sizes}


def result(rows: list[dict[str, Any]], source: str, images: int) -> dict[str, Any]:
    return {
        "model": MODEL,
        "task": "compression",
        "metrics": [asdict(metric) for metric in PICTURES],
        "images": images,
        "image_shapes": [[24, 32, 3]],
        "source": source,
        "tag": "set-tag",
        "tags": {each["variant"]: each["tag"] for each in rows if "tag" in each},
        "model_sha256": "digest-a",
        "spec_sha256": "s",
        "rows": rows,
    }


def make_evaluation() -> dict[str, Any]:
    workstation = {
        "decoder": times("bench-pc", 250_000, 150),
        "full": times("bench-pc", 400_000, 150),
        "device": times("bench-pc", 99_000_000, 150),
    }
    rows = [
        {
            "row": "keras",
            "metrics": {"psnr_db": 31.12, "ssim": 0.96},
            "sizes": {"full_bytes": 700_000},
            "latency": {"full": {**times("bench-pc", 9_000_000, 100), "runtime": KERAS}},
        },
        row("float32", 31.10, latency=workstation),
        row("int8", 30.90, latency=workstation),
        row("int8_qat", 31.05, latency=workstation),
        row("int8+tuned", 31.15, latency={"decoder": times("bench-pc", 300_000, 150)}),
        baseline("pca", 30.0, bitstream_bytes=360.0),
        baseline("jpeg", 22.5, bitstream_bytes=351.0),
        baseline("jpeg-headerless", 31.5, bitstream_bytes=352.0),
    ]
    rows[1]["sizes"] = {**rows[1]["sizes"], "network_bytes": 320_000}
    return {"format_version": 1, "loss": "mse", "device": "bench-pc", **result(rows, "test set", 10000)}


def make_run() -> dict[str, Any]:
    def device(median_ns: float) -> dict[str, Any]:
        return {
            "threads": 1,
            "latency": {"device": {**times("pi", median_ns, 200), "threads": 1, "processes": 10}},
            "memory": {"rss_before_load_bytes": 30e6, "rss_after_load_bytes": 34e6, "peak_rss_bytes": 36e6},
        }

    rows = [
        row("float32", 29.5, **device(2_000_000)),
        row("int8", 29.0, **device(1_000_000)),
        row("int8_qat", 29.2, **device(1_000_000)),
        row("int8+tuned", 29.3, **device(1_000_000)),
    ]
    rows[0]["sizes"] = {**rows[0]["sizes"], "network_bytes": 320_000}
    rows.append(
        {
            "row": "int16x8",
            "variant": "int16x8",
            "family": "int16x8",
            "decoder": "own",
            "threads": 1,
            "error": "the runtime has no RESIZE | in int16x8",
        }
    )
    return {
        "format_version": 1,
        "run_id": RUN,
        "device": "pi",
        "runtime": "ai_edge_litert 2.3.0",
        "threads": [1],
        "started_at": "2026-01-02T03:04:05Z",
        "results": [result(rows, "samples", 64)],
    }


def make_training() -> dict[str, Any]:
    def stage(epochs: int, best: int, seconds: float) -> dict[str, Any]:
        history = [
            {"epoch": n, "loss": 0.1, "validation_loss": 0.1, "validation": {"psnr_db": 20.0 + n}, "seconds": 1.0}
            for n in range(1, epochs + 1)
        ]
        return {"epochs": epochs, "best_epoch": best, "seconds": seconds, "history": history}

    return {
        "seed": 1,
        "stages": {
            "float": {**stage(6, 5, 3600.0), "spec_sha256": "s"},
            "qat": {
                **stage(4, 4, 1926.0),
                "control": stage(4, 2, 900.0),
                "float32_weights": "float",
                "spec_sha256": "s",
            },
            "tune": {
                "int8": {**stage(3, 3, 60.0), "kept": True, "validation_loss_before": 0.2},
                "wall_seconds": 70.0,
                "spec_sha256": "s",
            },
        },
    }


class Project:
    """Folders as write_report finds them; the three values may be changed before `write`."""

    def __init__(self, root: Path) -> None:
        self.benchmarks, self.models = root / "benchmarks", root / "models"
        self.run, self.evaluation, self.training = make_run(), make_evaluation(), make_training()

    @property
    def run_folder(self) -> Path:
        return self.benchmarks / "results" / "pi" / self.run["run_id"]

    @property
    def result(self) -> dict[str, Any]:
        return self.run["results"][0]

    @property
    def collected(self) -> Result:
        """The run's result as it is read."""
        return from_json(Result, self.result, "here", ReportError)

    @property
    def collected_run(self) -> CollectedRun:
        return from_json(CollectedRun, self.run, "here", ReportError)

    def read(self) -> RunSources:
        return read_sources(None, self.models, self.benchmarks)

    def model(self) -> ModelSources:
        """What a report of the files knows of the model."""
        return self.read().models[0]

    def row(self, where: dict[str, Any], name: str) -> dict[str, Any]:
        return next(row for row in where["rows"] if row["row"] == name)

    def sweep(self, *counts: int) -> Project:
        """The run as one of several numbers of threads; each makes the encode faster by its own factor."""
        rows = []
        for row in self.result["rows"]:
            for count in counts if "latency" in row else counts[:1]:
                new = copy.deepcopy(row)
                new["threads"] = count
                for time in new.get("latency", {}).values():
                    time.update(threads=count, median_ns=time["median_ns"] / count)
                rows.append(new)
        self.result["rows"], self.run["threads"] = rows, list(counts)
        return self

    def emulate(self) -> None:
        self.run["emulated"] = "qemu-user"
        for row in self.result["rows"]:
            for time in row.get("latency", {}).values():
                time["emulated"] = "qemu-user"

    def write(self, *, evaluation: bool = True, training: bool = True, pictures: bool = False) -> Project:
        dump(self.run_folder / "evaluation.json", self.run)
        if evaluation:
            dump(self.benchmarks / "evaluations" / MODEL / f"{self.evaluation['tag']}.json", self.evaluation)
        if training:
            dump(self.models / MODEL / "training.json", self.training)
        if pictures:
            images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 3), np.uint8)
            folder = self.run_folder / "pictures"
            kept = []
            for index, image in enumerate(images):
                write_bytes(folder / f"{index}.webp", lossless_webp(image))
                write_bytes(folder / f"{index}.int8.webp", lossless_webp(image // 2))
                shown = (Shown("int8", f"{index}.int8.webp", 100), Shown("jpeg", "none.jpg", 90, beside="int8"))
                kept.append(KeptPicture(index=index, width=8, height=8, original=f"{index}.webp", shown=shown))
            write_json(folder / "pictures.json", as_document(KeptPictures({MODEL: ModelPictures(tuple(kept))})))
        return self


def dump(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def write_json_file() -> Callable[[Path, Any], None]:
    return dump
