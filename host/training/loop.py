"""The training loop of all tasks: early stopping, checkpoints in mid-epoch, resume to the same numbers."""

from __future__ import annotations

import itertools
import math
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from device.files import read_json, write_json
from host.errors import ModelError
from host.interruption import Interrupted, deferred
from host.metrics import Metric
from host.networks.weights import load_weights, save_weights
from host.progress import no_bar, say
from host.spec.types import StageSpec
from host.training.distributed import Session, agree, several_machines, share
from host.training.tensorboard import observer
from host.training.work import Work

Row = dict[str, Any]


@dataclass(frozen=True)
class _Part:
    """An epoch as far as it has come: batches trained, seconds taken, the sums of the loss and its parts."""

    batches: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)

    def means(self) -> dict[str, float]:
        return {name: value / self.batches for name, value in self.sums.items()}


def fit(work: Work, stage: StageSpec, folder: Path, session: Session) -> dict[str, Any]:
    """Trains until `stage.epochs`, or until `stage.patience` epochs brought no better validation.

    Call it within `session.scope()` where the work's variables were made in it.

    Args:
        folder: checkpoints; emptied at the start unless the session resumes, kept afterwards. Its name is that of
            TensorBoard's folder, too. Checkpoints of another `stage.identity` are not resumed from; those of more
            epochs than `stage.epochs` are deleted.

    Returns:
        {"epochs", "best_epoch", "seconds", "history"}; `seconds` is wall time. A row of the history has "epoch",
        "loss", "seconds"; in epochs that are validated "validation_loss" and "validation", the metrics by key; where
        the loss has several parts these, by name, under "parts" and "validation_parts".

    Raises:
        ModelError: the loss is no finite number any more, or the checkpoints are of another spec.
        Interrupted: Ctrl-C or SIGTERM, after the step that it came in is checkpointed.
    """
    resumes = session.resume and not _too_long(folder, stage)
    if not resumes:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = tf.train.Checkpoint(**work.models, **work.state)
    history: list[Row] = []
    begun = _Part()
    best = folder / "best.weights.h5"
    if (folder / "state.json").is_file():
        state = read_json(folder / "state.json", ModelError)
        checkpoint.read(str(folder / state["checkpoint"])).assert_consumed()
        history, begun = state["history"], _Part(**state["begun"])
    observe = observer(session.log_dir / folder.name, work, stage.epochs, resumes) if session.log_dir else None

    step = share(work.step)
    with deferred() as signalled:
        while len(history) < stage.epochs and not _stalled(history, stage.patience):
            epoch = len(history) + 1
            started = time.perf_counter() - begun.seconds
            label = f"{work.label} {epoch}/{stage.epochs}"
            part = _epoch(work, step, epoch, label, begun, signalled)
            if part.batches < work.count:
                part = replace(part, seconds=time.perf_counter() - started)
                _save_state(folder, checkpoint, f"epoch-{epoch}-{part.batches}", history, stage.identity, part)
                break
            begun = _Part()
            validated = work.validate() if epoch % stage.validate_every == 0 or epoch == stage.epochs else {}
            # All machines go on, or all stop: the others would wait for ever for one that has stopped alone.
            validated = {**validated, "stop": float(signalled() > 0)}
            validated |= agree({name: value for name, value in validated.items() if isinstance(value, float)})
            stop = validated.pop("stop") > 0
            row = _row(epoch, part.means(), validated, work.metrics, time.perf_counter() - started)
            if not all(math.isfinite(row.get(key, 0.0)) for key in ("loss", "validation_loss")):
                raise ModelError(
                    f"{work.label}: the loss is no finite number in epoch {epoch}; "
                    f"lower training.stages.{stage.name}.learning_rate in the spec"
                )
            history.append(row)
            if work.keep_best and _best_epoch(history) == epoch:
                save_weights(best, work.models)
            _save_state(folder, checkpoint, f"epoch-{epoch}", history, stage.identity, begun)
            say(f"{label}: {_line(row, work.metrics)}")
            if observe is not None:
                observe(row)
            if stop:
                raise Interrupted(signalled() or signal.SIGTERM)
    if work.keep_best:
        load_weights(best, work.models)
    return {
        "epochs": len(history),
        "best_epoch": _best_epoch(history) if work.keep_best else len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "history": history,
    }


