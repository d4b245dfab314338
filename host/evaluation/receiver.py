"""Decodes the streams of one tag, for any task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.stream import unpack
from host.data.split import Split
from host.errors import CollectError
from host.packaging.decoders import DecoderFolder, find_decoders

if TYPE_CHECKING:
    from host.tasks.task import Decoders, Task


@dataclass(frozen=True)
class Receiver:
    """The receiving end of one tag's streams.

    Attributes:
        folder: the files of the tag.
        decoders: the decoders that the task makes of them.
    """

    task: Task
    folder: DecoderFolder
    decoders: Decoders

    def given_and_truth(self, original: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the device is given of one image, and the picture that should come of it.

        Args:
            original: uint8 (height, width, channels).

        Raises:
            ImageError: nothing can be made of this one.
        """
        images = Split([original])
        truths = self.decoders.truths(images)
        assert truths is not None  # pictures are made of the originals, which are at hand
        return self.decoders.given(images).pictures[0], truths[0]

    def picture(self, stream: bytes, decoder: str = "own") -> np.ndarray:
        """A stream to its picture, uint8 (height, width, channels).

        Raises:
            BitstreamError: damaged, or of another tag.
            CollectError: as `check`.
        """
        self.check(decoder)
        header, payload = unpack(stream, expect_tag=self.folder.tag)
        numbers = self.decoders.numbers(payload, header.height, header.width)
        return self.decoders.restore(decoder, [numbers], [(header.height, header.width)])[0]

    def check(self, decoder: str) -> None:
        """Raises CollectError where there is no such decoder, or what it makes is no picture."""
        label = f"{self.folder.model} {self.folder.variant}"
        if not self.decoders.makes_pictures:
            raise CollectError(f"{label}: a model of the task {self.task.name}, which makes no pictures")
        if decoder not in self.decoders.names:
            raise CollectError(f"{label} has no {decoder} decoder; there is: {', '.join(self.decoders.names)}")


def find_receiver(build: Path, tag: str, tasks: Mapping[str, Task], model: str | None = None) -> Receiver:
    """What decodes a tag; raises CollectError where nothing exported here does.

    Args:
        build: where export left the decoders.
        model: of the tag; None looks among all.
    """
    folder = find_decoders(build, tag, model)
    if folder.task not in tasks:
        raise CollectError(f"{folder.model}: unknown task {folder.task!r}; available: {', '.join(tasks)}")
    return Receiver(tasks[folder.task], folder, tasks[folder.task].decoders(folder))
