"""How an enlarged luma image is judged."""

from __future__ import annotations

import numpy as np

from host.metrics import judge_picture


def judge(truth: np.ndarray, made: np.ndarray, factor: int) -> dict[str, float | None]:
    """PSNR and SSIM without a border of `factor` pixels.

    Args:
        truth, made: uint8 (height, width, 1).
    """
    inside = slice(factor, -factor)
    return judge_picture(truth[inside, inside], made[inside, inside])
