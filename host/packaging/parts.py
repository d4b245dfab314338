"""A part of a trained model as a file of its own: .tflite of any variant, SavedModel or .keras of the float network."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.bundle import read_bundle
from device.files import write_bytes
from host.errors import ExportError
from host.packaging.decoders import BUILD, find_decoders
from host.packaging.export import BUNDLES, export, read_record
from host.quiet import load_tensorflow, quiet
from host.spec.model_folder import ModelFolder

if TYPE_CHECKING:
    from host.tasks.task import Task

PARTS = ("encoder", "decoder", "full")
FORMATS = ("tflite", "saved_model", "keras")


def export_part(
    task: Task,
    model: ModelFolder,
    part: str,
    output: Path,
    bundles: Path = BUNDLES,
    build: Path = BUILD,
    *,
    variant: str | None = None,
    form: str = "tflite",
) -> str:
    """Writes one part of a model.

    The encoder takes an image and gives the latent, the decoder the reverse; "full" is both, with the latent on its
    grid between them (int16x8 has no kernel for that rounding: there it stays 16 bits). Of a model that runs on the
    device as a whole, such as a classifier, "full" is that network. Images are 0..1 where a file's
    ends are float32; integer ends have the scale and zero point that the file says. A .tflite file takes one image and
    is the packaged one; where one file serves all qualities, a variant's name with a quality sets that. SavedModel and
    .keras take batches and hold nothing of splitlite's own: TensorFlow alone loads a SavedModel, tf_keras loads .keras
    (Keras 3 does not).

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
    name = model.spec.name
    _check(name, part, form, output)
    variant = variant or ("int8" if form == "tflite" else "float32")
    if form == "tflite":
        data = _packaged(task, model, part, variant, bundles, build)
        save, text = partial(write_bytes, output, data), f"{len(data) / 1000:.1f} kB"
    else:
        network, end = _network(task, model, part, variant, form)
        save = partial(_save_keras if form == "keras" else _save_folder, network, end, output)
        reader = "; read it with tf_keras, not with Keras 3" if form == "keras" else ""
        text = f"{network.count_params():,} parameters{reader}"
    try:
        save()
    except OSError as reason:
        raise ExportError(f"{output}: cannot be written ({reason.strerror or reason})") from None
    return f"{name} {variant} {part}, {text}"


def _check(name: str, part: str, form: str, output: Path) -> None:
    for value, known, what in ((part, PARTS, "part"), (form, FORMATS, "format")):
        if value not in known:
            raise ExportError(f"{name}: no {what} {value!r}; available: {', '.join(known)}")
    if form != "saved_model" and (output.suffix != f".{form}" or output.is_dir()):
        raise ExportError(f"{output}: expected a file whose name ends with .{form}")
    if form == "saved_model" and output.exists():
        raise ExportError(f"{output}: there already; a SavedModel is a folder of its own, give one that is not there")


def _packaged(task: Task, model: ModelFolder, part: str, variant: str, bundles: Path, build: Path) -> bytes:
    name = model.spec.name
    export(task, model, bundles, build)
    bundle = read_bundle(bundles / name)
    entry = next((each for each in bundle.variants.values() if variant in (each.name, each.family)), None)
    if entry is None:
        why = read_record(build, name).left_out.get(variant)
        reason = f" ({why})" if why else ""
        raise ExportError(f"{name}: no variant {variant!r}{reason}; available: {', '.join(bundle.variants)}")
    home = find_decoders(build, entry.tag, name)
    if part == "encoder" or (part == "full" and not home.networks):
        named = variant == entry.name
        return bundle.read_network(variant) if named else bundle.read_file(entry.file, entry.sha256)
    if not home.networks:
        raise ExportError(f"{name}: no {part}: the whole network runs on the device; take --part full")
    network = "own" if part == "decoder" else part
    if network not in home.networks or not home.networks[network].file.endswith(".tflite"):
        raise ExportError(f"{name}: no {part} as tflite; take --part encoder, or --part decoder --format saved_model")
    return home.read(network)


def _network(task: Task, model: ModelFolder, part: str, variant: str, form: str) -> tuple[Any, str]:
    name = model.spec.name
    if variant != "float32":
        raise ExportError(
            f"{name}: no {variant} as {form}: Keras holds the network in floating point; "
            "take --variant float32, or --format tflite"
        )
    load_tensorflow()
    network, end = task.part(model, part)
    own = sorted({type(layer).__name__ for layer in network.layers if type(layer).__module__.startswith("host.")})
    if form == "keras" and own:
        raise ExportError(
            f"{name}: {', '.join(own)} are no layers of Keras, as .keras needs; take --format saved_model"
        )
    return network, end


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
