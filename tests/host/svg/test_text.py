"""Estimated widths of texts against those of a font."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from PIL import ImageFont

from host.svg.text import fitted, width

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
TEXTS = [
    *("Conv2D down1", "Conv2DTranspose correction", "BatchNormalization stack1a_normal", "GlobalAveragePooling2D pool"),
    *("3×3, 160 filters, stride 2, relu", "h/16×w/16×1024", "1,180,160 parameters", "also reads quality"),
    *("width 0.35, 153 layers, 52 with a kernel", "49 × int8, 3 × float32", "illicit_fill_jiffy", "MMWWmmww@@"),
    "<b> & a+b >= #1 ~ 5",
]


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_wider_than_estimated_nor_much_narrower(text: str, bold: bool) -> None:
    font = ImageFont.truetype(str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), 120)
    found = font.getlength(text) / 10
    assert found <= width(text, 12, bold=bold) <= 1.25 * found


def test_what_does_not_fit_is_cut_and_says_so() -> None:
    assert fitted("down1", 12, 60) == "down1"
    cut = fitted("block_16_expand_with_a_long_name", 12, 100)
    assert cut.startswith("block_16") and cut.endswith("…") and width(cut, 12) <= 100
