"""The task `super_resolution`: networks that enlarge the luma of images of any size; the device sends the pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from host.data.split import Split
from host.errors import ExportError
from host.metrics import PSNR, SSIM, Metric
from host.spec.sections import Sections
from host.spec.types import Spec
from host.tasks.pictures import PictureTask
from host.tasks.super_resolution.spec import GAIN, NETWORK, SECTIONS

if TYPE_CHECKING:
    import tf_keras as keras

    from host.data import DataSet
    from host.diagram.split import Split as NetworkSplit
    from host.packaging.decoders import DecoderFolder
    from host.packaging.package import Package
    from host.quantization.diagnosis.pair import Pairs
    from host.results import Result, Row
    from host.spec.model_folder import ModelFolder
    from host.tasks.super_resolution.decoders import SuperResolutionDecoders
    from host.tasks.task import Judged
    from host.training.stages import StageKind


class SuperResolutionTask(PictureTask):
    """See `host.tasks.task.Task`. TensorFlow is loaded by the methods that need it."""

    name: str = SECTIONS.task
    metrics: tuple[Metric, ...] = (PSNR, SSIM, GAIN)  # of the luma
    sections: Sections = SECTIONS
    exported_by: tuple[str, ...] = ("networks", "packaging", "pairs", "work")

    @property
    def stages(self) -> Mapping[str, StageKind]:
        """By kind."""
        from host.tasks.super_resolution.stages import STAGES

        return STAGES

    def networks(self, spec: Spec) -> Mapping[str, keras.Model]:
        """The one network."""
        from host.tasks.super_resolution.networks import build

        return {NETWORK: build(spec)}

    def remarks(self, spec: Spec, networks: Mapping[str, Any]) -> list[str]:
        """The factor, what the network reads beside an image, and what a pixel costs."""
        from host.tasks.super_resolution.networks import halo, operations_per_pixel

        network, factor = networks[NETWORK], spec.options.factor
        border = halo(spec, network)
        return [
            f"each pixel becomes {factor} x {factor} pixels",
            f"halo: the network reads {border} pixels beside the image on each side",
            f"{operations_per_pixel(network):,} multiply-accumulates per pixel of the small image",
        ]

    def split(self, spec: Spec, networks: Mapping[str, Any]) -> NetworkSplit:
        """None: the whole network is on the device, which spreads the output's channels over the pixels."""
        from host.diagram.split import DEVICE, Part, Split
        from host.quantization.recipes import recipes
        from host.tasks.super_resolution.networks import halo
        from host.tasks.super_resolution.spec import INSIDE

        factor, margin = spec.options.factor, 2 * halo(spec, networks[NETWORK])
        sent = "pixels", f"{factor}h×{factor}w×1, 8 bits each", "not coded"
        part, found = Part(NETWORK, DEVICE, margin=margin), recipes(spec)
        inside = {f"{name}{INSIDE}": found[name] for name in spec.options.depth_to_space if name in found}
        return Split((part,), sent, "compared with the originals", {**found, **inside})

    def package(self, model: ModelFolder) -> Package:
        """Every recipe, converted."""
        from host.tasks.super_resolution.packaging import package

        return package(model)

    def part(self, model: ModelFolder, part: str) -> tuple[keras.Model, str]:
        """The whole network: there is no half."""
        from host.tasks.super_resolution.networks import load_network

        if part != "full":
            raise ExportError(f"{model.spec.name}: what enlarges images has no {part}; available: --part full")
        return load_network(model, "float"), "pixels"

    def pairs(self, model: ModelFolder, variant: str) -> Pairs:
        """The one network."""
        from host.tasks.super_resolution.diagnosis import pairs

        return pairs(model, variant)

    def decoders(self, home: DecoderFolder) -> SuperResolutionDecoders:
        """Pixels as they were sent."""
        from host.tasks.super_resolution.decoders import SuperResolutionDecoders

        return SuperResolutionDecoders(home)

    def least_side(self, spec: Spec) -> int:
        """What is judged of an image has a pixel without its border."""
        from host.tasks.super_resolution.pairs import least_side

        return least_side(spec.options.factor)

    def conclude(self, rows: Sequence[Row], judged: Judged, spec: Spec | None = None) -> list[Row]:
        """With the gain over cubic convolution on the image where it is least."""
        from host.tasks.super_resolution.judging import conclude

        return conclude(rows, judged)

    def figures(
        self, result: Result, judged: Judged, images: Split, pictures: Mapping[str, Sequence[np.ndarray]]
    ) -> dict[str, bytes]:
        """Parts of pictures side by side, enlarged, with their differences; PSNR by width."""
        from host.tasks.super_resolution.figures import figures

        return figures(result, pictures)

    def baselines(self, model: ModelFolder, data: DataSet, budget_bytes: float | None) -> Iterable[Row]:
        """Cubic convolution, Keras, and widths that no file holds."""
        from host.tasks.super_resolution.baselines import baselines

        return baselines(model, data)
