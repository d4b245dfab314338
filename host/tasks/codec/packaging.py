"""A photo codec's export: models/<name> -> device/bundles/<name>/ and build/<name>/."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from device.bundle import Bundle
from host.errors import ModelError
from host.networks.weights import load_weights, save_weights
from host.packaging.decoders import write_samples
from host.spec.model_folder import model_digest
from host.tasks.codec.bundle_writer import write_photo_bundle
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
    from host.packaging.export import encoder_file

    spec = load_codec_spec(name, models)
    tables = read_tables(spec)
    samples = _samples(spec)
    codec = build_codec(spec)
    load_weights(spec.folder / "float.weights.h5", {"encoder": codec.encoder, "decoder": codec.decoder})
    encoder = encoder_file(convert_encoder(codec, *EXPORTED_BLOCKS))
    bundle = write_photo_bundle(
        bundles / name,
        model=name,
        spec_sha256=spec.digest,
        model_sha256=model_digest(spec.folder, spec.digest),
        grid=block_grid(spec, codec.channels, 0),
        steps=spec.steps,
        tables=tables,
        samples=samples,
        encoder=encoder,
        step_offset=step_offset(encoder.data),
    )
    networks = _networks(spec, codec, build)
    for variant, entry in bundle.variants.items():
        assert entry.quality is not None
        write_photo_decoders(build, bundle, variant, tables[entry.quality.index], networks)
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
