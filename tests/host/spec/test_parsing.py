"""Specs: what is wrong is said in one line with the file, the JSON path and what is available."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.errors import ModelError, SpecError
from host.spec.types import FolderPath, RecipeSpec, Spec
from host.tasks import open_spec

Change = Callable[[dict[str, Any]], None]


def refusal(parse: Callable[[Any], Spec], value: Any, path: str) -> str:
    """The text of the SpecError, after its form was checked: one line, the file, the JSON path."""
    with pytest.raises(SpecError) as caught:
        parse(value)
    text = str(caught.value)
    assert "\n" not in text
    assert "models/tiny/spec.json: " + path + ":" in text
    return text


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("$.colour", lambda s: s.update(colour=1), ("unknown key", "encoder, format_version", "training")),
        (
            "$.latent.bit",
            lambda s: s["latent"].update(bit=5.2),
            ("unknown key", "did you mean bits? available: bits, dims, scale"),
        ),
        ("$.latent.bits", lambda s: s["latent"].update(bits=9), ("expected 0.01 to 8.0", "found 9")),
        (
            "$.data.colour",
            lambda s: s["data"].update(colour=1),
            ("unknown key", "did you mean color?", "flip, rotation, shift, size, validation, zoom"),
        ),
        (
            "$.encoder[1].kernel",
            lambda s: s["encoder"][1].update(kernel=3),
            ("unknown key", "filters", "kernel_size", "initializer"),
        ),
        (
            "$.decoder[1].filters",
            lambda s: s["decoder"][1].update(filters=3),
            ("unknown key", "interpolation", "size"),
        ),
        (
            "$.training.stages.qat.momentum",
            lambda s: s["training"]["stages"]["qat"].update(momentum=1),
            ("unknown key", "available: epochs, kind, learning_rate, "),
        ),
        (
            "$.encoder[0].initializer.stddev",
            lambda s: s["encoder"][0]["initializer"].update(stddev=1.0),
            ("unknown key", "name, reach, step"),
        ),
        (
            "$.quantization.recipes.wide.bits",
            lambda s: s["quantization"].update(recipes={"wide": {"weights": "float", "conversion": "int8", "bits": 8}}),
            ("unknown key", "calibration_images, conversion, layers, weights"),
        ),
        (
            "$.encoder[1].layer",
            lambda s: s["encoder"][1].update(layer="Dens"),
            ('"Dens"', "did you mean Dense?", "Conv2D", "Conv2DTranspose", "UpSampling2D", "Add", "Concatenate"),
        ),
        (
            "$.data.dataset",
            lambda s: s["data"].update(dataset="imagenet"),
            ('"imagenet"', "cifar10, cifar100, mnist, fashion_mnist, skimage, folder, tfds:NAME"),
        ),
        ("$.training.loss", lambda s: s["training"].update(loss="huber"), ('"huber"', "mse, mae")),
        ("$.task", lambda s: s.update(task="detection"), ('"detection"', "compression")),
        (
            "$.encoder[0].initializer.name",
            lambda s: s["encoder"][0].update(initializer="wavelet"),
            ('"wavelet"', "local_pca", "cosine", "he_normal"),
        ),
        ("$.encoder[1].activation", lambda s: s["encoder"][1].update(activation="gelo"), ('"gelo"', "relu, relu6")),
        (
            "$.quantization.recipes.wide.conversion",
            lambda s: s["quantization"].update(recipes={"wide": {"weights": "float", "conversion": "int4"}}),
            ('"int4"', "float32, float16, dynamic_range, int8, int16x8"),
        ),
        (
            "$.quantization.recipes.wide.weights",
            lambda s: s["quantization"].update(recipes={"wide": {"weights": "tables", "conversion": "int8"}}),
            ('unknown stage "tables"', "available: float, qat"),
        ),
        ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters="8"), ("expected int", 'found "8"')),
        ("$.encoder[1].filters", lambda s: s["encoder"][1].update(filters=True), ("expected int", "found true")),
        ("$.data.flip", lambda s: s["data"].update(flip=1), ("expected bool", "found 1")),
        ("$.data", lambda s: s.update(data=[]), ("expected dict", "found []")),
        (
            "$.training.half_weights",
            lambda s: s["training"].update(half_weights=True),
            ("unknown key; available: adversarial, batch_size, learning_rate_schedule, loss, mixed_precision, ",),
        ),
        ("$.training.seed", lambda s: s["training"].update(seed=-1), ("expected 0 to", "found -1")),
        (
            "$.training.stages.float.learning_rate",
            lambda s: s["training"]["stages"]["float"].update(learning_rate=2),
            ("expected", "found 2"),
        ),
        ("$.latent.scale", lambda s: s["latent"].update(scale=0), ("expected", "found 0")),
        ("$.encoder[1]", lambda s: s["encoder"].__setitem__(1, "Conv2D"), ("expected an object", '"Conv2D"')),
        ("$.encoder", lambda s: s.update(encoder=[]), ("no layers",)),
        ("$.encoder[1].filters", lambda s: s["encoder"][1].pop("filters"), ("missing",)),
        ("$.decoder", lambda s: s.pop("decoder"), ("missing",)),
        ("$.data.dataset", lambda s: s["data"].pop("dataset"), ("missing",)),
        ("$.format_version", lambda s: s.pop("format_version"), ("missing",)),
        (
            "$.encoder[2].input",
            lambda s: s["encoder"][2].update(input="up"),
            ('unknown layer "up"', "image, linear, down"),
        ),
        (
            "$.decoder[0].input",
            lambda s: s["decoder"][0].update(input="image"),
            ('unknown layer "image"', "available: latent"),
        ),
        (
            "$.encoder[1].input",
            lambda s: s["encoder"][1].update(input=["image", "linear"]),
            ("Conv2D takes one input", "found 2"),
        ),
        (
            "$.encoder[3].input",
            lambda s: s["encoder"][3].update(input="linear"),
            ("Add takes several inputs", "found 1"),
        ),
        ("$.encoder[2].name", lambda s: s["encoder"][2].update(name="linear"), ('"linear" is taken',)),
        ("$.format_version", lambda s: s.update(format_version=2), ("expected 1, found 2", "update splitlite")),
    ],
)
def test_a_wrong_spec_is_one_line_with_path_and_choice(
    path: str, change: Change, words: tuple[str, ...], tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    change(tiny)
    text = refusal(parse, tiny, path)
    for word in words:
        assert word in text


def test_an_empty_list_of_inputs_is_refused(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    tiny["encoder"][1]["input"] = []
    assert "no layer named" in refusal(parse, tiny, "$.encoder[1].input")


def test_a_spec_that_is_no_object_is_refused(parse: Callable[[Any], Spec]) -> None:
    assert "expected an object" in refusal(parse, [], "$")


def test_a_layer_reads_the_one_before_it_unless_it_says_otherwise(
    tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    spec = parse(tiny)
    assert [layer.inputs for layer in spec.networks["encoder"]] == [
        ("image",),
        ("image",),
        ("down",),
        ("linear", "correction"),
    ]
    assert [layer.inputs for layer in spec.networks["decoder"]] == [
        ("latent",),
        ("latent",),
        ("up",),
        ("linear", "correction"),
    ]


def test_what_is_not_said_has_a_default(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    for key in ("latent", "quantization", "description"):
        del tiny[key]
    tiny["training"] = {"loss": "mae", "stages": {"float": {}, "tables": {}, "qat": {}}}
    tiny["data"] = {"dataset": "skimage"}
    spec = parse(tiny)
    assert (spec.task, spec.name, spec.options.scale, spec.data.flip) == ("compression", "tiny", 1.0, False)
    assert (spec.data.image_shape, spec.data.validation) == ((32, 32, 3), 5000)
    assert spec.options.bits is None
    assert (spec.training.seed, spec.training.stages["float"].epochs, spec.training.stages["qat"].epochs) == (1, 40, 12)
    assert (spec.quantization.calibration_images, spec.quantization.recipes) == (300, {})
    assert spec.networks["decoder"][0].initializer == {"name": "local_pca", "step": 4.0, "reach": 5.0}


def test_a_recipe_takes_the_specs_calibration_images(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    tiny["quantization"]["recipes"] = {
        "same": {"weights": "qat", "conversion": "int8"},
        "few": {"weights": "float", "conversion": "int8", "calibration_images": 7},
    }
    recipes = parse(tiny).quantization.recipes
    assert recipes["same"] == RecipeSpec("qat", "int8", 50)
    assert recipes["few"].calibration_images == 7


def test_biases_are_corrected_where_weights_are_rounded(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    recipe = {"weights": "float", "conversion": "int8", "bias_correction": True}
    tiny["quantization"]["recipes"] = {"mine": recipe}
    assert parse(tiny).quantization.recipes["mine"].bias_correction
    recipe["conversion"] = "dynamic_range"
    with pytest.raises(SpecError, match=r"mine\.bias_correction: dynamic_range cannot have it; .* int8 or int16x8 or"):
        parse(tiny)


def test_a_recipe_keeps_layers_in_their_order(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    layers = {"*": "int16", "linear": "float32"}
    tiny["quantization"]["recipes"] = {"mine": {"weights": "float", "conversion": "mixed", "layers": layers}}
    assert list(parse(tiny).quantization.recipes["mine"].layers.items()) == list(layers.items())


def test_recipes_are_no_part_of_a_stages_identity(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    before = parse(tiny).training.stages["tune"].identity
    recipe = {"weights": "float", "conversion": "mixed", "layers": {"linear": "int16"}}
    tiny["quantization"]["recipes"] = {"mine": recipe}
    assert parse(tiny).training.stages["tune"].identity == before


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ({"dataset": "cifar100"}, (32, 32, 3)),
        ({"dataset": "fashion_mnist"}, (28, 28, 1)),
        ({"dataset": "mnist", "size": 16, "color": "rgb"}, (16, 16, 3)),
        ({"dataset": "cifar10", "size": [16, 24], "color": "grayscale"}, (16, 24, 1)),
        ({"dataset": "folder", "path": "mine", "size": 64}, (64, 64, 3)),
        ({"dataset": "tfds:stl10", "size": 96}, (96, 96, 3)),
    ],
)
def test_images_have_the_size_of_their_data_set_or_the_specs(
    data: dict[str, Any], shape: tuple[int, ...], tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    tiny["data"] = data
    assert parse(tiny).data.image_shape == shape


def test_a_folder_is_one_path_or_several(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    paths = ["a", {"path": "b", "scale": 0.5, "weight": 2}]
    tiny["data"] = {"dataset": "folder", "path": paths, "size": 16, "validation": ["1.png"], "test": "c"}
    data = parse(tiny).data
    assert data.paths == (FolderPath("a"), FolderPath("b", 0.5, 2.0))
    assert (data.validation, data.test) == (("1.png",), "c")


def test_stages_run_in_the_order_of_their_kinds_and_have_names_of_their_own(
    tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    tiny["training"]["optimizer"] = "sgd"
    tiny["training"]["stages"] = {
        "tables": {},
        "pruned": {"kind": "float", "epochs": 3, "optimizer": "adam", "steps": 7},
        "float": {},
    }
    stages = parse(tiny).training.stages
    assert [(name, stage.kind) for name, stage in stages.items()] == [
        ("pruned", "float"),
        ("float", "float"),
        ("tables", "tables"),
    ]
    assert (stages["pruned"].epochs, stages["pruned"].steps, stages["pruned"].optimizer) == (3, 7, {"name": "adam"})
    assert stages["float"].optimizer["name"] == "sgd" and stages["tables"].epochs == 0


@pytest.mark.parametrize("kind", ["float", "tables"])
def test_a_required_stage_has_the_name_of_its_kind(
    kind: str, tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    stages = tiny["training"]["stages"]
    stages["other"] = {**stages[kind], "kind": kind}
    parse(tiny)
    del stages[kind]
    assert "missing; one stage of this kind has its name" in refusal(parse, tiny, f"$.training.stages.{kind}")


def test_a_stage_depends_on_what_comes_before_it_and_not_on_what_comes_after(
    tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    def changed(change: Change) -> set[str]:
        other = copy.deepcopy(tiny)
        change(other)
        stages = parse(other).training.stages
        return {name for name, stage in stages.items() if stage.identity != first[name].identity}

    first = parse(tiny).training.stages
    later = {"tables", "tune"}
    assert changed(lambda s: s.update(description="other words")) == set()
    assert (
        changed(lambda s: s["quantization"].update(recipes={"a": {"weights": "float", "conversion": "int8"}})) == set()
    )
    assert changed(lambda s: s["training"].update(batch_size=31)) == set(first)
    assert changed(lambda s: s["encoder"][1].update(kernel_size=3)) == set(first)
    assert changed(lambda s: s["training"]["stages"]["qat"].update(learning_rate=0.5)) == {"qat"} | later
    assert changed(lambda s: s["training"]["stages"]["qat"].update(epochs=9)) == later
    assert changed(lambda s: s["training"]["stages"].pop("tune")) == set()


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"dataset": "folder", "size": 64}, "$.data.path"),
        ({"dataset": "folder", "path": "mine"}, "$.data.size"),
        ({"dataset": "tfds:stl10"}, "$.data.size"),
        ({"dataset": "tfds:"}, "$.data.dataset"),
        ({"dataset": "cifar10", "path": "mine"}, "$.data.path"),
        ({"dataset": "mnist", "size": [28, 28, 1]}, "$.data.size"),
        ({"dataset": "cifar10", "validation": ["1.png"]}, "$.data.validation"),
        ({"dataset": "cifar10", "fit": "whole"}, "$.data.fit"),
        ({"dataset": "folder", "path": [], "size": 16}, "$.data.path"),
        ({"dataset": "folder", "path": ["a", 3], "size": 16}, "$.data.path[1]"),
        ({"dataset": "folder", "path": [{"path": "a", "scale": 2}], "size": 16}, "$.data.path[0].scale"),
    ],
)
def test_what_a_data_set_needs_or_does_not_take_is_said(
    data: dict[str, Any], path: str, tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    tiny["data"] = data
    refusal(parse, tiny, path)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("mse", "mse"),
        ({"mse": 1}, "mse"),
        ({"mse": 1.0, "ssim_l1": {"weight": 0.5, "alpha": 0.8}}, "mse + 0.5 ssim_l1 (alpha 0.8)"),
        ({"rate_distortion": {"lmbda": 0.01}}, "rate_distortion (lmbda 0.01)"),
    ],
)
def test_a_loss_is_a_name_or_a_sum(loss: Any, words: str, tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    tiny["training"]["loss"] = loss
    assert parse(tiny).training.loss == words


@pytest.mark.parametrize(
    ("loss", "path", "words"),
    [
        ({}, "$.training.loss", "no loss named"),
        ("rate_distortion", "$.training.loss.rate_distortion.lmbda", "missing"),
        ({"msee": 1}, "$.training.loss.msee", "did you mean mse?"),
        ({"mse": 0}, "$.training.loss.mse.weight", "found 0"),
        ({"ssim_l1": {"alpha": 2}}, "$.training.loss.ssim_l1.alpha", "expected 0.0 to 1.0, found 2"),
        ({"ssim_l1": {"beta": 2}}, "$.training.loss.ssim_l1.beta", "unknown key"),
        ("ms_ssim", "$.training.loss.ms_ssim", "at least 176 pixels, found 16 x 16"),
    ],
)
def test_a_wrong_loss_is_one_line(
    loss: Any, path: str, words: str, tiny: dict[str, Any], parse: Callable[[Any], Spec]
) -> None:
    tiny["training"]["loss"] = loss
    assert words in refusal(parse, tiny, path)


def test_the_digest_is_of_the_content_and_not_of_its_white_space(tiny: dict[str, Any], tmp_path: Path) -> None:
    texts = [json.dumps(tiny), json.dumps(tiny, indent=7), json.dumps(dict(reversed(tiny.items())))]
    changed = copy.deepcopy(tiny)
    changed["training"]["seed"] = 2
    digests = []
    for number, text in enumerate([*texts, json.dumps(changed)]):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "spec.json").write_text(text)
        digests.append(open_spec(str(number), tmp_path)[1].digest)
    assert len(set(digests[:3])) == 1
    assert digests[3] != digests[0]


def test_a_model_that_is_not_there_lists_those_that_are(tiny: dict[str, Any], tmp_path: Path) -> None:
    for name in ("beta", "alpha"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "spec.json").write_text(json.dumps(tiny))
    with pytest.raises(ModelError, match=r"gamma/spec\.json: no such model; available: alpha, beta$"):
        open_spec("gamma", tmp_path)[1]
    with pytest.raises(ModelError, match="available: none"):
        open_spec("gamma", tmp_path / "nowhere")[1]


def test_a_spec_that_is_not_json_is_a_spec_error(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "spec.json").write_text('{"format_version": 1,')
    with pytest.raises(SpecError, match=r"broken/spec\.json: not valid JSON") as caught:
        open_spec("broken", tmp_path)[1]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "latent"), [("cifar10-ae-mae", (8, 8, 8)), ("cifar10-ae-mse", (8, 8, 8)), ("mnist-ae", (1, 1, 50))]
)
def test_the_committed_models_have_their_codes_and_at_most_200000_parameters(
    name: str, latent: tuple[int, ...]
) -> None:
    from host.networks.builder import build

    spec = open_spec(name)[1]
    encoder, decoder = build(spec)
    assert encoder.output_shape[1:] == latent
    assert encoder.count_params() + decoder.count_params() <= 200_000


def test_there_is_a_model_for_each_loss() -> None:
    assert [open_spec(f"cifar10-ae-{loss}")[1].training.loss for loss in ("mse", "mae")] == ["mse", "mae"]
