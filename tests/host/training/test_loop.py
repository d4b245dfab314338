"""The loop: resume to the same numbers, early stopping, the best weights and not the last."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from PIL import Image

from device.files import read_json
from host.data.stream import ImageFiles
from host.errors import ModelError
from host.spec.types import LossTerm, StageSpec
from host.training import loop
from host.training.loop import fit, validate
from host.training.work import Task

MSE = (LossTerm("mse"),)
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
HELD_OUT = RNG.integers(0, 256, (300, 8, 8, 1), dtype=np.uint8)  # more than one batch of the validation
WHITE, BLACK = np.full((32, 2, 2, 1), 255, np.uint8), np.zeros((32, 2, 2, 1), np.uint8)


def autoencoder(flip: bool = False) -> Task:
    """A convolution that is to learn the identity; always from the same weights."""
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(image))
    return Task("test", {"encoder": model}, model, IMAGES, IMAGES, (HELD_OUT, HELD_OUT), flip)


def diverging() -> Task:
    """Trains towards white and validates against grey: better for some steps, then worse every epoch."""
    image = keras.Input((2, 2, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 1, kernel_initializer="zeros")(image))
    return Task("test", {"decoder": model}, model, BLACK, WHITE, (BLACK, BLACK + np.uint8(77)))


def run(task: Task, folder: Path, epochs: int = 3, resume: bool = False, **stage: Any) -> dict[str, Any]:
    return fit(task, MSE, StageSpec(epochs, stage.get("rate", 0.01), stage.get("patience", 10)), 16, 5, folder, resume)


def numbers(result: dict[str, Any]) -> list[tuple[float, ...]]:
    """The history without its wall times."""
    keys = ("epoch", "loss", "validation_loss", "validation_psnr_db")
    return [tuple(row[key] for key in keys) for row in result["history"]]


def weights(task: Task) -> list[np.ndarray]:
    return [array for model in task.models.values() for array in model.get_weights()]


def last_weights(folder: Path, epoch: int, shape: list[int]) -> np.ndarray:
    """The one weight of this shape as it was after an epoch, best or not."""
    checkpoint = tf.train.load_checkpoint(str(folder / f"epoch-{epoch}"))
    shapes = checkpoint.get_variable_to_shape_map()
    (name,) = (name for name in shapes if name.startswith("decoder") and shapes[name] == shape)
    return checkpoint.get_tensor(name)


def interrupt_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of an epoch, after so many training steps in all."""
    left = [batches]

    def progress(steps: Iterable[int], **_: Any) -> Iterator[int]:
        for step in steps:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            yield step

    monkeypatch.setattr(loop, "tqdm", progress)


def test_training_brings_the_loss_down_and_says_what_it_did(tmp_path: Path) -> None:
    result = run(autoencoder(), tmp_path)
    losses = [row["validation_loss"] for row in result["history"]]
    assert losses == sorted(losses, reverse=True)
    assert [row["epoch"] for row in result["history"]] == [1, 2, 3]
    assert (result["epochs"], result["best_epoch"]) == (3, 3)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("batches", [3, 6, 15])  # in the first epoch, right after it, in the third; an epoch has six
