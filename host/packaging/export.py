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
from device.bundle import Bundle, read_bundle
from device.errors import SplitliteError
from device.files import read_json, sha256_bytes, write_json
from device.inputs.fixed import Fixed
from device.outputs import TablesFile
from device.outputs.codes import CodesDescription
from host.errors import ExportError
from host.packaging.bundle_writer import array_bytes, write_bundle
from host.packaging.decoders import BUILD, read_decoders, samples_path, write_decoders, write_samples
from host.packaging.package import Package, VariantFile
from host.quiet import load_tensorflow
from host.spec.model_folder import ModelFolder, model_digest
from host.spec.models import MODELS
from host.tasks import open_spec
from host.tasks.codec.decoders import find_photo_decoders
from host.tasks.codec.task import load_codec_spec

UP_TO_DATE = "up to date"
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
    if open_spec(name, models)[0].name == "codec":
        return _export_codec(name, models, bundles, build)
    model = ModelFolder(open_spec(name, models)[1])
    source = _source_digest(model.digest(), {"codec"})
    if _is_current(build / name, bundles / name, source):
        return UP_TO_DATE
    load_tensorflow()
    from host.packaging.network_file import network_costs
    from host.tasks.compression.packaging import convert_model

    converted = convert_model(model)
    tables = model.read_tables()
    _, samples = model.images()
    content = array_bytes(tables.frequencies.astype("<u2"))
    output = CodesDescription(converted.grid, TablesFile("tables.npy", sha256_bytes(content), tables.sha256))
    variants = [
        VariantFile(variant, variant, files["encoder"], output, {"tables.npy": content}, {})
        for variant, files in converted.files.items()
    ]
    source_image = Fixed(*model.spec.data.image_shape)
    package = Package(name, model.spec.task, model.spec.digest, model.digest(), source_image, samples, tuple(variants))
    bundle = write_bundle(bundles / name, package)
    for variant, files in converted.files.items():
        decoders = {key: data for key, data in files.items() if key != "encoder"}
        costs = {key: network_costs(data) for key, data in decoders.items()}
        write_decoders(build, bundle, variant, decoders, tables.frequencies, costs)
    write_samples(build, bundle)
    write_json(build / name / "compatibility.json", converted.compatibility)
    _write_record(build / name, bundle, source)
    sizes = ", ".join(f"{variant} {entry.network_bytes / 1000:.1f} kB" for variant, entry in bundle.variants.items())
    return f"encoders {sizes}"


def _export_codec(name: str, models: Path, bundles: Path, build: Path) -> str:
    spec = load_codec_spec(name, models)
    source = _source_digest(model_digest(spec.folder, spec.digest), {"quantization", "training"})
    if _is_current(build / name, bundles / name, source):
        return UP_TO_DATE
    load_tensorflow()
    from host.tasks.codec.packaging import export_codec

    bundle = export_codec(name, models, bundles, build)
    _write_record(build / name, bundle, source)
    size = next(iter(bundle.variants.values())).network_bytes
    return f"encoder {size / 1000:.1f} kB, variants {', '.join(bundle.variants)}"


def _write_record(built: Path, bundle: Bundle, source: str) -> None:
    write_json(
        built / "export.json",
        {
            "format_version": 1,
            "source_sha256": source,
            "bundle_sha256": bundle.sha256,
            "codec_tags": {variant: entry.tag for variant, entry in bundle.variants.items()},
        },
    )


def _source_digest(model: str, without: set[str]) -> str:
    """Digest of all that decides the exported bytes: the model, the code that export runs, the converter.

    Args:
        model: its digest.
        without: parts of host/ that its export does not run, beside those that none does.
    """
    root = Path(__file__).resolve().parent.parent
    other = {
        "api.py",
        "cli.py",
        "data",
        "evaluation",
        "remote",
        "reporting",
        "stages.py",
        "summary.py",
        "tuning",
        *without,
    }
    code = [path for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in other]
    package = Path(device.__file__).resolve().parent
    code = sorted([*code, *package.glob("*.py"), *package.glob("photo/*.py")])
    parts = [model, version("tensorflow"), version("tensorflow-model-optimization"), version("ai-edge-litert")]
    return hashlib.sha256("\n".join(parts + [sha256_bytes(path.read_bytes()) for path in code]).encode()).hexdigest()


def _is_current(built: Path, bundle_folder: Path, source: str) -> bool:
    try:
        record: dict[str, Any] = read_json(built / "export.json", ExportError)
        bundle = read_bundle(bundle_folder)
        for variant in bundle.variants.values():
            bundle.read_network(variant.name)
            variant.output.reader(bundle.read_file)
        bundle.read_samples()
        if not samples_path(built.parent, built.name, bundle.sha256).is_file():
            return False
        for tag in record["codec_tags"].values():
            decoders = find_photo_decoders(built.parent, tag, built.name)
            (decoders or read_decoders(built.parent, built.name, tag)).check()
        return record["source_sha256"] == source and record["bundle_sha256"] == bundle.sha256
    except (SplitliteError, KeyError, OSError):
        return False
