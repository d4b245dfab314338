"""What people look at: figures as PNG files, the middles of pictures, and how far two pictures are apart."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from host.metrics import Metric

DPI = 140  # of figures
LARGE, CLOSE_UP = 128, 96  # pixels a side: above so many a picture is also shown close up, at most so much of it


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # takes its time to load

    buffer = io.BytesIO()
    # Without matplotlib's version in it, equal numbers give equal bytes.
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def axis_title(metric: Metric) -> str:
    """A metric's title with its unit."""
    return f"{metric.title} ({metric.unit})" if metric.unit else metric.title


def middle(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image (height, width, channels); all of a side that is shorter."""
    top, left = (max(0, (side - kept) // 2) for side, kept in zip(image.shape, (height, width), strict=False))
    return image[top : top + height, left : left + width]


def close_up(image: np.ndarray) -> np.ndarray | None:
    """The part of a large image whose pixels can be shown one by one; None for an image that is small itself."""
    return middle(image, CLOSE_UP, CLOSE_UP) if max(image.shape[:2]) > LARGE else None


def difference(original: np.ndarray, image: np.ndarray, gain: int) -> np.ndarray:
    """How far pixels are apart, times `gain`, uint8 of the same shape; black where they are equal."""
    apart = np.abs(original.astype(np.int16) - image.astype(np.int16))
    return np.minimum(apart * gain, 255).astype(np.uint8)
