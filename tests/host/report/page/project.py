"""A made-up project of three models, as folders on disk: one that compresses, one that classifies, one never run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from device.files import write_bytes, write_json
from host.curves.image_codecs import lossless_webp
from host.diagram.svg import as_text, rect, root, text
from host.kept_pictures import FOLDER, INDEX, KeptPicture, KeptPictures, ModelPictures, Shown, as_document
from host.metrics import PICTURES, PSNR, Metric
from host.quantization.diagnosis.kept import write_diagnosis
from host.quantization.diagnosis.result import SPREAD, Diagnosis, LayerError, NetworkDiagnosis
from host.report.sources import Folders
from host.results import FORMAT_VERSION
from host.tasks.classification.spec import ACCURACY
from tests.host.conftest import edited, make_run, write_run_file

COMPRESSING, CLASSIFYING, UNRUN = "codes", "digits", 'only "<judged>"'
PI, EMULATED, WORKSTATION = "pi", "arm64-root", "bench-pc"
RUN, EMULATED_RUN = "20260102T030405Z-pi-0a1b", "20260101T030405Z-arm-0c2d"
LITERT, TFLITE = "ai_edge_litert 2.3.0", "tflite_runtime 2.14.0"
HEIGHT, WIDTH = 48, 64  # of the pictures
_DIGEST = "1" * 64  # of each model
_MEASURED = {  # PSNR in dB, the network's bytes, bytes sent
    "float32": (31.1, 167_500, 358.3),
    "float16": (31.1, 87_400, 358.3),
    "int8": (30.7, 49_100, 357.9),
    "int8_qat": (31.0, 49_700, 355.2),
    "int8_mixed": (31.0, 49_700, 355.2),
    "int8+tuned": (31.15, 49_100, 357.9),
}
_INT8 = {"int8": 1.25, "int8_qat": 1.2, "int8_mixed": 1.2, "int8+tuned": 1.25}
TIMES = {  # ms; int8 is faster on the Pi and slower where it is emulated
    PI: {"float32": 2.0, "float16": 2.1, **_INT8},
    EMULATED: {"float32": 30.0, "float16": 31.0, **{name: 33 * ms for name, ms in _INT8.items()}},
    WORKSTATION: {"float32": 0.2, "float16": 0.21, **{name: ms / 10 for name, ms in _INT8.items()}},
}


def psnr_rows() -> list[dict[str, Any]]:
    """The rows of the compressing model without times.

    The tuned decoder is best, int8_qat the fastest on the Pi. int8_mixed has the numbers of int8_qat.
    """
    found = []
    for name, (psnr_db, network_bytes, sent) in _MEASURED.items():
        row = _variant(name, {"psnr_db": psnr_db, "ssim": 0.95, "bpp": 2.8})
        row["sizes"] = {"network_bytes": network_bytes, "latent_bytes": 512, "bitstream_bytes": sent}
        row["ratios"] = {"nominal": 6.0, "actual": round(3072 / sent, 2)}
        found.append(row)
    return [*found, _baseline("jpeg", 22.9, 357.0), _baseline("webp", 32.2, 357.5)]


def pictures() -> dict[str, np.ndarray]:
    """What the run kept, uint8 (48, 64, 3): the original, and the two rows of which equal pictures share a file."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    original = np.stack([down * 5, across * 3, 255 - across * 2 - down], axis=2).astype(np.uint8)
    noise = np.random.default_rng(1).integers(-20, 21, original.shape)
    return {"original": original, "int8": np.clip(original + noise, 0, 255).astype(np.uint8)}


def write_project(folder: Path) -> Folders:
    """Writes all files that a report is made of."""
    folders = Folders(folder / "models", folder / "benchmarks", folder / "build")
    rows = psnr_rows()
    judged = [{**row, "latency": _latency(WORKSTATION, row["row"])} for row in rows]
    _write_evaluation(folders, COMPRESSING, "compression", PICTURES, judged)
    answers = [
        _classifier("float32", 86.5, 312_000),
        _classifier("int8", 86.4, 94_600),
        _classifier("dynamic_range", 86.45, 93_700),
    ]
    _write_evaluation(folders, CLASSIFYING, "classification", (ACCURACY,), answers)
    _write_evaluation(folders, UNRUN, "compression", (PSNR,), [_variant("float32", {"psnr_db": 25.0})])
    runs = ((PI, RUN, LITERT, None, "2026-01-02"), (EMULATED, EMULATED_RUN, TFLITE, "qemu-user", "2026-01-01"))
    for device, run, runtime, emulated, day in runs:
        timed = [{**row, "latency": _latency(device, row["row"])} for row in rows]
        classified = [{**row, "latency": {"device": _times(device, 5.0 + at)}} for at, row in enumerate(answers)]
        of_run = {
            "format_version": FORMAT_VERSION,
            "run_id": run,
            "device": device,
            "runtime": runtime,
            "threads": [1],
            "started_at": f"{day}T03:04:05Z",
            "results": [
                _result(COMPRESSING, "compression", PICTURES, [row for row in timed if row["latency"]], "samples", 64),
                _result(CLASSIFYING, "classification", (ACCURACY,), classified, "samples", 64),
            ],
            **({"emulated": emulated} if emulated else {}),
        }
        results = folders.benchmarks / "results" / device
        write_run_file(edited(make_run(run, 1, variants=("float32", "int8")), _of_codes), results)
        write_json(results / run / "evaluation.json", of_run)
    _write_pictures(folders.benchmarks / "results" / PI / RUN / FOLDER)
    write_json(folders.models / COMPRESSING / "training.json", _training())
    for variant, sqnr_db in (("int8", 20.0), ("int8_qat", 23.0)):
        write_diagnosis(
            folders.benchmarks / "diagnoses" / COMPRESSING / f"{variant}.json", _diagnosis(variant, sqnr_db)
        )
    _write_drawing(folders.build / COMPRESSING / "network.svg")
    return folders


