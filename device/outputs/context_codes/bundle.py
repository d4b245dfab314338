"""Version 2 of a bundle: the encoder of photographs of any size, one file for all qualities.

    bundle.json  <variant>.encoder.tflite  tables.q<quality>.npy  samples.npy

A row of the bench, and what `Bundle.variants` holds, is an encoder at a quality: "int8_q3".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bundle import NAME, Bundle, Variant, parse_encoder, plain_name
from ...errors import BundleError
from ...files import check_json
from ...quantization import LatentGrid
from .block_grid import BlockGrid
from .coder import CODER_ID
from .tables import ContextTables, parse_context_tables

TASK = "codec"
_FILE = {"file": str, "sha256": str}
_BUNDLE = {
    "model": str,
    "task": str,
    "spec_sha256": str,
    "model_sha256": str,
    "latent": dict,
    "qualities": list,
    "coder": int,
    "samples": {**_FILE, "count": int, "height": int, "width": int},
    "variants": dict,
}


@dataclass(frozen=True)
class Quality:
    """What makes one quality of an encoder of photographs.

    Attributes:
        index: 0 is the smallest bitstreams.
        step_offset: where in the encoder's file its step belongs, a little-endian float32.
    """

    index: int
    grid: BlockGrid
    step_offset: int
    tables_file: str
    tables_sha256: str

    def read_tables(self, bundle: Bundle) -> ContextTables:
        """The tables; raises BundleError if their digest differs or they do not fit the grid."""
        path = bundle.folder / self.tables_file
        tables = parse_context_tables(bundle.read_file(self.tables_file, self.tables_sha256), path)
        if tables.channels != self.grid.channels:
            raise BundleError(f"{path}: tables of {tables.channels} channels, the latent has {self.grid.channels}")
        return tables


def parse_photo(folder: Path, sha256: str, value: Any) -> Bundle:
    """The content of bundle.json; raises BundleError with the JSON path."""
    check_json(value, _BUNDLE, BundleError)
    if (value["task"], value["coder"]) != (TASK, CODER_ID):
        raise BundleError(f"task {value['task']!r} with coder {value['coder']}; update this splitlite")
    samples, variants = value["samples"], {}
    for name, entry in sorted(value["variants"].items()):
        check_json(entry, {"codec_tags": [str], "step_offset": int, "encoder": dict}, BundleError, f"variants.{name}")
        if len(entry["codec_tags"]) != len(value["qualities"]):
            raise BundleError(f"variants.{name}.codec_tags: not one for each of {len(value['qualities'])} qualities")
        for index, (tag, quality) in enumerate(zip(entry["codec_tags"], value["qualities"])):
            where = f"qualities[{index}]"
            check_json(quality, {"step": (int, float), "tables": _FILE}, BundleError, where)
            known = Quality(
                index,
                BlockGrid.from_dict({**value["latent"], "step": quality["step"]}),
                entry["step_offset"],
                plain_name(quality["tables"]["file"], f"{where}.tables.file"),
                quality["tables"]["sha256"],
            )
            full = f"{name}_q{index}"
            variants[full] = parse_encoder(full, tag, entry["encoder"], f"variants.{name}.encoder", known)
    if not variants:
        raise BundleError("variants: empty; export the bundle again")
    for name in (value["model"], *variants):
        if not NAME.fullmatch(name):
            raise BundleError(f"{name!r} cannot name a file; use letters, digits, '-', '_' and '.'")
    return Bundle(
        folder=folder,
        sha256=sha256,
        model=value["model"],
        task=value["task"],
        spec_sha256=value["spec_sha256"],
        model_sha256=value["model_sha256"],
        image_shape=(samples["height"], samples["width"], 3),
        grid=_samples_grid(next(iter(variants.values())), samples),
        coder_id=value["coder"],
        tables_file="",
        tables_sha256="",
        samples_file=plain_name(samples["file"], "samples.file"),
        samples_sha256=samples["sha256"],
        samples_count=samples["count"],
        variants=variants,
    )


def _samples_grid(variant: Variant, samples: dict[str, Any]) -> LatentGrid:
    assert variant.quality is not None
    return LatentGrid(*variant.quality.grid.shape(samples["height"], samples["width"]), 1.0, 0)
