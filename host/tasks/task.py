"""What a task is: the one page through which everything else sees compression, codecs and whatever comes next.

A task answers four questions: how the network is built from a spec and which stages train it; what the device sends
home; which numbers judge that; which baselines stand beside it. The shared rooms are handed a task and never look one
up; at run time they import nothing of this folder (only type checkers do).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import tf_keras as keras

    from host.data import DataSet
    from host.data.split import Split
    from host.diagram.split import Split as NetworkSplit
    from host.metrics import Metric
    from host.packaging.decoders import DecoderFolder
    from host.packaging.package import Package
    from host.quantization.diagnosis.pair import Pairs
    from host.results import Result, Row
    from host.spec.model_folder import ModelFolder
    from host.spec.sections import Sections
    from host.spec.types import Spec
    from host.tasks.pictures import Baseline
    from host.training.stages import StageKind

Judged = Mapping[str, Sequence[Mapping[str, "float | None"]]]  # row -> each image's values, in the images' order


class Task(Protocol):
    """One kind of network.

    Attributes:
        name: as spec.json's "task" says it.
        metrics: what judges a row; the first is the axis of plots and of verdicts.
        sections: what a spec of this task may hold beside what all specs hold, and how that is read.
        exported_by: the modules of the task's folder that decide exported bytes; a change in one exports models again.
    """

    name: str
    metrics: tuple[Metric, ...]
    sections: Sections
    exported_by: tuple[str, ...]

    # 1. The network.

    @property
    def stages(self) -> Mapping[str, StageKind]:
        """How each kind of stage that a spec may list is carried out; imports TensorFlow."""

    def networks(self, spec: Spec) -> Mapping[str, keras.Model]:
        """The networks by name ("encoder", "decoder"), with their starting weights; raises SpecError."""

    def remarks(self, spec: Spec, networks: Mapping[str, keras.Model]) -> list[str]:
        """What `host check` and `host summary` say below the layers, such as what the bottleneck holds."""

    def split(self, spec: Spec, networks: Mapping[str, keras.Model]) -> NetworkSplit:
        """Which network computes where, what the device sends and which variants there are, for drawings."""

    # 2. What the device sends home.

    def package(self, model: ModelFolder) -> Package:
        """All variants converted and checked, in memory; raises ModelError, ExportError."""

    def part(self, model: ModelFolder, part: str) -> tuple[keras.Model, str]:
        """The float network of a part ("encoder", "decoder", "full") and the name of its output, for export --part.

        Raises:
            ExportError: this task has no such part as a Keras model; says which it has.
        """

    def pairs(self, model: ModelFolder, variant: str) -> Pairs:
        """The networks of a variant that are quantized, in float32 and as they are, for `host diagnose`.

        Raises:
            DiagnosisError: no such variant, or one without integer activations.
            ModelError, ExportError: as `package`.
        """

    # 3. What judges it.

    def decoders(self, home: DecoderFolder) -> Decoders:
        """What turns one tag's payloads into what is judged; raises CollectError."""

    def classes(self, spec: Spec) -> tuple[str, ...]:
        """Names of the labels, by index, where truths are labels; () elsewhere. Raises SpecError, DataError."""

    def least_side(self, spec: Spec) -> int:
        """Pixels that the shorter side of an image must have to be judged; 1 where all can be."""

    def conclude(self, rows: Sequence[Row], judged: Judged, spec: Spec | None = None) -> list[Row]:
        """The rows of a model with what only all of them together tell, such as how much worse one is than another.

        Args:
            rows: judged on the same images; from `host evaluate` the baselines too.
            judged: without what was not judged image by image, such as baselines.
            spec: of the model, for what it asks of rows; None where it is not at hand.
        """

    def figures(
        self, result: Result, judged: Judged, images: Split, pictures: Mapping[str, Sequence[np.ndarray]]
    ) -> Mapping[str, bytes]:
        """Figures of a result: name of a PNG file -> its bytes.

        Args:
            result: of `host evaluate`.
            images: that were judged.
            pictures: by row, the middles of the first pictures, the "originals" among them; none of other outputs.
        """

    # 4. What stands beside it.

    def baselines(self, model: ModelFolder, data: DataSet, budget_bytes: float | None) -> Iterable[Row]:
        """Rows of other ways to the same end, over `data.test`.

        Args:
            budget_bytes: mean bytes of what an image's stream takes, for baselines that can be set to it.
        """


class Decoders(Protocol):
    """What serves one tag: what the device is given, what becomes of what it sends, and how that is judged.

    Attributes:
        names: "own", then "tuned" where there is one; one name also where nothing is decoded.
        makes_pictures: whether `restore` gives uint8 images, which can be shown.
        given_originals: whether `given` changes nothing, so that images that a device was given can be judged.
        remark: a sentence or two that pictures and their numbers must not be shown without; "" where there are none.
        runtime: what runs `restore`, as times name it; None for the runtime of .tflite files.
    """

    names: tuple[str, ...]
    makes_pictures: bool
    given_originals: bool

    @property
    def remark(self) -> str: ...

    @property
    def runtime(self) -> str | None: ...

    def given(self, originals: Split) -> Split:
        """What the device is given of images: the images themselves, or something made of them.

        Raises:
            ImageError: of an image nothing can be made, such as one that is too small.
        """

    def truths(self, originals: Split) -> Sequence[Any] | None:
        """What `restore` should make: of each image itself, or its label; None for images without labels.

        Raises:
            ImageError: as `given`.
        """

    def judge(self, truth: Any, made: np.ndarray) -> dict[str, float | None]:
        """One image's metrics by key; None where there is no error at all and so no number.

        Values of other keys are kept for `Task.conclude` and `Task.figures`: no mean of them is a result.
        """

    def baselines(self, given: np.ndarray, budget_bytes: int | None) -> Iterator[Baseline]:
        """What stands beside the picture of one image, the best known first; each is made only when it is asked for.

        Args:
            given: what the device is given of the image, one of `given`.
            budget_bytes: of the device's stream, for baselines that can be set to it; without it these are left out.
        """

    def numbers(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """A payload to the numbers that the device sent for one image; raises BitstreamError."""

    def restore(self, name: str, numbers: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """What is judged, an array an image: pictures uint8 (height, width, channels), or scores as they are.

        Args:
            name: one of `names`.
            numbers: of `numbers`, one an image.
            sizes: height and width of the images.
        """

    def whole(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """Encoder and decoder in one file, for its time: image to what is judged; None where there is no such file."""

    def sizes(self, name: str) -> dict[str, int]:
        """ "decoder_bytes", and "full_bytes" where there is such a file; raises CollectError."""
