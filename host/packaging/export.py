"""models/<name> -> device/bundles/<name>/ and build/<name>/<tag>/. Needs no network and no data set."""

from __future__ import annotations

import hashlib
import inspect
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import device
from device.bundle import read_bundle
from device.errors import SplitliteError
from device.files import read_json, sha256_bytes, write_json
from device.records import as_json, from_json
from host.errors import ExportError
from host.networks.layer_names import check_layers
from host.packaging.bundle_writer import write_bundle
from host.packaging.decoders import BUILD, find_decoders, samples_path, write_decoders, write_samples
from host.packaging.package import Package
from host.quantization.recipes import CONVERSIONS
from host.quiet import load_tensorflow
from host.spec.model_folder import ModelFolder

if TYPE_CHECKING:
    from host.tasks.task import Task

T = TypeVar("T")
UP_TO_DATE = "up to date"
BUNDLES = Path(device.__file__).resolve().parent / "bundles"
FILE_NAME = "export.json"
FORMAT_VERSION = 1

_ROOT = Path(__file__).resolve().parents[2]
# The code that decides exported bytes, beside `Task.exported_by`: where it changes, models are exported again.
DECIDING = (
    *("device/bundle.py", "device/files.py", "device/quantization.py", "device/records.py", "device/runtime.py"),
    *("device/inputs/*.py", "device/outputs/**/*.py"),
    *("host/networks/builder.py", "host/networks/grid.py", "host/networks/layer_names.py"),
    *("host/networks/weights.py", "host/packaging/bundle_writer.py", "host/packaging/decoders.py"),
    *("host/packaging/export.py", "host/packaging/network_file.py", "host/quantization/*.py"),
    "host/spec/model_folder.py",
    *("host/networks/applications.py", "host/networks/channels.py", "host/data/kept_images.py"),
)


@dataclass(frozen=True)
class Record:
    """build/<name>/export.json: what an export did.

    Attributes:
        source_sha256: of all that decides the exported bytes.
        tags: by variant.
        left_out: variant -> why it could not be converted.
        runtimes: variant -> file -> runtime -> "runs", "fails: why" or "not tried".
    """

    source_sha256: str
    bundle_sha256: str
    tags: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    runtimes: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


def export(task: Task, model: ModelFolder, bundles: Path = BUNDLES, build: Path = BUILD) -> str:
    """Converts, checks and packages one model; the same models/<name> gives the same bytes.

    Returns:
        What was done, in words: the variants, or that nothing had changed.

    Raises:
        ModelError: weights, tables or images are missing.
        SpecError: a recipe keeps a layer that the model does not have.
        ExportError: a converted file must not travel; nothing was written into the bundle then.
    """
    name = model.spec.name
    source = _source_digest(task, model)
    if _is_current(name, bundles, build, source):
        return UP_TO_DATE
    load_tensorflow()
    if any(recipe.layers for recipe in model.spec.quantization.recipes.values()):
        check_layers(model.spec, task.networks(model.spec))
    package = task.package(model)
    if not package.variants:
        raise ExportError(f"{name}: no variant can be converted ({'; '.join(package.left_out.values())})")
    runs = _runtimes(package)
    bundle = write_bundle(bundles / name, package)
    for variant in package.variants:
        write_decoders(build, bundle, variant)
    write_samples(build, bundle, package)
    tags = {variant: entry.tag for variant, entry in bundle.variants.items()}
    record = Record(source, bundle.sha256, tags, package.left_out, runs)
    write_json(build / name / FILE_NAME, {"format_version": FORMAT_VERSION, **as_json(record)})
    families = {entry.family: entry.network_bytes for entry in bundle.variants.values()}
    sizes = [
        f"{family} {size / 1000:.1f} kB"
        + (f" for {count} qualities" if (count := len(bundle.qualities(family))) else "")
        for family, size in families.items()
    ]
    return "; ".join([", ".join(sizes), *(f"without {variant}: {why}" for variant, why in package.left_out.items())])


def at_once(exports: Sequence[Callable[[], T]]) -> Iterator[T]:
    """Runs exports, as many at a time as there are cores, each in a process of its own; yields results in their order.

    Raises:
        SplitliteError: the first that failed, after all were tried.
    """
    failed: list[SplitliteError] = []
    workers = max(1, min(len(exports), os.cpu_count() or 1))
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        for result in [pool.submit(call) for call in exports]:
            try:
                yield result.result()
            except SplitliteError as error:
                failed.append(error)
    if failed:
        raise failed[0]


def read_record(build: Path, model: str) -> Record:
    """What the last export of a model did; raises ExportError where there is none."""
    path = build / model / FILE_NAME
    return from_json(Record, read_json(path, ExportError), str(path), ExportError)


def _runtimes(package: Package) -> dict[str, dict[str, dict[str, str]]]:
    """Opens every .tflite file in every runtime; raises ExportError where none runs one."""
    from host.packaging.network_file import runtimes

    known: dict[bytes, dict[str, str]] = {}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for variant in package.variants:
        files = {package.network: variant.network}
        for network in variant.home.values():
            files |= {file: data for file, data in network.files.items() if file.endswith(".tflite")}
        for file, data in files.items():
            if data not in known:
                known[data] = runtimes(data, f"{package.model} {variant.name} {file}")
            found.setdefault(variant.name, {})[file] = known[data]
    return found


def _source_digest(task: Task, model: ModelFolder) -> str:
    """Digest of all that decides the exported bytes: the model, the code that export runs, the converter."""
    spec = model.spec
    own = Path(inspect.getfile(type(task))).parent
    code = sorted({path for pattern in DECIDING for path in _ROOT.glob(pattern)})
    code += [own / f"{name}.py" for name in task.exported_by]
    others = {CONVERSIONS[recipe.conversion].package for recipe in spec.quantization.recipes.values()} - {"tensorflow"}
    packages = ("tensorflow", "tensorflow-model-optimization", "ai-edge-litert", *sorted(others))
    parts = [model.digest(), *map(version, packages)]
    # As parsed: defaults that the spec does not write count too.
    parts.append(repr((spec.data, spec.networks, spec.options, spec.quantization, sorted(spec.training.stages))))
    return hashlib.sha256("\n".join(parts + [sha256_bytes(path.read_bytes()) for path in code]).encode()).hexdigest()


def _is_current(name: str, bundles: Path, build: Path, source: str) -> bool:
    try:
        record, bundle = read_record(build, name), read_bundle(bundles / name)
        if (record.source_sha256, record.bundle_sha256) != (source, bundle.sha256):
            return False
        for variant in bundle.variants.values():
            bundle.read_network(variant.name)
            variant.output.open(variant.tensor, bundle.read_file)
            find_decoders(build, variant.tag, name).check()
        bundle.read_samples()
        bundle.read_labels()
        return samples_path(build, name, bundle.sha256).is_file()
    except (SplitliteError, OSError):
        return False