def _too_long(folder: Path, stage: StageSpec) -> bool:
    """Whether the checkpoints, if there are any, are of more epochs than the stage has.

    Neither their last weights nor their best ones are those of a training of so few epochs.

    Raises:
        ModelError: they are of another spec.
    """
    if not (folder / "state.json").is_file():
        return False
    state = read_json(folder / "state.json", ModelError)
    if state["identity"] != stage.identity:
        raise ModelError(f"{folder}: checkpoints of another spec; train without --resume, or restore that spec")
    return len(state["history"]) + (_Part(**state["begun"]).batches > 0) > stage.epochs


def _best_epoch(history: list[Row]) -> int:
    """The epoch that validated best, the first of equal ones; 0 before any has."""
    validated = [row for row in history if "validation_loss" in row]
    return int(min(validated, key=lambda row: row["validation_loss"])["epoch"]) if validated else 0


def _stalled(history: list[Row], patience: int | None) -> bool:
    best = _best_epoch(history)
    return patience is not None and best > 0 and len(history) - best >= patience


def _row(
    epoch: int, trained: dict[str, float], validated: dict[str, Any], metrics: tuple[Metric, ...], seconds: float
) -> Row:
    row: Row = {"epoch": epoch, "loss": trained.pop("loss"), "seconds": round(seconds, 2)}
    if trained:
        row["parts"] = trained
    if validated:
        row["validation_loss"] = validated.pop("loss")
        row["validation"] = {each.key: validated.pop(each.key) for each in metrics if each.key in validated}
        parts = {name: value for name, value in validated.items() if isinstance(value, float)}
        row |= {name: value for name, value in validated.items() if name not in parts}
        row |= {"validation_parts": parts} if parts else {}
    return row


def _line(row: Row, metrics: tuple[Metric, ...]) -> str:
    """An epoch for people."""
    words = [f"loss {row['loss']:.6f}"]
    if "validation_loss" in row:
        words.append(f"validation {row['validation_loss']:.6f}")
    parts: dict[str, float] = row.get("validation_parts") or row.get("parts") or {}
    words += [f"{name} {value:.5f}" for name, value in parts.items()]
    found = row.get("validation", {})
    words += [f"{each.title} {each.text(found[each.key])}" for each in metrics if each.key in found]
    return ", ".join([*words, f"{row['seconds']:.0f} s"])


def _save_state(
    folder: Path, checkpoint: tf.train.Checkpoint, name: str, history: list[Row], identity: str, begun: _Part
) -> None:
    # state.json names the checkpoint that it belongs to and is replaced after it was written: an interruption
    # anywhere leaves a pair that fits.
    checkpoint.write(str(folder / name))
    state = {"checkpoint": name, "history": history, "identity": identity, "begun": asdict(begun)}
    write_json(folder / "state.json", state)
    for old in folder.glob("epoch-*"):
        if old.name.split(".")[0] != name:
            old.unlink()


def _epoch(work: Work, step: Any, epoch: int, label: str, begun: _Part, stop: Callable[[], int]) -> _Part:
    """From where it was begun to its end, or to the batch after which it is to stop."""
    sums: dict[str, Any] = dict(begun.sums)
    done = begun.batches
    drawn = itertools.islice(work.batches(np.random.default_rng([work.seed, epoch])), done, None)
    places = range(done, work.count)
    for index in tqdm(places, desc=label, unit="batch", leave=False, file=sys.stderr, disable=no_bar()):
        parts = step(*(tf.constant(values) for values in next(drawn)))
        if work.after_step is not None:
            work.after_step((epoch - 1) * work.count + index)
        sums = {name: sums.get(name, 0.0) + value for name, value in parts.items()}
        done = index + 1
        if stop() and not several_machines():
            break
    return _Part(done, sums={name: float(value) for name, value in sums.items()})
