"""A photo codec's export: models/<name> -> device/bundles/<name>/ and build/<name>/."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from device.bundle import Bundle
from device.files import sha256_bytes
from device.inputs.strips import Strips
from device.outputs import TablesFile
from device.outputs.context_codes import ContextCodesDescription
from host.errors import ModelError
from host.networks.weights import load_weights, save_weights
from host.packaging.bundle_writer import write_bundle
from host.packaging.decoders import write_samples
from host.packaging.package import Package, VariantFile
from host.spec.model_folder import model_digest
from host.tasks.codec.decoders import write_network, write_photo_decoders
from host.tasks.codec.int8 import block_grid, convert_encoder, step_offset
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.spec import CodecSpec
from host.tasks.codec.tables import EXPORTED_BLOCKS, read_tables
from host.tasks.codec.task import load_codec_spec
from host.tasks.codec.tuning import DECODER


def export_codec(name: str, models: Path, bundles: Path, build: Path) -> Bundle:
    """Converts and packages a codec; the same models/<name> gives the same bundle.

    Raises:
        ModelError: weights, tables or samples are missing.
    """
    spec = load_codec_spec(name, models)
    tables = read_tables(spec)
    samples = _samples(spec)
    codec = build_codec(spec)
    load_weights(spec.folder / "float.weights.h5", {"encoder": codec.encoder, "decoder": codec.decoder})
    encoder = convert_encoder(codec, *EXPORTED_BLOCKS)
    grid, variants = block_grid(spec, codec.channels, 0), []
    for quality, (step, each) in enumerate(zip(spec.steps, tables, strict=True)):
        name_of, content = f"tables.q{quality}.npy", each.tobytes()
        variants.append(
            VariantFile(
                f"int8_q{quality}",
                "int8",
                encoder,
                ContextCodesDescription(
                    replace(grid, step=float(np.float32(step))),
                    TablesFile(name_of, sha256_bytes(content), each.sha256),
                ),
                {name_of: content},
                {},
                quality=quality,
                output_scale=(step_offset(encoder), step),
            )
        )
    source = Strips(grid.block, grid.before, grid.after, 3)
    digest = model_digest(spec.folder, spec.digest)
    package = Package(name, "codec", spec.digest, digest, source, samples, tuple(variants))
    bundle = write_bundle(bundles / name, package)
    networks = _networks(spec, codec, build)
    for variant, entry in bundle.variants.items():
        assert entry.quality is not None
        write_photo_decoders(build, bundle, variant, tables[entry.quality], networks)
    write_samples(build, bundle)
    return bundle


def _networks(spec: CodecSpec, codec: Codec, build: Path) -> dict[str, str]:
    file = spec.folder / "spec.json"
    with tempfile.TemporaryDirectory() as scratch:
        save_weights(Path(scratch) / "own.h5", {"decoder": codec.decoder})
        networks = {"own": write_network(build, spec.name, file, Path(scratch) / "own.h5")}
    if (spec.folder / DECODER).is_file():
        networks["tuned"] = write_network(build, spec.name, file, spec.folder / DECODER)
    return networks


def _samples(spec: CodecSpec) -> np.ndarray:
    path = spec.folder / "samples.npy"
    if not path.is_file():
        raise ModelError(f"{path}: missing; make it with `host train {spec.name} --stage tables`")
    return np.load(path, allow_pickle=False)
