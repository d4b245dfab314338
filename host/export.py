"""models/<name> -> device/bundles/<name>/ and build/<name>/<codec tag>/. Needs no network and no data set."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import device
from device.bundle import read_bundle
from device.errors import SplitliteError
from device.files import read_json, sha256_bytes, write_json
from device.runtime import load_runtime, make_interpreter, op_names
from host.errors import ExportError
from host.model import ModelFolder
from host.packaging.bundle_writer import EncoderFile, write_bundle
from host.packaging.decoders import BUILD, read_decoders, samples_path, write_decoders, write_samples
from host.quiet import load_tensorflow
from host.spec import MODELS, load_spec, task_of

BUNDLES = Path(device.__file__).resolve().parent / "bundles"


def export_many(names: list[str], models: Path = MODELS, bundles: Path = BUNDLES, build: Path = BUILD) -> Iterator[str]:
    """Exports models, two at a time, each in a process of its own; yields a line a model, then what to do next.

    Raises:
        SplitliteError: the first model that failed, after all were tried.
    """
    failed: list[SplitliteError] = []
    workers = max(1, min(len(names), os.cpu_count() or 1))
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        for name, result in [(name, pool.submit(export, name, models, bundles, build)) for name in names]:
            try:
                yield f"{name}: {result.result()}"
            except SplitliteError as error:
                failed.append(error)
    if failed:
        raise failed[0]
    yield (
        "next: copy device/ to the device (scp -r device pi:splitlite/), "
        "run there: python -m device.bench, then at home: host collect"
    )


def export(name: str, models: Path = MODELS, bundles: Path = BUNDLES, build: Path = BUILD) -> str:
    """Converts, checks and packages one model; the same models/<name> gives the same bytes.

    Returns:
        What was done, in words: the variants, or that nothing had changed.

    Raises:
        ModelError: weights, tables or images are missing.
        ExportError: a converted file must not travel; nothing was written into the bundle then.
    """
    if task_of(name, models) == "codec":
        load_tensorflow()
        from host.codec.export import export_codec

        made = export_codec(name, models, bundles, build)
        size = next(iter(made.variants.values())).encoder_bytes
        return f"encoder {size / 1000:.1f} kB, variants {', '.join(made.variants)}"
    model = ModelFolder(load_spec(name, models))
    source = _source_digest(model)
    if _is_current(build / name, bundles / name, source):
        return "up to date"
    load_tensorflow()
    from host.packaging.conversions import convert_model
    from host.packaging.costs import network_costs

    converted = convert_model(model)
    tables = model.read_tables()
    _, samples = model.images()
    bundle = write_bundle(
        bundles / name,
        model=name,
        spec_sha256=model.spec.digest,
        model_sha256=model.digest(),
        image_shape=model.spec.data.image_shape,
        grid=converted.grid,
        tables=tables.frequencies,
        samples=samples,
        encoders={variant: encoder_file(files["encoder"]) for variant, files in converted.files.items()},
    )
    for variant, files in converted.files.items():
        decoders = {key: data for key, data in files.items() if key != "encoder"}
        costs = {key: network_costs(data) for key, data in decoders.items()}
        write_decoders(build, bundle, variant, decoders, tables.frequencies, costs)
    write_samples(build, bundle)
    write_json(build / name / "compatibility.json", converted.compatibility)
    write_json(
        build / name / "export.json",
        {
            "format_version": 1,
            "source_sha256": source,
            "bundle_sha256": bundle.sha256,
            "codec_tags": {variant: entry.codec_tag for variant, entry in bundle.variants.items()},
        },
    )
    sizes = ", ".join(f"{variant} {entry.encoder_bytes / 1000:.1f} kB" for variant, entry in bundle.variants.items())
    return f"encoders {sizes}"


def encoder_file(data: bytes) -> EncoderFile:
    """What a bundle says about an encoder's content."""
    from device.runtime import tensor_infos
    from host.packaging.costs import network_costs
    from host.packaging.metadata import min_runtime_version

    interpreter = make_interpreter(data, runtime=load_runtime())
    source, latent = tensor_infos(interpreter)
    operations = tuple(name for name in op_names(interpreter) if name != "DELEGATE")
    costs = network_costs(data)
    return EncoderFile(
        data, source, latent, operations, min_runtime_version(data), parameters=costs.parameters, macs=costs.macs
    )


def _source_digest(model: ModelFolder) -> str:
    """Digest of all that decides the exported bytes: the model, the code that export runs, the converter."""
    root = Path(__file__).resolve().parent
    other = {"cli.py", "codec", "data", "evaluation", "reporting", "summary.py", "train.py", "tuning"}
    code = [path for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in other]
    code = sorted([*code, *Path(device.__file__).resolve().parent.glob("*.py")])
    parts = [model.digest(), version("tensorflow"), version("tensorflow-model-optimization"), version("ai-edge-litert")]
    return hashlib.sha256("\n".join(parts + [sha256_bytes(path.read_bytes()) for path in code]).encode()).hexdigest()


def _is_current(built: Path, bundle_folder: Path, source: str) -> bool:
    try:
        record: dict[str, Any] = read_json(built / "export.json", ExportError)
        bundle = read_bundle(bundle_folder)
        for variant in bundle.variants:
            bundle.read_encoder(variant)
        bundle.read_tables()
        bundle.read_samples()
        if not samples_path(built.parent, built.name, bundle.sha256).is_file():
            return False
        for tag in record["codec_tags"].values():
            decoders = read_decoders(built.parent, built.name, tag)
            decoders.tables()
            for name in decoders.value["files"]:
                decoders.read(name)
        return record["source_sha256"] == source and record["bundle_sha256"] == bundle.sha256
    except (SplitliteError, KeyError, OSError):
        return False
