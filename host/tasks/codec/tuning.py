"""The stage tune: the decoder alone, on the codes that the frozen int8 encoder really makes.

The codes' meaning does not change with it: what a device has sent, or sends with the encoder that it has, decodes
better. A tuned decoder starts from the float stage's and is kept only where it validates better.
"""

from __future__ import annotations

import math
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from device.files import read_json, write_json
from host.curves.anchors import psnr
from host.errors import ModelError
from host.networks.weights import load_weights, save_weights
from host.progress import say
from host.tasks.codec.images import Photographs, draw_patches
from host.tasks.codec.int8 import Int8Encoder, convert_encoder
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.spec import CodecSpec
from host.tasks.codec.training import AVERAGED, LARGEST_GRADIENT, learning_rate, quality_weights

DECODER = "decoder.int8.weights.h5"


def tune_codec(spec: CodecSpec, photographs: Photographs, resume: bool) -> dict[str, Any]:
    """Trains a decoder for the int8 encoder of float.weights.h5; writes decoder.int8.weights.h5 where it is better.

    Returns:
        As the stage float's, with "validation_loss_before" and "kept".

    Raises:
        ModelError: no weights of the stage float, checkpoints of another encoder, a loss that is no finite number.
    """
    trained, average = build_codec(spec), build_codec(spec)
    for codec in (trained, average):
        load_weights(spec.folder / "float.weights.h5", codec.models)
    blocks = spec.patch // spec.grid.block
    encoder = Int8Encoder(convert_encoder(trained, blocks, blocks), spec)
    loop = _Loop(spec, trained, average, encoder, spec.folder / "checkpoints" / "tune", resume)
    validate = _validation(average, photographs.validation, encoder)
    before = loop.before if loop.before is not None else validate()
    loop.before = before
    stage = spec.tune
    say(f"{spec.name} tune: before {_line(before)}")
    while len(loop.history) < stage.epochs:
        started = time.perf_counter()
        epoch = len(loop.history) + 1
        loss = loop.epoch(photographs, epoch)
        if not math.isfinite(loss):
            raise ModelError(
                f"{spec.name} tune {epoch}: the loss is no finite number; lower training.tune.learning_rate"
            )
        row: dict[str, Any] = {"epoch": epoch, "loss": loss}
        if epoch % stage.validate_every == 0 or epoch == stage.epochs:
            row |= validate()
        loop.history.append({**row, "seconds": round(time.perf_counter() - started, 1)})
        loop.save()
        text = _line(row) if "qualities" in row else f"{row['loss']:.4f}"
        say(f"{time.strftime('%H:%M:%S')} {spec.name} tune {epoch}/{stage.epochs}: {text}")
        if "qualities" in row and row["validation_loss"] < before["validation_loss"]:
            save_weights(spec.folder / DECODER, {"decoder": average.decoder})
    return {
        "epochs": len(loop.history),
        "best_epoch": len(loop.history),
        "seconds": round(sum(row["seconds"] for row in loop.history), 1),
        "validation_loss_before": before["validation_loss"],
        "kept": loop.history[-1]["validation_loss"] < before["validation_loss"],
        "history": loop.history,
    }


def _line(row: dict[str, Any]) -> str:
    psnrs = " ".join(f"{value:.2f}" for value in row["qualities"])
    return f"validation loss {row['validation_loss']:.5f}, dB at the qualities {psnrs}"


def _validation(codec: Codec, images: tuple[np.ndarray, ...], encoder: Int8Encoder) -> Any:
    """() -> {"validation_loss", "validation_psnr_db", "qualities": PSNR in dB each}, of the real codes."""
    spec = codec.spec
    weights = quality_weights(spec) * np.array([quality.lmbda for quality in spec.qualities])
    decode = tf.function(codec.decoder, reduce_retracing=True)
    codes = [[encoder.image_codes(image, index) for image in images] for index in range(len(spec.qualities))]

    def restored(values: np.ndarray, quality: int, image: np.ndarray) -> np.ndarray:
        made = decode([tf.constant(values[None].astype(np.float32)), tf.constant([quality], tf.int32)]).numpy()[0]
        return np.rint(np.clip(made[: image.shape[0], : image.shape[1]], 0, 1) * 255).astype(np.uint8)

    def validate() -> dict[str, Any]:
        psnrs = np.array(
            [
                [psnr(image, restored(c, q, image)) for c, image in zip(row, images, strict=True)]
                for q, row in enumerate(codes)
            ]
        )
        squared = np.mean(255**2 / 10 ** (psnrs / 10), axis=1)
        return {
            "validation_loss": float(np.mean(weights * squared)),
            "validation_psnr_db": float(psnrs.mean()),
            "qualities": psnrs.mean(1).tolist(),
        }

    return validate


