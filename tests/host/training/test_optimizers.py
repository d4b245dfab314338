"""Optimizers and schedules from a spec: Keras' own, with the spec's arguments, and resumed with their state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from host.errors import SpecError
from host.spec.catalogue import OPTIMIZERS as NAMED
from host.spec.catalogue import SCHEDULES
from host.spec.types import Spec, StageSpec
from host.training import loop
from host.training.distributed import Session
from host.training.loop import fit
from host.training.optimizers import OPTIMIZERS, make_optimizer, make_schedule
from host.training.work import Work, descend

Parse = Callable[[Any], Spec]
IMAGES = np.random.default_rng(0).random((64, 8, 8, 1), np.float32)
STAGE = StageSpec("float", "float", 3, 0.01, 10)


def identity_work(stage: StageSpec) -> Work:
    """A convolution that is to learn the identity; always from the same weights."""
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(image))
    optimizer = make_optimizer(stage, stage.epochs * 4, model.trainable_variables)

    def batches(rng: np.random.Generator) -> Iterator[Any]:
        return ((IMAGES[chosen],) for chosen in rng.permutation(64).reshape(4, 16))

    def step(images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(images) - images))
        descend(tape, loss, (optimizer, model.trainable_variables))
        return {"loss": loss}

    def validate() -> dict[str, Any]:
        return {"loss": float(tf.reduce_mean(tf.square(model(IMAGES) - IMAGES)))}

    return Work("test", {"net": model}, batches, 4, step, validate, (), 5, {"optimizer": optimizer})


def losses(result: dict[str, Any]) -> list[tuple[float, float]]:
    return [(row["loss"], row["validation_loss"]) for row in result["history"]]


def rates(name: str, **arguments: Any) -> list[float]:
    """The learning rate of each of ten steps, as a share of the first."""
    schedule = make_schedule(replace(STAGE, learning_rate=0.5, schedule={"name": name, **arguments}), 10)
    return [float(schedule(step)) / 0.5 for step in range(10)] if callable(schedule) else [schedule / 0.5] * 10


def test_what_the_catalogue_names_is_there() -> None:
    assert set(OPTIMIZERS) == set(NAMED)


def test_the_spec_says_which_and_the_default_is_adam_on_a_cosine(tiny: dict[str, Any], parse: Parse) -> None:
    training = parse(tiny).training
    for stage in (training.stages[name] for name in ("float", "qat", "tune")):
        assert (stage.optimizer, stage.schedule) == ({"name": "adam"}, {"name": "cosine", "final": 0.0})
    tiny["training"] |= {"optimizer": {"name": "sgd", "momentum": 0.5}, "learning_rate_schedule": "steps"}
    training = parse(tiny).training
    for stage in (training.stages[name] for name in ("float", "qat", "tune")):
        assert stage.optimizer == {"name": "sgd", "momentum": 0.5}
        assert stage.schedule == {"name": "steps", "at": [0.5, 0.75], "factor": 0.1}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("optimizer", "adm", r"optimizer.name: unknown value \"adm\"; did you mean adam\? available: adam, adamw"),
        ("optimizer", {"name": "adam", "momentum": 0.9}, r"optimizer.momentum: unknown key"),
        ("optimizer", {"name": "sgd", "momentum": 2}, r"optimizer.momentum: expected 0.0 to 1.0, found 2"),
        ("optimizer", {}, r"optimizer.name: missing; give one of adam"),
        ("optimizer", 3, r"optimizer: expected str or dict, found 3"),
        ("learning_rate_schedule", "cosin", r"learning_rate_schedule.name: unknown value .* did you mean cosine"),
        ("learning_rate_schedule", {"name": "steps", "at": [2]}, r"schedule.at\[0\]: expected 0.0 to 1.0, found 2"),
        ("mixed_precision", "yes", r"mixed_precision: expected bool, found \"yes\"; give true or false"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(
    key: str, value: object, words: str, tiny: dict[str, Any], parse: Parse
) -> None:
    tiny["training"][key] = value
    with pytest.raises(SpecError, match=rf"\$\.training\.{words}" if not words.startswith("schedule") else words):
        parse(tiny)


def test_schedules_go_where_they_say() -> None:
    assert rates("constant") == [1.0] * 10
    np.testing.assert_allclose(rates("cosine", final=0.0), 0.5 * (1 + np.cos(np.pi * np.arange(10) / 10)), atol=1e-6)
    np.testing.assert_allclose(rates("exponential", final=0.01), 0.01 ** (np.arange(10) / 10), rtol=1e-5)
    steps = rates("steps", at=[0.5, 0.8], factor=0.1)
    np.testing.assert_allclose(steps, [1.0] * 5 + [0.1] * 3 + [0.01] * 2, rtol=1e-5)


def test_the_held_rate_warms_up_holds_and_falls_as_python_computes_it() -> None:
    stage = replace(STAGE, learning_rate=1e-3, schedule={"name": "hold", "warm_up": 200, "hold": 0.6, "final": 0.02})
    schedule = make_schedule(stage, 10_000)

    def expected(step: int) -> float:
        done = step / 10_000
        fall = 1.0 if done < 0.6 else 0.5 * (1 + math.cos(math.pi * min((done - 0.6) / 0.4, 1.0)))
        return 1e-3 * min(1.0, (step + 1) / 200) * max(fall, 0.02)

    assert float(schedule(0)) == pytest.approx(1e-3 / 200)
    assert float(schedule(8000)) == pytest.approx(0.5e-3)
    for step in (0, 1, 198, 199, 200, 5999, 6000, 6001, 7777, 8000, 9800, 9999):
        assert np.float32(schedule(step)) == np.float32(expected(step))


@pytest.mark.parametrize("name", list(NAMED))
def test_each_trains_and_resumes_to_the_same_numbers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = dict(zip(NAMED, [*SCHEDULES, "cosine"]))[name]  # each schedule with one of them
    defaults = {key: field.default for key, field in SCHEDULES[schedule].items()}
    stage = replace(STAGE, optimizer={"name": name}, schedule={"name": schedule, **defaults})
    straight = losses(fit(identity_work(stage), stage, tmp_path / "straight", Session()))
    assert straight[-1][1] < straight[0][1]
    save = loop._save_state

    def save_and_stop(*arguments: Any) -> None:
        save(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loop, "_save_state", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            fit(identity_work(stage), stage, tmp_path / "stopped", Session())
    assert losses(fit(identity_work(stage), stage, tmp_path / "stopped", Session(resume=True))) == straight


def test_arguments_reach_keras() -> None:
    stage = replace(STAGE, optimizer={"name": "rmsprop", "rho": 0.7, "centered": True, "global_clipnorm": 1.5})
    config = make_optimizer(stage, 10, []).get_config()
    assert (config["rho"], config["centered"], config["global_clipnorm"]) == (0.7, True, 1.5)
