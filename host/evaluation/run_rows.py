"""One model of a run as rows of the result schema: what was really sent, judged, with the run's times and memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.bundle import FILE_NAME, read_bundle
from device.errors import SplitliteError
from device.files import sha256_bytes
from device.pipeline import Pipeline
from device.run_file import Run, RunRow, read_outputs
from device.statistics import median_interval
from host.data.fitting import Shape
from host.data.pictures import Pictures
from host.data.split import Split
from host.errors import CollectError
from host.evaluation.picture_files import MadePictures
from host.evaluation.receiver import find_receiver
from host.evaluation.tally import CODED, MadeRow, Tally, in_order, portions, shape_of
from host.packaging.decoders import read_samples
from host.results import Agreement, Latency, Result, Row, set_tag
from host.timing import latency

if TYPE_CHECKING:
    from host.tasks.task import Task

_OF_STREAMS = ("network_bytes", "payload_bytes", "bitstream_bytes")  # counted here, from what was sent


@dataclass(frozen=True)
class Home:
    """What this workstation has of the models that a device ran.

    Attributes:
        tasks: by name.
        build, bundles: where export left the decoders, and the encoders.
    """

    tasks: Mapping[str, Task]
    build: Path
    bundles: Path


@dataclass(frozen=True)
class Origin:
    """Where a run's times are from; `emulated`: by what, and so no speed; `coder`: as `Latency.coder`."""

    device: str
    runtime: str
    emulated: str | None = None
    coder: str | None = None


def model_result(
    folder: Path, run: Run, model: str, origin: Origin, own: Pictures | None, home: Home
) -> tuple[Result, MadePictures | None]:
    """Judges all rows of a model.

    Args:
        folder, run: the run.
        own: the user's own images that the device encoded; None where it was the samples, or they are not at hand.

    Returns:
        The result, its rows in the order of the variants and of their threads, and the pictures that they made; None
        where they made none. A row that cannot be judged has an "error".
    """
    rows = [row for row in run.rows if row.model == model]
    rows.sort(key=lambda each: (in_order(each.family, each.quality), each.threads))
    known = run.bundles[model]
    images = _Images([image.shape for image in run.images])
    source = "samples" if not run.images else "folder" if own is None else f"folder {own.files[0][0].parent.name}"
    judged: list[Row] = []
    done: dict[tuple[str, str], list[Row]] = {}
    made: list[MadeRow] = []  # of several threads the first, as in the report's plots
    pictures: MadePictures | None = None
    values: dict[str, Sequence[Mapping[str, float | None]]] = {}
    task: Task | None = None
    for row in rows:
        try:
            if not row.ok or row.outputs is None:
                raise CollectError(row.error or "failed on the device")
            samples = None if run.images else read_samples(home.build, model, known.bundle_sha256)
            same = row.tag, row.outputs.sha256
            entries = done.get(same, [])[:1]  # more threads, the same streams: no decoder at home has a part in it
            if not entries:
                tally = Tally(find_receiver(home.build, row.tag, home.tasks, model))
                task = tally.task
                if samples is not None:
                    given = tally.decoders.given(samples)
                    images = _Images([shape_of(image) for image in given.pictures], given, samples)
                elif own is not None:
                    given = Split(own)
                    images = replace(images, given=given, originals=given if tally.decoders.given_originals else None)
                done[same] = entries = _judge(tally, folder, row, images, source, home.bundles / model)
                made += [each for each in tally.made() if each.row not in [other.row for other in made]]
                if made and images.given is not None and images.originals is not None:
                    pictures = MadePictures(
                        model, task.metrics, tally.decoders, images.given, images.originals, tuple(made)
                    )
                values |= tally.judged
        except SplitliteError as error:
            failed = Row(row.variant, row.variant, row.family, row.quality, tag=row.tag, threads=row.threads)
            judged.append(replace(failed, error=str(error)))
        else:
            times = {"device": run_latency(row, origin)}
            judged += [replace(each, threads=row.threads, latency=times, memory=run_memory(row)) for each in entries]
    tags = {row.variant: row.tag for row in rows}
    result = Result(
        model=model,
        task=task.name if task else "",
        metrics=task.metrics if task else (),
        images=max((len(row.outputs.images) for row in rows if row.ok and row.outputs), default=0),
        image_shapes=tuple(sorted(set(images.shapes))),
        source=source,
        tag=set_tag(tags),
        tags=tags,
        model_sha256=known.model_sha256,
        spec_sha256=known.spec_sha256,
        rows=tuple(task.conclude(judged, values) if task else judged),
        device=origin.device,
    )
    return result, pictures


