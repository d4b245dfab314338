"""Mixed precision: layers compute in bfloat16, their weights stay float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tf_keras as keras

POLICY = "mixed_bfloat16"  # float16 would need its loss scaled


@contextmanager
def precision(mixed: bool) -> Iterator[None]:
    """Layers that are made within the block compute in bfloat16 if `mixed`, otherwise as usual."""
    before = keras.mixed_precision.global_policy()
    try:
        if mixed:
            keras.mixed_precision.set_global_policy(POLICY)
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
