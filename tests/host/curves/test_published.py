"""The published curves in the repository, and files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host.curves.bd_rate import bd_rate_percent
from host.curves.published import KODAK, published_curves
from host.errors import CurveError

FILE = Path(__file__).parents[3] / "benchmarks" / "published" / "kodak_rd.csv"


def test_the_curves_in_the_repository() -> None:
    curves = published_curves(FILE)
    assert curves["bmshj2018-factorized"][0].tolist() == [0.122623, 26.9088, 0.909989]
    assert len(curves["bmshj2018-hyperprior"]) == 8
    # Every one can be compared: rates and qualities rise together.
    for name, points in curves.items():
        for place in (1, 2):
            if np.isfinite(points[:, place]).all():
                assert bd_rate_percent(points[:, [0, place]], points[:, [0, place]]) == 0, name
    assert bd_rate_percent(curves["bmshj2018-hyperprior"][:, :2], curves["bmshj2018-factorized"][:, :2]) < -20


def test_what_is_not_given_is_nan_and_so_is_the_psnr_of_what_was_trained_for_ms_ssim() -> None:
    curves = published_curves(FILE)
    assert np.isnan(curves["paper-bmshj2018-factorized"][:, 2]).all()
    assert np.isnan(curves["mbt2018(ms-ssim)"][:, 1]).all() and np.isfinite(curves["mbt2018(ms-ssim)"][:, 2]).all()


def test_a_name_that_is_taken() -> None:
    curves = published_curves(FILE, {"jpeg"})
    assert "jpeg (published)" in curves and "jpeg" not in curves and "webp" in curves


def test_kodak_is_24_images() -> None:
    assert len(KODAK) == 24 and {"kodim01", "kodim24"} <= KODAK


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CurveError, match=r"no\.csv: cannot be read"):
        published_curves(tmp_path / "no.csv")
    for text in ("name,bpp\nx,1\n", "name,quality,bpp,psnr_db,ms_ssim\nx,1,one,2,3\n"):
        (tmp_path / "bad.csv").write_text(text)
        with pytest.raises(CurveError, match="no table of name, quality, bpp, psnr_db, ms_ssim"):
            published_curves(tmp_path / "bad.csv")
