"""The training loop: early stopping, a checkpoint an epoch, resume to the same numbers."""

from __future__ import annotations

import itertools
import math
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from device.files import read_json, write_json
from host.errors import ModelError
from host.interruption import Interrupted, deferred
from host.networks.weights import load_weights, save_weights
from host.progress import no_bar, say
from host.spec.types import LossTerm, StageSpec
from host.training.distributed import agree, replicas, several_machines, share
from host.training.losses import loss_parts, mean_psnr, mean_ssim
from host.training.optimizers import make_optimizer
from host.training.ssim import SMALLEST
from host.training.work import Task, batches, rated_reconstruction, scaled, variables


@dataclass(frozen=True)
class _Part:
    """An epoch as far as it has come: batches trained, seconds taken, the sums of the loss and its parts."""

    batches: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)

    def means(self) -> dict[str, float]:
        return {name: value / self.batches for name, value in self.sums.items()}


def fit(
    task: Task,
    terms: Sequence[LossTerm],
    stage: StageSpec,
    batch_size: int,
    seed: int,
    folder: Path,
    resume: bool,
    identity: str = "",
    observe: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Trains until `stage.epochs` or until `stage.patience` epochs brought nothing; the models keep the best weights.

    Args:
        folder: checkpoints; emptied at the start unless `resume`, kept afterwards.
        identity: digest of what is trained; checkpoints of another one are not resumed from.
        observe: called with every epoch's row of the history.

    Returns:
        {"epochs", "best_epoch", "seconds", "history": [{"epoch", "loss", "validation_loss", "validation_psnr_db",
        "seconds"}]}; `seconds` is wall time. Each row also has "validation_ssim" where the images have 11 pixels a
        side, and where the loss has several parts these, by name, under "parts" and "validation_parts".

    Raises:
        ModelError: the loss is no finite number any more, or the checkpoints are of another spec.
        Interrupted: Ctrl-C or SIGTERM, after the step that it came in is checkpointed.
    """
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    count = max(len(task.inputs) // batch_size, 1)
    optimizer = make_optimizer(stage, stage.epochs * count, variables(task))
    critic = {} if task.critic is None else {"critic": task.critic.model, "critic_optimizer": task.critic.optimizer}
    checkpoint = tf.train.Checkpoint(optimizer=optimizer, **task.models, **critic)
    history: list[dict[str, Any]] = []
    begun = _Part()
    best = folder / "best.weights.h5"
    if (folder / "state.json").is_file():
        state = read_json(folder / "state.json", ModelError)
        if state.get("identity", "") != identity:
            raise ModelError(f"{folder}: checkpoints of another spec; train without --resume, or restore that spec")
        checkpoint.read(str(folder / state["checkpoint"])).assert_consumed()
        history, begun = state["history"], _Part(**state.get("begun", {}))

    train_step = make_step(task, terms, optimizer)
    validation = _validation(task, terms)
    with deferred() as signalled:
        while len(history) < stage.epochs and not _stalled(history, stage.patience):
            epoch = len(history) + 1
            started = time.perf_counter() - begun.seconds
            rng = np.random.default_rng([seed, epoch])
            label = f"{task.label} {epoch}/{stage.epochs}"
            part = _epoch(task, train_step, batch_size, count, rng, label, begun, signalled)
            if part.batches < count:
                part = replace(part, seconds=time.perf_counter() - started)
                _save_state(folder, checkpoint, f"epoch-{epoch}-{part.batches}", history, identity, part)
                break
            begun = _Part()
            # All machines go on, or all stop: the others would wait for ever for one that has stopped alone.
            validated = agree(validation() | {"stop": float(signalled() > 0)})
            stop = validated.pop("stop") > 0
            row = _row(epoch, part.means(), validated, time.perf_counter() - started)
            total, validation_loss = row["loss"], row["validation_loss"]
            if not math.isfinite(total) or not math.isfinite(validation_loss):
                raise ModelError(
                    f"{task.label}: the loss is no finite number in epoch {epoch}; "
                    "lower training.*.learning_rate in the spec"
                )
            if not history or validation_loss < min(past["validation_loss"] for past in history):
                save_weights(best, task.models)
            history.append(row)
            _save_state(folder, checkpoint, f"epoch-{epoch}", history, identity, begun)
            say(f"{label}: {_line(row)}")
            if observe is not None:
                observe(row)
            if stop:
                raise Interrupted(signalled() or signal.SIGTERM)
    load_weights(best, task.models)
    losses = [row["validation_loss"] for row in history]
    return {
        "epochs": len(history),
        "best_epoch": 1 + losses.index(min(losses)),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "history": history,
    }


def _row(epoch: int, trained: dict[str, float], validated: dict[str, float], seconds: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "epoch": epoch,
        "loss": trained.pop("loss"),
        "validation_loss": validated.pop("loss"),
        "validation_psnr_db": round(validated.pop("psnr_db"), 4),
        "seconds": round(seconds, 2),
    }
    if "ssim" in validated:
        row["validation_ssim"] = round(validated.pop("ssim"), 5)
    if trained:
        row |= {"parts": trained, "validation_parts": validated}
    return row


def _line(row: dict[str, Any]) -> str:
    """An epoch for people."""
    words = [f"loss {row['loss']:.6f}", f"validation {row['validation_loss']:.6f}"]
    words += [f"{name} {value:.5f}" for name, value in row.get("validation_parts", {}).items()]
    words.append(f"{row['validation_psnr_db']:.3f} dB")
    words += [f"SSIM {row['validation_ssim']:.4f}"] if "validation_ssim" in row else []
    return ", ".join([*words, f"{row['seconds']:.0f} s"])


def _validation(task: Task, terms: Sequence[LossTerm]) -> Callable[[], dict[str, float]]:
    @tf.function(reduce_retracing=True)
    def batch(inputs: Any, targets: Any) -> dict[str, Any]:
        reconstruction, bpp = rated_reconstruction(task, scaled(inputs), False)
        image = scaled(targets)
        found = loss_parts(terms, image, reconstruction, bpp) | {"psnr_db": mean_psnr(image, reconstruction)}
        if min(image.shape[1:3]) >= SMALLEST:
            found["ssim"] = mean_ssim(image, reconstruction)
        return found

    def validate() -> dict[str, float]:
        inputs, targets = task.validation
        parts = [
            (len(inputs[i : i + 250]), batch(tf.constant(inputs[i : i + 250]), tf.constant(targets[i : i + 250])))
            for i in range(0, len(inputs), 250)
        ]
        return {name: sum(count * float(part[name]) for count, part in parts) / len(inputs) for name in parts[0][1]}

    return validate


def validate(task: Task, terms: Sequence[LossTerm]) -> dict[str, float]:
    """Over a task's validation split: the "loss", its parts, the mean "psnr_db", the mean "ssim"."""
    return _validation(task, terms)()


def _stalled(history: list[dict[str, Any]], patience: int) -> bool:
    losses = [row["validation_loss"] for row in history]
    return bool(losses) and len(losses) - 1 - losses.index(min(losses)) >= patience


def _save_state(
    folder: Path,
    checkpoint: tf.train.Checkpoint,
    name: str,
    history: list[dict[str, Any]],
    identity: str,
    begun: _Part,
) -> None:
    # state.json names the checkpoint that it belongs to and is replaced after it was written: an interruption
    # anywhere leaves a pair that fits.
    checkpoint.write(str(folder / name))
    state = {"checkpoint": name, "history": history, "identity": identity, "begun": asdict(begun)}
    write_json(folder / "state.json", state)
    for old in folder.glob("epoch-*"):
        if old.name.split(".")[0] != name:
            old.unlink()


def make_step(task: Task, terms: Sequence[LossTerm], optimizer: Any) -> Callable[[Any, Any], dict[str, Any]]:
    """(inputs, targets) -> the loss and its parts, after one step."""
    trained, count = variables(task), replicas()

    @tf.function(reduce_retracing=True)
    def step(inputs: Any, targets: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            reconstruction, bpp = rated_reconstruction(task, scaled(inputs), True)
            parts = loss_parts(terms, scaled(targets), reconstruction, bpp)
            if task.critic is not None:
                parts["adversarial"] = task.critic.verdict(reconstruction)
                parts["loss"] += task.critic.weight * parts["adversarial"]
            # Gradients of the shares of a batch are summed.
            minimized = parts["loss"] if count == 1 else parts["loss"] / count
        optimizer.apply_gradients(zip(tape.gradient(minimized, trained), trained, strict=True))
        if task.critic is not None:
            parts["discriminator"] = task.critic.train(scaled(targets), reconstruction)
        return parts

    return share(step)


def _epoch(
    task: Task,
    step: Any,
    batch_size: int,
    count: int,
    rng: np.random.Generator,
    label: str,
    begun: _Part,
    stop: Callable[[], int],
) -> _Part:
    """From where it was begun to its end, or to the batch after which it is to stop."""
    sums: dict[str, Any] = dict(begun.sums)
    done = begun.batches
    drawn = itertools.islice(batches(task, batch_size, count, rng), done, None)
    places = range(done, count)
    for index in tqdm(places, desc=label, unit="batch", leave=False, file=sys.stderr, disable=no_bar()):
        inputs, targets = next(drawn)
        parts = step(tf.constant(inputs), tf.constant(targets))
        sums = {name: sums.get(name, 0.0) + value for name, value in parts.items()}
        done = index + 1
        if stop() and not several_machines():
            break
    return _Part(done, sums={name: float(value) for name, value in sums.items()})
