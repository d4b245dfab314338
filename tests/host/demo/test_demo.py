"""What the page computes, without a page."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from device.errors import BundleError, ImageError
from device.pipeline import Pipeline
from host.cli import main
from host.demo import choices as choices_module
from host.demo import fitting
from host.demo.choices import list_choices
from host.demo.fitting import fit, read
from host.demo.measure import measure
from host.demo.table import remarks, table_html, time_text
from host.errors import CollectError, DemoError
from host.evaluation.decode import decode
from host.metrics import psnr_db, ssim
from host.tasks import TASKS
from host.tasks.super_resolution.pairs import enlarged, large_luma, reduced
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
        result = measure(image, choice, "int8", quality)
        found = result.ours.found
        stream = Pipeline(choice.bundle, choice.bundle.find("int8", quality).name).encode(image)
        (tmp_path / "a.bin").write_bytes(stream)
        (by_hand,) = decode([tmp_path / "a.bin"], tmp_path / "a.png", TASKS, build=offered.build)
        assert np.array_equal(found.image, np.asarray(Image.open(by_hand.path)))
        assert found.bitstream_bytes == len(stream) and found.ratio == image.size / len(stream)
        assert found.metrics == {"psnr_db": psnr_db(image, found.image), "ssim": ssim(image, found.image)}
        assert found.bpp == by_hand.bpp
        for way in result.ways:
            assert all(1 <= len(times) <= 9 and min(times) > 0 for times in (way.encode_ns, way.decode_ns))


def test_an_original_is_reduced_and_what_is_made_of_it_stands_beside_cubic_convolution(offered: Offered) -> None:
    choice = offered.doubler
    assert (choice.shape, choice.bundle.input.channels) == (None, 1)
    sample = choice.samples(1)[0]
    assert sample.shape == (150, 150, 3)  # what the bundle's samples, 75 x 75 pixels of luma, were made of
    image, notes = fit(sample[:, :141], choice)
    assert image.shape == (150, 141, 3) and notes == []
    result = measure(image, choice, "int8")
    assert result.baseline is not None
    ours, bicubic = result.ours.found, result.baseline.found
    truth = large_luma(image, 2)
    small = reduced(truth, 2)
    np.testing.assert_array_equal(ours.original, truth)
    np.testing.assert_array_equal(ours.image, Pipeline(choice.bundle, "int8").numbers(small))
    np.testing.assert_array_equal(bicubic.image, enlarged(small, 2))
    assert ours.metrics["psnr_db"] == psnr_db(truth[2:-2, 2:-2], ours.image[2:-2, 2:-2])
    assert ours.bitstream_bytes == bicubic.bitstream_bytes == 16 + 150 * 140
    assert (
        remarks(result)[0]
        == "The device was given 70 × 75 pixels, made of the original of 141 × 150, cut to 140 × 150."
    )
    assert "luma" in remarks(result)[1] and "border of 2 pixels" in remarks(result)[1]
    html = table_html(result)
    # What is sent stands for no image: there is no rate to speak of.
    assert 'data-key="baseline-ssim"' in html and ">Bicubic<" in html and "ratio" not in html and "bpp" not in html


def test_what_cannot_be_enlarged_and_judged_is_one_sentence(offered: Offered) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 9, 1), np.uint8)
    image, _ = fit(pixels, offered.doubler)  # grey stays grey
    assert image.shape == (6, 9, 1) and measure(image, offered.doubler, "int8").ours.found.image.shape == (6, 8, 1)
    with pytest.raises(ImageError, match=r"picture of 9 x 5 pixels; enlarging by 2 is judged from 6 pixels a side on"):
        measure(image[:5], offered.doubler, "int8")


def test_qualities_and_decoders_are_told_apart(offered: Offered) -> None:
    image = offered.photo.samples(1)[0]
    low, high = (measure(image, offered.photo, "int8", level) for level in (0, 1))
    assert low.ours.found.bitstream_bytes < high.ours.found.bitstream_bytes
    first = offered.fixed.samples(1)[0]
    own, tuned = (measure(first, offered.fixed, "int8", None, name) for name in ("own", "tuned"))
    assert own.ours.found.bitstream_bytes == tuned.ours.found.bitstream_bytes
    assert not np.array_equal(own.ours.found.image, tuned.ours.found.image)


def test_an_image_of_another_size_is_cropped_resized_and_said_so(offered: Offered) -> None:
    halves = np.zeros((20, 80, 3), np.uint8)
    halves[:, 30:50] = 200  # the middle square is all that is left
    image, (note,) = fit(halves, offered.fixed)
    assert image.shape == (16, 16, 3) and image.min() > 180  # the filter rings a little
    assert "80 × 20" in note and "16 × 16" in note and "cropped" in note
    same, notes = fit(image, offered.fixed)
    assert np.array_equal(same, image) and notes == []
    free, notes = fit(halves, offered.photo)
    assert np.array_equal(free, halves) and notes == []
    grey, notes = fit(halves[..., :1], offered.photo)
    assert np.array_equal(grey, halves) and notes == []


def test_what_has_to_be_said_is_said(offered: Offered) -> None:
    result = measure(offered.fixed.samples(1)[0], offered.fixed, "int8")
    ours = result.ours.found
    assert remarks(result)[0].startswith(f"No JPEG is as small as {ours.bitstream_bytes} bytes")  # of 16 x 16 pixels
    html = table_html(replace(result, ours=replace(result.ours, title="<m>")))
    assert "&lt;m&gt;" in html and f'data-key="psnr_db">{ours.metrics["psnr_db"]:.2f} dB<' in html
    assert html.count('data-key="bpp"') == 1 and ">JPEG, quality 1<" in html
    alone = replace(result, baseline=None)
    assert "baseline" not in table_html(alone) and table_html(alone).count("<td") == html.count("<td") / 2
    assert [time_text(ns) for ns in (244_000, 3_820_000, 16_440_000, 1_234_000_000)] == [
        "0.244 ms", "3.82 ms", "16.4 ms", "1234 ms",
    ]  # fmt: skip


def test_pictures_of_any_kind_are_read_and_what_is_none_is_one_sentence(tmp_path: Path) -> None:
    grey = np.arange(20, dtype=np.uint16).reshape(4, 5) * 257
    Image.fromarray(grey).save(tmp_path / "deep.png")
    pixels, notes = read(tmp_path / "deep.png")
    assert np.array_equal(pixels[..., 0], grey // 257) and notes == []
    Image.fromarray(np.zeros((4, 5, 4), np.uint8)).save(tmp_path / "clear.png")
    pixels, notes = read(tmp_path / "clear.png")
    assert pixels.shape == (4, 5, 3) and pixels.min() == 255
    assert notes == ["clear.png: transparent parts are laid on white."]
    (tmp_path / "text.png").write_bytes(b"hello")
    (tmp_path / "cut.png").write_bytes((tmp_path / "deep.png").read_bytes()[:50])
    with pytest.raises(ImageError, match=r"^text.png: cannot be read \(no kind of picture that Pillow knows\)$"):
        read(tmp_path / "text.png")
    with pytest.raises(ImageError, match=r"^cut.png: cannot be read"):
        read(tmp_path / "cut.png")


def test_a_picture_below_the_window_of_ssim_has_none(offered: Offered) -> None:
    result = measure(offered.photo.samples(1)[0][:8, :8].copy(), offered.photo, "int8", 0)
    assert "ssim" not in result.ours.found.metrics and 'data-key="ssim">image too small<' in table_html(result)


def test_errors_are_one_sentence(offered: Offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DemoError, match=r"no exported models that make pictures; make them with `host export`"):
        list_choices(bundles=tmp_path)
    with pytest.raises(BundleError, match=r"no bundle 'nosuch' in"):
        list_choices(["nosuch"], offered.bundles)
    with pytest.raises(CollectError, match=r"tiny int8_q0 has no tuned decoder; there is: own"):
        measure(offered.photo.samples(1)[0], offered.photo, "int8", 0, "tuned")
    with pytest.raises(BundleError, match=r"no variant 'int9'; available"):
        measure(offered.fixed.samples(1)[0], offered.fixed, "int9")
    monkeypatch.setattr(fitting, "MAX_PIXELS", 1_000_000)
    with pytest.raises(DemoError, match=r"image of 1001 × 1000 pixels; the page takes up to 1 megapixels"):
        fit(np.zeros((1000, 1001, 3), np.uint8), offered.photo)


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
    code = "import sys, host.demo.measure, host.demo.table, host.demo.fitting; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
