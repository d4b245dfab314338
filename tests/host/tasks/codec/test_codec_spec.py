"""Codec specs: what is wrong is one line with the JSON path; the two tasks are told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.errors import ModelError, SpecError
from host.spec.parsing import list_models, task_of
from host.tasks.codec.spec import CodecSpec, load_codec_spec

Parse = Callable[[Any], CodecSpec]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (lambda s: s["latent"].update(halo=[2]), "$.latent.halo", "[before, after]"),
        (lambda s: s["latent"].update(dead_zone=0.5), "$.latent.dead_zone", "0.0 to 0.45"),
        (lambda s: s["data"].update(patch=18), "$.data.patch", "multiple of latent.block"),
        (lambda s: s["data"].update(validation=[]), "$.data.validation", "at least one"),
        (lambda s: s["qualities"].reverse(), "$.qualities", "falling steps"),
        (lambda s: s["qualities"][0].update(gain=1), "$.qualities[0].gain", "available: lmbda, step"),
        (lambda s: s["decoder"][0].update(input=["image", "quality"]), "$.decoder[0].input", "quality, codes"),
        (lambda s: s["encoder"][1].update(low="0"), "$.encoder[1].low", "expected int or float"),
        (lambda s: s["training"]["tune"].pop("steps"), "$.training.tune.steps", "missing"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_path(
    parse_codec: Parse, tiny_codec: dict[str, Any], change: Callable[[Any], Any], path: str, words: str
) -> None:
    change(tiny_codec)
    with pytest.raises(SpecError) as caught:
        parse_codec(tiny_codec)
    text = str(caught.value)
    assert f"models/tiny/spec.json: {path}: " in text and words in text and "\n" not in text


def test_the_identity_leaves_out_how_long_it_trains(parse_codec: Parse, tiny_codec: dict[str, Any]) -> None:
    first = parse_codec(tiny_codec)
    tiny_codec["training"]["float"]["epochs"] = 7
    longer = parse_codec(tiny_codec)
    tiny_codec["qualities"][0]["lmbda"] = 0.005
    other = parse_codec(tiny_codec)
    assert first.identity == longer.identity != other.identity
    assert first.digest != longer.digest


def test_each_task_lists_its_own_models(tmp_path: Path, tiny_codec: dict[str, Any], tiny: dict[str, Any]) -> None:
    for name, value in (("codes", tiny_codec), ("grid", tiny)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "spec.json").write_text(json.dumps(value))
    assert list_models(tmp_path) == ["grid"]
    assert list_models(tmp_path, "codec") == ["codes"]
    assert task_of("codes", tmp_path) == "codec"
    assert load_codec_spec("codes", tmp_path).steps == (2.0, 0.7)
    with pytest.raises(ModelError, match="available: codes, grid"):
        load_codec_spec("neither", tmp_path)


@pytest.mark.parametrize("name", list_models(task="codec"))
def test_every_committed_codec_can_be_read(name: str) -> None:
    assert load_codec_spec(name).name == name
