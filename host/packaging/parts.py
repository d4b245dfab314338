"""A part of a trained model as a file of its own: .tflite of any variant, SavedModel or .keras of the float network."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device.bundle import read_bundle
from device.files import read_json, write_bytes
from host.errors import ExportError, ModelError
from host.packaging.decoders import BUILD, read_decoders
from host.packaging.export import BUNDLES, export
from host.quiet import load_tensorflow, quiet
from host.spec.model_folder import ModelFolder
from host.spec.models import MODELS
from host.tasks import open_spec
from host.tasks.codec.task import load_codec_spec

PARTS = ("encoder", "decoder", "full")
FORMATS = ("tflite", "saved_model", "keras")
DEFAULT_VARIANTS = {"tflite": "int8", "saved_model": "float32", "keras": "float32"}
_OF_CODECS = (("encoder", "tflite"), ("decoder", "saved_model"))
_SUFFIXES = {"tflite": ".tflite", "keras": ".keras"}


def export_part(
    name: str,
    part: str,
    output: Path,
    *,
    variant: str | None = None,
    form: str = "tflite",
    models: Path = MODELS,
    bundles: Path = BUNDLES,
    build: Path = BUILD,
) -> str:
    """Writes one part of a model.

    The encoder takes an image and gives the latent, the decoder the reverse; "full" is both, with the latent on its
    grid between them (int16x8 has no kernel for that rounding: there it stays 16 bits). Images are 0..1 where a file's
    ends are float32; integer ends have the scale and zero point that the file says. A .tflite file takes one image and
    is the one that is packaged; SavedModel and .keras take batches and hold nothing of splitlite's own: they load with
    TensorFlow alone, .keras with tf_keras. Of a photo codec there are the encoder as .tflite, whose bundle says how a
    quality is set in it, and the float decoder as SavedModel: codes as float32, and a quality, to the image.

    Args:
        part: a name of PARTS.
        output: the file, or the folder of a SavedModel.
        variant: None: int8 as .tflite, else float32, which is the only one that Keras holds.
        form: a name of FORMATS.

    Returns:
        What was written, in words.

    Raises:
        ExportError: no such part, form or variant, one that has no such file, or an output that cannot be written.
        ModelError, SpecError: no such model, or it is not trained.
    """
    _check(name, part, form, output, models)
    variant = variant or DEFAULT_VARIANTS[form]
    if form == "tflite":
        data = _packaged(name, part, variant, models, bundles, build)
        _written(output, lambda: write_bytes(output, data))
        return f"{name} {variant} {part}, {len(data) / 1000:.1f} kB"
    if variant != "float32":
        raise ExportError(
            f"{name}: no {variant} as {form}: Keras holds the network in floating point; "
            "take --variant float32, or --format tflite"
        )
    if open_spec(name, models)[0].name == "codec":
        network, end = _codec_decoder(name, models), "image"
    else:
        network, end = _network(ModelFolder(open_spec(name, models)[1]), part)
    save = _save_keras if form == "keras" else _save_folder
    _written(output, lambda: save(network, end, output))
    return f"{name} float32 {part}, {network.count_params():,} parameters"


def _check(name: str, part: str, form: str, output: Path, models: Path) -> None:
    for value, known, what in ((part, PARTS, "part"), (form, FORMATS, "format")):
        if value not in known:
            raise ExportError(f"{name}: no {what} {value!r}; available: {', '.join(known)}")
    suffix = _SUFFIXES.get(form, "")
    if suffix and (output.suffix != suffix or output.is_dir()):
        raise ExportError(f"{output}: expected a file whose name ends with {suffix}")
    if not suffix and output.exists():
        raise ExportError(f"{output}: there already; a SavedModel is a folder of its own, give one that is not there")
    if open_spec(name, models)[0].name == "codec" and (part, form) not in _OF_CODECS:
        available = ", ".join(f"--part {part} --format {form}" for part, form in _OF_CODECS)
        raise ExportError(f"{name}: a photo codec, whose decoder is a network of any size; available: {available}")


def _packaged(name: str, part: str, variant: str, models: Path, bundles: Path, build: Path) -> bytes:
    export(name, models, bundles, build)
    bundle = read_bundle(bundles / name)
    if variant not in bundle.variants and f"{variant}_q0" in bundle.variants:
        variant = f"{variant}_q0"  # one file for all qualities
    if variant not in bundle.variants:
        left_out = _left_out(build / name / "compatibility.json", variant)
        raise ExportError(f"{name}: no variant {variant!r}{left_out}; available: {', '.join(bundle.variants)}")
    if part == "encoder":
        return bundle.read_network(variant)
    decoders = read_decoders(build, name, bundle.variant(variant).tag)
    return decoders.read("own" if part == "decoder" else part)


def _left_out(file: Path, variant: str) -> str:
    reason = read_json(file, ModelError).get(variant, {}).get("encoder", {}).get("converter") if file.is_file() else ""
    return f" ({reason})" if reason else ""


def _network(model: ModelFolder, part: str) -> tuple[Any, str]:
    """The float network of a part, for any batch, and what its output is called."""
    load_tensorflow()
    import tf_keras as keras

    from host.networks.grid import on_grid
    from host.tasks.compression.halves import load_halves

    keras.backend.clear_session()
    halves = load_halves(model, "float")
    if part != "full":
        return (halves.encoder, "latent") if part == "encoder" else (halves.decoder, "image")
    image = keras.Input(halves.encoder.input_shape[1:], name="image")
    return keras.Model(image, halves.decoder(on_grid(halves.encoder(image), halves.grid)), name="full"), "image"


def _codec_decoder(name: str, models: Path) -> Any:
    """The decoder "own" of a photo codec: codes as float32, quality -> image."""
    spec = load_codec_spec(name, models)
    load_tensorflow()
    from host.networks.weights import load_weights
    from host.tasks.codec.networks import build_codec

    codec = build_codec(spec)
    load_weights(spec.folder / "float.weights.h5", {"decoder": codec.decoder})
    return codec.decoder


def _save_keras(network: Any, end: str, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, quiet():
        network.save(Path(scratch) / "model.keras")
        write_bytes(output, (Path(scratch) / "model.keras").read_bytes())


def _save_folder(network: Any, end: str, output: Path) -> None:
    """A SavedModel: the signature serving_default, from `network`'s inputs by name to {`end`}."""
    import tensorflow as tf

    sources = zip(network.inputs, network.input_names, strict=True)
    module = tf.Module()
    module.weights = network.variables  # the graph's own; the Keras objects stay out of the file
    module.serve = tf.function(
        lambda *tensors: {end: network(list(tensors) if len(tensors) > 1 else tensors[0], training=False)},
        input_signature=[tf.TensorSpec(source.shape, source.dtype, name) for source, name in sources],
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=output.parent))
    try:
        with quiet():
            tf.saved_model.save(module, str(scratch / "model"), signatures=module.serve)
        os.replace(scratch / "model", output)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _written(output: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as reason:
        raise ExportError(f"{output}: cannot be written ({reason.strerror or reason})") from None