def run_latency(row: RunRow, origin: Origin) -> Latency:
    """The encode times of a row of a run, of the samples of all its processes.

    Where the processes are enough, "median_interval_ns" is the 95 % confidence interval of the median over processes.
    """
    processes = [process.samples["encode_ns"] for process in row.processes]
    return replace(
        latency([sample for samples in processes for sample in samples], origin.device, origin.runtime),
        threads=row.threads,
        processes=len(processes),
        median_interval_ns=median_interval(processes),
        emulated=origin.emulated,
        coder=origin.coder if CODED in row.sizes else None,
    )


def run_memory(row: RunRow) -> dict[str, float]:
    """Memory of a row's worker processes: the largest peak, the median of everything else; bytes."""
    values: dict[str, list[int]] = {}
    for process in row.processes:
        for key, value in process.memory.items():
            values.setdefault(key, []).append(value)
    return {key: max(v) if key.startswith("peak_") else round(float(np.median(v))) for key, v in values.items()}


def compare_numbers(
    sent: Sequence[np.ndarray], images: Iterable[np.ndarray] | None, bundle: Path, variant: str, tag: str
) -> Agreement:
    """How far a device's numbers are from this machine's, or why nobody can tell.

    Args:
        sent: decoded from the device's streams, an array an image.
        images: that they are of, uint8 (height, width, channels); None where they are not at hand.
        bundle: the folder with the networks on this machine.
        variant, tag: which of them; with another tag it would be another network.
    """
    differing, largest = 0, 0.0
    try:
        pipeline = _pipeline(bundle, variant, tag)
        if images is None:
            raise CollectError("the images are not at hand")
        for numbers, image in zip(sent, images, strict=True):
            # Widen first: the difference of two int8 does not fit int8.
            steps = np.abs(numbers.astype(np.float64) - pipeline.numbers(image))
            differing += int(np.count_nonzero(steps))
            largest = max(largest, float(steps.max()))
    except SplitliteError as error:
        return Agreement(not_compared=str(error))
    return Agreement(sum(each.size for each in sent), differing, largest)


@dataclass(frozen=True)
class _Images:
    """What a device was given: shapes, the images where they are at hand, and what those were made of."""

    shapes: Sequence[Shape]
    given: Split | None = None
    originals: Split | None = None


def _judge(tally: Tally, folder: Path, row: RunRow, images: _Images, source: str, bundle: Path) -> list[Row]:
    streams, shapes = read_outputs(folder, row), images.shapes
    if len(streams) != len(shapes):
        raise CollectError(f"{len(streams)} outputs of {len(shapes)} images; run the bench again")
    numbers: list[np.ndarray] = []
    if images.originals is None:
        numbers += tally.add(streams, shapes, None)
    else:
        for place, part in portions(images.originals):
            numbers += tally.add(streams[place], shapes[place], tally.decoders.truths(part))
    if sha256_bytes(b"".join(each.tobytes() for each in numbers)) != row.numbers_sha256:
        raise CollectError("the numbers decoded here are not those that the device sent; report this as a bug")
    given = None if images.given is None else images.given.pictures
    agreement = compare_numbers(numbers, given, bundle, row.variant, row.tag)
    sizes = {key: float(np.mean(value)) for key, value in row.sizes.items() if key not in _OF_STREAMS}
    return [replace(each, agreement=agreement) for each in tally.rows(sizes, {}, source)]


def _pipeline(folder: Path, variant: str, tag: str) -> Pipeline:
    if not (folder / FILE_NAME).is_file():
        raise CollectError(f"{folder}: no encoders here; export {folder.name}")
    bundle = read_bundle(folder)
    if variant not in bundle.variants or bundle.variants[variant].tag != tag:
        raise CollectError(f"{folder}: another export, its {variant} has not tag {tag}")
    return Pipeline(bundle, variant)
