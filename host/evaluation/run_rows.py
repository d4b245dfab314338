"""One model of a run as rows of the result schema: what was really sent, decoded, with the run's times and memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from device.bench.statistics import median_interval, percentile
from device.errors import SplitliteError
from device.files import sha256_bytes
from device.run_file import pooled_samples, process_samples, read_outputs
from host.errors import CollectError
from host.evaluation.codes import compare_codes
from host.evaluation.decoders import Decoders, read
from host.evaluation.originals import own_images
from host.evaluation.rows import decode_streams, latency, set_tag, variant_rows
from host.packaging.decoders import read_samples
from host.quantization.recipes import DEFAULTS

Json = dict[str, Any]
_PICTURES = 8  # images whose reconstructions are kept for the report's grid,
_PICTURE_SIDE = 512  # and at most so much of each, from its middle: a photograph's would take gigabytes


def model_result(
    folder: Path,
    run: Mapping[str, Any],
    model: str,
    origin: Mapping[str, str],
    own: np.ndarray | None,
    build: Path,
    bundles: Path,
) -> tuple[Json, dict[str, np.ndarray]]:
    """Evaluates all rows of a model.

    Args:
        folder, run: the run.
        origin: "device" and "runtime" of its times, "emulated" where they are not speed.
        own: the user's own images that the device encoded; None where it was the samples, or they are not at hand.
        build, bundles: where export left the decoders and the encoders.

    Returns:
        The RESULT, its rows in the order of the variants and of their threads, and by row the first reconstructions,
        the originals among them. A row that cannot be evaluated has an "error".
    """
    order = list(DEFAULTS)
    rows = sorted(
        (row for row in run["results"] if row["model"] == model),
        key=lambda row: (
            order.index(row["variant"]) if row["variant"] in order else len(order),
            row["variant"],
            row["threads"],
        ),
    )
    source = run["bundles"][model]
    evaluated: list[Json] = []
    pictures: dict[str, np.ndarray] = {}
    done: dict[tuple[str, str], list[Json]] = {}
    task = "compression"
    for row in rows:
        label = {
            "row": row["variant"],
            "variant": row["variant"],
            "decoder": "own",
            "codec_tag": row["codec_tag"],
            "threads": row["threads"],
        }
        if row["status"] != "ok":
            evaluated.append({**label, "error": row.get("error", "failed on the device")})
            continue
        try:
            files = own_images(run)
            originals = own if files else read_samples(build, model, source["bundle_sha256"]).array
            streams = _streams(folder, row, len(files) or len(originals))
            decoders = read(build, model, row["codec_tag"])
            same = row["codec_tag"], row["outputs"]["sha256"]
            if same not in done:
                done[same], shown = _evaluate(row, streams, originals, decoders, bundles)
                pictures.update({name: middle(stack) for name, stack in shown.items()})
                task = decoders.value.get("task", task)
                entries = done[same]
            else:
                # More threads made the same bitstreams: only the times are new, and no decoder at home has a part.
                entries = [entry for entry in done[same] if entry["decoder"] == "own"]
        except SplitliteError as error:
            evaluated.append({**label, "error": str(error)})
            continue
        measured = {
            "threads": row["threads"],
            "latency": {"encoder": run_latency(row, origin)},
            "memory": run_memory(row),
        }
        evaluated += [{**entry, **measured} for entry in entries]
    return {
        "model": model,
        "task": task,
        "images": max((len(row["outputs"]["images"]) for row in rows if row["status"] == "ok"), default=0),
        "images_from": "folder" if own_images(run) else "samples",
        "codec_tag": set_tag({row["variant"]: row["codec_tag"] for row in rows}),
        "model_sha256": source["model_sha256"],
        "spec_sha256": source["spec_sha256"],
        "rows": evaluated,
    }, pictures


def run_latency(row: Mapping[str, Any], origin: Mapping[str, str]) -> Json:
    """The encode times of a row of a run: of the samples of all its processes.

    Returns:
        As `rows.latency`, with "threads", "processes" and, where these are enough, "median_interval_ns": the ends of
        the 95 % confidence interval of the median over processes.
    """
    processes = process_samples(row)
    found = {
        **latency(pooled_samples(row), origin["device"], origin["runtime"]),
        **origin,
        "threads": row["threads"],
        "processes": len(processes),
    }
    interval = median_interval(processes)
    return found if interval is None else {**found, "median_interval_ns": list(interval)}


def run_memory(row: Mapping[str, Any]) -> dict[str, int]:
    """Memory of a row's worker processes: the largest peak, the median of everything else; bytes."""
    values: dict[str, list[int]] = {}
    for process in row["processes"]:
        for key, value in process["memory"].items():
            values.setdefault(key, []).append(value)
    return {
        key: max(found) if key.startswith("peak_") else round(percentile(found, 50)) for key, found in values.items()
    }


def _streams(folder: Path, row: Mapping[str, Any], expected: int) -> list[bytes]:
    streams = read_outputs(folder, row)
    if len(streams) != expected:
        raise CollectError(f"{len(streams)} outputs of {expected} images; run the bench again")
    return streams


def _evaluate(
    row: Mapping[str, Any], streams: list[bytes], originals: np.ndarray | None, decoders: Decoders, bundles: Path
) -> tuple[list[Json], dict[str, np.ndarray]]:
    codes = decode_streams(streams, decoders)
    if sha256_bytes(codes.tobytes()) != row["codes_sha256"]:
        raise CollectError("the codes decoded here are not those that the device coded; report this as a bug")
    entries, pictures = variant_rows(originals, streams, codes, decoders, {})
    compared = compare_codes(codes, originals, bundles / row["model"], row["variant"], row["codec_tag"])
    if originals is not None:
        pictures["originals"] = originals
    return [{**entry, "codes": compared} for entry in entries], pictures


def middle(images: np.ndarray) -> np.ndarray:
    """What is kept of images (count, height, width, channels) for the report's grid of pictures."""
    top, left = (max(0, (side - _PICTURE_SIDE) // 2) for side in images.shape[1:3])
    return images[:_PICTURES, top : top + _PICTURE_SIDE, left : left + _PICTURE_SIDE]
