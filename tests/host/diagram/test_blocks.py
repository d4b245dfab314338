"""What the boxes of a network say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host.diagram.blocks import Block, Layer, read_blocks
from host.diagram.lines import block_lines, label, type_text
from host.diagram.shapes import network_shapes
from host.spec.types import Spec
from host.tasks import open_spec, task_named


def blocks_of(spec: Spec, variant: str) -> dict[str, list[Block]]:
    """By network."""
    task = task_named(spec.task)
    networks = task.networks(spec)
    split = task.split(spec, networks)
    found: dict[str, list[Block]] = {}
    outputs: dict[str, tuple[str, ...]] = {}
    for part in split.parts:
        network = networks[part.network]
        shapes = network_shapes(network, outputs.get(part.reads, ()), part.margin)
        outputs[part.network] = shapes[network.layers[-1].name]
        found[part.network] = read_blocks(spec, part, network, shapes, split.variants[variant])
    return found


def layers_of(blocks: list[Block]) -> dict[str, Layer]:
    return {layer.name: layer for block in blocks for layer in block.layers}


def test_branches_are_kept_and_layers_that_change_values_only_join_the_one_before() -> None:
    blocks = blocks_of(open_spec("resnet8-cifar10")[1], "int8")["classifier"]
    names = [[layer.name for layer in block.layers] for block in blocks]
    assert names[:3] == [[], ["first", "first_normal", "first_relu"], ["stack1a", "stack1a_normal", "stack1a_relu"]]
    place = {name: index for index, block in enumerate(names) for name in block}
    assert blocks[place["stack2_sum"]].sources == (place["stack2b"], place["stack2_shortcut"])
    assert blocks[place["stack2_shortcut"]].sources == blocks[place["stack2a"]].sources == (place["stack1"],)
    assert blocks[0].title == "image" and blocks[0].shape == "32×32×3"
    first, shortcut = layers_of(blocks)["first"], layers_of(blocks)["stack2_shortcut"]
    assert (first.kind, first.detail, first.shape, first.parameters) == ("Conv2D", "3×3, 16 filters", "32×32×16", 432)
    assert shortcut.detail == "1×1, 32 filters, stride 2" and shortcut.macs == 131_072


def test_sizes_of_images_of_any_size_follow_the_image_s() -> None:
    blocks = blocks_of(open_spec("photo")[1], "int8_q3")
    encoder, decoder = layers_of(blocks["encoder"]), layers_of(blocks["decoder"])
    assert encoder["pixels"].shape == "h/4×w/4×24" and encoder["latent"].shape == "h/16×w/16×256"
    assert blocks["decoder"][0].shape == "h/16×w/16×256" and decoder["image_out"].shape == "h×w×3"
    assert decoder["coarse0_gain"].ports == ("quality",) and decoder["coarse0"].ports == ()


def test_a_codec_quantizes_its_encoder_alone_and_trains_it_so_in_every_stage() -> None:
    blocks = blocks_of(open_spec("photo")[1], "int8")
    encoder, decoder = layers_of(blocks["encoder"]), layers_of(blocks["decoder"])
    assert {type_text(layer) for layer in encoder.values()} == {"int8"}
    assert {type_text(layer) for layer in decoder.values()} == {"float32"}
    assert [name for name, layer in encoder.items() if layer.trained[0]] == ["pixels", "pixels_range", "latent"]
    assert not any(layer.trained[0] for layer in decoder.values())


def test_what_an_upscaler_reads_beside_the_image_is_in_its_sizes(parsed: Callable[[Any], Spec], spec_json: Any) -> None:
    blocks = blocks_of(parsed(spec_json), "int8_last")["upscaler"]
    found = layers_of(blocks)
    assert blocks[0].shape == "(h+4)×(w+4)×1" and found["features"].shape == "(h+2)×(w+2)×8"
    assert found["middle"].shape == "h×w×1" and found["pixels"].shape == "h×w×4"
    (nearest,) = (block for block in blocks if block.layers and block.layers[0].name == "nearest")
    assert len(nearest.sources) == 4 and len(set(nearest.sources)) == 1
    assert {name: type_text(layer) for name, layer in found.items() if type_text(layer) == "int8"} == {
        "residual": "int8"
    }
    assert [name for name, layer in found.items() if layer.trained[0]] == ["residual"]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("float32", "float32"),
        ("float16", "float16 weights"),
        ("dynamic_range", "int8 weights"),
        ("int8", "int8"),
        ("int16x8", "int16x8"),
    ],
)
def test_types_are_those_of_the_conversion(variant: str, expected: str, parse: Any, tiny: dict[str, Any]) -> None:
    blocks = blocks_of(parse(tiny), variant)
    for half in blocks.values():
        kernels = [layer for layer in layers_of(half).values() if layer.kind.startswith("Conv")]
        assert kernels and {type_text(layer) for layer in kernels} == {expected}
        assert not any(layer.trained[0] for layer in layers_of(half).values())
    assert all(
        layer.trained == (1, 1)
        for layer in layers_of(blocks_of(parse(tiny), "int8_qat")["encoder"]).values()
        if layer.parameters
    )


def test_a_recipe_s_layers_have_their_own_types(parse: Any, tiny: dict[str, Any]) -> None:
    name = next(each["name"] for each in tiny["encoder"] if each["layer"] == "Conv2D")
    kept = {"weights": "float", "conversion": "mixed", "layers": {f"encoder/{name}": "int16"}}
    tiny["quantization"]["recipes"] = {"kept": kept, "four": {"weights": "float", "conversion": "int4_weights"}}
    encoder = layers_of(blocks_of(parse(tiny), "kept")["encoder"])
    assert type_text(encoder[name]) == "int16x8"
    assert {type_text(layer) for other, layer in encoder.items() if other != name} == {"int8"}
    halves = blocks_of(parse(tiny), "four")
    by_kind = {layer.kind: type_text(layer) for half in halves.values() for layer in layers_of(half).values()}
    assert by_kind["Conv2D"] == "int4 weights" and by_kind["Conv2DTranspose"] == "int8 weights"


def test_an_application_is_one_box_that_counts_its_layers() -> None:
    blocks = blocks_of(open_spec("mobilenetv2-cifar10")[1], "int8_mixed")["classifier"]
    assert [[layer.kind for layer in block.layers] for block in blocks[1:]] == [
        ["UpSampling2D"],
        ["MobileNetV2"],
        ["GlobalAveragePooling2D", "Dropout"],
        ["Dense"],
    ]
    (box,) = blocks[2].layers
    assert box.name == "mobilenetv2" and box.shape == "3×3×1280" and box.parameters == 2_257_984
    assert [(label(types), count) for types, count in box.types] == [("int8", 49), ("float32", 3)]
    assert "49 × int8, 3 × float32" in [line.right for line in block_lines(blocks[2])[0]]


def test_a_joined_layer_says_its_type_only_where_it_differs(parse: Any, tiny: dict[str, Any]) -> None:
    last = tiny["decoder"][-1]["name"]
    tiny["decoder"] += [{"layer": "Activation", "name": "squash", "activation": "sigmoid"}]
    recipe = {"weights": "float", "conversion": "mixed", "layers": {last: "float32"}}
    tiny["quantization"]["recipes"] = {"kept": recipe}
    for variant, shown in (("kept", ["int8"]), ("int8", [])):
        block = blocks_of(parse(tiny), variant)["decoder"][-1]
        assert [layer.name for layer in block.layers] == [last, "squash"]
        assert [line.right for line in block_lines(block)[1] if line.right] == shown
