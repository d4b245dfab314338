"""Every variant over the whole test set, with the real split pair and real bitstreams, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from device.bench.environment import read_environment
from device.bundle import read_bundle
from device.files import read_json, write_json
from device.pipeline import Pipeline
from device.runtime import load_runtime
from host.data import data_folder, load
from host.data.folder import list_images
from host.data.stream import ImageFiles
from host.errors import ModelError
from host.evaluation.baselines import image_codec_rows, keras_row, pca_row
from host.evaluation.collect import device_name
from host.evaluation.decoders import read
from host.evaluation.photographs import photo_rows
from host.evaluation.rows import FORMAT_VERSION, decode_streams, latency, set_tag, variant_rows
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES, export, read_record
from host.quantization.execution import TfliteDecoder, TfliteFull
from host.quantization.recipes import recipes
from host.quiet import load_tensorflow
from host.spec.model_folder import ModelFolder
from host.spec.models import MODELS
from host.tasks import open_spec

EVALUATIONS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "evaluations"
TIMED_RUNS, WARMUP_RUNS = 200, 20


def evaluate(
    name: str,
    *,
    data: Path | None = None,
    out: Path | None = None,
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
        data: a folder of images instead of the test set, resized and cut as training on a folder does; a photo codec
            takes them as they are, at all its qualities.
        out: the file that the result is written to. None: evaluations/<name>/<codec tag>.json, with `data`
            evaluations/<name>/<its name>.json.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        images: only the first so many images; the result is then written only where `out` says so.
        baselines: also Keras, PCA (where there is a training set to fit it on), JPEG and WebP.

    Returns:
        The result in the one schema.

    Raises:
        ModelError, DataError, ExportError, SpecError: one line each.
    """
    check_test_set(name, data, models)
    if data is not None:
        files, digest = list_images(data)
        files = files[:images]
    if open_spec(name, models)[0].name == "codec":
        result = _photo_result(name, files, digest, models, bundles, build)
    else:
        model = ModelFolder(open_spec(name, models)[1])
        load_tensorflow()
        if data is None:
            known = load(model.spec.data, data_folder(data_dir))
            train, test = known.sample.array, known.test.array[:images]
            result = _result(model, train, test, known.digest, bundles, build, baselines)
        else:
            test = ImageFiles(files, model.spec.data.image_shape, resize=model.spec.data.fit == "resize").load()
            result = _result(model, None, test, digest, bundles, build, baselines)
    if data is not None:
        result["folder"] = data.resolve().name
    if out is None and images is None:
        out = evaluations / name / f"{result.get('folder', result['codec_tag'])}.json"
    if out is not None:
        _write(out, result)
    return result


def check_test_set(name: str, data: Path | None, models: Path = MODELS) -> None:
    """Raises ModelError where there is nothing to evaluate a model on: photo codecs have no test set."""
    if data is None and open_spec(name, models)[0].name == "codec":
        raise ModelError(
            f"{name}: a codec of many rates; benchmarks/rate_distortion.py compares those, see README.md; "
            "for its own figures give images: --data DIR"
        )


def _result(
    model: ModelFolder,
    train: np.ndarray | None,
    test: np.ndarray,
    digest: str,
    bundles: Path,
    build: Path,
    baselines: bool,
) -> dict[str, Any]:
    name = model.spec.name
    export(open_spec(model.folder)[0], model, bundles, build)
    tags: dict[str, str] = dict(read_record(build, name).tags)
    environment = read_environment(load_runtime())
    machine = device_name({"board": environment.get("cpu_model"), **environment})
    runtime = f"{environment['runtime']} {environment['runtime_version']}"

    def timed(call: Callable[[], object]) -> dict[str, Any]:
        return latency(time_calls(call), machine, runtime)

    rows: list[dict[str, Any]] = []
    for variant, tag in ((variant, tags[variant]) for variant in recipes(model.spec) if variant in tags):
        decoders = read(build, name, tag)
        encoder = Pipeline(read_bundle(bundles / name), variant)
        streams = [encoder.encode(image) for image in test]
        found, _ = variant_rows(
            test, streams, decode_streams(streams, decoders), decoders, _latencies(encoder, decoders, test, timed)
        )
        rows += found
    if baselines:
        sent = {row["row"]: row["sizes"]["bitstream_bytes"] for row in rows}
        budget = sent.get("int8", float(np.mean(list(sent.values()))))
        rows.append(keras_row(model, test, lambda call: latency(time_calls(call), machine, "keras, batch 1")))
        if train is not None:
            rows.append(pca_row(train, test, decoders.grid.count))
        rows += image_codec_rows(test, budget)
    encoder_parameters, decoder_parameters = _parameters(model)
    return {
        "format_version": FORMAT_VERSION,
        "model": name,
        "task": model.spec.task,
        "images": len(test),
        "loss": model.spec.training.loss,
        "codec_tag": set_tag(tags),
        "codec_tags": tags,
        "model_sha256": model.digest(),
        "spec_sha256": model.spec.digest,
        "data_sha256": digest,
        "device": machine,
        "parameters": {"encoder": encoder_parameters, "decoder": decoder_parameters},
        "rows": rows,
    }


def _photo_result(
    name: str, files: Sequence[Path], digest: str, models: Path, bundles: Path, build: Path
) -> dict[str, Any]:
    export(open_spec(name, models)[0], ModelFolder(open_spec(name, models)[1]), bundles, build)
    tags: dict[str, str] = dict(read_record(build, name).tags)
    bundle = read_bundle(bundles / name)
    return {
        "format_version": FORMAT_VERSION,
        "model": name,
        "task": bundle.task,
        "images": len(files),
        "codec_tag": set_tag(tags),
        "codec_tags": tags,
        "model_sha256": bundle.model_sha256,
        "spec_sha256": bundle.spec_sha256,
        "data_sha256": digest,
        "rows": photo_rows(bundle.folder, files, build),
    }


def _write(path: Path, result: dict[str, Any]) -> None:
    # A folder may be named as another result is: benchmarks/evaluations/photo/kodak.json is of rate_distortion.py.
    if path.exists():
        known = read_json(path, ModelError)
        of = ("model", "task", "folder")
        if not isinstance(known, dict) or [known.get(key) for key in of] != [result.get(key) for key in of]:
            raise ModelError(f"{path}: holds something else, which is not overwritten; give another file: --out FILE")
    write_json(path, result)


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


def _latencies(encoder: Pipeline, decoders: Any, test: np.ndarray, timed: Any) -> dict[str, Any]:
    codes = encoder.numbers(test[0])[None]
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
