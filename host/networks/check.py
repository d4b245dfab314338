"""What `host check` prints: shapes, parameters and multiply-accumulates of each half, at 80 columns."""

from __future__ import annotations

from pathlib import Path

import tf_keras as keras

from device.files import read_json
from host.errors import ModelError, SpecError
from host.networks.builder import build, build_discriminator
from host.networks.summary import bottleneck_line, layer_macs, network_macs
from host.spec.parsing import MODELS, Spec, load_spec, parse_spec

_COLUMNS = "{:<22.22} {:<18.18} {:>13} {:>10} {:>13}"


def find_spec(name: str, models: Path = MODELS) -> Spec:
    """The spec of a model's name, or of a path to a spec's file or to the folder that holds its spec.json.

    Raises:
        SpecError, ModelError: one line each.
    """
    path = Path(name)
    if path.is_dir() and (path / "spec.json").is_file():
        path = path / "spec.json"
    if not path.is_file():
        if path.suffix == ".json" or len(path.parts) > 1:
            raise ModelError(f"{path}: no such file; give a model's name or a spec.json")
        return load_spec(name, models, {})
    return parse_spec(read_json(path, SpecError), path)


def check_text(spec: Spec) -> str:
    """Both halves layer by layer, then what they cost and what the bottleneck holds.

    Raises:
        SpecError: Keras refuses a layer, or a half ends on another shape than it must.
    """
    encoder, decoder = build(spec)
    others = [build_discriminator(spec)] if spec.discriminator else []
    lines = [f"{spec.file}: correct"]
    for model in (encoder, decoder, *others):
        lines += ["", _COLUMNS.format(model.name, "layer", "output", "parameters", "MACs")]
        lines += [_row(layer) for layer in model.layers]
        costs = f"{model.count_params():,}", f"{network_macs(model):,}"
        lines.append(_COLUMNS.format(f"{model.name} in all", "", _shape(model), *costs))
    return "\n".join([*lines, "", *bottleneck_line(spec, encoder).split("; ")])


def _row(layer: keras.layers.Layer) -> str:
    return _COLUMNS.format(
        layer.name,
        type(layer).__name__,
        _shape(layer),
        f"{layer.count_params():,}",
        f"{layer_macs(layer):,}",
    )


def _shape(layer: keras.layers.Layer) -> str:
    shape = layer.output_shape[0] if isinstance(layer.output_shape, list) else layer.output_shape
    return "x".join(map(str, shape[1:]))
