"""The stage float: encoder, decoder and prior together, every image of a batch at a quality drawn at random.

Loss of an image: weight * (lmbda * 255**2 * mean squared error + bits per pixel). The distortion sees the codes, the
gradient passing straight through the rounding; the rate sees uniform noise in place of it. The weight, lmbda**-0.6, is
about one over the rate, so that a percent of rate counts alike at every quality.
"""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.files import read_json, sha256_bytes, write_json
from host.errors import ModelError
from host.networks.weights import save_weights
from host.progress import say
from host.spec.types import StageSpec
from host.tasks.codec.images import Photographs, draw_patches
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.other_qualities import start_from_weights
from host.tasks.codec.reach import fit_reach
from host.tasks.codec.rounding import round_codes_kernel
from host.tasks.codec.spec import CodecSpec
from host.tasks.codec.start import start
from host.tasks.codec.validation import Validation

_HOLD = 0.6  # of the training at the full learning rate
_FLOOR = 0.02
_WARM_UP = 200  # steps
AVERAGED = 0.999  # decay of the averaged weights
LARGEST_GRADIENT = 5.0
_START_BLOCKS = 20_000


def train_codec(
    spec: CodecSpec, photographs: Photographs, resume: bool, start_from: Path | None = None
) -> dict[str, Any]:
    """Trains from the block transform, or from weights; writes float.weights.h5, the averaged ones, after every epoch.

    At the end channels that black or white saturates take a coarser step, see reach.py; and the codes' kernel is
    rounded to int8 as a whole, see rounding.py, and kept so if it validates better.

    Args:
        start_from: a float.weights.h5 of the same layers to start from, see other_qualities.py.

    Returns:
        {"epochs", "best_epoch", "seconds", "coarser_channels", "fitted_validation_loss", "rounded_validation_loss",
        "history": [{"epoch", "loss", "training_bpp", "seconds"}]}, with "started_from" where there is such a file: its
        "sha256", and "training", its stage float as the training.json beside it tells; a validated epoch has what
        `Validation.row` gives beside it.

    Raises:
        ModelError: checkpoints of another spec, or a loss that is no finite number.
    """
    trained, average = build_codec(spec), build_codec(spec)
    started_from = {}
    if start_from is None:
        begin(trained, photographs)
    else:
        start_from_weights(start_from, trained)
        started_from = {"started_from": {"sha256": sha256_bytes(start_from.read_bytes()), **_history(start_from)}}
    for name, model in average.models.items():
        model.set_weights(trained.models[name].get_weights())
    loop = Loop(spec, trained, average, spec.folder / "checkpoints" / "float", resume)
    validation = Validation(average, photographs.validation)
    stage = spec.float_
    if not loop.history:
        validation.report("start")
    while len(loop.history) < stage.epochs:
        started = time.perf_counter()
        epoch = len(loop.history) + 1
        loss, bpp, _ = loop.epoch(photographs, epoch)
        label = f"{spec.name} float {epoch}/{stage.epochs}"
        if not math.isfinite(loss):
            raise ModelError(f"{label}: the loss is no finite number; lower training.float.learning_rate in the spec")
        say(f"{label}: loss {loss:.4f}, {bpp:.3f} bpp, {time.perf_counter() - started:.0f} s")
        row: dict[str, Any] = {"epoch": epoch, "loss": loss, "training_bpp": bpp}
        if epoch % stage.validate_every == 0 or epoch == stage.epochs:
            row |= validation.row(label)
        loop.history.append({**row, "seconds": round(time.perf_counter() - started, 1)})
        loop.save()
        save_weights(spec.folder / "float.weights.h5", average.models)
    scales = fit_reach(average)
    save_weights(spec.folder / "float.weights.h5", average.models)
    fitted = validation.row(f"{spec.name} float, no code saturated by black or white")["validation_loss"]
    # Training saw a rounded kernel already, and what lies under it may have drifted: this is a try.
    round_codes_kernel(average, _patches(photographs, spec).astype(np.float32) / 255)
    rounded = validation.row(f"{spec.name} float, codes' kernel rounded as a whole")["validation_loss"]
    if rounded < fitted:
        save_weights(spec.folder / "float.weights.h5", average.models)
    return {
        **started_from,
        "epochs": len(loop.history),
        "best_epoch": len(loop.history),
        "seconds": round(sum(row["seconds"] for row in loop.history), 1),
        "coarser_channels": {str(channel): float(scales[channel]) for channel in np.flatnonzero(scales < 1)},
        "fitted_validation_loss": fitted,
        "rounded_validation_loss": rounded,
        "history": loop.history,
    }