def _variant(name: str, metrics: Mapping[str, float]) -> dict[str, Any]:
    variant, _, decoder = name.partition("+")
    return {
        "row": name,
        "variant": variant,
        "family": variant,
        "decoder": decoder or "own",
        "tag": f"tag-{variant}",
        "metrics": dict(metrics),
    }


def _classifier(name: str, percent: float, network_bytes: int) -> dict[str, Any]:
    return {**_variant(name, {ACCURACY.key: percent}), "decoder": None, "sizes": {"network_bytes": network_bytes}}


def _baseline(name: str, psnr_db: float, sent: float) -> dict[str, Any]:
    return {
        "row": name,
        "metrics": {"psnr_db": psnr_db, "ssim": 0.8, "bpp": 2.8},
        "sizes": {"bitstream_bytes": sent},
        "ratios": {"actual": round(3072 / sent, 2)},
    }


def _times(device: str, ms: float) -> dict[str, Any]:
    runtime = TFLITE if device == EMULATED else LITERT
    found = {"device": device, "runtime": runtime, "threads": 1, "n": 200, "processes": 10}
    found |= {"median_ns": ms * 1e6, "mean_ns": ms * 1.1e6, "p90_ns": ms * 1.3e6}
    return {**found, "emulated": "qemu-user"} if device == EMULATED else found


def _latency(device: str, row: str) -> dict[str, Any]:
    return {"device": _times(device, TIMES[device][row])} if row in TIMES[device] else {}


def _result(
    model: str, task: str, metrics: tuple[Metric, ...], rows: list[dict[str, Any]], source: str, images: int
) -> dict[str, Any]:
    return {
        "model": model,
        "task": task,
        "metrics": [asdict(metric) for metric in metrics],
        "images": images,
        "image_shapes": [[32, 32, 3]],
        "source": source,
        "tag": "set-tag",
        "tags": {row["variant"]: row["tag"] for row in rows if "tag" in row},
        "model_sha256": _DIGEST,
        "spec_sha256": "2" * 64,
        "rows": rows,
    }


def _write_evaluation(
    folders: Folders, model: str, task: str, metrics: tuple[Metric, ...], rows: list[dict[str, Any]]
) -> None:
    found = {
        "format_version": FORMAT_VERSION,
        "device": WORKSTATION,
        **_result(model, task, metrics, rows, "test set", 10000),
    }
    write_json(folders.benchmarks / "evaluations" / model / "set-tag.json", found)


def _of_codes(run: dict[str, Any]) -> None:
    """Makes a run of the model "m" one of the compressing model."""
    run["bundles"] = {COMPRESSING: run["bundles"]["m"]}
    for row in run["rows"]:
        row["model"] = COMPRESSING


def _write_pictures(folder: Path) -> None:
    made = pictures()
    for name, image in made.items():
        write_bytes(folder / f"{name}.webp", lossless_webp(image))
    buffer = io.BytesIO()
    Image.fromarray(made["original"]).save(buffer, "JPEG", quality=5)
    write_bytes(folder / "beside.jpg", buffer.getvalue())
    title = "JPEG, quality 5, as the library makes it"  # wider than a phone's window together with what follows it
    jpeg = Shown("jpeg", "beside.jpg", len(buffer.getvalue()), {"psnr_db": 25.0}, "int8", title)
    rows = (
        Shown("float32", "original.webp", 358),
        Shown("int8", "int8.webp", 357, {"psnr_db": 27.0}),
        jpeg,
        Shown("int8_qat", "int8.webp", 355, {"psnr_db": 27.0}),
    )
    kept = [KeptPicture(index=at, width=WIDTH, height=HEIGHT, original="original.webp", shown=rows) for at in range(2)]
    write_json(folder / INDEX, as_document(KeptPictures({COMPRESSING: ModelPictures(tuple(kept), ("A remark.",))})))


def _training() -> dict[str, Any]:
    def stage(epochs: int) -> dict[str, Any]:
        history = [
            {"epoch": at, "loss": 0.1 / at, "validation_loss": 0.12 / at, "validation": {"psnr_db": 28.0 + at}}
            for at in range(1, epochs + 1)
        ]
        return {
            "epochs": epochs,
            "best_epoch": epochs,
            "seconds": 60.0 * epochs,
            "history": history,
            "spec_sha256": "2" * 64,
        }

    return {"seed": 1, "stages": {"float": stage(6), "qat": {**stage(4), "control": stage(4)}}}


def _diagnosis(variant: str, sqnr_db: float) -> Diagnosis:
    layers = tuple(LayerError(name, ("CONV_2D",), sqnr_db, 30.0, 50.0, -1.0, 1.0, 0.01) for name in ("first", "second"))
    network = NetworkDiagnosis("encoder", sqnr_db, sqnr_db, 40.0, layers, (), SPREAD)
    return Diagnosis(COMPRESSING, "compression", variant, 64, (network,), _DIGEST, "2" * 64)


def _write_drawing(path: Path) -> None:
    drawing = root((1500, 200), f"Networks of {COMPRESSING}")
    rect(drawing, (20, 20), (160, 60), "panel")
    text(drawing, (30, 50), "conv 3 x 3")
    source = "0" * 64
    write_bytes(path, f"{as_text(drawing)}<!-- source_sha256 {source} -->\n".encode())
