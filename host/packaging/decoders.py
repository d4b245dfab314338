"""build/<name>/<tag>/: everything that reads one tag's bitstreams. Another tag's folder is never touched.

    decoders.json   what follows, with digests
    tables.npy ...  what the output's payloads are read with, as it travels in the bundle
    decoder.tflite  decoder.tuned.tflite  full.tflite

A network that several tags share lies beside them, in build/<name>/networks/<digest>/. A later export for the same tag
adds decoders and replaces those of the same name; nothing else that reads a tag is ever removed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from device import inputs, outputs
from device.bundle import Bundle, parse_kind
from device.errors import BundleError, SplitliteError, one_line
from device.files import (
    canonical_json,
    check_version,
    plain_name,
    read_bytes,
    read_json,
    sha256_bytes,
    write_bytes,
    write_json,
)
from device.records import as_json, from_json
from host.data.split import Split
from host.errors import CollectError
from host.packaging.bundle_writer import array_bytes, described
from host.packaging.package import HomeNetwork, Package, VariantFile

BUILD = Path(__file__).resolve().parents[2] / "build"
FORMAT_VERSION = 1
FILE_NAME = "decoders.json"
NAMES = ("own", "tuned")
_NETWORKS = "networks"
_TAG, _SHA256 = re.compile(r"[0-9a-f]{8}"), re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredNetwork:
    """A network that stays home.

    Attributes:
        file: the one with the weights, and its size.
        files: sha256 by file name.
        folder: below networks/, where several tags share it; None: it lies beside decoders.json.
        parameters, macs: None where nobody counted.
    """

    file: str
    bytes: int
    files: Mapping[str, str]
    folder: str | None = None
    parameters: int | None = None
    macs: int | None = None


@dataclass(frozen=True)
class DecoderFolder:
    """What is at home for one tag.

    Attributes:
        variant, family, quality: of the bundle that the tag is from.
        network_bytes: of the file on the device.
        output_dtype: of its output tensor.
        input, output: as in the bundle, parsed.
        networks: "own", "tuned", "full": those that there are.
    """

    folder: Path
    model: str
    task: str
    variant: str
    family: str
    tag: str
    model_sha256: str
    spec_sha256: str
    network_bytes: int
    output_dtype: str
    input: Any
    output: Any
    networks: Mapping[str, StoredNetwork]
    quality: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The decoders that serve the tag: "own", then "tuned" where there is one."""
        return tuple(name for name in NAMES if name in self.networks)

    def path(self, name: str) -> Path:
        """The folder with the files of a network."""
        shared = self.networks[name].folder
        return self.folder if shared is None else self.folder.parent / _NETWORKS / shared

    def read(self, name: str, file: str | None = None) -> bytes:
        """A file of a network, the one with its weights where none is named; raises CollectError."""
        network = self.networks[name]
        file = file or network.file
        return _checked(self.path(name) / file, network.files[file], self.model)

    def read_file(self, file: str, sha256: str) -> bytes:
        """A file of the output, one of those in `Description.files`; raises CollectError."""
        return _checked(self.folder / file, sha256, self.model)

    def check(self) -> None:
        """Raises CollectError or BundleError where a file is missing or damaged."""
        for file, sha256 in self.output.files().items():
            self.read_file(file, sha256)
        for name, network in self.networks.items():
            for file in network.files:
                self.read(name, file)

    def sizes(self, name: str) -> dict[str, int]:
        """ "decoder_bytes", and beside the encoder's own decoder "full_bytes" of both in one file."""
        full = {"full_bytes": self.networks["full"].bytes} if name == "own" and "full" in self.networks else {}
        return {"decoder_bytes": self.networks[name].bytes, **full}


def write_decoders(build: Path, bundle: Bundle, variant: VariantFile) -> DecoderFolder:
    """Writes one tag's folder, decoders.json last."""
    entry = bundle.variant(variant.name)
    folder = build / bundle.model / entry.tag
    home = DecoderFolder(
        folder=folder,
        model=bundle.model,
        task=bundle.task,
        variant=variant.name,
        family=variant.family,
        quality=variant.quality,
        tag=entry.tag,
        model_sha256=bundle.model_sha256,
        spec_sha256=bundle.spec_sha256,
        network_bytes=entry.network_bytes,
        output_dtype=entry.tensor.dtype,
        input=bundle.input,
        output=entry.output,
        networks={name: _stored(network) for name, network in variant.home.items()},
    )
    for name, data in variant.files.items():
        write_bytes(folder / name, data)
    for name, network in variant.home.items():
        for file, data in network.files.items():
            path = home.path(name) / file
            if not path.is_file() or path.read_bytes() != data:  # tags share it
                write_bytes(path, data)
    home = replace(home, networks={**_earlier(home), **home.networks})
    value = {**vars(home), "input": described(home.input), "output": described(home.output)}
    del value["folder"]
    write_json(folder / FILE_NAME, {"format_version": FORMAT_VERSION, **as_json(value)})
    return home


