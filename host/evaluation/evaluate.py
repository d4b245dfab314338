"""Every variant over the whole test set, with the real split pair and real bitstreams, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from device.bundle import read_bundle
from device.encoder import Encoder
from device.environment import read_environment
from device.files import read_json, write_json
from device.runtime import load_runtime
from host.data import data_folder, load_images
from host.errors import ModelError
from host.evaluation.baselines import image_codec_rows, keras_row, pca_row
from host.evaluation.collect import device_name
from host.evaluation.rows import FORMAT_VERSION, decode_streams, latency, set_tag, variant_rows
from host.execution import TfliteDecoder, TfliteFull
from host.model import ModelFolder
from host.packaging.decoders import BUILD, DecoderFolder, read_decoders
from host.packaging.export import BUNDLES, export
from host.quantization.recipes import recipes
from host.spec import MODELS, load_spec

EVALUATIONS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "evaluations"
TIMED_RUNS, WARMUP_RUNS = 200, 20


def evaluate(
    name: str,
    *,
    data_dir: Path | None = None,
    images: int | None = None,
    models: Path = MODELS,
    bundles: Path = BUNDLES,
    build: Path = BUILD,
    evaluations: Path = EVALUATIONS,
    baselines: bool = True,
) -> dict[str, Any]:
    """Evaluates a model; exports it first where that is not up to date.

    Args:
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        images: only the first so many test images; the result is then not written.
        baselines: also Keras, PCA, JPEG and WebP.

    Returns:
        The result in the one schema, written to evaluations/<name>/<codec tag>.json.

    Raises:
        ModelError, DataError, ExportError: one line each.
    """
    model = ModelFolder(load_spec(name, models))
    data = load_images(model.spec.data, data_folder(data_dir))
    export(name, models, bundles, build)
    tags: dict[str, str] = read_json(build / name / "export.json", ModelError)["codec_tags"]
    test = data.test[:images]
    environment = read_environment(load_runtime())
    machine = device_name({"board": environment.get("cpu_model"), **environment})
    runtime = f"{environment['runtime']} {environment['runtime_version']}"

    def timed(call: Callable[[], object]) -> dict[str, Any]:
        return latency(time_calls(call), machine, runtime)

    rows: list[dict[str, Any]] = []
    for variant, tag in ((variant, tags[variant]) for variant in recipes(model.spec) if variant in tags):
        decoders = read_decoders(build, name, tag)
        encoder = Encoder(read_bundle(bundles / name), variant)
        streams = [encoder.encode(image) for image in test]
        found, _ = variant_rows(
            test, streams, decode_streams(streams, decoders), decoders, _latencies(encoder, decoders, test, timed)
        )
        rows += found
    if baselines:
        sent = {row["row"]: row["sizes"]["bitstream_bytes"] for row in rows}
        budget = sent.get("int8", float(np.mean(list(sent.values()))))
        rows.append(keras_row(model, test, lambda call: latency(time_calls(call), machine, "keras, batch 1")))
        rows.append(pca_row(data.train, test, decoders.grid.count))
        rows += image_codec_rows(test, budget)
    encoder_parameters, decoder_parameters = _parameters(model)
    result = {
        "format_version": FORMAT_VERSION,
        "model": name,
        "task": model.spec.task,
        "images": len(test),
        "loss": model.spec.training.loss,
        "codec_tag": set_tag(tags),
        "codec_tags": tags,
        "model_sha256": model.digest(),
        "spec_sha256": model.spec.digest,
        "data_sha256": data.digest,
        "device": machine,
        "parameters": {"encoder": encoder_parameters, "decoder": decoder_parameters},
        "rows": rows,
    }
    if images is None:
        write_json(evaluations / name / f"{result['codec_tag']}.json", result)
    return result


def time_calls(call: Callable[[], object]) -> list[int]:
    """Nanoseconds of TIMED_RUNS calls, after WARMUP_RUNS that are not counted."""
    for _ in range(WARMUP_RUNS):
        call()
    samples = []
    for _ in range(TIMED_RUNS):
        started = perf_counter_ns()
        call()
        samples.append(perf_counter_ns() - started)
    return samples


def _latencies(encoder: Encoder, decoders: DecoderFolder, test: np.ndarray, timed: Any) -> dict[str, Any]:
    codes = encoder.encode_codes(test[0])[None]
    decoder = TfliteDecoder(decoders.read("own"), decoders.grid)
    full = TfliteFull(decoders.read("full"))
    return {
        "encoder": timed(lambda: encoder.encode(test[0])),
        "decoder": timed(lambda: decoder.images(codes)),
        "full": timed(lambda: full.images(test[:1])),
    }


def _parameters(model: ModelFolder) -> tuple[int, int]:
    from host.networks.builder import build as build_networks

    encoder, decoder = build_networks(model.spec)
    return encoder.count_params(), decoder.count_params()