class _Loop:
    """What a checkpoint holds, and one epoch."""

    def __init__(
        self, spec: CodecSpec, trained: Codec, average: Codec, encoder: Int8Encoder, folder: Path, resume: bool
    ) -> None:
        self.spec, self.trained, self.average, self.encoder, self.folder = spec, trained, average, encoder, folder
        if not resume:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(trained.decoder.trainable_variables)
        self.checkpoint = tf.train.Checkpoint(
            trained=trained.decoder, average=average.decoder, optimizer=self.optimizer
        )
        self.history: list[dict[str, Any]] = []
        self.before: dict[str, Any] | None = None
        if (folder / "state.json").is_file():
            state = read_json(folder / "state.json", ModelError)
            if state["identity"] != self._identity():
                raise ModelError(f"{folder}: checkpoints for another encoder; train without --resume")
            self.checkpoint.read(str(folder / state["checkpoint"])).assert_consumed()
            self.history, self.before = state["history"], state["before"]
        self.train_step = self._step()

    def epoch(self, photographs: Photographs, epoch: int) -> float:
        """Mean loss of an epoch's batches."""
        spec, stage, grid = self.spec, self.spec.tune, self.spec.grid
        rng = np.random.default_rng([spec.seed + 2, epoch])
        total = tf.zeros(())
        for index in range(stage.steps):
            step = (epoch - 1) * stage.steps + index
            self.optimizer.learning_rate = learning_rate(stage, step)
            patches = draw_patches(photographs, spec.batch_size, grid.before + spec.patch + grid.after, rng)
            quality = rng.integers(len(spec.qualities), size=spec.batch_size).astype(np.int32)
            codes = np.stack([self.encoder.codes(patch, q) for patch, q in zip(patches, quality, strict=True)])
            target = patches[:, grid.before :, grid.before :][:, : spec.patch, : spec.patch]
            decay = tf.constant(min(AVERAGED, (1 + step) / (10 + step)), tf.float32)
            total += self.train_step(tf.constant(codes), tf.constant(target), tf.constant(quality), decay)
        return float(total) / stage.steps

    def save(self) -> None:
        # state.json names the checkpoint that it belongs to and is replaced after it was written.
        name = f"epoch-{len(self.history)}"
        self.checkpoint.write(str(self.folder / name))
        state = {"checkpoint": name, "history": self.history, "before": self.before, "identity": self._identity()}
        write_json(self.folder / "state.json", state)
        for old in self.folder.glob("epoch-*"):
            if old.name.split(".")[0] != name:
                old.unlink()

    def _identity(self) -> str:
        return f"{self.spec.identity} {self.encoder.sha256}"

    def _step(self) -> Any:
        decoder, variables = self.trained.decoder, self.trained.decoder.trainable_variables
        factor = tf.constant(
            quality_weights(self.spec) * np.float32([quality.lmbda for quality in self.spec.qualities])
        )
        pairs = list(zip(self.average.decoder.weights, decoder.weights, strict=True))

        @tf.function
        def step(codes: Any, target: Any, quality: Any, decay: Any) -> Any:
            with tf.GradientTape() as tape:
                restored = decoder([tf.cast(codes, tf.float32), quality], training=True)
                error = tf.square(restored * 255.0 - tf.cast(target, tf.float32))
                loss = tf.reduce_mean(tf.gather(factor, quality) * tf.reduce_mean(error, (1, 2, 3)))
            clipped, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), LARGEST_GRADIENT)
            self.optimizer.apply_gradients(zip(clipped, variables, strict=True))
            for mean, value in pairs:
                mean.assign_sub((1 - decay) * (mean - value))
            return loss

        return step