def test_resumed_training_ends_on_the_same_history_and_weights(
    batches: int, flip: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = autoencoder(flip)
    expected = run(straight, tmp_path / "straight")
    with monkeypatch.context() as patched:
        interrupt_after(batches, patched)
        with pytest.raises(KeyboardInterrupt):
            run(autoencoder(flip), tmp_path / "broken")
    resumed = autoencoder(flip)
    result = run(resumed, tmp_path / "broken", resume=True)
    assert numbers(result) == numbers(expected)
    for one, other in zip(weights(straight), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("batches", "checkpoint"), [(3, "epoch-1-3"), (6, "epoch-1"), (15, "epoch-3-3")])
def test_ctrl_c_leaves_the_step_it_came_in_and_training_goes_on_from_there(
    batches: int, checkpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = autoencoder(flip=True)
    expected = run(straight, tmp_path / "straight")
    trained = []

    def progress(steps: Iterable[int], **_: Any) -> Iterator[int]:
        for step in steps:
            trained.append(step)
            if len(trained) == batches:
                os.kill(os.getpid(), signal.SIGINT)
            yield step

    monkeypatch.setattr(loop, "tqdm", progress)
    with pytest.raises(KeyboardInterrupt):
        run(autoencoder(flip=True), tmp_path / "broken")
    assert read_json(tmp_path / "broken" / "state.json", ModelError)["checkpoint"] == checkpoint
    assert len(trained) == batches
    resumed = autoencoder(flip=True)
    assert numbers(run(resumed, tmp_path / "broken", resume=True)) == numbers(expected)
    assert len(trained) == 18  # no step twice
    for one, other in zip(weights(straight), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_resume_old_checkpoints_are_forgotten(tmp_path: Path) -> None:
    expected = numbers(run(autoencoder(), tmp_path))
    assert numbers(run(autoencoder(), tmp_path)) == expected


def test_a_finished_stage_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = autoencoder()
    expected = run(first, tmp_path)
    interrupt_after(0, monkeypatch)
    again = autoencoder()
    assert numbers(run(again, tmp_path, resume=True)) == numbers(expected)
    for one, other in zip(weights(first), weights(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_checkpoint_is_kept(tmp_path: Path) -> None:
    run(autoencoder(), tmp_path)
    assert {path.name.split(".")[0] for path in tmp_path.glob("epoch-*")} == {"epoch-3"}


def test_the_seed_decides_the_order_of_the_images(tmp_path: Path) -> None:
    stage = StageSpec(1, 0.01, 10)
    losses = [
        fit(autoencoder(), MSE, stage, 16, seed, tmp_path / str(number), False)["history"][0]["validation_loss"]
        for number, seed in enumerate((5, 5, 6))
    ]
    assert losses[0] == losses[1] != losses[2]


def test_early_stopping_waits_for_its_patience_and_keeps_the_best_weights(tmp_path: Path) -> None:
    task = diverging()
    result = run(task, tmp_path, epochs=60, rate=0.03, patience=4)
    losses = [row["validation_loss"] for row in result["history"]]
    best = losses.index(min(losses))
    assert 1 < best < 50
    assert result["best_epoch"] == best + 1
    assert result["epochs"] == len(losses) == best + 1 + 4
    assert validate(task, MSE)["loss"] == pytest.approx(min(losses))
    assert losses[-1] > 1.1 * min(losses)


def test_the_learning_rate_falls_to_zero_on_a_cosine(tmp_path: Path) -> None:
    # Adam moves a weight with a steady gradient by the learning rate a step, so the path's length is the rates' sum.
    task = diverging()
    run(task, tmp_path, epochs=10, rate=0.01, patience=100)
    steps = 10 * 2
    expected = sum(0.005 * (1 + np.cos(np.pi * step / steps)) for step in range(steps))
    assert float(last_weights(tmp_path, 10, [1])[0]) == pytest.approx(expected, rel=0.02)


def test_a_loss_that_is_no_number_is_a_model_error(tmp_path: Path) -> None:
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
    task = Task(
        "m float", {"encoder": model}, lambda x, training: model(x) * np.nan, IMAGES, IMAGES, (HELD_OUT, HELD_OUT)
    )
    with pytest.raises(ModelError, match=r"^m float: the loss is no finite number in epoch 1; lower .*learning_rate"):
        run(task, tmp_path)
    assert not list(tmp_path.glob("*.h5"))


def test_flipping_leaves_the_images_as_they_were(tmp_path: Path) -> None:
    before = IMAGES.copy()
    run(autoencoder(flip=True), tmp_path, epochs=1)
    np.testing.assert_array_equal(IMAGES, before)


def test_flipping_shows_mirror_images_too(tmp_path: Path) -> None:
    half = np.zeros((64, 2, 2, 1), np.uint8)
    half[:, :, 0] = 255  # white on the left, in every picture

    def learned(flip: bool) -> np.ndarray:
        image = keras.Input((2, 2, 1))
        position = keras.layers.Conv2DTranspose(1, 2, 2, use_bias=False, kernel_initializer="zeros")
        model = keras.Model(image, position(keras.layers.Lambda(lambda x: x[:, :1, :1] * 0 + 1)(image)))
        task = Task("test", {"decoder": model}, model, half, half, (half, half), flip)
        run(task, tmp_path, epochs=40, rate=0.05, patience=100)
        return last_weights(tmp_path, 40, [2, 2, 1, 1])[..., 0, 0].mean(0)

    np.testing.assert_allclose(learned(flip=False), [1, 0], atol=0.05)
    np.testing.assert_allclose(learned(flip=True), [0.5, 0.5], atol=0.2)


def test_latents_are_read_as_they_are_and_images_as_0_to_1(tmp_path: Path) -> None:
    latents = np.full((32, 2, 2, 1), 3.0, np.float32)
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Conv2D(1, 1)])
    third = Task("test", {"decoder": model}, lambda x, training: x / 3 + 0 * model(x), latents, WHITE, (latents, WHITE))
    assert validate(third, MSE)["loss"] == pytest.approx(0, abs=1e-12)


def test_files_train_to_the_same_numbers_as_the_same_images_in_memory(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(len(IMAGES))]
    for path, image in zip(paths, IMAGES):
        Image.fromarray(image[..., 0]).save(path)
    files = ImageFiles(paths, IMAGES.shape[1:], resize=True)
    for flip in (False, True):
        memory = run(autoencoder(flip), tmp_path / "memory")
        streamed = run(replace(autoencoder(flip), inputs=files, targets=files), tmp_path / "files")
        assert numbers(streamed) == numbers(memory)


def test_what_changes_a_batch_changes_its_target_too(tmp_path: Path) -> None:
    seen = []
    identity = replace(autoencoder(), augment=lambda batch, rng: seen.append(len(batch)) or batch * 0)
    row = run(replace(identity, forward=lambda x, training: x + 0 * identity.models["encoder"](x)), tmp_path, 1)
    assert row["history"][0]["loss"] == 0
    assert seen == [16] * 6
