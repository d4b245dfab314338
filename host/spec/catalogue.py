"""Names that a spec may use: layers, initializers, optimizers, schedules and losses."""

from __future__ import annotations

from dataclasses import dataclass, field

from host.spec.fields import ABSENT, Field, choice, flag, integer, number, numbers, sides

# Keras' names of those that convert to TFLite's own operations, floating and 8 bits.
ACTIVATIONS = (
    "linear",
    "relu",
    "relu6",
    "sigmoid",
    "tanh",
    "softmax",
    "selu",
    "gelu",
    "swish",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "exponential",
)
# Quantization-aware training knows these inside a layer; the others become layers of their own there.
FUSED_ACTIVATIONS = ("linear", "relu")


@dataclass(frozen=True)
class LayerKind:
    """Arguments by Keras' names; `merges`: reads several layers; `weighted`: has a kernel that may start somehow."""

    arguments: dict[str, Field] = field(default_factory=dict)
    merges: bool = False
    weighted: bool = False


_ACTIVATION = choice(ACTIVATIONS, ABSENT)
_PADDING = choice(("valid", "same"), ABSENT)
_BORDER = Field((int, list), low=0, lengths=(2,), items=Field((int, list), low=0, lengths=(2,), items=integer(0)))
_POOLING = {"pool_size": sides(1, ABSENT), "strides": sides(1, ABSENT), "padding": _PADDING}
_CONVOLUTION = {
    "filters": integer(named=True),
    "kernel_size": sides(),
    "strides": sides(1, ABSENT),
    "padding": _PADDING,
    "activation": _ACTIVATION,
    "use_bias": flag(ABSENT),
}
_DILATION = {"dilation_rate": sides(1, ABSENT)}
_DEPTH = {"depth_multiplier": integer(default=ABSENT)}
_WITHOUT_FILTERS = {key: value for key, value in _CONVOLUTION.items() if key != "filters"}
_AXIS = Field((int,), ABSENT, low=-4, high=3)

