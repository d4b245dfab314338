"""Starting points: every template is a spec that builds, and nothing that is there is written over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from host.cli import main
from host.errors import ModelError
from host.spec.models import TEMPLATES, new, templates
from host.spec.types import FolderPath
from host.tasks import open_spec


@pytest.mark.parametrize("template", sorted(path.stem for path in TEMPLATES.glob("*.json")))
def test_a_template_is_a_spec_that_checks_at_80_columns(template: str, tmp_path: Path) -> None:
    new("mine", template, tmp_path)
    result = CliRunner().invoke(main, ["check", "mine", "--models", str(tmp_path)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    if template == "classifier":
        assert re.search(r"^classifier in all +10 +[\d,]+ +[\d,]+$", result.output, re.M)
        assert lines[-1].startswith("10 classes: airplane, automobile")
        return
    if template == "upscaler":
        assert re.search(r"^upscaler in all +\?x\?x4 +[\d,]+ +any size$", result.output, re.M)
        assert "each pixel becomes 2 x 2 pixels" in lines
        return
    assert re.search(r"^encoder in all +[\dx?]+ +[\d,]+ +([\d,]+|any size)$", result.output, re.M)
    assert re.search(r"^decoder in all +(28x28x1|32x32x3|\?x\?x3) +[\d,]+ +([\d,]+|any size)$", result.output, re.M)
    assert re.search(r"^(bottleneck: \d+x\d+x\d+ = |latent: )\d+ codes", result.output, re.M)
    assert any(re.match(r"latent(_out)? +(\w*Conv2D|Dense|Add) ", line) for line in lines)


def test_a_model_is_a_template_too(tmp_path: Path) -> None:
    new("first", "dense", tmp_path)
    (tmp_path / "first" / "spec.json").write_text((tmp_path / "first" / "spec.json").read_text().replace("50", "40"))
    assert new("second", "first", tmp_path).read_text() == (tmp_path / "first" / "spec.json").read_text()


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "with space", "", "-x"])
def test_a_name_that_is_no_file_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be a model's name"):
        new(name, "conv", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_taken_name_and_an_unknown_template_are_refused(tmp_path: Path) -> None:
    file = new("mine", "conv", tmp_path)
    before = file.read_text()
    with pytest.raises(ModelError, match="exists already"):
        new("mine", "dense", tmp_path)
    assert file.read_text() == before
    offered = "classifier, codec, conv, dense, residual, upscaler, mine"
    with pytest.raises(ModelError, match=rf"no template 'cnov'; did you mean conv\? available: {offered}$"):
        new("other", "cnov", tmp_path)
    assert list(templates(tmp_path))[:5] == ["classifier", "codec", "conv", "dense", "residual"]


def test_a_codec_takes_a_folder_of_ones_own(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["new", "mine", "--from", "codec", "--models", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert open_spec("mine", tmp_path, {"data.path": "/my/photos"})[1].data.paths == (FolderPath("/my/photos"),)
