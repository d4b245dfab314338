"""What a spec may name: layers that Keras, TFLite and quantization-aware training carry, and how a layer may start."""

from __future__ import annotations

from dataclasses import dataclass, field

_SIZE = (int, list)  # 3 or [3, 3]
_ACTIVATIONS = ("linear", "relu", "relu6")


@dataclass(frozen=True)
class LayerKind:
    """Arguments (Keras' names) with their JSON types; `merges`: reads several layers; `weighted`: has a kernel."""

    arguments: dict[str, type | tuple[type, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    activations: tuple[str, ...] = ("linear",)
    merges: bool = False
    weighted: bool = False


_CONVOLUTION = {
    "filters": int,
    "kernel_size": _SIZE,
    "strides": _SIZE,
    "padding": str,
    "activation": str,
    "use_bias": bool,
}

LAYERS: dict[str, LayerKind] = {
    "Conv2D": LayerKind(_CONVOLUTION, ("filters", "kernel_size"), _ACTIVATIONS, weighted=True),
    "Conv2DTranspose": LayerKind(_CONVOLUTION, ("filters", "kernel_size"), _ACTIVATIONS, weighted=True),
    "DepthwiseConv2D": LayerKind(
        {key: kind for key, kind in _CONVOLUTION.items() if key != "filters"},
        ("kernel_size",),
        _ACTIVATIONS,
        weighted=True,
    ),
    "UpSampling2D": LayerKind({"size": _SIZE, "interpolation": str}),
    "ReLU": LayerKind({"max_value": float}),
    "Add": LayerKind(merges=True),
    "Concatenate": LayerKind(merges=True),
}

# Keras' own by Keras' names; local_pca and cosine are networks/transforms.py. Arguments: type and default.
INITIALIZERS: dict[str, dict[str, tuple[type | tuple[type, ...], float]]] = {
    "glorot_uniform": {},
    "he_normal": {},
    "zeros": {},
    "random_normal": {"stddev": (float, 0.05)},
    "local_pca": {"step": ((int, float), 4.0), "reach": ((int, float), 5.0)},
    "cosine": {"step": ((int, float), 4.0), "reach": ((int, float), 5.0)},
}
