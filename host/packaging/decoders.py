"""build/<name>/<codec tag>/: everything that decodes one tag's bitstreams. Another tag's folder is never touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from device.bundle import Bundle
from device.errors import BitstreamError, BundleError, one_line
from device.files import check_version, read_bytes, read_json, sha256_bytes, write_bytes, write_json
from device.outputs.codes import LatentGrid
from device.outputs.entropy import Tables, parse_tables
from device.records import from_json
from host.errors import CollectError
from host.packaging.bundle_writer import array_bytes
from host.packaging.network_file import Costs
from host.quantization.execution import TfliteDecoder

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
FORMAT_VERSION = 1
FILE_NAME = "decoders.json"


@dataclass(frozen=True)
class DecoderFolder:
    """One codec tag's decoders.

    Attributes:
        value: decoders.json: "model", "variant", "codec_tag", "model_sha256", "image", "encoder_bytes", and under
            "files" by name ("own", "tuned", "full") the file, its sha256 and its bytes, and where export counted
            them its "parameters" and "macs".
    """

    folder: Path
    value: dict[str, Any]
    grid: LatentGrid

    @property
    def names(self) -> list[str]:
        """The decoders that serve the tag: "own", then "tuned" where there is one."""
        return [name for name in ("own", "tuned") if name in self.value["files"]]

    def read(self, name: str) -> bytes:
        """A .tflite file's content; raises CollectError where it is missing or damaged."""
        entry = self.value["files"][name]
        path = self.folder / entry["file"]
        if not path.is_file():
            raise CollectError(f"{path}: missing; export {self.value['model']} again")
        data = path.read_bytes()
        if sha256_bytes(data) != entry["sha256"]:
            raise CollectError(f"{path}: damaged (sha256 differs from {FILE_NAME}); export {self.value['model']} again")
        return data

    def tables(self) -> Tables:
        path = self.folder / "tables.npy"
        return parse_tables(read_bytes(path, BundleError), path)

    def check(self) -> None:
        """Raises CollectError or BundleError where a file is missing or damaged."""
        self.tables()
        for name in self.value["files"]:
            self.read(name)

    @cached_property
    def _coder(self) -> Any:
        return self.tables().coder(self.grid.shape)

    def codes(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """int8 (h, w, c) of one image; raises BitstreamError for a damaged payload, or one of another size."""
        image = self.value["image"]
        if (height, width) != (image["height"], image["width"]):
            raise BitstreamError(
                f"of an image of {height} x {width} pixels, its decoder makes {image['height']} x {image['width']}"
            )
        return self._coder.decode(payload)

    def images(self, name: str, codes: np.ndarray, height: int, width: int) -> np.ndarray:
        """Codes int8 (count, h, w, c) to images uint8 (count, height, width, channels) by the decoder `name`."""
        return TfliteDecoder(self.read(name), self.grid).images(codes)

    def sizes(self, name: str) -> dict[str, int]:
        """Bytes of the encoder, of a decoder, and beside the encoder's own decoder of both in one file."""
        files = self.value["files"]
        full = {"full_bytes": files["full"]["bytes"]} if name == "own" else {}
        return {"encoder_bytes": self.value["encoder_bytes"], "decoder_bytes": files[name]["bytes"], **full}


def write_decoders(
    build: Path,
    bundle: Bundle,
    variant: str,
    files: dict[str, bytes],
    tables: np.ndarray,
    costs: Mapping[str, Costs] | None = None,
) -> DecoderFolder:
    """Writes one tag's folder, decoders.json last.

    Args:
        files: by "own", "tuned", "full": .tflite content.
        costs: of these, by the same names.
    """
    entry = bundle.variant(variant)
    folder = build / bundle.model / entry.tag
    write_bytes(folder / "tables.npy", array_bytes(tables.astype("<u2")))
    names = {"own": "decoder.tflite", "tuned": "decoder.tuned.tflite", "full": "full.tflite"}
    for name, data in files.items():
        write_bytes(folder / names[name], data)
    height, width, channels = bundle.samples.shape[1:]
    write_json(
        folder / FILE_NAME,
        {
            "format_version": FORMAT_VERSION,
            "model": bundle.model,
            "variant": variant,
            "codec_tag": entry.tag,
            "model_sha256": bundle.model_sha256,
            "spec_sha256": bundle.spec_sha256,
            "encoder_bytes": entry.network_bytes,
            "output_dtype": entry.tensor.dtype,
            "image": {"height": height, "width": width, "channels": channels},
            "latent": entry.output.grid.to_dict(),
            "files": {
                name: {
                    "file": names[name],
                    "sha256": sha256_bytes(data),
                    "bytes": len(data),
                    **(asdict(costs[name]) if costs else {}),
                }
                for name, data in files.items()
            },
        },
    )
    return read_decoders(build, bundle.model, entry.tag)


def samples_path(build: Path, model: str, bundle_sha256: str) -> Path:
    """Where the sample images of one exported bundle are kept: what a device encoded is compared with them."""
    return build / model / "samples" / f"{bundle_sha256[:16]}.npy"


def write_samples(build: Path, bundle: Bundle) -> None:
    """Keeps a bundle's sample images for `read_samples`."""
    write_bytes(samples_path(build, bundle.model, bundle.sha256), array_bytes(bundle.read_samples()))


def read_samples(build: Path, model: str, bundle_sha256: str) -> np.ndarray:
    """The images that a device with this bundle encoded, uint8 (count, height, width, channels).

    Raises:
        CollectError: the bundle was not exported here.
    """
    path = samples_path(build, model, bundle_sha256)
    if not path.is_file():
        raise CollectError(
            f"{path}: missing; the bundle of {model} on the device was not exported on this workstation, "
            "or by another state of models/; export that state here and collect again"
        )
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise CollectError(f"{path}: damaged ({one_line(error)}); export {model} again") from None


def find_decoders(build: Path, codec_tag: str) -> DecoderFolder:
    """The decoders of a codec tag, of whichever model.

    Raises:
        CollectError: no model that was exported here has the tag; says which there are.
    """
    files = sorted(build.glob(f"*/{codec_tag}/{FILE_NAME}"))
    if not files:
        models = sorted({path.parent.parent.name for path in build.glob(f"*/*/{FILE_NAME}")})
        raise CollectError(
            f"{build}: no decoder for codec tag {codec_tag} (models here: {', '.join(models) or 'none'}); "
            "export the model that the device's bundle came from"
        )
    return read_decoders(build, files[0].parent.parent.name, codec_tag)


def read_decoders(build: Path, model: str, codec_tag: str) -> DecoderFolder:
    """The decoders of a codec tag.

    Raises:
        CollectError: this workstation has none for the tag; says which tags it has.
    """
    folder = build / model / codec_tag
    path = folder / FILE_NAME
    if not path.is_file():
        there = sorted(other.parent.name for other in (build / model).glob(f"*/{FILE_NAME}"))
        raise CollectError(
            f"{build / model}: no decoder for codec tag {codec_tag} (here: {', '.join(there) or 'none'}); "
            f"export the {model} that the device's bundle came from"
        )
    value = read_json(path, CollectError)
    check_version(value.get("format_version"), FORMAT_VERSION, "decoders", path, CollectError)
    return DecoderFolder(folder, value, from_json(LatentGrid, value["latent"], "latent", CollectError))
