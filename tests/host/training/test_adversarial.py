"""The adversarial term: the discriminator learns to tell, the autoencoder follows, and both resume."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from host.api import train
from host.errors import SpecError
from host.networks.builder import build_discriminator
from host.quantization.recipes import DEFAULTS
from host.spec.model_folder import ModelFolder
from host.spec.types import LossTerm, Spec, StageSpec
from host.tasks import open_spec
from host.tasks.compression.halves import convert, load_halves
from host.training import loop
from host.training.distributed import Session
from host.training.loop import fit
from host.training.optimizers import make_optimizer
from host.training.pictures import Critic, picture_work

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (64, 8, 8, 1), dtype=np.uint8)
LAYERS = [
    {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "strides": 2, "activation": "relu"},
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 1},
]


def critic(weight: float = 0.1) -> Critic:
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Flatten(), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)]
    return Critic(keras.Sequential([keras.Input((8, 8, 1)), *layers]), weight, 0.01)


def run(weight: float | None, folder: Path, epochs: int, resume: bool = False) -> list[dict[str, Any]]:
    """The history of a convolution that is to learn the identity, with a critic of such a weight or without one."""
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(image))
    judge = None if weight is None else critic(weight)
    stage = StageSpec("float", "float", epochs, 0.01)
    work = picture_work(
        "test",
        {"encoder": model},
        lambda images, *_: (model(images), None),
        (LossTerm("mse"),),
        make_optimizer(stage, epochs * 4, model.trainable_variables),
        lambda rng: ((IMAGES[chosen],) * 2 for chosen in rng.permutation(64).reshape(4, 16)),
        4,
        (IMAGES, IMAGES),
        seed=5,
        critic=judge,
    )
    return fit(work, stage, folder, Session(resume))["history"]


def test_the_discriminator_learns_to_tell_images_from_what_is_none() -> None:
    judge = critic()
    image, made = tf.constant(IMAGES / np.float32(255)), tf.zeros((64, 8, 8, 1))
    before = float(judge.verdict(made))
    losses = [float(judge.train(image, made)) for _ in range(300)]
    assert losses[0] == pytest.approx(2 * np.log(2), abs=0.7)
    assert losses[-1] < 0.3  # one that cannot tell stays at 2 log 2
    assert float(judge.verdict(made)) > before + 1  # what passes for an image has become rare


def test_the_term_is_in_the_loss_and_in_the_history(tmp_path: Path) -> None:
    (plain,), (row,) = run(None, tmp_path / "plain", 1), run(0.1, tmp_path / "with", 1)
    assert "parts" not in plain
    assert set(row["parts"]) == {"adversarial", "discriminator"}
    assert row["loss"] > plain["loss"]
    assert row["validation_loss"] != plain["validation_loss"]  # the gradient is another one


def test_a_resumed_training_has_its_discriminator_again(tmp_path: Path) -> None:
    straight = run(0.1, tmp_path / "straight", 2)
    save = loop._save_state

    def save_and_stop(*arguments: Any) -> None:
        save(*arguments)
        raise KeyboardInterrupt

    # Stopped after its first checkpoint: the schedule is that of two epochs in both.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "_save_state", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            run(0.1, tmp_path / "stopped", 2)
    resumed = run(0.1, tmp_path / "stopped", 2, resume=True)
    assert [row["parts"] for row in resumed] == [row["parts"] for row in straight]


def test_what_is_kept_and_converted_has_no_trace_of_it(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny["discriminator"] = LAYERS
    tiny["training"]["adversarial"] = {"weight": 0.01}
    tiny["training"]["stages"]["float"]["epochs"] = 1
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "spec.json").write_text(json.dumps(tiny))
    record = train(tmp_path / "tiny", stages=["float"])
    assert "discriminator" in record["stages"]["float"]["history"][0]["parts"]
    with h5py.File(tmp_path / "tiny" / "float.weights.h5") as file:
        assert set(file) == {"encoder", "decoder"}
    halves = load_halves(ModelFolder(open_spec("tiny", tmp_path)[1]), "float")
    for half, layer in (("encoder", b"linear"), ("decoder", b"correction")):
        converted = convert(halves, half, DEFAULTS["float32"], np.zeros((1, 16, 16, 3), np.float32))
        assert layer in converted and b"discriminator" not in converted


def test_the_third_list_is_built_and_belongs_to_its_term(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    tiny["discriminator"] = LAYERS
    with pytest.raises(SpecError, match=r"\$\.training\.adversarial: \$\.discriminator has layers that nothing trains"):
        parse(tiny)
    tiny["training"]["adversarial"] = {"weight": 0.01}
    spec = parse(tiny)
    assert build_discriminator(spec).output_shape == (None, 1)
    assert (spec.training.adversarial.weight, spec.training.adversarial.learning_rate) == (0.01, 1e-4)
    del tiny["discriminator"]
    with pytest.raises(SpecError, match="belong together"):
        parse(tiny)
