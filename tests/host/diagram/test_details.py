"""Arguments of layers in words."""

from __future__ import annotations

from typing import Any

import pytest
import tf_keras as keras

from host.diagram.details import detail


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("Conv2D", {"filters": 1, "kernel_size": 3, "padding": "same"}, "3×3, 1 filter"),
        (
            "Conv2D",
            {"filters": 8, "kernel_size": (3, 1), "strides": 2, "groups": 4},
            "3×1, 8 filters, stride 2, 4 groups, valid",
        ),
        ("Conv2D", {"filters": 8, "kernel_size": 4, "strides": 4}, "4×4, 8 filters, stride 4"),
        (
            "Conv2D",
            {"filters": 8, "kernel_size": 3, "dilation_rate": 2, "padding": "same"},
            "3×3, 8 filters, dilation 2",
        ),
        ("DepthwiseConv2D", {"kernel_size": 3, "strides": (2, 1), "padding": "same"}, "3×3, stride 2×1"),
        ("Dense", {"units": 10, "activation": "relu"}, "10 units, relu"),
        ("MaxPooling2D", {"pool_size": 2}, "2×2"),
        ("AveragePooling2D", {"pool_size": 3, "strides": 1, "padding": "same"}, "3×3, stride 1"),
        ("ReLU", {"max_value": 6.0}, "up to 6"),
        ("ReLU", {}, ""),
        ("ZeroPadding2D", {"padding": ((0, 1), (0, 1))}, "0 above, 1 below, 0 left, 1 right"),
        ("Cropping2D", {"cropping": 2}, "2 on each side"),
        ("UpSampling2D", {"size": 3, "interpolation": "bilinear"}, "3×3, bilinear"),
        ("Add", {}, ""),
    ],
)
def test_a_layer_says_what_is_not_usual(kind: str, arguments: dict[str, Any], expected: str) -> None:
    assert detail(kind, getattr(keras.layers, kind)(**arguments).get_config()) == expected
