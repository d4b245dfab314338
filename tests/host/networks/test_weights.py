"""Weights files: what is read is what was written, into the network that it was written from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from host.errors import ModelError
from host.networks.weights import load_weights, save_weights


def network(filters: int, seed: int) -> Any:
    keras.utils.set_random_seed(seed)
    image = keras.Input((8, 8, 3))
    return keras.Model(image, keras.layers.Conv2D(filters, 3)(keras.layers.Conv2D(5, 3)(image)))


def test_a_round_trip_gives_the_same_weights_to_each_half(tmp_path: Path) -> None:
    written = {"encoder": network(4, 1), "decoder": network(3, 2)}
    read = {"encoder": network(4, 3), "decoder": network(3, 4)}
    save_weights(tmp_path / "new" / "a.weights.h5", written)
    load_weights(tmp_path / "new" / "a.weights.h5", read)
    for half in written:
        for one, other in zip(written[half].get_weights(), read[half].get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.weights.h5"]


def test_one_half_can_be_read_alone(tmp_path: Path) -> None:
    written = network(4, 1)
    save_weights(tmp_path / "a.weights.h5", {"encoder": network(3, 2), "decoder": written})
    read = network(4, 5)
    load_weights(tmp_path / "a.weights.h5", {"decoder": read})
    np.testing.assert_array_equal(written.get_weights()[0], read.get_weights()[0])


def test_more_than_ten_weights_keep_their_order(tmp_path: Path) -> None:
    image = keras.Input((4, 4, 1))
    chain = image
    for number in range(7):
        chain = keras.layers.Conv2D(1, 1, bias_initializer=keras.initializers.Constant(number))(chain)
    model = keras.Model(image, chain)
    save_weights(tmp_path / "a.weights.h5", {"encoder": model})
    expected = [weight.copy() for weight in model.get_weights()]
    model.set_weights([weight * 0 for weight in expected])
    load_weights(tmp_path / "a.weights.h5", {"encoder": model})
    assert [float(weight.ravel()[0]) for weight in model.get_weights()[1::2]] == list(range(7))


@pytest.mark.parametrize("half", ["encoder", "somewhere"])
def test_weights_of_another_network_are_refused_and_change_nothing(half: str, tmp_path: Path) -> None:
    save_weights(tmp_path / "a.weights.h5", {half: network(4, 1)})
    model = network(6, 2)
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ModelError, match=r"a\.weights\.h5: weights of another network \(encoder/00\d: ") as caught:
        load_weights(tmp_path / "a.weights.h5", {"encoder": model})
    assert "\n" not in str(caught.value)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    path = tmp_path / "some-model" / "float.weights.h5"
    with pytest.raises(ModelError, match=r"float\.weights\.h5: missing; make it with `host train some-model`"):
        load_weights(path, {"encoder": network(4, 1)})


@pytest.mark.parametrize("keep", [0, 40, 3000])
def test_a_damaged_file_is_named(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "a.weights.h5"
    save_weights(path, {"encoder": network(4, 1)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"a\.weights\.h5: not a readable weights file") as caught:
        load_weights(path, {"encoder": network(4, 1)})
    assert "\n" not in str(caught.value)
