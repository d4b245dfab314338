"""The pictures of a result on the page: whole, and below, where they are large, their middle pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from host.curves.image_codecs import as_picture
from host.demo.measure import Measured
from host.drawing import LARGE, close_up, difference

GAIN = 8  # of differences
_KINDS = {
    "original": "Original",
    "reconstruction": "Reconstruction",
    "difference": f"Difference × {GAIN}",
    "baseline": "Baseline",  # until a result brings its own title
}
_SMALL, _LARGE = ["picture", "pixels"], ["picture"]
CSS = """
.picture img {width: 100%; height: 100%; object-fit: contain}
.pixels img {image-rendering: pixelated}
"""


@dataclass(frozen=True)
class PictureRows:
    """The components.

    Attributes:
        whole: of all of _KINDS.
        below: what holds their middles.
        middles: likewise.
    """

    whole: Sequence[gr.Image]
    below: gr.Column
    middles: Sequence[gr.Image]

    @property
    def outputs(self) -> list[Any]:
        """What `updates` is for."""
        return [*self.whole, self.below, *self.middles]


def picture_rows() -> PictureRows:
    """Both rows, where a page is being built."""
    with gr.Row():
        whole = _images("picture")
    with gr.Column(visible=False) as below:
        gr.HTML('<div class="notes"><p>The middle of each, pixel by pixel:</p></div>')
        with gr.Row():
            middles = _images("middle")
    return PictureRows(whole, below, middles)


def updates(result: Measured | None) -> list[Any]:
    """New values of `PictureRows.outputs`; None: no result."""
    if result is None:
        return [*([gr.update(value=None)] * len(_KINDS)), gr.update(visible=False), *([None] * len(_KINDS))]
    ours, baseline = result.ours.found, result.baseline
    images: list[np.ndarray | None] = [ours.original, ours.image, difference(ours.original, ours.image, GAIN)]
    images.append(None if baseline is None else baseline.found.image)
    titles = [*list(_KINDS.values())[:-1], "" if baseline is None else baseline.title]
    middles = [None if image is None else close_up(image) for image in images]
    classes = _LARGE if max(ours.original.shape[:2]) > LARGE else _SMALL
    return [
        *(_update(*each, classes) for each in zip(images, titles, strict=True)),
        gr.update(visible=middles[0] is not None),
        *(_update(image, title, _SMALL) for image, title in zip(middles, titles, strict=True)),
    ]


def _images(prefix: str) -> list[gr.Image]:
    return [
        gr.Image(
            format="png", label=label, height="min(280px, 45vw)", interactive=False, min_width=140,
            elem_id=f"{prefix}-{kind}", elem_classes=_SMALL, buttons=["fullscreen"],
        )
        for kind, label in _KINDS.items()
    ]  # fmt: skip


def _update(image: np.ndarray | None, label: str, classes: list[str]) -> Any:
    picture: Image.Image | None = None if image is None else as_picture(image)
    return gr.update(value=picture, label=label, elem_classes=classes, visible=picture is not None)
