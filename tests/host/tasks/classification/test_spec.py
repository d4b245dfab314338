"""What a classifier's spec may say, and how stages start from one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host.errors import SpecError
from host.spec.types import Spec

Parse = Callable[[Any], Spec]


def test_a_stage_depends_on_what_it_starts_from_and_on_nothing_else(spec_json: dict[str, Any], parsed: Parse) -> None:
    stages = spec_json["training"]["stages"]
    stages |= {"control": {"kind": "float", "from": "float"}, "again": {"kind": "qat", "from": "control"}}
    found = parsed(spec_json).training.stages
    assert list(found) == ["float", "control", "qat", "again"]
    assert {name: stage.after for name, stage in found.items()} == {
        "float": (),
        "control": ("float",),
        "qat": ("float",),
        "again": ("float", "control"),
    }


def test_a_stage_that_another_does_not_start_from_leaves_its_identity(spec_json: dict[str, Any], parsed: Parse) -> None:
    before = parsed(spec_json).training.stages
    spec_json["training"]["stages"]["control"] = {"kind": "float", "from": "float"}
    spec_json["acceptance"] = {"accuracy_drop": 1.0}
    after = parsed(spec_json).training.stages
    assert all(after[name].identity == stage.identity for name, stage in before.items())
    spec_json["training"]["stages"]["float"]["learning_rate"] = 0.5
    changed = parsed(spec_json).training.stages
    assert all(changed[name].identity != stage.identity for name, stage in after.items())


@pytest.mark.parametrize("kind", ["qat", "fake_quant"])
def test_no_stage_starts_from_fake_quantization(spec_json: dict[str, Any], parsed: Parse, kind: str) -> None:
    stages = spec_json["training"]["stages"]
    stages |= {"aware": {"kind": kind, "from": "float"}, "again": {"kind": "qat", "from": "aware"}}
    found = r'stages\.again\.from: no stage "aware" .*others can start from; available: float$'
    with pytest.raises(SpecError, match=found):
        parsed(spec_json)


@pytest.mark.parametrize("source", ["missing", "qat", "later"])
def test_an_unknown_source_or_a_circle_is_refused(spec_json: dict[str, Any], parsed: Parse, source: str) -> None:
    stages = spec_json["training"]["stages"]
    stages["qat"]["from"] = source
    stages["later"] = {"kind": "qat", "from": "qat"}
    with pytest.raises(SpecError, match=rf'stages\.qat\.from: no stage "{source}" that comes before it'):
        parsed(spec_json)


def test_pruning_cannot_end_before_it_begins(spec_json: dict[str, Any], parsed: Parse) -> None:
    spec_json["training"]["stages"]["pruned"] = {"kind": "prune", "begin": 0.5, "end": 0.5}
    parsed(spec_json)
    spec_json["training"]["stages"]["pruned"]["begin"] = 0.6
    with pytest.raises(SpecError, match=r"stages\.pruned\.begin: expected at most end, 0\.5, found 0\.6"):
        parsed(spec_json)


def test_fake_quantization_by_hand_takes_no_transposed_convolution(spec_json: dict[str, Any], parsed: Parse) -> None:
    spec_json["classifier"].insert(0, {"layer": "Conv2DTranspose", "name": "up", "filters": 3, "kernel_size": 2})
    parsed(spec_json)
    spec_json["training"]["stages"]["by_hand"] = {"kind": "fake_quant"}
    with pytest.raises(SpecError, match=r"stages\.by_hand\.kind: fake_quant cannot train the Conv2DTranspose up; take"):
        parsed(spec_json)