def _history(weights: Path) -> dict[str, Any]:
    file = weights.parent / "training.json"
    return {"training": read_json(file, ModelError)["stages"]["float"]} if file.is_file() else {}


def begin(codec: Codec, photographs: Photographs) -> None:
    """Writes the block transform into the networks, and its prior."""
    spec = codec.spec
    blocks = _blocks(_patches(photographs, spec), spec.grid.block)
    deviations = start(spec, codec.encoder, codec.decoder, blocks)
    codec.prior.start(deviations / np.array(spec.steps)[:, None])


def learning_rate(stage: StageSpec, step: int) -> float:
    """At a step of the whole stage: a short warm-up, held, then a cosine to 2 %."""
    done = step / (stage.epochs * stage.steps)
    fall = 1.0 if done < _HOLD else 0.5 * (1 + math.cos(math.pi * min((done - _HOLD) / (1 - _HOLD), 1.0)))
    return stage.learning_rate * min(1.0, (step + 1) / _WARM_UP) * max(fall, _FLOOR)


def quality_weights(spec: CodecSpec) -> np.ndarray:
    """float32 (qualities,): what each quality's loss is multiplied with; 1 at an lmbda of 0.01."""
    return np.array([(0.01 / quality.lmbda) ** 0.6 for quality in spec.qualities], np.float32)


