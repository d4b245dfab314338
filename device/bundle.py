"""Contract 1, host to device: a folder with the networks of one model and all that using them needs.

    bundle.json  <family>.<network>.tflite  samples.npy  labels.npy where the samples have some
    and what the outputs need, such as tables.npy

bundle.json names every other file with its digest. The workstation writes it (host/packaging/bundle_writer.py).

Versions: 1 (2026) the first.
"""

from __future__ import annotations

import importlib
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

import numpy as np

from . import inputs, outputs
from .errors import BundleError
from .files import check_version, parse_json, plain_name, read_bytes, sha256_bytes
from .quantization import Array, TensorInfo, parse_array
from .records import from_json

FORMAT_VERSION = 1
FILE_NAME = "bundle.json"


@dataclass(frozen=True)
class LabelsFile:
    """The file with the truth of each sample image, where that is not the image itself."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Samples:
    """The sample images' file; `shape` is (count, height, width, channels)."""

    file: str
    sha256: str
    shape: tuple[int, int, int, int]
    labels: Optional[LabelsFile] = None


@dataclass(frozen=True)
class OutputScale:
    """Four bytes of a network's file that make a variant of it: a little-endian float32, the output tensor's scale."""

    offset: int
    value: float


@dataclass(frozen=True)
class Variant:
    """One row of the bench: a network, and what becomes of its output.

    Attributes:
        name: the family, and where there are qualities "_q" and the quality.
        family: variants of one family are operating points of one network.
        tag: what every bitstream carries: 8 hexadecimal digits.
        input, tensor: its input and output tensor, as this variant has them.
        output: the description of a module in device/outputs, which its `kind` names.
        macs: multiply-accumulates of one run of the file as it is; `Bundle.macs` tells those of an image.
        quality: 0 is the smallest bitstreams; None where there is nothing to choose.
    """

    name: str
    family: str
    tag: str
    file: str
    sha256: str
    network_bytes: int
    ops: tuple[str, ...]
    input: TensorInfo
    tensor: TensorInfo
    output: Any
    min_runtime_version: Optional[str] = None
    parameters: Optional[int] = None
    macs: Optional[int] = None
    quality: Optional[int] = None
    output_scale: Optional[OutputScale] = None


