"""A drawing as a file: valid, the same every time, and harmless inside a page."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from host.diagram.draw import network_drawing
from host.diagram.style import PREFIX
from host.errors import SpecError
from host.tasks import open_spec, task_named

SVG = "{http://www.w3.org/2000/svg}"


def titles(drawing: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(drawing).iter(f"{SVG}title")]


def texts(drawing: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", ["cifar10-ae-mse", "mnist-ae", "cifar10-rd", "photo", "resnet8-cifar10"])
def test_every_layer_is_a_box_with_a_title_and_the_same_bytes_come_every_time(name: str) -> None:
    task, spec = open_spec(name)
    drawing = network_drawing(task, spec)
    assert network_drawing(task, spec) == drawing
    found = titles(drawing)
    for network in spec.networks.values():
        for layer in network:
            assert any(re.match(rf"{layer.layer} {layer.name}; .*output \S+;", title) for title in found), layer.name


def test_a_drawing_may_stand_in_a_page_as_it_is() -> None:
    drawing = network_drawing(*open_spec("cifar10-ae-mse"))
    tree = ElementTree.fromstring(drawing)
    for element in tree.iter():
        assert not {"id", "href", "onload"} & set(element.attrib)
        assert all(each.startswith(PREFIX) for each in element.get("class", PREFIX).split())
    style = tree.findtext(f"{SVG}style") or ""
    selectors = re.findall(r"(?:^|[{}])\s*([^@{}\s][^{}]*?)\s*{", style)
    assert len(selectors) > 10 and all(each.startswith(f".{PREFIX}") for each in selectors), selectors
    assert "prefers-color-scheme: dark" in style
    outside = drawing.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\(|@import|<script", outside)


def test_the_split_says_what_is_sent_and_a_network_for_training_stands_apart(parse: Any, tiny: dict[str, Any]) -> None:
    drawing = network_drawing(task_named("compression"), parse(tiny))
    words = texts(drawing)
    assert [each for each in words if each.startswith(("Device", "Workstation"))] == [
        "Device: encoder",
        "Workstation: decoder",
    ]
    assert "split" in words and "64 codes" in words and "4×4×4, 8 bits each" in words
    tiny["discriminator"] = [{"layer": "Flatten"}, {"layer": "Dense", "units": 1}]
    tiny["training"]["adversarial"] = {"weight": 0.01}
    words = texts(network_drawing(task_named("compression"), parse(tiny)))
    assert "Training only: discriminator" in words


def test_a_classifier_is_whole_on_the_device() -> None:
    words = texts(network_drawing(*open_spec("micro-cnn-mnist")))
    assert "Device: classifier" in words and "Workstation" in words and "10 scores" in words
    assert "split" not in words


def test_the_legend_explains_the_types_and_marks_that_are_there() -> None:
    task, spec = open_spec("cifar10-ae-mse")
    words = texts(network_drawing(task, spec, "mixed_float32"))
    assert "int8: weights and activations in 8-bit integers" in words
    assert "float32: weights and activations in floating point" in words
    assert "trained with fake quantization" not in words
    words = texts(network_drawing(task, spec))
    assert "Variant int8_qat: stage qat, weights and activations int8" in words
    assert "trained with fake quantization" in words and not any(each.startswith("float32") for each in words)


def test_a_long_network_is_cut_where_one_line_goes_on_and_another_is_not() -> None:
    found = titles(network_drawing(*open_spec("resnet8-cifar10")))
    assert [each for each in found if each.startswith("continued")] == [
        "continued from stack1; 32×32×16",
        "continued from stack2; 16×16×32",
    ]
    assert not [each for each in titles(network_drawing(*open_spec("photo"))) if each.startswith("continued")]


def test_shapes_that_a_stage_makes_smaller_are_said_to_be_those_before() -> None:
    drawing = network_drawing(*open_spec("mobilenetv2-035-cifar10"), "int8_shrunk_qat")
    assert any("before the stage shrunk removes channels" in each for each in texts(drawing))


def test_an_unknown_variant_is_one_error_that_lists_those_there_are() -> None:
    with pytest.raises(SpecError, match=r"^photo: no variant 'int4'; available: int8, int8_q0, .*int8_q6$"):
        network_drawing(*open_spec("photo"), "int4")


def test_patterns_that_mean_something_in_xml_are_only_text(tiny: dict[str, Any], parse: Any) -> None:
    recipe = {"weights": "float", "conversion": "mixed", "layers": {"[!<&]*": "float32"}}
    tiny["quantization"]["recipes"] = {"odd": recipe}
    assert any(
        "[!<&]* float32" in each for each in texts(network_drawing(task_named("compression"), parse(tiny), "odd"))
    )
