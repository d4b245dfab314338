"""What the page computes, without a page."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from device.errors import BundleError
from device.pipeline import Pipeline
from host.cli import main
from host.curves.image_codecs import scan_bytes
from host.demo import choices as choices_module
from host.demo import fitting
from host.demo.choices import list_choices
from host.demo.compress import compress, jpeg_at
from host.demo.fitting import fit
from host.demo.table import remarks, table_html, time_text
from host.errors import CollectError, DemoError
from host.evaluation.decode import decode
from host.metrics import psnr_db, ssim
from host.tasks import TASKS
from tests.host.demo.conftest import Offered


def test_the_choices_are_those_of_the_bundles(offered: Offered) -> None:
    assert list(list_choices(bundles=offered.bundles, build=offered.build)) == ["tiny"]
    assert offered.fixed.shape == (16, 16, 3) and offered.fixed.first_quality is None
    assert offered.fixed.first_family == "int8_qat" and offered.fixed.decoders == ("own", "tuned")
    photo = offered.photo
    assert (photo.bundle.families(), photo.qualities, photo.shape, photo.decoders) == (
        ("int8",),
        (0, 1),
        None,
        ("own",),
    )


def test_a_model_that_makes_no_pictures_is_not_offered(offered: Offered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        choices_module, "find_receiver", lambda *_: SimpleNamespace(decoders=SimpleNamespace(makes_pictures=False))
    )
    with pytest.raises(DemoError, match="no exported models that make pictures"):
        list_choices(bundles=offered.bundles, build=offered.build)
    with pytest.raises(DemoError, match="tiny: a model of the task compression, which makes no pictures"):
        list_choices([str(offered.bundles / "tiny")], build=offered.build)


def test_a_result_is_what_the_command_line_decodes(offered: Offered, tmp_path: Path) -> None:
    for choice, quality in ((offered.fixed, None), (offered.photo, 1)):
        image = choice.samples(1)[0]
        found = compress(image, choice, "int8", quality)
        stream = Pipeline(choice.bundle, choice.bundle.find("int8", quality).name).encode(image)
        (tmp_path / "a.bin").write_bytes(stream)
        (by_hand,) = decode([tmp_path / "a.bin"], tmp_path / "a.png", TASKS, build=offered.build)
        assert np.array_equal(found.ours.image, np.asarray(Image.open(by_hand.path)))
        assert found.ours.bitstream_bytes == len(stream) and found.ours.ratio == image.size / len(stream)
        assert found.ours.metrics == {
            "psnr_db": psnr_db(image, found.ours.image),
            "ssim": ssim(image, found.ours.image),
        }
        assert found.ours.bpp == by_hand.bpp
        assert found.encode_ns > 0 and found.decode_ns > 0 and 1 <= found.encode_runs <= 9


def test_qualities_and_decoders_are_told_apart(offered: Offered) -> None:
    image = offered.photo.samples(1)[0]
    low, high = (compress(image, offered.photo, "int8", level) for level in (0, 1))
    assert low.ours.bitstream_bytes < high.ours.bitstream_bytes
    first = offered.fixed.samples(1)[0]
    own, tuned = (compress(first, offered.fixed, "int8", None, name) for name in ("own", "tuned"))
    assert own.ours.bitstream_bytes == tuned.ours.bitstream_bytes
    assert not np.array_equal(own.ours.image, tuned.ours.image)


def test_the_jpeg_is_the_largest_that_fits() -> None:
    import skimage.data

    image = np.ascontiguousarray(skimage.data.coffee()[:120, :160])

    def size(quality: int) -> int:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, optimize=True)
        return len(buffer.getvalue())

    for budget in (size(40), size(40) + 1, 100_000):
        file, quality = jpeg_at(image, budget)
        assert len(file) == size(quality) <= budget
        assert quality == 95 or size(quality + 1) > budget
    assert jpeg_at(image, size(40))[1] >= 40 and jpeg_at(image, 100_000)[1] == 95
    small, quality = jpeg_at(image, 100)
    assert (quality, len(small)) == (1, size(1))


def test_an_image_of_another_size_is_cropped_resized_and_said_so(offered: Offered) -> None:
    halves = np.zeros((20, 80, 3), np.uint8)
    halves[:, 30:50] = 200  # the middle square is all that is left
    image, (note,) = fit(Image.fromarray(halves), offered.fixed)
    assert image.shape == (16, 16, 3) and image.min() > 180  # the filter rings a little
    assert "80 × 20" in note and "16 × 16" in note and "cropped" in note
    same, notes = fit(Image.fromarray(image), offered.fixed)
    assert np.array_equal(same, image) and notes == []
    free, notes = fit(Image.fromarray(halves), offered.photo)
    assert np.array_equal(free, halves) and notes == []
    grey, notes = fit(Image.fromarray(halves[..., 0]), offered.photo)
    assert np.array_equal(grey, halves) and notes == []


def test_what_has_to_be_said_of_a_jpeg_is_said(offered: Offered) -> None:
    result = compress(offered.fixed.samples(1)[0], offered.fixed, "int8")
    headers = len(result.jpeg_file) - scan_bytes(result.jpeg_file)
    ours = result.ours.bitstream_bytes
    assert headers > ours  # 16 x 16 pixels
    said = remarks(result)[0]
    assert said.startswith(f"No JPEG is as small as {ours} bytes (the headers of a JPEG alone take {headers})")
    html = table_html(result, "<m>")
    assert "&lt;m&gt;" in html and f'data-key="psnr_db">{result.ours.metrics["psnr_db"]:.2f} dB<' in html
    assert html.count('data-key="bpp"') == 1
    assert [time_text(ns) for ns in (244_000, 3_820_000, 16_440_000, 1_234_000_000)] == [
        "0.244 ms", "3.82 ms", "16.4 ms", "1234 ms",
    ]  # fmt: skip


def test_a_picture_below_the_window_of_ssim_has_none(offered: Offered) -> None:
    result = compress(offered.photo.samples(1)[0][:8, :8].copy(), offered.photo, "int8", 0)
    assert "ssim" not in result.ours.metrics and 'data-key="ssim">image too small<' in table_html(result, "m")


def test_errors_are_one_sentence(offered: Offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DemoError, match=r"no exported models that make pictures; make them with `host export`"):
        list_choices(bundles=tmp_path)
    with pytest.raises(BundleError, match=r"no bundle 'nosuch' in"):
        list_choices(["nosuch"], offered.bundles)
    with pytest.raises(CollectError, match=r"tiny int8_q0 has no tuned decoder; there is: own"):
        compress(offered.photo.samples(1)[0], offered.photo, "int8", 0, "tuned")
    with pytest.raises(BundleError, match=r"no variant 'int9'; available"):
        compress(offered.fixed.samples(1)[0], offered.fixed, "int9")
    monkeypatch.setattr(fitting, "MAX_PIXELS", 1_000_000)
    with pytest.raises(DemoError, match=r"image of 1001 × 1000 pixels; the page takes up to 1 megapixels"):
        fit(Image.new("RGB", (1001, 1000)), offered.photo)


def test_without_bundles_or_gradio_the_command_is_one_line(offered: Offered, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = str(offered.bundles / "tiny")
    monkeypatch.setattr(choices_module.list_choices, "__defaults__", ((), offered.bundles, offered.build))
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.delitem(sys.modules, "host.demo.page", raising=False)
    done = CliRunner().invoke(main, ["demo", "--bundle", bundle])
    assert (done.exit_code, done.output) == (
        1, "Error: Gradio is not installed; get it with: pip install -e '.[demo]'\n",
    )  # fmt: skip
    done = CliRunner().invoke(main, ["demo", "--bundle", "nosuch"])
    assert done.exit_code == 1 and "no bundle 'nosuch'" in done.output and done.output.count("\n") == 1


def test_the_functions_do_not_import_gradio() -> None:
    code = "import sys, host.demo.compress, host.demo.table, host.demo.fitting; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
