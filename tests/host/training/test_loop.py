"""The loop: resume to the same numbers, early stopping, the best weights and not the last."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from device.files import read_json
from host.errors import ModelError
from host.metrics import PSNR, Metric
from host.spec.types import LossTerm, StageSpec
from host.training import loop
from host.training.distributed import Session
from host.training.loop import fit
from host.training.optimizers import make_optimizer
from host.training.pictures import picture_work
from host.training.work import Batch, Work, averaging, descend

MSE = (LossTerm("mse"),)
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
HELD_OUT = RNG.integers(0, 256, (300, 8, 8, 1), dtype=np.uint8)  # more than one batch of the validation
WHITE, BLACK = np.full((32, 2, 2, 1), 255, np.uint8), np.zeros((32, 2, 2, 1), np.uint8)
SIZE = 16
RESUMED = Session(resume=True)


def stage_of(epochs: int = 3, rate: float = 0.01, patience: int | None = 10, **others: Any) -> StageSpec:
    return StageSpec("float", "float", epochs, rate, patience, **others)


THREE_EPOCHS, FRESH = stage_of(), Session()


def drawn(inputs: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> Iterator[Batch]:
    order = rng.permutation(len(inputs))
    for start in range(0, len(order), SIZE):
        chosen = order[start : start + SIZE]
        mirrored = rng.random(len(chosen)) < 0.5  # each batch draws more than the order
        mirror = mirrored[:, None, None, None]
        yield tuple(np.where(mirror, each[chosen][:, :, ::-1], each[chosen]) for each in (inputs, targets))


def work_of(
    model: keras.Model,
    stage: StageSpec,
    inputs: np.ndarray,
    targets: np.ndarray,
    validation: tuple[Any, Any],
    **more: Any,
) -> Work:
    forward = more.pop("forward", lambda x, *_: (model(x), None))
    count = len(inputs) // SIZE
    optimizer = make_optimizer(stage, stage.epochs * count, model.trainable_variables)
    batches = more.pop("batches", lambda rng: drawn(inputs, targets, rng))
    return picture_work("m float", {"net": model}, forward, MSE, optimizer, batches, count, validation, seed=5, **more)


def identity_work(stage: StageSpec = THREE_EPOCHS, **more: Any) -> Work:
    """A convolution that is to learn the identity; always from the same weights."""
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(image))
    return work_of(model, stage, IMAGES, IMAGES, (HELD_OUT, HELD_OUT), **more)


def averaged_work(stage: StageSpec = THREE_EPOCHS) -> Work:
    """The same with all that a codec has: noise in its batches, an average that validates, the last weights."""
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1))
    models = [keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(image)) for _ in range(2)]
    trained, average = models
    average.set_weights(trained.get_weights())
    optimizer = make_optimizer(stage, stage.epochs * 6, trained.trainable_variables)

    def batches(rng: np.random.Generator) -> Iterator[Batch]:
        noise = rng.spawn(1)[0]
        for images, _ in drawn(IMAGES, IMAGES, rng):
            yield images, noise.random(images.shape, np.float32)

    def step(images: Any, noise: Any) -> dict[str, Any]:
        image = tf.cast(images, tf.float32) / 255.0
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(trained(image + 0.1 * noise) - image))
        descend(tape, loss, (optimizer, trained.trainable_variables), largest=0.05)
        return {"loss": loss, "half": loss / 2}

    def validate() -> dict[str, Any]:
        error = np.mean(np.square(average.predict(HELD_OUT / 255.0, verbose=0) - HELD_OUT / 255.0))
        return {"loss": float(error), "psnr_db": float(-10 * np.log10(error)), "rows": [{"error": float(error)}]}

    move = averaging({"net": average}, {"net": trained}, 0.9)
    state = {"trained": trained, "optimizer": optimizer}
    return Work("m", {"net": average}, batches, 6, step, validate, (PSNR,), 5, state, move, keep_best=False)


def diverging(stage: StageSpec) -> Work:
    """Trains towards white and validates against grey: better for some steps, then worse every epoch."""
    image = keras.Input((2, 2, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 1, kernel_initializer="zeros")(image))
    return work_of(model, stage, BLACK, WHITE, (BLACK, BLACK + np.uint8(77)))


def run(work: Work, folder: Path, stage: StageSpec = THREE_EPOCHS, session: Session = FRESH) -> dict[str, Any]:
    return fit(work, stage, folder, session)


def numbers(result: dict[str, Any]) -> list[Any]:
    """The history without its wall times."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in result["history"]]