def find_decoders(build: Path, tag: str, model: str | None = None) -> DecoderFolder:
    """The decoders of a tag.

    Args:
        model: only those of this model; None: of whichever was exported here.

    Raises:
        CollectError: this workstation has none for the tag, says what it has; or they are damaged.
    """
    _plain(tag, _TAG, "tag")
    if model is not None:
        plain_name(model, "model", CollectError)
    files = sorted(build.glob(f"{model or '*'}/{tag}/{FILE_NAME}"))
    if not files:
        known = [path.parent for path in sorted(build.glob(f"{model or '*'}/*/{FILE_NAME}"))]
        here = sorted({path.name if model else path.parent.name for path in known})
        raise CollectError(
            f"{build / model if model else build}: no decoder for tag {tag} (here: {', '.join(here) or 'none'}); "
            f"export the {model or 'model'} that the device's bundle came from"
        )
    return _read(files[0].parent)


def write_samples(build: Path, bundle: Bundle, package: Package) -> None:
    """Keeps what a bundle's samples were made of, and their labels where they have some, for `read_samples`."""
    path = samples_path(build, bundle.model, bundle.sha256)
    write_bytes(path, array_bytes(package.samples if package.originals is None else package.originals))
    if package.labels is not None:
        write_bytes(path.with_suffix(".labels.npy"), array_bytes(package.labels))


def samples_path(build: Path, model: str, bundle_sha256: str) -> Path:
    """Where the sample images of one exported bundle are kept; raises CollectError for what is no name or digest."""
    plain_name(model, "model", CollectError)
    return build / model / "samples" / f"{_plain(bundle_sha256, _SHA256, 'digest')[:16]}.npy"


def read_samples(build: Path, model: str, bundle_sha256: str) -> Split:
    """What the samples of a device with this bundle were made of, and their labels where they have some.

    Raises:
        CollectError: the bundle was not exported here.
    """
    path = samples_path(build, model, bundle_sha256)
    if not path.is_file():
        raise CollectError(
            f"{path}: missing; the bundle of {model} on the device was not exported on this workstation, "
            "or by another state of models/; export that state here and collect again"
        )
    labels = path.with_suffix(".labels.npy")
    try:
        images = np.load(path, allow_pickle=False)
        return Split(images, np.load(labels, allow_pickle=False) if labels.is_file() else None)
    except (ValueError, EOFError) as error:
        raise CollectError(f"{path}: damaged ({one_line(error)}); export {model} again") from None


def _stored(network: HomeNetwork) -> StoredNetwork:
    digests = {file: sha256_bytes(data) for file, data in network.files.items()}
    first = next(iter(network.files))
    folder = sha256_bytes(canonical_json(digests))[:16] if network.shared else None
    return StoredNetwork(first, len(network.files[first]), digests, folder, network.parameters, network.macs)


def _earlier(home: DecoderFolder) -> dict[str, StoredNetwork]:
    """What an earlier export left for the tag and is still whole."""
    try:
        before = _read(home.folder)
        others = {name: network for name, network in before.networks.items() if name not in home.networks}
        for name, network in others.items():
            for file in network.files:
                before.read(name, file)
    except SplitliteError:
        return {}
    return others


def _read(folder: Path) -> DecoderFolder:
    path = folder / FILE_NAME
    value = read_json(path, CollectError)
    check_version(value.get("format_version"), FORMAT_VERSION, "decoders", path, CollectError)
    try:
        parts = {
            "folder": folder,
            "input": parse_kind(inputs, value.get("input"), "input"),
            "output": parse_kind(outputs, value.get("output"), "output"),
        }
        home = from_json(DecoderFolder, {**value, **parts}, "", BundleError)
        for network in home.networks.values():
            for file in (network.file, *network.files, *([] if network.folder is None else [network.folder])):
                plain_name(file, "networks", BundleError)
        for file in home.output.files():
            plain_name(file, "output", BundleError)
    except BundleError as reason:
        raise CollectError(f"{path}: {reason}") from None
    return home


def _checked(path: Path, sha256: str, model: str) -> bytes:
    if not path.is_file():
        raise CollectError(f"{path}: missing; export {model} again")
    data = read_bytes(path, CollectError)
    if sha256_bytes(data) != sha256:
        raise CollectError(f"{path}: damaged (sha256 differs from {FILE_NAME}); export {model} again")
    return data


def _plain(text: str, pattern: re.Pattern[str], what: str) -> str:
    # It comes from a file that travelled and becomes part of a path.
    if not pattern.fullmatch(text):
        raise CollectError(f"{text!r} is no {what}; the file that says so is damaged")
    return text
