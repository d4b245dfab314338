"""The task `codec`: photographs of any size, rate against distortion, several qualities from one encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from host.spec.types import Spec
from host.tasks.codec.spec import SECTIONS, CodecOptions
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
    from host.tasks.codec.decoders import CodecDecoders
    from host.training.stages import StageKind


class CodecTask(PictureTask):
    """See `host.tasks.task.Task`. TensorFlow is loaded by the methods that need it."""

    name = SECTIONS.task
    sections = SECTIONS
    exported_by: tuple[str, ...] = ("int8", "layers", "networks", "packaging", "tables")

    @property
    def stages(self) -> Mapping[str, StageKind]:
        """By kind."""
        from host.tasks.codec.stages import STAGES

        return STAGES

    def networks(self, spec: Spec) -> Mapping[str, keras.Model]:
        """Both halves."""
        from host.tasks.codec.networks import build_codec

        codec = build_codec(spec)
        return {"encoder": codec.encoder, "decoder": codec.decoder}

    def remarks(self, spec: Spec, networks: Mapping[str, Any]) -> list[str]:
        """What a pixel costs, the latent, the qualities."""
        from host.tasks.codec.networks import operations_per_pixel

        options: CodecOptions = spec.options
        grid, channels = options.grid, networks["encoder"].output_shape[-1]
        return [
            f"encoder: {operations_per_pixel(networks['encoder'], grid.block):,.0f} multiply-accumulates per pixel",
            f"latent: {channels} codes a block of {grid.block}x{grid.block} pixels, {grid.plain} of them plain",
            f"dead zone of the other codes: {grid.dead_zone:g} steps",
            f"halo: the encoder reads {grid.before} pixels before its blocks and {grid.after} after them",
            *(f"quality {index}: step {q.step:g}, lmbda {q.lmbda:g}" for index, q in enumerate(options.qualities)),
        ]

    def split(self, spec: Spec, networks: Mapping[str, Any]) -> Split:
        """Between encoder and decoder. The encoder trains with int8 kernels from the start; the decoder is Keras'."""
        from host.diagram.split import DEVICE, WORKSTATION, Part, Split
        from host.quantization.recipes import CONVERSIONS
        from host.tasks.codec.layers import FixedRange, RoundedConv2D
        from host.tasks.codec.packaging import codec_recipes

        grid, encoder, qualities = spec.options.grid, networks["encoder"], range(len(spec.options.qualities))
        aware = tuple(layer.name for layer in encoder.layers if isinstance(layer, (FixedRange, RoundedConv2D)))
        parts = (
            Part("encoder", DEVICE, margin=grid.before + grid.after, always_aware=aware),
            Part("decoder", WORKSTATION, reads="encoder", converted=False),
        )
        families = {
            name: recipe
            for name, recipe in codec_recipes(spec).items()
            if CONVERSIONS[recipe.conversion].activations == "int8"
        }
        one_each = {f"{name}_q{quality}": recipe for name, recipe in families.items() for quality in qualities}
        block = f"{encoder.output_shape[-1]} for {grid.block}×{grid.block} pixels"
        sent = "codes", block, f"{len(qualities)} qualities", "entropy-coded"
        return Split(parts, sent, "", {**families, **one_each})

    def package(self, model: ModelFolder) -> Package:
        """The encoder at every quality."""
        from host.tasks.codec.packaging import package

        return package(model)

    def part(self, model: ModelFolder, part: str) -> tuple[keras.Model, str]:
        """The decoder, which takes codes and a quality."""
        from host.tasks.codec.packaging import float_part

        return float_part(model, part)

    def pairs(self, model: ModelFolder, variant: str) -> Pairs:
        """The encoder; the decoder is not quantized."""
        from host.tasks.codec.diagnosis import pairs

        return pairs(model, variant)

    def decoders(self, home: DecoderFolder) -> CodecDecoders:
        """A compiled entropy decoder and a Keras network."""
        from host.tasks.codec.decoders import CodecDecoders

        return CodecDecoders(home)

    def baselines(self, model: ModelFolder, data: DataSet, budget_bytes: float | None) -> Iterable[Row]:
        """JPEG and WebP."""
        from host.curves.baseline_rows import image_codec_rows

        return image_codec_rows(data.test.pictures, budget_bytes)
