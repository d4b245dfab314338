"""Which training images calibrate a conversion."""

from __future__ import annotations

import numpy as np

from host.data.split import Split
from host.errors import DataError


def calibration_indices(split: Split, count: int, seed: int, *, stratified: bool = False) -> np.ndarray:
    """Indices of some images, drawn without repetition, in rising order.

    Args:
        stratified: as many of each class; one more of the first classes where the count leaves a rest. What a class
            lacks is drawn from all other images.

    Raises:
        DataError: stratified, and no labels.
    """
    rng = np.random.default_rng(seed)
    count = min(count, len(split))
    if not stratified:
        return np.sort(rng.choice(len(split), count, replace=False))
    if split.labels is None:
        raise DataError("quantization.stratified: the data set has no labels; leave it out")
    order = rng.permutation(len(split))
    kinds, places = np.unique(split.labels[order], return_inverse=True)
    least, rest = divmod(count, len(kinds))
    chosen = [order[places == kind][: least + (kind < rest)] for kind in range(len(kinds))]
    found = np.concatenate(chosen)
    others = order[~np.isin(order, found)][: count - len(found)]
    return np.sort(np.concatenate([found, others]))