@dataclass(frozen=True)
class Bundle:
    """A bundle.json that was read and checked; the files that it names are checked as they are opened.

    `sha256` is of bundle.json itself, `input` the parsed input of a module in device/inputs; variants are sorted.
    """

    folder: Path
    sha256: str
    model: str
    task: str
    spec_sha256: str
    model_sha256: str
    input: Any
    samples: Samples
    variants: Mapping[str, Variant]

    @property
    def reads_luma(self) -> bool:
        """Whether its networks read the luma of pictures, as `colour.luma` makes it: not grey, nor RGB."""
        outputs = (variant.output for variant in self.variants.values())
        return self.input.channels == 1 and any(getattr(output, "of_luma", False) for output in outputs)

    def variant(self, name: str) -> Variant:
        """The variant `name`; raises BundleError listing those that there are."""
        if name not in self.variants:
            raise BundleError(f"{self.folder}: no variant {name!r}; available: {', '.join(self.variants)}")
        return self.variants[name]

    def families(self) -> tuple[str, ...]:
        """The families, in the order of the variants."""
        return tuple(dict.fromkeys(variant.family for variant in self.variants.values()))

    def qualities(self, family: str) -> tuple[int, ...]:
        """The qualities of a family, ascending; none where there is nothing to choose."""
        found = [each.quality for each in self.variants.values() if each.family == family]
        return tuple(sorted(quality for quality in found if quality is not None))

    def find(self, name: str, quality: int | None = None) -> Variant:
        """A variant by its name, or by its family's and a quality, where None is the one in the middle.

        Raises BundleError that lists those there are.
        """
        known = self.qualities(name)
        if not known:
            variant = self.variant(name)
            if quality not in (None, variant.quality):
                raise BundleError(f"{self.folder}: {name!r} has no quality {quality} to choose; leave the quality out")
            return variant
        chosen = known[len(known) // 2] if quality is None else quality
        for variant in self.variants.values():
            if (variant.family, variant.quality) == (name, chosen):
                return variant
        raise BundleError(f"{self.folder}: no quality {quality}; there are {known[0]} to {known[-1]}")

    def macs(self, name: str, height: int, width: int) -> int | None:
        """Multiply-accumulates of a variant on an image of this size; None where the bundle does not tell."""
        variant = self.variant(name)
        return None if variant.macs is None else int(self.input.macs(variant.macs, variant.input, height, width))

    def read_network(self, name: str) -> bytes:
        """The .tflite file of a variant, its output scale set; raises BundleError if the file's digest differs."""
        variant = self.variant(name)
        data = self.read_file(variant.file, variant.sha256)
        if variant.output_scale is None:
            return data
        offset = variant.output_scale.offset
        return data[:offset] + struct.pack("<f", variant.output_scale.value) + data[offset + 4 :]

    def read_samples(self) -> Array:
        """The sample images, uint8 (count, height, width, channels), 0..255; raises BundleError."""
        path = self.folder / self.samples.file
        data = self.read_file(self.samples.file, self.samples.sha256)
        images = parse_array(data, path)
        if (images.dtype, images.shape) != (np.uint8, self.samples.shape):
            raise BundleError(f"{path}: not uint8 {self.samples.shape}, as {FILE_NAME} says; export the bundle again")
        return images

    def read_labels(self) -> Array | None:
        """The label of each sample image, int64 (count,); None where they have none; raises BundleError."""
        file = self.samples.labels
        if file is None:
            return None
        labels = parse_array(self.read_file(file.file, file.sha256), self.folder / file.file)
        try:
            self.check_labels(labels)
        except BundleError as reason:
            raise BundleError(f"{self.folder / file.file}: {reason}") from None
        return labels

    def check_labels(self, labels: Array) -> None:
        """Raises BundleError for labels that are not int64, one for each sample, or that no output's truth can be."""
        count = self.samples.shape[0]
        if (labels.dtype, labels.shape) != (np.int64, (count,)):
            raise BundleError(f"labels are {labels.dtype} {labels.shape}, expected int64 {(count,)}: one a sample")
        for variant in self.variants.values():
            if hasattr(variant.output, "check_labels"):
                variant.output.check_labels(labels)

    def read_file(self, file: str, sha256: str) -> bytes:
        """A file that bundle.json names; raises BundleError if its digest differs."""
        data = read_bytes(self.folder / file, BundleError)
        found = sha256_bytes(data)
        if found != sha256:
            raise BundleError(
                f"{self.folder / file}: sha256 {found[:12]}..., {FILE_NAME} says {sha256[:12]}...;"
                " copy the bundle again, or export it again"
            )
        return data


def read_bundle(folder: Path) -> Bundle:
    """Reads and checks the bundle.json in `folder`; raises BundleError with the file and the JSON path."""
    return parse_bundle(Path(folder), read_bytes(Path(folder) / FILE_NAME, BundleError))


def parse_bundle(folder: Path, data: bytes) -> Bundle:
    """The bundle in `folder` from the bytes of its bundle.json; raises BundleError as `read_bundle`."""
    path = folder / FILE_NAME
    value = parse_json(data, path, BundleError)
    found = value.get("format_version") if isinstance(value, dict) else None
    check_version(found, FORMAT_VERSION, "bundle", path, BundleError)
    try:
        return _parse(folder, sha256_bytes(data), value)
    except BundleError as reason:
        raise BundleError(f"{path}: {reason}") from None


def find_kind(package: ModuleType, kind: str) -> Any:
    """The module `kind` of device/inputs or device/outputs; imports no other; raises BundleError listing the known."""
    names = {name.partition(".")[0] for folder in package.__path__ for name in os.listdir(folder)}
    known = []
    for name in sorted(names, key=lambda name: (name != kind, name)):
        if name.isidentifier() and not name.startswith("_"):
            module = importlib.import_module(f"{package.__name__}.{name}")
            if hasattr(module, "parse"):  # one file more is one kind more
                if name == kind:
                    return module
                known.append(name)
    raise BundleError(
        f"unknown kind {kind!r} of {package.__name__}; known here: {', '.join(known)}; update this splitlite"
    )


def parse_kind(package: ModuleType, value: Any, where: str) -> Any:
    """What the module that `value["kind"]` names makes of `value`, an object of JSON; raises BundleError."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise BundleError(f"{where}.kind: missing; damaged, copy or make it again")
    return find_kind(package, value["kind"]).parse(value, where)


def _parse(folder: Path, sha256: str, value: dict[str, Any]) -> Bundle:
    parts = {"input": parse_kind(inputs, value.get("input"), "input"), "variants": {}}
    bundle = from_json(Bundle, {**value, **parts, "folder": folder, "sha256": sha256}, "", BundleError)
    plain_name(bundle.model, "model", BundleError)
    plain_name(bundle.samples.file, "samples.file", BundleError)
    if bundle.samples.labels is not None:
        plain_name(bundle.samples.labels.file, "samples.labels.file", BundleError)
    if not bundle.input.takes(bundle.samples.shape[1:]):
        raise BundleError(f"samples.shape: {bundle.samples.shape}, the input takes {bundle.input.wanted}")
    given = value.get("variants")
    if not isinstance(given, dict) or not given:
        raise BundleError("variants: none; export the bundle again")
    variants = {name: _parse_variant(name, given[name], bundle.input) for name in sorted(given)}
    return Bundle(**{**vars(bundle), "variants": variants})


def _parse_variant(name: str, value: Any, source: Any) -> Variant:
    where = f"variants.{name}"
    if not isinstance(value, dict):
        raise BundleError(f"{where}: expected object; damaged, copy or make it again")
    output = parse_kind(outputs, value.get("output"), f"{where}.output")
    variant = from_json(Variant, {**value, "name": name, "output": output}, where, BundleError)
    for file in (name, variant.file, *output.files()):
        plain_name(file, where, BundleError)
    if name != variant.family + ("" if variant.quality is None else f"_q{variant.quality}"):
        raise BundleError(f"{where}: not the name of quality {variant.quality} of {variant.family!r}")
    scale = variant.output_scale
    if scale is not None and not 0 <= scale.offset <= variant.network_bytes - 4:
        raise BundleError(
            f"{where}.output_scale.offset: {scale.offset} is not in the file's {variant.network_bytes} bytes"
        )
    try:
        source.check(variant.input)
        output.check(variant.tensor, source)
    except BundleError as reason:
        raise BundleError(f"{where}: {reason}") from None
    tag = output.tag(variant.sha256)
    if tag != variant.tag:
        raise BundleError(f"{where}.tag: {variant.tag}, its parts give {tag}; export the bundle again")
    return variant


def list_bundles(root: Path) -> list[Path]:
    """Folders right under `root` that hold a bundle.json, sorted by name; none if `root` is not there."""
    return sorted(path.parent for path in Path(root).glob(f"*/{FILE_NAME}"))