# Networks of keras.applications without their heads. ConvNeXt is not here: it is made of LayerNormalization. Nor are
# ResNetRS and the larger RegNets.
APPLICATIONS = (
    *("DenseNet121", "DenseNet169", "DenseNet201"),
    *(f"EfficientNetB{size}" for size in range(8)),
    *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    *("InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small"),
    *("NASNetLarge", "NASNetMobile", "RegNetX002", "RegNetX004", "RegNetY002", "RegNetY004"),
    *("ResNet50", "ResNet50V2", "ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "VGG16", "VGG19", "Xception"),
)

LAYERS: dict[str, LayerKind] = {
    "Conv2D": LayerKind({**_CONVOLUTION, **_DILATION, "groups": integer(default=ABSENT)}, weighted=True),
    "Conv2DTranspose": LayerKind({**_CONVOLUTION, "output_padding": sides(0, ABSENT)}, weighted=True),
    "DepthwiseConv2D": LayerKind({**_WITHOUT_FILTERS, **_DILATION, **_DEPTH}, weighted=True),
    "SeparableConv2D": LayerKind({**_CONVOLUTION, **_DILATION, **_DEPTH}, weighted=True),
    "Dense": LayerKind(
        {"units": integer(named=True), "activation": _ACTIVATION, "use_bias": flag(ABSENT)}, weighted=True
    ),
    "Flatten": LayerKind(),
    "Reshape": LayerKind({"target_shape": numbers(-1, named=True)}),
    "Permute": LayerKind({"dims": numbers(1)}),
    "MaxPooling2D": LayerKind(_POOLING),
    "AveragePooling2D": LayerKind(_POOLING),
    "GlobalMaxPooling2D": LayerKind({"keepdims": flag(ABSENT)}),
    "GlobalAveragePooling2D": LayerKind({"keepdims": flag(ABSENT)}),
    "UpSampling2D": LayerKind({"size": sides(1, ABSENT), "interpolation": choice(("nearest", "bilinear"), ABSENT)}),
    "ZeroPadding2D": LayerKind({"padding": _BORDER}),
    "Cropping2D": LayerKind({"cropping": _BORDER}),
    "BatchNormalization": LayerKind(
        {
            "axis": _AXIS,
            "momentum": number(0.0, 1.0, ABSENT),
            "epsilon": number(0.0, 1.0, ABSENT),
            "center": flag(ABSENT),
            "scale": flag(ABSENT),
        }
    ),
    "Rescaling": LayerKind({"scale": number(None, None), "offset": number(None, None, ABSENT)}),
    "Activation": LayerKind({"activation": choice(ACTIVATIONS)}),
    "ReLU": LayerKind(
        {
            "max_value": number(0.0, None, ABSENT),
            "negative_slope": number(0.0, None, ABSENT),
            "threshold": number(0.0, None, ABSENT),
        }
    ),
    "LeakyReLU": LayerKind({"alpha": number(0.0, None, ABSENT)}),
    "PReLU": LayerKind({"shared_axes": numbers(1, ABSENT)}),
    "Softmax": LayerKind({"axis": _AXIS}),
    "Dropout": LayerKind({"rate": number(0.0, 0.99)}),
    "SpatialDropout2D": LayerKind({"rate": number(0.0, 0.99)}),
    "GaussianNoise": LayerKind({"stddev": number(0.0, None)}),
    "GaussianDropout": LayerKind({"rate": number(0.0, 0.99)}),
    "Add": LayerKind(merges=True),
    "Subtract": LayerKind(merges=True),
    "Multiply": LayerKind(merges=True),
    "Average": LayerKind(merges=True),
    "Maximum": LayerKind(merges=True),
    "Concatenate": LayerKind({"axis": _AXIS}, merges=True),
    "Application": LayerKind(
        {
            "application": choice(APPLICATIONS, text="network of keras.applications, without its head"),
            "width": number(0.01, 4.0, ABSENT, text="share of the channels, of networks that have a choice"),
            "weights": Field((str,), ABSENT, text='"imagenet", or an .h5 file below the folder of data sets'),
        }
    ),
}

# Known layers that cannot be used, and the reason.
NOT_CARRIED = {
    "Lambda": "it is Python code, which a JSON file does not hold",
    "LSTM": "TFLite has no suitable 8-bit kernel for it",
    "GRU": "TFLite can run it only as a loop",
    "Conv3D": "images have two sides",
    "Conv3DTranspose": "images have two sides",
    "ConvLSTM2D": "TFLite can run it only as a loop",
    "Embedding": "the values of an image are not indices",
    "MultiHeadAttention": "Keras builds it of einsum, which TFLite's 8-bit conversion leaves in floating point",
    "ELU": "TensorFlow 2.21's converter makes no 8-bit operation of it; use LeakyReLU",
    "Minimum": "its codes are wrong after quantization-aware training (TensorFlow 2.21); use Maximum",
    "LayerNormalization": "TensorFlow 2.21's converter crashes on it; use BatchNormalization",
    "GroupNormalization": "TFLite's 8-bit conversion leaves its statistics in floating point; use BatchNormalization",
    "SpectralNormalization": "TFLite has no operation for it",
    "LocallyConnected2D": "TFLite has no operation for it",
    "RandomFlip": "use data.flip instead",
    "RandomRotation": "use data.rotation instead",
    "RandomTranslation": "use data.shift instead",
    "RandomZoom": "use data.zoom instead",
    "Resizing": "use data.size instead",
}

# Keras' own by Keras' names; local_pca and cosine are networks/transforms.py.
INITIALIZERS: dict[str, dict[str, Field]] = {
    "glorot_uniform": {},
    "glorot_normal": {},
    "he_uniform": {},
    "he_normal": {},
    "lecun_normal": {},
    "orthogonal": {},
    "zeros": {},
    "random_normal": {"stddev": number(0.0, None, 0.05)},
    "local_pca": {"step": number(0.0, None, 4.0), "reach": number(0.0, None, 5.0)},
    "cosine": {"step": number(0.0, None, 4.0), "reach": number(0.0, None, 5.0)},
}

# How a step is taken, by Keras' arguments; Keras' own classes, of training/optimizers.py.
_SHARE = 1 - 1e-9  # of what is kept from step to step
_BETAS = {"beta_1": number(0.0, _SHARE, ABSENT), "beta_2": number(0.0, _SHARE, ABSENT)}
_EPSILON = {"epsilon": number(1e-12, 1.0, ABSENT)}
_ANY_OPTIMIZER = {"global_clipnorm": number(1e-9, 1e9, ABSENT, text="largest norm of all gradients together")}
OPTIMIZERS: dict[str, dict[str, Field]] = {
    "adam": {**_BETAS, **_EPSILON, "amsgrad": flag(ABSENT), **_ANY_OPTIMIZER},
    "adamw": {**_BETAS, **_EPSILON, "weight_decay": number(0.0, 1.0, ABSENT), **_ANY_OPTIMIZER},
    "sgd": {"momentum": number(0.0, 1.0, 0.9), "nesterov": flag(ABSENT), **_ANY_OPTIMIZER},
    "rmsprop": {
        "rho": number(0.0, _SHARE, ABSENT),
        "momentum": number(0.0, 1.0, ABSENT),
        "centered": flag(ABSENT),
        **_EPSILON,
        **_ANY_OPTIMIZER,
    },
    "nadam": {**_BETAS, **_EPSILON, **_ANY_OPTIMIZER},
}
# What becomes of a stage's learning rate.
SCHEDULES: dict[str, dict[str, Field]] = {
    "cosine": {"final": number(0.0, 1.0, 0.0, text="share of the learning rate at the end")},
    "constant": {},
    "hold": {
        "warm_up": integer(0, 1_000_000, 200, text="steps until the full learning rate"),
        "hold": number(0.0, 1.0, 0.6, text="share of the stage at the full learning rate; then it falls as a cosine"),
        "final": number(0.0, 1.0, 0.02, text="share of the learning rate at the end"),
    },
    "exponential": {"final": number(1e-9, 1.0, 0.01, text="share of the learning rate at the end")},
    "steps": {
        "at": Field(
            (list,), [0.5, 0.75], items=number(0.0, 1.0), text="where it falls, in shares of the stage; 0.5 is halfway"
        ),
        "factor": number(1e-9, 1.0, 0.1, text="factor of the learning rate at each of these points"),
    },
}

# What training may minimize, training/losses.py; the sizes that some need are parsing.py's to check.
LOSSES: dict[str, dict[str, Field]] = {
    "mse": {},
    "mae": {},
    "ssim_l1": {"alpha": number(0.0, 1.0, 0.84, text="share of 1 - SSIM; the rest is the mean absolute error")},
    "ms_ssim": {},
    "rate_distortion": {"lmbda": number(1e-6, 10.0, text="bits per pixel that a squared error of 1 (0..255) costs")},
}
