"""Contract 1, host to device: a folder with the encoders of one model and all that coding needs.

    bundle.json  <variant>.encoder.tflite  tables.npy  samples.npy

bundle.json names every other file with its digest. The workstation writes it (host/packaging/bundle_writer.py).

Versions: 1 (2026) the first.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import entropy
from .bitstream import CODERS
from .errors import BundleError
from .files import check_version, parse_json, read_bytes, sha256_bytes
from .quantization import Array, LatentGrid, TensorInfo, get

FORMAT_VERSION = 1
FILE_NAME = "bundle.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # models and variants become file names


@dataclass(frozen=True)
class Variant:
    """One encoder of a bundle.

    Attributes:
        file: relative to the bundle's folder.
        parameters: weights and biases; None where the bundle does not tell (the first ones do not).
        macs: multiply-accumulates of one image; None likewise.
    """

    name: str
    codec_tag: str
    file: str
    sha256: str
    encoder_bytes: int
    ops: tuple[str, ...]
    min_runtime_version: str | None
    input: TensorInfo
    output: TensorInfo
    parameters: int | None = None
    macs: int | None = None


@dataclass(frozen=True)
class Bundle:
    """A bundle.json that was read and checked; the files that it names are checked as they are opened.

    Attributes:
        folder: where it lies.
        sha256: of bundle.json itself.
        model, task, spec_sha256, model_sha256: what it was made from.
        image_shape: (height, width, channels) of the uint8 images that every encoder here takes.
        grid: the latent grid of all variants.
        coder_id: key of `bitstream.CODERS`.
        tables_sha256, samples_sha256: digests of the two files.
        samples_count: images in samples.npy.
        variants: by name, sorted.
    """

    folder: Path
    sha256: str
    model: str
    task: str
    spec_sha256: str
    model_sha256: str
    image_shape: tuple[int, int, int]
    grid: LatentGrid
    coder_id: int
    tables_file: str
    tables_sha256: str
    samples_file: str
    samples_sha256: str
    samples_count: int
    variants: Mapping[str, Variant]

    def variant(self, name: str) -> Variant:
        """The variant `name`; raises BundleError listing those that there are."""
        if name not in self.variants:
            raise BundleError(f"{self.folder}: no variant {name!r}; available: {', '.join(self.variants)}")
        return self.variants[name]

    def read_encoder(self, name: str) -> bytes:
        """The .tflite file of a variant; raises BundleError if its digest differs."""
        variant = self.variant(name)
        return self._read(variant.file, variant.sha256)

    def read_tables(self) -> entropy.Tables:
        """The entropy tables; raises BundleError if their digest differs or they do not fit the grid."""
        path = self.folder / self.tables_file
        tables = entropy.parse_tables(self._read(self.tables_file, self.tables_sha256), path)
        if tables.channels != self.grid.channels:
            raise BundleError(f"{path}: tables of {tables.channels} channels, the latent has {self.grid.channels}")
        return tables

    def read_samples(self) -> Array:
        """The sample images, uint8 (count, height, width, channels), 0..255; raises BundleError."""
        path = self.folder / self.samples_file
        data = self._read(self.samples_file, self.samples_sha256)
        try:
            images: Array = np.load(io.BytesIO(data), allow_pickle=False)
        except (ValueError, EOFError) as reason:
            raise BundleError(f"{path}: not an .npy file ({reason}); export the bundle again") from None
        expected = (self.samples_count, *self.image_shape)
        if images.dtype != np.uint8 or images.shape != expected:
            raise BundleError(f"{path}: {images.dtype} {images.shape}, expected uint8 {expected}; export again")
        return images

    def _read(self, file: str, sha256: str) -> bytes:
        data = read_bytes(self.folder / file, BundleError)
        found = sha256_bytes(data)
        if found != sha256:
            raise BundleError(
                f"{self.folder / file}: sha256 {found[:12]}..., {FILE_NAME} says {sha256[:12]}...;"
                " copy the bundle again, or export it again"
            )
        return data


def read_bundle(folder: Path) -> Bundle:
    """Reads and checks the bundle.json in `folder`.

    Raises:
        BundleError: missing, of another version, or wrong; names the file and the JSON path.
    """
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


def _parse(folder: Path, sha256: str, value: Any) -> Bundle:
    image = (
        get(value, "image.height", int),
        get(value, "image.width", int),
        get(value, "image.channels", int),
    )
    grid = LatentGrid.from_dict(get(value, "latent", dict))
    coder = get(value, "coder", int)
    if coder not in CODERS:
        raise BundleError(f"coder: unknown id {coder}, known here: {sorted(CODERS)}; update this splitlite")
    variants = get(value, "variants", dict)
    if not variants:
        raise BundleError("variants: empty; export the bundle again")
    for name in (get(value, "model", str), *variants):
        if not _NAME.fullmatch(name):
            raise BundleError(f"{name!r} cannot name a file; use letters, digits, '-', '_' and '.'")
    return Bundle(
        folder=folder,
        sha256=sha256,
        model=get(value, "model", str),
        task=get(value, "task", str),
        spec_sha256=get(value, "spec_sha256", str),
        model_sha256=get(value, "model_sha256", str),
        image_shape=image,
        grid=grid,
        coder_id=coder,
        tables_file=_file(value, "tables.file"),
        tables_sha256=get(value, "tables.sha256", str),
        samples_file=_file(value, "samples.file"),
        samples_sha256=get(value, "samples.sha256", str),
        samples_count=get(value, "samples.count", int),
        variants={name: _parse_variant(name, variants[name], image, grid) for name in sorted(variants)},
    )


def _parse_variant(name: str, value: Any, image: tuple[int, int, int], grid: LatentGrid) -> Variant:
    where = f"variants.{name}"
    ops = get(value, "encoder.ops", list, where)
    minimum = get(value, "encoder.min_runtime_version", (str, type(None)), where)
    variant = Variant(
        name=name,
        codec_tag=get(value, "codec_tag", str, where),
        file=_file(value, "encoder.file", where),
        sha256=get(value, "encoder.sha256", str, where),
        encoder_bytes=get(value, "encoder.bytes", int, where),
        ops=tuple(str(op) for op in ops),
        min_runtime_version=minimum,
        input=TensorInfo.from_dict(get(value, "encoder.input", dict, where), f"{where}.encoder.input"),
        output=TensorInfo.from_dict(get(value, "encoder.output", dict, where), f"{where}.encoder.output"),
        parameters=_optional_count(value, "parameters", where),
        macs=_optional_count(value, "macs", where),
    )
    for end, tensor, shape in (("input", variant.input, image), ("output", variant.output, grid.shape)):
        if tensor.shape != (1, *shape):
            raise BundleError(f"{where}.encoder.{end}.shape: {tensor.shape}, expected {(1, *shape)}")
    return variant


def _optional_count(value: Any, key: str, where: str) -> int | None:
    if key not in value["encoder"]:
        return None
    count: int = get(value, f"encoder.{key}", int, where)
    return count


def _file(value: Any, keys: str, where: str = "") -> str:
    name: str = get(value, keys, str, where)
    # A bundle is copied around: what it names lies beside it and nowhere else.
    if not name or name != Path(name).name or name in (".", ".."):
        raise BundleError(f"{f'{where}.' if where else ''}{keys}: {name!r} is not a plain file name")
    return name


def list_bundles(root: Path) -> list[Path]:
    """Folders right under `root` that hold a bundle.json, sorted by name; none if `root` is not there."""
    return sorted(path.parent for path in Path(root).glob(f"*/{FILE_NAME}"))
