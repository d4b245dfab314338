"""build/<name>/<codec tag>/ of a photo codec: its tables, and which networks decode the tag's bitstreams.

All qualities share a network, so its weights lie beside the tags, in build/<name>/networks/<digest>/ with the spec
that builds it. A later network for the same tag is added; nothing that decodes a tag is ever removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from device.bundle import Bundle
from device.files import check_version, read_json, sha256_bytes, write_bytes, write_json
from device.outputs.context_codes.block_grid import BlockGrid
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import ContextTables, read_context_tables
from device.records import from_json
from host.errors import CollectError
from host.packaging.decoders import FILE_NAME

FORMAT_VERSION = 2  # 1 is packaging/decoders.py's
TASK = "codec"
NETWORKS = "networks"


def write_photo_decoders(
    build: Path, bundle: Bundle, variant: str, tables: ContextTables, files: dict[str, str]
) -> None:
    """Writes one tag's folder.

    Args:
        files: decoder's name ("own", "tuned") -> digest that `write_network` returned.
    """
    entry = bundle.variant(variant)
    assert entry.quality is not None
    folder = build / bundle.model / entry.tag
    known = read_json(folder / FILE_NAME, CollectError)["files"] if (folder / FILE_NAME).is_file() else {}
    write_bytes(folder / "tables.npy", tables.tobytes())
    write_json(
        folder / FILE_NAME,
        {
            "format_version": FORMAT_VERSION,
            "model": bundle.model,
            "task": bundle.task,
            "variant": variant,
            "quality": entry.quality,
            "codec_tag": entry.tag,
            "model_sha256": bundle.model_sha256,
            "spec_sha256": bundle.spec_sha256,
            "encoder_bytes": entry.network_bytes,
            "output_dtype": entry.tensor.dtype,
            "image": {"channels": bundle.input.channels},
            "latent": entry.output.grid.to_dict(),
            "tables_sha256": tables.sha256,
            "files": {**known, **{name: {"network": digest} for name, digest in files.items()}},
        },
    )


def write_network(build: Path, model: str, spec: Path, weights: Path) -> str:
    """Keeps a spec and a decoder's weights; returns the digest that names them."""
    digest = sha256_bytes((sha256_bytes(spec.read_bytes()) + sha256_bytes(weights.read_bytes())).encode())
    folder = build / model / NETWORKS / digest[:16]
    for source, name in ((spec, "spec.json"), (weights, "weights.h5")):
        write_bytes(folder / name, source.read_bytes())
    return digest


def find_photo_decoders(build: Path, codec_tag: str, model: str = "*") -> PhotoDecoders | None:
    """The decoders of a photo codec's tag; None where the tag is of no photo codec that was exported here."""
    for path in sorted(build.glob(f"{model}/{codec_tag}/{FILE_NAME}")):
        value = read_json(path, CollectError)
        if value.get("task") == TASK:
            check_version(value.get("format_version"), FORMAT_VERSION, "decoders", path, CollectError)
            return PhotoDecoders(path.parent, value)
    return None


@dataclass(frozen=True)
class PhotoDecoders:
    """One codec tag's decoders; `value` is decoders.json."""

    folder: Path
    value: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The decoders that serve the tag."""
        return [name for name in ("own", "tuned") if name in self.value["files"]]

    @property
    def grid(self) -> BlockGrid:
        return from_json(BlockGrid, self.value["latent"], "latent", CollectError)

    def check(self) -> None:
        """Raises CollectError or BundleError where a file is missing or damaged."""
        assert self._tables
        for name in self.names:
            self._network_folder(name)

    @cached_property
    def _tables(self) -> ContextTables:
        tables = read_context_tables(self.folder / "tables.npy")
        if tables.sha256 != self.value["tables_sha256"]:
            raise CollectError(f"{self.folder / 'tables.npy'}: damaged; export {self.value['model']} again")
        return tables

    def codes(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """int8 (rows, columns, channels) of one image; raises BitstreamError for a damaged payload."""
        from host.tasks.codec.context_decoder import decode  # numba takes its time

        return decode(payload, ContextCoder(self._tables, self.grid.shape(height, width)))

    def images(self, name: str, codes: np.ndarray, height: int, width: int) -> np.ndarray:
        """Codes int8 (count, rows, columns, channels) to photographs uint8 (count, height, width, 3)."""
        network = self.network(name)
        return np.stack([network.image(each, self.value["quality"], height, width) for each in codes])

    def sizes(self, name: str) -> dict[str, int]:
        """Bytes of the encoder's file, and of a decoder's weights; both serve all qualities."""
        spec = self._network_folder(name)
        return {"encoder_bytes": self.value["encoder_bytes"], "decoder_bytes": (spec / "weights.h5").stat().st_size}

    def network(self, name: str) -> PhotoNetwork:
        """The network of a decoder; raises CollectError where it is missing or damaged."""
        return _open_network(self._network_folder(name))

    def _network_folder(self, name: str) -> Path:
        digest = self.value["files"][name]["network"]
        folder = self.folder.parent / NETWORKS / digest[:16]
        spec, weights = folder / "spec.json", folder / "weights.h5"
        if not (spec.is_file() and weights.is_file()):
            raise CollectError(f"{folder}: missing; export {self.value['model']} again")
        if sha256_bytes((sha256_bytes(spec.read_bytes()) + sha256_bytes(weights.read_bytes())).encode()) != digest:
            raise CollectError(f"{folder}: damaged; export {self.value['model']} again")
        return folder


@lru_cache(maxsize=4)
def _open_network(folder: Path) -> PhotoNetwork:
    # All qualities share one, and it takes seconds to build.
    return PhotoNetwork(folder / "spec.json", folder / "weights.h5")


class PhotoNetwork:
    """A decoder in Keras, of all qualities of a codec."""

    def __init__(self, spec: Path, weights: Path) -> None:
        from host.quiet import load_tensorflow

        load_tensorflow()
        import tensorflow as tf

        from device.files import parse_json
        from host.errors import SpecError
        from host.networks.weights import load_weights
        from host.tasks.codec.networks import build_codec
        from host.tasks.codec.task import parse_codec_spec

        codec = build_codec(parse_codec_spec(parse_json(spec.read_bytes(), spec, SpecError), spec))
        load_weights(weights, {"decoder": codec.decoder})
        self._tf, self._run = tf, tf.function(codec.decoder, reduce_retracing=True)

    def image(self, codes: np.ndarray, quality: int, height: int, width: int) -> np.ndarray:
        """Codes int8 (rows, columns, channels) to the photograph, uint8 (height, width, 3)."""
        tf = self._tf
        made = self._run([tf.constant(codes[None].astype(np.float32)), tf.constant([quality], tf.int32)])
        pixels = made.numpy()[0, :height, :width]
        return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