def weights(work: Work) -> list[np.ndarray]:
    return [array for model in work.models.values() for array in model.get_weights()]


def check_same(one: Work, other: Work) -> None:
    for mine, its in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(mine, its)


def last_weights(folder: Path, epoch: int, shape: list[int]) -> np.ndarray:
    """The one weight of this shape as it was after an epoch, best or not."""
    checkpoint = tf.train.load_checkpoint(str(folder / f"epoch-{epoch}"))
    shapes = checkpoint.get_variable_to_shape_map()
    (name,) = (name for name in shapes if name.startswith("net") and shapes[name] == shape)
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
    result = run(identity_work(), tmp_path)
    losses = [row["validation_loss"] for row in result["history"]]
    assert losses == sorted(losses, reverse=True)
    assert [row["epoch"] for row in result["history"]] == [1, 2, 3]
    assert (result["epochs"], result["best_epoch"]) == (3, 3)
    assert result["history"][0]["validation"]["psnr_db"] < result["history"][2]["validation"]["psnr_db"]


@pytest.mark.parametrize("make", [identity_work, averaged_work])
@pytest.mark.parametrize("batches", [3, 6, 15])  # in the first epoch, right after it, in the third; an epoch has six
def test_resumed_training_ends_on_the_same_history_and_weights(
    batches: int, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = make()
    expected = run(straight, tmp_path / "straight")
    with monkeypatch.context() as patched:
        interrupt_after(batches, patched)
        with pytest.raises(KeyboardInterrupt):
            run(make(), tmp_path / "broken")
    resumed = make()
    result = run(resumed, tmp_path / "broken", session=RESUMED)
    assert numbers(result) == numbers(expected)
    check_same(straight, resumed)


@pytest.mark.parametrize("make", [identity_work, averaged_work])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("batches", "checkpoint"), [(3, "epoch-1-3"), (6, "epoch-1"), (15, "epoch-3-3")])
def test_a_signal_leaves_the_step_it_came_in_and_training_goes_on_from_there(
    batches: int, checkpoint: str, number: int, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = make()
    expected = run(straight, tmp_path / "straight")
    trained = []

    def progress(steps: Iterable[int], **_: Any) -> Iterator[int]:
        for step in steps:
            trained.append(step)
            if len(trained) == batches:
                os.kill(os.getpid(), number)
            yield step

    monkeypatch.setattr(loop, "tqdm", progress)
    with pytest.raises(KeyboardInterrupt):
        run(make(), tmp_path / "broken")
    assert read_json(tmp_path / "broken" / "state.json", ModelError)["checkpoint"] == checkpoint
    assert len(trained) == batches
    resumed = make()
    assert numbers(run(resumed, tmp_path / "broken", session=RESUMED)) == numbers(expected)
    assert len(trained) == 18  # no step twice
    check_same(straight, resumed)


def test_without_resume_old_checkpoints_are_forgotten(tmp_path: Path) -> None:
    expected = numbers(run(identity_work(), tmp_path))
    assert numbers(run(identity_work(), tmp_path)) == expected


def test_a_finished_stage_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, make in enumerate((identity_work, averaged_work)):
        first = make()
        expected = run(first, tmp_path / str(number))
        with monkeypatch.context() as patched:
            interrupt_after(0, patched)
            again = make()
            assert numbers(run(again, tmp_path / str(number), session=RESUMED)) == numbers(expected)
        check_same(first, again)


def test_one_checkpoint_is_kept_and_one_of_another_spec_refused(tmp_path: Path) -> None:
    run(identity_work(), tmp_path)
    assert {path.name.split(".")[0] for path in tmp_path.glob("epoch-*")} == {"epoch-3"}
    with pytest.raises(ModelError, match="checkpoints of another spec; train without --resume"):
        run(identity_work(), tmp_path, stage_of(identity="another"), RESUMED)


def test_a_longer_training_goes_on_from_the_checkpoint(tmp_path: Path) -> None:
    short = numbers(run(identity_work(), tmp_path))
    longer = stage_of(5)
    result = run(identity_work(longer), tmp_path, longer, RESUMED)
    assert numbers(result)[:3] == short and result["epochs"] == 5


@pytest.mark.parametrize("make", [identity_work, averaged_work])
@pytest.mark.parametrize(("batches", "checkpoint"), [(9, "epoch-2-3"), (12, "epoch-2")])  # an epoch has six
def test_fewer_epochs_than_were_trained_begin_anew(
    batches: int, checkpoint: str, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []

    def progress(steps: Iterable[int], **_: Any) -> Iterator[int]:
        for step in steps:
            trained.append(step)
            if len(trained) == batches:
                os.kill(os.getpid(), signal.SIGINT)
            yield step

    monkeypatch.setattr(loop, "tqdm", progress)
    with pytest.raises(KeyboardInterrupt):
        run(make(), tmp_path / "broken")
    assert read_json(tmp_path / "broken" / "state.json", ModelError)["checkpoint"] == checkpoint
    shutil.copytree(tmp_path / "broken", tmp_path / "as-many")
    as_many, fewer = stage_of(2), stage_of(1)
    run(make(as_many), tmp_path / "as-many", as_many, RESUMED)
    assert len(trained) == 12  # the second epoch was begun or done: what is there is kept
    straight, shorter = make(fewer), make(fewer)
    expected = run(straight, tmp_path / "straight", fewer)
    assert numbers(run(shorter, tmp_path / "broken", fewer, RESUMED)) == numbers(expected)
    check_same(straight, shorter)


def test_the_seed_decides_the_order_of_the_images(tmp_path: Path) -> None:
    stage = stage_of(1)
    losses = [
        run(replace(identity_work(stage), seed=seed), tmp_path / str(number), stage)["history"][0]["validation_loss"]
        for number, seed in enumerate((5, 5, 6))
    ]
    assert losses[0] == losses[1] != losses[2]


def test_early_stopping_waits_for_its_patience_and_keeps_the_best_weights(tmp_path: Path) -> None:
    stage = stage_of(60, 0.03, 4)
    work = diverging(stage)
    result = run(work, tmp_path, stage)
    losses = [row["validation_loss"] for row in result["history"]]
    best = losses.index(min(losses))
    assert 1 < best < 50
    assert result["best_epoch"] == best + 1
    assert result["epochs"] == len(losses) == best + 1 + 4
    assert work.validate()["loss"] == pytest.approx(min(losses))
    assert losses[-1] > 1.1 * min(losses)


def test_a_stage_without_patience_goes_to_its_end_and_may_keep_the_last_weights(tmp_path: Path) -> None:
    stage = stage_of(12, 0.1, None)
    work = replace(diverging(stage), keep_best=False)
    result = run(work, tmp_path, stage)
    losses = [row["validation_loss"] for row in result["history"]]
    assert (result["epochs"], result["best_epoch"]) == (12, 12)
    assert min(losses) < losses[-1] == pytest.approx(work.validate()["loss"])


def test_validation_may_be_rarer_than_epochs_and_comes_at_the_end(tmp_path: Path) -> None:
    stage = stage_of(5, validate_every=2)
    history = run(identity_work(stage), tmp_path, stage)["history"]
    assert [row["epoch"] for row in history if "validation_loss" in row] == [2, 4, 5]
    assert all(("validation" in row) == ("validation_loss" in row) for row in history)


def test_the_learning_rate_falls_to_zero_on_a_cosine(tmp_path: Path) -> None:
    # Adam moves a weight with a steady gradient by the learning rate a step, so the path's length is the rates' sum.
    stage = stage_of(10, 0.01, None)
    run(diverging(stage), tmp_path, stage)
    steps = 10 * 2
    expected = sum(0.005 * (1 + np.cos(np.pi * step / steps)) for step in range(steps))
    assert float(last_weights(tmp_path, 10, [1])[0]) == pytest.approx(expected, rel=0.02)


def test_a_loss_that_is_no_number_is_a_model_error(tmp_path: Path) -> None:
    work = replace(identity_work(), step=lambda *batch: {"loss": tf.constant(np.nan)})
    with pytest.raises(ModelError, match=r"^m float: the loss is no finite number in epoch 1; lower .*learning_rate"):
        run(work, tmp_path)
    assert not list(tmp_path.glob("*.h5"))


def test_the_history_and_the_log_name_what_the_work_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accuracy = Metric("accuracy_percent", "accuracy", "%", 1, True)
    found = {"loss": 1.0, "accuracy_percent": 87.25, "spare": 2.0, "table": [1, 2]}
    work = replace(identity_work(), validate=lambda: dict(found), metrics=(PSNR, accuracy))
    row = run(work, tmp_path)["history"][0]
    assert row["validation"] == {"accuracy_percent": 87.25}
    assert row["validation_parts"] == {"spare": 2.0}
    assert row["table"] == [1, 2]
    assert "accuracy 87.2 %" in capsys.readouterr().err
