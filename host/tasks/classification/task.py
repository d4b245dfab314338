"""The task `classification`: networks that give each image's class; the device sends the scores of all classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from host.data.split import Split
from host.errors import ExportError
from host.metrics import Metric
from host.spec.sections import Sections
from host.spec.types import Spec
from host.tasks.classification.judging import conclude as conclude_rows
from host.tasks.classification.spec import ACCURACY, AGREEMENT, DROP, NETWORK, SECTIONS

if TYPE_CHECKING:
    import tf_keras as keras

    from host.data import DataSet
    from host.diagram.split import Split as NetworkSplit
    from host.packaging.decoders import DecoderFolder
    from host.packaging.package import Package
    from host.quantization.diagnosis.pair import Pairs
    from host.results import Result, Row
    from host.spec.model_folder import ModelFolder
    from host.tasks.classification.decoders import ClassificationDecoders
    from host.tasks.task import Judged
    from host.training.stages import StageKind


class ClassificationTask:
    """See `host.tasks.task.Task`. TensorFlow is loaded by the methods that need it."""

    name: str = SECTIONS.task
    metrics: tuple[Metric, ...] = (ACCURACY, DROP, AGREEMENT)
    sections: Sections = SECTIONS
    exported_by: tuple[str, ...] = ("networks", "packaging")

    @property
    def stages(self) -> Mapping[str, StageKind]:
        """By kind."""
        from host.tasks.classification.stages import STAGES

        return STAGES

    def networks(self, spec: Spec) -> Mapping[str, keras.Model]:
        """The one network."""
        from host.tasks.classification.networks import build, class_names

        return {NETWORK: build(spec, len(class_names(spec)))}

    def remarks(self, spec: Spec, networks: Mapping[str, Any]) -> list[str]:
        """What the classes are."""
        from host.tasks.classification.networks import class_names

        classes = class_names(spec)
        shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
        return [f"{len(classes)} classes: {shown}"]

    def split(self, spec: Spec, networks: Mapping[str, Any]) -> NetworkSplit:
        """None: the whole network is on the device."""
        from host.diagram.split import DEVICE, Part, Split
        from host.quantization.recipes import recipes

        sent = f"{networks[NETWORK].output_shape[-1]:,} scores", "one for each class"
        return Split((Part(NETWORK, DEVICE),), sent, "compared with the labels", recipes(spec))

    def package(self, model: ModelFolder) -> Package:
        """Every recipe, converted."""
        from host.tasks.classification.packaging import package

        return package(model)

    def part(self, model: ModelFolder, part: str) -> tuple[keras.Model, str]:
        """The whole network: there is no half."""
        from host.tasks.classification.networks import load_network

        if part != "full":
            raise ExportError(f"{model.spec.name}: a classifier has no {part}; available: --part full")
        return load_network(model, "float"), "scores"

    def pairs(self, model: ModelFolder, variant: str) -> Pairs:
        """The one network."""
        from host.tasks.classification.diagnosis import pairs

        return pairs(model, variant)

    def decoders(self, home: DecoderFolder) -> ClassificationDecoders:
        """Scores as they were sent."""
        from host.tasks.classification.decoders import ClassificationDecoders

        return ClassificationDecoders(home)

    def classes(self, spec: Spec) -> tuple[str, ...]:
        """Those of the data set."""
        from host.tasks.classification.networks import class_names

        return class_names(spec)

    def least_side(self, spec: Spec) -> int:
        """Images of all sizes can be judged."""
        return 1

    def conclude(self, rows: Sequence[Row], judged: Judged, spec: Spec | None = None) -> list[Row]:
        """Intervals, the drop against float32 and the agreement with it, ratios of files, verdicts."""
        if spec is None:
            return conclude_rows(rows, judged)
        return conclude_rows(rows, judged, self.classes(spec), spec.options)

    def figures(
        self, result: Result, judged: Judged, images: Split, pictures: Mapping[str, Sequence[np.ndarray]]
    ) -> Mapping[str, bytes]:
        """Confusions, the accuracy of each class, and images that were taken for another class."""
        from host.tasks.classification.figures import figures

        return figures(result, judged, images)

    def baselines(self, model: ModelFolder, data: DataSet, budget_bytes: float | None) -> Iterable[Row]:
        """The Keras network, called in three ways, and its files."""
        from host.tasks.classification.baselines import baselines

        return baselines(model, data)
