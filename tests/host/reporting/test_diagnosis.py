"""A diagnosis in words: the verdict, what to keep, and a recipe that a spec takes as it is printed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from host.quantization.diagnosis.result import Diagnosis, Kept, LayerError, NetworkDiagnosis
from host.reporting.diagnosis import diagnosis_text
from host.spec.parsing import parse_spec
from host.tasks import TASKS

LAYERS = (
    LayerError("a_layer_with_a_name_that_is_long", ("PAD", "DEPTHWISE_CONV_2D"), 9.5, None, 0.0, -0.06851, 93.8, None),
    LayerError("correction", ("CONV_2D",), 12.25, 31.5, 100.0, 1e-37, 0.999, 0.00390625),
)
ADVICE = Kept({"correction": "int16"}, 30.0, 98.5, 1234567)
FEW = NetworkDiagnosis("encoder", 12.25, 12.3, 31.0, LAYERS, (ADVICE,), "few layers", ADVICE)
RECIPE = {"weights": "float", "conversion": "mixed", "layers": {"encoder/correction": "int16"}}


def text(network: NetworkDiagnosis, recipe: dict[str, Any] | None = None) -> str:
    digests = "6" * 64, "5" * 64
    return diagnosis_text(Diagnosis("tiny", "compression", "int8", 64, (network,), *digests, recipe=recipe or {}))


def test_a_row_has_a_mark_where_the_layer_is_advised_and_fits_80_columns() -> None:
    lines = text(FEW, {"int8_mixed": RECIPE}).splitlines()
    assert lines[0] == "tiny int8, encoder: output 12.2 dB, 64 images"
    assert lines[3].split() == ["a_layer_with_a_name~", "DEPTHWISE_CONV", "9.5", "-", "0.0", "-0.0685..93.8", "-"]
    assert lines[4].split() == ["*correction", "CONV", "12.2", "31.5", "100.0", "0..0.999", "0.00391"]
    assert max(map(len, lines)) <= 80
    assert "Advice (*): correction int16." in lines
    assert "  correction int16: 30.0 dB, 98 % less error, +1,234,567 bytes of weights" in lines


def test_the_recipe_can_be_pasted_into_a_spec(tiny: dict[str, Any], tmp_path: Path) -> None:
    shown = text(FEW, {"int8_mixed": RECIPE}).partition("spec of tiny:\n\n")[2]
    tiny["quantization"]["recipes"] = json.loads(f"{{{shown}}}")
    spec = parse_spec(tiny, tmp_path / "tiny" / "spec.json", TASKS["compression"].sections)
    assert spec.quantization.recipes["int8_mixed"].layers == {"encoder/correction": "int16"}


def test_every_verdict_has_its_sentence() -> None:
    none = replace(FEW, advice=None, steps=())
    assert "Nothing hurts: the output keeps 12.2 dB." in text(replace(none, verdict="harmless"))
    assert "in float32 the output, rounded to its type, has 31.0 dB." in " ".join(
        text(replace(none, verdict="output")).split()
    )
    assert "No few layers make the error" in text(replace(none, verdict="spread", steps=(ADVICE,)))
    assert "int8: no recipe takes these weights" in text(FEW)
