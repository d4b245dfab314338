"""Networks of keras.applications inside a list of layers, and pixels of 0..1 in place of theirs."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from host.errors import SpecError
from host.networks import applications
from host.networks.applications import application_layers, fold_scaling, pretrain
from host.spec.types import LayerSpec

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 80, 80, 3)).astype(np.float32)


class _Spec:
    """The part of a spec that `pretrain` reads."""

    file = Path("models/tiny/spec.json")

    def __init__(self, **arguments: Any) -> None:
        entry = LayerSpec("Application", "net", ("image",), {"application": "MobileNetV2", **arguments}, {})
        self.networks = {"classifier": (entry,)}


def _network(arguments: dict[str, Any]) -> keras.Model:
    image = keras.Input((80, 80, 3), name="image")
    return keras.Model(image, application_layers(arguments)(image))


@pytest.mark.parametrize(
    "arguments",
    [
        {"application": "MobileNetV2", "width": 0.35},  # no biases before the batch normalization
        {"application": "VGG16"},  # biases; channels in the order blue, green, red
        {"application": "EfficientNetB0"},  # scaling inside the network
        {"application": "InceptionV3"},  # layers without names of their own
    ],
)
def test_an_application_reads_pixels_of_0_to_1(arguments: dict[str, Any]) -> None:
    source = applications._application(arguments, (80, 80, 3), None)
    for weight in source.weights:  # what a constructor gives is too small to tell networks apart
        if "gamma" in weight.name or "moving_variance" in weight.name:
            weight.assign(np.random.default_rng(1).uniform(0.5, 1.5, weight.shape))
    preprocess = applications._preprocess(arguments["application"])
    first = next(layer for layer in source.layers if isinstance(layer, keras.layers.Conv2D))
    last = first if first.use_bias else first.outbound_nodes[0].layer
    wanted = keras.Model(source.input, last.output)(preprocess(PIXELS.copy())).numpy()
    fold_scaling(source, preprocess)
    network = _network(arguments)
    for layer in source.layers:
        if layer.weights and not isinstance(layer, applications._SCALING):
            network.get_layer(layer.name).set_weights(layer.get_weights())
    found = keras.Model(network.input, network.get_layer(last.name).output)(PIXELS / 255).numpy()
    inside = np.s_[:, 2:-2, 2:-2]  # zeros at the border are black, and were another colour before
    np.testing.assert_allclose(found[inside], wanted[inside], atol=2e-4 * np.abs(wanted).max())


def test_weights_of_another_width_are_refused(tmp_path: Path) -> None:
    other = applications._application({"application": "MobileNetV2", "width": 0.5}, None, None)
    other.save_weights(tmp_path / "half.h5")
    spec = _Spec(width=0.35, weights="half.h5")
    wanted = r"classifier\[0\]\.weights: .*half\.h5 has no weights for MobileNetV2 of width 0.35"
    with pytest.raises(SpecError, match=wanted):
        pretrain(spec, "classifier", _network({"application": "MobileNetV2", "width": 0.35}), tmp_path)  # type: ignore[arg-type]


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"classifier\[0\]\.weights: no file .*none\.h5"):
        pretrain(_Spec(weights="none.h5"), "classifier", _network({"application": "MobileNetV2"}), tmp_path)  # type: ignore[arg-type]


def test_one_process_at_a_time_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def download(name: str, origin: str) -> str:
        with open(tmp_path / "splitlite" / "imagenet.lock") as stream, pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return f"{origin}/{name}"

    monkeypatch.setattr(applications.data_utils, "get_file", download)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "here.h5").write_text("")
    with applications._local_files(tmp_path):
        assert applications.data_utils.get_file("a.h5", "there") == "there/a.h5"
        assert applications.data_utils.get_file("here.h5", "there") == str(tmp_path / "weights" / "here.h5")
    with applications._local_files(None):
        assert applications.data_utils.get_file("a.h5", "there") == "there/a.h5"


def test_imagenet_weights_are_taken_from_the_local_folder(tmp_path: Path) -> None:
    arguments = {"application": "MobileNetV2", "width": 0.35}
    (tmp_path / "weights").mkdir()
    source = applications._application(arguments, None, None)
    file = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    source.save_weights(tmp_path / "weights" / file)
    network = _network(arguments)
    pretrain(_Spec(width=0.35, weights="imagenet"), "classifier", network, tmp_path)  # type: ignore[arg-type]
    kernel = source.get_layer("Conv_1").get_weights()[0]
    np.testing.assert_array_equal(network.get_layer("Conv_1").get_weights()[0], kernel)


def test_a_network_without_widths_says_so() -> None:
    with pytest.raises(ValueError, match="VGG16 has no width to choose"):
        _network({"application": "VGG16", "width": 0.5})