@dataclass
class Loop:
    """What a checkpoint holds, and one epoch.

    Attributes:
        trained, average: the networks, and the average of their weights over the last steps.
        folder: of the checkpoints; emptied first unless `resume`.
        qualities: which of the spec's are drawn; None draws all.
        with_encoder: False leaves the encoder as it is.
    """

    spec: CodecSpec
    trained: Codec
    average: Codec
    folder: Path
    resume: bool = False
    qualities: tuple[int, ...] | None = None
    with_encoder: bool = True

    def __post_init__(self) -> None:
        if not self.resume:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        codec = self.trained
        self.networks = codec.encoder.trainable_variables * self.with_encoder + codec.decoder.trainable_variables
        self.priors = codec.prior.trainable_variables
        # Two optimizers: the norm of one's gradients must not clip the other's.
        self.optimizers = [keras.optimizers.Adam() for _ in range(2)]
        for optimizer, variables in zip(self.optimizers, (self.networks, self.priors), strict=True):
            optimizer.build(variables)
        self.history: list[dict[str, Any]] = []
        self.checkpoint = tf.train.Checkpoint(
            **{f"trained_{name}": model for name, model in self.trained.models.items()},
            **{f"average_{name}": model for name, model in self.average.models.items()},
            networks=self.optimizers[0],
            priors=self.optimizers[1],
        )
        state_file = self.folder / "state.json"
        if state_file.is_file():
            state = read_json(state_file, ModelError)
            if state["identity"] != self.spec.identity:
                raise ModelError(
                    f"{self.folder}: checkpoints of another spec; train without --resume, or restore that spec"
                )
            self.checkpoint.read(str(self.folder / state["checkpoint"])).assert_consumed()
            self.history = state["history"]
        self.train_step = self._step()

    def epoch(self, photographs: Photographs, epoch: int) -> tuple[float, float, float]:
        """Mean loss, bits per pixel and squared error of an epoch's batches."""
        spec, stage, grid = self.spec, self.spec.float_, self.spec.grid
        rng = np.random.default_rng([spec.seed, epoch])
        total = tf.zeros(3)
        for index in range(stage.steps):
            step = (epoch - 1) * stage.steps + index
            for optimizer in self.optimizers:
                optimizer.learning_rate = learning_rate(stage, step)
            patches = draw_patches(photographs, spec.batch_size, grid.before + spec.patch + grid.after, rng)
            quality = rng.choice(self.qualities or len(spec.qualities), size=spec.batch_size).astype(np.int32)
            decay = min(AVERAGED, (1 + step) / (10 + step))
            total += self.train_step(tf.constant(patches), tf.constant(quality), tf.constant(decay, tf.float32))
        loss, bpp, squared = (total / stage.steps).numpy().tolist()
        return loss, bpp, squared

    def save(self) -> None:
        # state.json names the checkpoint that it belongs to and is replaced after it was written.
        name = f"epoch-{len(self.history)}"
        self.checkpoint.write(str(self.folder / name))
        state = {"checkpoint": name, "history": self.history, "identity": self.spec.identity}
        write_json(self.folder / "state.json", state)
        for old in self.folder.glob("epoch-*"):
            if old.name.split(".")[0] != name:
                old.unlink()

    def _step(self) -> Any:
        codec, grid = self.trained, self.spec.grid
        lmbda = tf.constant([quality.lmbda for quality in self.spec.qualities])
        weights = tf.constant(quality_weights(self.spec))
        pairs = [
            (mean, value)
            for name, model in self.average.models.items()
            for mean, value in zip(model.weights, codec.models[name].weights, strict=True)
        ]

        @tf.function
        def step(patches: Any, quality: Any, decay: Any) -> Any:
            image = tf.cast(patches, tf.float32) / 255.0
            target = image[:, grid.before : -grid.after or None, grid.before : -grid.after or None]
            with tf.GradientTape() as tape:
                y = codec.encoder(image, training=True)
                soft = codec.quantizer.soft(y, quality)
                bits = codec.prior(soft + tf.random.uniform(tf.shape(soft), -0.5, 0.5), quality)
                bpp = tf.reduce_sum(bits, (1, 2, 3)) / self.spec.patch**2
                codes = codec.quantizer.straight_through(y, tf.round(soft), quality)
                restored = codec.decoder([codes, quality], training=True)
                squared = tf.reduce_mean(tf.square(restored - target), (1, 2, 3)) * 255.0**2
                loss = tf.reduce_mean(tf.gather(weights, quality) * (tf.gather(lmbda, quality) * squared + bpp))
            gradients = tape.gradient(loss, self.networks + self.priors)
            clipped, _ = tf.clip_by_global_norm(gradients[: len(self.networks)], LARGEST_GRADIENT)
            self.optimizers[0].apply_gradients(zip(clipped, self.networks, strict=True))
            self.optimizers[1].apply_gradients(zip(gradients[len(self.networks) :], self.priors, strict=True))
            for mean, value in pairs:
                mean.assign_sub((1 - decay) * (mean - value))
            return tf.stack([loss, tf.reduce_mean(bpp), tf.reduce_mean(squared)])

        return step


def _patches(photographs: Photographs, spec: CodecSpec) -> np.ndarray:
    """The same training patches every time, of about _START_BLOCKS blocks: uint8 (count, side, side, 3)."""
    count = max(_START_BLOCKS * spec.grid.block**2 // spec.patch**2, 1)
    side = spec.grid.before + spec.patch + spec.grid.after
    return draw_patches(photographs, count, side, np.random.default_rng(0))


def _blocks(patches: np.ndarray, side: int) -> np.ndarray:
    """uint8 (count, height, width, 3) -> float32 (blocks, side * side * 3), 0..255."""
    count, height, width, _ = patches.shape
    rows, columns = height // side, width // side
    cut = patches[:, : rows * side, : columns * side].reshape(count, rows, side, columns, side, 3)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(-1, side * side * 3).astype(np.float32)
