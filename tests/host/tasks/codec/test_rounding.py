"""Rounding with feedback: on the levels that the converter finds again, and closer in what comes out."""

from __future__ import annotations

import numpy as np

from host.tasks.codec.fitting import rounded_levels
from host.tasks.codec.layers import rounded


def test_the_output_changes_less_than_with_plain_rounding_and_the_levels_stay() -> None:
    rng = np.random.default_rng(0)
    # As pixels are: much in common, little of their own.
    inputs = 0.3 * rng.normal(size=(5000, 1)) + 0.03 * rng.normal(size=(5000, 40))
    matrix = rng.normal(size=(40, 6))
    found = rounded_levels(matrix, np.cov(inputs, rowvar=False))
    plain = rounded(matrix[None, None].astype(np.float32)).numpy()[0, 0]
    error, plain_error = (np.std(inputs @ (other - matrix)) for other in (found, plain))
    assert error < plain_error / 3
    assert np.abs(found - matrix).max() < 6 * np.abs(matrix).max() / 127
    again = rounded(found[None, None].astype(np.float32)).numpy()[0, 0]
    np.testing.assert_allclose(again, found, atol=1e-6)
