"""The task `compression`: autoencoders for images of one size, a fixed number of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from host.spec.types import Spec
from host.tasks.compression.spec import SECTIONS
from host.tasks.pictures import PictureTask

if TYPE_CHECKING:
    import tf_keras as keras

    from host.data import DataSet
    from host.diagram.split import Split
    from host.packaging.decoders import DecoderFolder
    from host.packaging.package import Package
    from host.quantization.diagnosis.pair import Pairs
    from host.results import Row
    from host.spec.model_folder import ModelFolder
    from host.tasks.compression.decoders import CompressionDecoders
    from host.training.stages import StageKind


class CompressionTask(PictureTask):
    """See `host.tasks.task.Task`. TensorFlow is loaded by the methods that need it."""

    name = SECTIONS.task
    sections = SECTIONS
    exported_by: tuple[str, ...] = ("halves", "model_files", "packaging")

    @property
    def stages(self) -> Mapping[str, StageKind]:
        """By kind."""
        from host.tasks.compression.stages import STAGES

        return STAGES

    def networks(self, spec: Spec) -> Mapping[str, keras.Model]:
        """Both halves, and the discriminator where the spec has one."""
        from host.networks.builder import build, build_discriminator

        encoder, decoder = build(spec)
        others = {"discriminator": build_discriminator(spec)} if "discriminator" in spec.networks else {}
        return {"encoder": encoder, "decoder": decoder, **others}

    def remarks(self, spec: Spec, networks: Mapping[str, Any]) -> list[str]:
        """What the latent holds."""
        height, width, channels = networks["encoder"].output_shape[1:]
        codes, original = height * width * channels, prod(spec.data.image_shape)
        return [
            f"bottleneck: {height}x{width}x{channels} = {codes} codes of 8 bits",
            f"nominal ratio {original / codes:g}:1 to {original} bytes of image",
        ]

    def split(self, spec: Spec, networks: Mapping[str, Any]) -> Split:
        """Between encoder and decoder, which share the latent's grid."""
        from host.diagram.split import DEVICE, TRAINING, WORKSTATION, Part, Split
        from host.quantization.recipes import recipes

        height, width, channels = networks["encoder"].output_shape[1:]
        parts = [Part("encoder", DEVICE), Part("decoder", WORKSTATION, reads="encoder")]
        parts += [Part(name, TRAINING, converted=False) for name in networks if name not in ("encoder", "decoder")]
        sent = f"{height * width * channels:,} codes", f"{height}×{width}×{channels}, 8 bits each", "entropy-coded"
        return Split(tuple(parts), sent, "", recipes(spec))

    def package(self, model: ModelFolder) -> Package:
        """Every recipe, converted."""
        from host.tasks.compression.packaging import package

        return package(model)

    def part(self, model: ModelFolder, part: str) -> tuple[keras.Model, str]:
        """Either half, or both with the latent on its grid between them."""
        from host.tasks.compression.packaging import float_part

        return float_part(model, part)

    def pairs(self, model: ModelFolder, variant: str) -> Pairs:
        """Both halves."""
        from host.tasks.compression.diagnosis import pairs

        return pairs(model, variant)

    def decoders(self, home: DecoderFolder) -> CompressionDecoders:
        """Entropy tables and .tflite decoders."""
        from host.tasks.compression.decoders import CompressionDecoders

        return CompressionDecoders(home)

    def baselines(self, model: ModelFolder, data: DataSet, budget_bytes: float | None) -> Iterable[Row]:
        """Keras with its latent rounded and not, a PCA, JPEG and WebP."""
        from host.tasks.compression.baselines import baselines

        return baselines(model, data, budget_bytes)
