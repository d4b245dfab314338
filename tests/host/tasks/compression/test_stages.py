"""The stages of a compression model: what is refused before they train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.api import train
from host.errors import DataError


def test_fewer_images_than_are_to_calibrate_are_said_before_the_training(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny["quantization"]["calibration_images"] = 10_000
    tiny["data"]["size"] = 64
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "spec.json").write_text(json.dumps(tiny))
    with pytest.raises(DataError, match=r"^quantization\.calibration_images: 10000 asked, there are \d+ training"):
        train(tmp_path / "tiny", stages=["float"], verbose=0)
    assert [path.name for path in (tmp_path / "tiny").iterdir()] == ["spec.json"]
