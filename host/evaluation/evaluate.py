"""Evaluates every variant of a model over a test set or a folder, with real bitstreams, beside the task's baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from device.bundle import Bundle, Variant, read_bundle
from device.files import read_bytes, write_bytes, write_json
from device.outputs.native import coder_name
from device.pipeline import Pipeline
from host.data import DataSet, data_folder, load
from host.data.fitting import Shape
from host.data.folder import folder_labels, list_images
from host.data.pictures import Pictures
from host.data.split import Split, check_sides
from host.data.stream import ImageFiles
from host.errors import DataError, ModelError
from host.evaluation.receiver import find_receiver
from host.evaluation.tally import CODED, Tally, in_order, portions, shape_of
from host.metrics import gzip_bytes
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES, export
from host.progress import no_bar
from host.quiet import load_tensorflow
from host.results import Latency, Result, Row, as_document, read_document, set_tag
from host.spec.model_folder import ModelFolder
from host.timing import this_machine, timed

if TYPE_CHECKING:
    from host.tasks.task import Judged, Task

Shown = Mapping[str, Sequence[np.ndarray]]  # row -> pictures
EVALUATIONS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "evaluations"
TEST_SET = "test set"
_BUDGET = "int8"  # the row whose bytes baselines are set to


def evaluate(
    task: Task,
    model: ModelFolder,
    *,
    data: Path | None = None,
    out: Path | None = None,
    data_dir: Path | None = None,
    images: int | None = None,
    bundles: Path = BUNDLES,
    build: Path = BUILD,
    evaluations: Path = EVALUATIONS,
    baselines: bool = True,
) -> Result:
    """Evaluates a model; exports it first where that is not up to date. The arguments are those of `host.api.evaluate`.

    Raises:
        ModelError, DataError, ExportError, SpecError: one line each.
    """
    load_tensorflow()
    spec = model.spec
    source = TEST_SET if data is None else f"folder {data.resolve().name}"
    # Checked before the export takes its minute.
    known = load(spec.data, data_folder(data_dir)) if data is None else None
    classes, least = task.classes(spec), task.least_side(spec)
    if known is not None:
        check_sides(known.test.part(None, images), least)
    export(task, model, bundles, build)
    bundle = read_bundle(bundles / spec.name)
    if data is not None or known is None:
        known = _folder(data or Path(), bundle, spec.data.fit == "resize", classes)
        check_sides(known.test.part(None, images), least)
    if not len(known.test):
        raise ModelError(f"{spec.name}: its data set has no test images; give a folder of images: --data DIR")
    known = replace(known, test=known.test.part(None, images))
    result, judged, pictures = _result(task, model, bundle, known, build, source, baselines)
    result = replace(result, rows=tuple(task.conclude(result.rows, judged, spec)), classes=classes)
    if out is None and images is None:
        out = evaluations / spec.name / f"{result.tag if data is None else data.resolve().name}.json"
    if out is not None:
        _write(out, result)
        for name, data_of_png in task.figures(result, judged, known.test, pictures).items():
            write_bytes(out.with_name(f"{out.stem}-figures") / name, data_of_png)
    return result


def _folder(folder: Path, bundle: Bundle, resize: bool, classes: Sequence[str]) -> DataSet:
    files, digest = list_images(folder)
    labels = folder_labels(folder, list(files), classes) if classes else None
    shape = bundle.input.shape
    if shape is None:
        test = Split(Pictures([(file, 1.0) for file in files], keep=False), labels)
    else:
        test = Split(ImageFiles(list(files), shape, resize=resize).load(), labels)
    none = Split([])
    return DataSet(none, none, test, none, digest)


def _result(
    task: Task, model: ModelFolder, bundle: Bundle, data: DataSet, build: Path, source: str, baselines: bool
) -> tuple[Result, Judged, Shown]:
    spec = model.spec
    rows: list[Row] = []
    shapes: list[Shape] = []
    judged: dict[str, Sequence[Mapping[str, float | None]]] = {}
    pictures: dict[str, Sequence[np.ndarray]] = {}
    variants = sorted(bundle.variants.values(), key=lambda each: in_order(each.family, each.quality))
    with tqdm(total=len(variants) * len(data.test), unit="image", disable=no_bar()) as bar:
        for variant in variants:
            bar.set_description(variant.name)
            found, shapes, tally = _variant(task, bundle, variant, data.test, build, source, bar)
            rows += found
            judged |= tally.judged
            pictures |= tally.pictures
    if baselines:
        budget = None if any(each.quality is not None for each in variants) else _bytes(rows)
        rows += [replace(row, source=source) for row in task.baselines(model, data, budget)]
    tags = {name: each.tag for name, each in bundle.variants.items()}
    result = Result(
        model=spec.name,
        task=task.name,
        metrics=task.metrics,
        images=len(shapes),
        image_shapes=tuple(sorted(set(shapes))),
        source=source,
        tag=set_tag(tags),
        tags=tags,
        model_sha256=bundle.model_sha256,
        spec_sha256=bundle.spec_sha256,
        rows=tuple(rows),
        loss=spec.training.loss or None,
        device=this_machine()[0],
        data_sha256=data.digest,
        parameters={name: network.count_params() for name, network in task.networks(spec).items()},
    )
    return result, judged, pictures


def _variant(
    task: Task, bundle: Bundle, variant: Variant, test: Split, build: Path, source: str, bar: tqdm[None]
) -> tuple[list[Row], list[Shape], Tally]:
    pipeline = Pipeline(bundle, variant.name)
    tally = Tally(find_receiver(build, variant.tag, {task.name: task}, bundle.model))
    shapes: list[Shape] = []
    sizes: dict[str, list[int]] = {}
    for _, part in portions(test):
        truths, given = tally.decoders.truths(part), tally.decoders.given(part).pictures
        if truths is None:
            raise DataError(
                f"{bundle.model}: the task {task.name} is judged by labels, and the images of the {source} have none; "
                "put them into a folder for each class"
            )
        some = [shape_of(image) for image in given]
        for numbers in tally.add([pipeline.encode(image) for image in given], some, truths):
            for key, size in pipeline.sizes(numbers).items():
                sizes.setdefault(key, []).append(size)
        shapes += some
        bar.update(len(part))
    means = {key: float(np.mean(each)) for key, each in sizes.items()}
    means["network_gzip_bytes"] = gzip_bytes(read_bytes(bundle.folder / variant.file))
    first = tally.decoders.given(test.part(0, 1)).pictures[0]
    times = _latencies(pipeline, tally, first)
    if CODED in means:
        times["device"] = replace(times["device"], coder=coder_name())
    return tally.rows(means, times, source), shapes, tally


def _latencies(pipeline: Pipeline, tally: Tally, image: np.ndarray) -> dict[str, Latency]:
    decoders, name = tally.decoders, tally.decoders.names[0]
    found = {"device": timed(lambda: pipeline.encode(image))}
    if "decoder_bytes" in tally.sizes[name]:
        numbers, size = pipeline.numbers(image), (image.shape[0], image.shape[1])
        found["decoder"] = timed(lambda: decoders.restore(name, [numbers], [size]), decoders.runtime)
    whole = decoders.whole()
    return found if whole is None else {**found, "full": timed(lambda: whole(image))}


def _bytes(rows: Sequence[Row]) -> float:
    sent = {row.row: row.sizes["bitstream_bytes"] for row in rows}
    return sent.get(_BUDGET, float(np.mean(list(sent.values()))))


def _write(path: Path, result: Result) -> None:
    # A folder may be named as another result is.
    if path.exists():
        known = read_document(Result, path, ModelError)
        if (known.model, known.task, known.source) != (result.model, result.task, result.source):
            raise ModelError(f"{path}: holds something else, which is not overwritten; give another file: --out FILE")
    write_json(path, as_document(result))
