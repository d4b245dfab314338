"""A made-up project: one model, its run, evaluation, training and pictures. Tests change what they are about."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from device.files import write_bytes, write_json
from device.records import from_json
from host.curves.image_codecs import lossless_webp
from host.errors import ReportError
from host.kept_pictures import KeptPicture, KeptPictures, ModelPictures, Shown, as_document
from host.metrics import PICTURES
from host.quantization.diagnosis.kept import write_diagnosis
from host.quantization.diagnosis.result import Diagnosis, LayerError, NetworkDiagnosis
from host.report.content import Report, make_report
from host.report.sources import Folders, ModelSources, Sources, read_sources
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
            "tag": "tag-int16x8",
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


def make_diagnosis(variant: str, sqnr_db: float | None, **shares: float) -> Diagnosis:
    """Of an encoder with a layer for each share; in percent."""
    layers = tuple(LayerError(name, ("CONV_2D",), 20.0, 25.0, share, 0.0, 1.0, 0.01) for name, share in shares.items())
    network = NetworkDiagnosis("encoder", sqnr_db, sqnr_db, 40.0, layers, (), "spread")
    return Diagnosis(MODEL, "compression", variant, 64, (network,), "digest-a", "s")


class Project:
    """Folders as `host report` finds them; the three values may be changed before `write`.

    `folders`, `read`, `model` and `report` are what the report makes of the files that were written.
    """

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root / "models", root / "benchmarks", root / "build")
        self.run, self.evaluation, self.training = make_run(), make_evaluation(), make_training()

    @property
    def benchmarks(self) -> Path:
        return self.folders.benchmarks

    @property
    def run_folder(self) -> Path:
        return self.benchmarks / "results" / self.run["device"] / self.run["run_id"]

    @property
    def evaluation_file(self) -> Path:
        return self.benchmarks / "evaluations" / MODEL / f"{self.evaluation['tag']}.json"

    @property
    def training_file(self) -> Path:
        return self.folders.models / MODEL / "training.json"

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

    def read(self, runs: Sequence[str] = (), names: Sequence[str] = ()) -> Sources:
        return read_sources(self.folders, runs, names)

    def model(self) -> ModelSources:
        """The first model."""
        return self.read().models[0]

    def report(self) -> Report:
        return make_report(self.read())

    def row(self, where: dict[str, Any], name: str) -> dict[str, Any]:
        return next(row for row in where["rows"] if row["row"] == name)

    def another_run(self, day: int, faster: float = 1.0, **changes: Any) -> dict[str, Any]:
        """Writes the run once more, as of a day of February with times of its own; returns what was written.

        Args:
            changes: of the run. "image_shapes" and "model" are of its result, and its runtime is of its times too.
        """
        new = copy.deepcopy(self.run)
        of_result = {key: changes.pop(key) for key in ("image_shapes", "model") if key in changes}
        new["results"][0].update(of_result)
        new.update(run_id=f"202602{day:02}T000000Z-pi-0a1b", started_at=f"2026-02-{day:02}T00:00:00Z")
        new.update(changes)
        for row in new["results"][0]["rows"]:
            for time in row.get("latency", {}).values():
                time["median_ns"] /= faster
                time.update(device=new["device"], runtime=new["runtime"])
                time.update({"emulated": new["emulated"]} if "emulated" in new else {})
        dump(self.benchmarks / "results" / new["device"] / new["run_id"] / "evaluation.json", new)
        return new

    def add_variant(self, name: str, psnr_db: float, **changes: Any) -> None:
        """A variant that the run timed and the evaluation judged."""
        self.evaluation["rows"].append(row(name, psnr_db, **changes))
        latency = copy.deepcopy(self.row(self.result, "int8")["latency"])
        self.result["rows"].append(row(name, psnr_db - 1, **changes, threads=1, latency=latency))

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
            dump(self.evaluation_file, self.evaluation)
        if training:
            dump(self.training_file, self.training)
        if pictures:
            self.write_pictures()
        return self

    def write_pictures(self) -> None:
        """Three pictures of 8 x 8 pixels: the original, what int8 made of it, and JPEG beside that."""
        images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 3), np.uint8)
        folder = self.run_folder / "pictures"
        kept = []
        for index, image in enumerate(images):
            write_bytes(folder / f"{index}.webp", lossless_webp(image))
            write_bytes(folder / f"{index}.int8.webp", lossless_webp(image // 2))
            write_bytes(folder / f"{index}.jpeg.webp", lossless_webp(255 - image))
            shown = (
                Shown("int8", f"{index}.int8.webp", 100, {"psnr_db": 20.5 + index}),
                Shown("jpeg", f"{index}.jpeg.webp", 90, beside="int8", title="JPEG, quality 4"),
            )
            kept.append(KeptPicture(index=index, width=8, height=8, original=f"{index}.webp", shown=shown))
        write_json(folder / "pictures.json", as_document(KeptPictures({MODEL: ModelPictures(tuple(kept))})))

    def write_drawing(self) -> None:
        shape = '<path fill="var(--ink)" d="M1 1h7v7z"/>'
        drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{shape}</svg>\n'
        end = f"<!-- source_sha256 {64 * '0'} -->\n"
        write_bytes(self.folders.build / MODEL / "network.svg", (drawing + end).encode())

    def write_diagnoses(self, *diagnoses: Diagnosis) -> None:
        for each in diagnoses:
            write_diagnosis(self.benchmarks / "diagnoses" / each.model / f"{each.variant}.json", each)


def dump(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
