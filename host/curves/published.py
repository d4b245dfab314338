"""Published rate-distortion curves, means over the 24 Kodak images."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

import numpy as np

from host.errors import CurveError

KODAK = frozenset(f"kodim{number:02}" for number in range(1, 25))
_COLUMNS = ["name", "quality", "bpp", "psnr_db", "ms_ssim"]
_TRAINED_FOR_MS_SSIM = "(ms-ssim)"


def published_curves(file: Path, measured: Collection[str] = ()) -> dict[str, np.ndarray]:
    """By codec, float (points, 3): bits per pixel, PSNR in dB, MS-SSIM; NaN where one was not given.

    The PSNR of codecs that were trained for MS-SSIM is left out: nobody would use them for it.

    Args:
        file: a CSV with the columns name, quality, bpp, psnr_db, ms_ssim.
        measured: names that are taken; a published codec of that name gets " (published)" after it.

    Raises:
        CurveError: unreadable, or not such a file.
    """
    try:
        with open(file, newline="") as stream:
            rows = list(csv.DictReader(stream))
        found: dict[str, list[list[float]]] = {}
        for row in rows:
            name = f"{row['name']} (published)" if row["name"] in measured else row["name"]
            numbers = [float(row[key] or "nan") for key in _COLUMNS[2:]]
            if name.endswith(_TRAINED_FOR_MS_SSIM):
                numbers[1] = float("nan")
            found.setdefault(name, []).append(numbers)
    except OSError as reason:
        raise CurveError(f"{file}: cannot be read ({reason.strerror})") from None
    except (KeyError, ValueError) as reason:
        raise CurveError(f"{file}: no table of {', '.join(_COLUMNS)} ({reason})") from None
    return {name: np.array(points) for name, points in found.items()}
