"""Magnitude pruning: the share of zeros grows from its first step to its last one, and is reached there."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras as keras

from host.training.pruning import masking, prunable, pruned_gradually, take_pruned, zeros

LAYERS = keras.layers


def network() -> keras.Model:
    image = keras.Input((8, 8, 3))
    inner = LAYERS.Conv2D(16, 3, name="inner")(LAYERS.Conv2D(8, 3)(image))
    return keras.Model(image, LAYERS.Dense(5)(LAYERS.GlobalAveragePooling2D()(inner)))


@pytest.mark.parametrize(("begin", "end"), [(1, 1), (3, 3), (2, 4), (1, 5)])
def test_the_sparsity_is_reached_in_the_last_step_that_prunes(begin: int, end: int) -> None:
    model = network()
    layers = prunable(model)
    trained = pruned_gradually(model, layers, 0.75, begin, end)
    mask = masking(trained)
    shares = []
    for step in range(1, 8):
        trained(np.zeros((1, 8, 8, 3), np.float32), training=True)
        mask(step)
        take_pruned(model, trained)
        shares.append(zeros(model, layers))
    assert layers == ["inner"]
    assert shares[: begin - 1] == [0] * (begin - 1)
    assert shares == sorted(shares)
    assert shares[end - 1 :] == [0.75] * (8 - end)
