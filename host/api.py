"""The functions that `host` offers to Python programs. They load TensorFlow when called.

All take `models`, the folder in which names are looked up (None: models/); `bundles` and `build`, where bundles and
decoders are (None: device/bundles and build/). Every error is a `device.errors.SplitliteError`, in one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from host.evaluation.decode import Decoded
    from host.evaluation.reconstruct import Picture
    from host.quantization.diagnosis.result import Diagnosis
    from host.results import CollectedRun, Result
    from host.spec.model_folder import ModelFolder
    from host.tasks.task import Task

Place = str | Path


def train(
    model: Place,
    *,
    stages: Sequence[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    start_from: Place | None = None,
    data_dir: Place | None = None,
    log_dir: Place | None = None,
    verbose: int = 1,
    strategy: str = "none",
    models: Place | None = None,
) -> dict[str, Any]:
    """Trains a model and writes weights, entropy tables and training.json beside its spec.

    Args:
        model: the name of a model in models/, or a path to a folder with a spec.json or to that file.
        stages: names of some of the spec's stages, such as "float"; None: all.
        overrides: values by JSON path that stand in for the spec's, such as {"training.stages.float.epochs": 5}. None:
            none, or with `resume` those that the interrupted training recorded.
        resume: go on from the checkpoints of an interrupted training; a finished stage is not trained again. A stage
            that now has fewer epochs than were trained begins anew.
        overwrite: train all stages of a trained model anew.
        start_from: a float.weights.h5 of the same layers to start from, or the name of its model.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        log_dir: where TensorBoard's files go; None writes none.
        verbose: 0 says nothing but errors, 1 a line an epoch on stderr, 2 shows a progress bar too.
        strategy: "none" is one device, "mirrored" all of this machine's, "multiworker" the machines of TF_CONFIG.

    Returns:
        The content of training.json; {} on a machine that is not the chief.
    """
    from host.quiet import load_tensorflow
    from host.tasks import MODELS, open_spec

    if overrides is None and not resume:
        overrides = {}
    task, spec = open_spec(model, _path(models) or MODELS, overrides)  # a wrong spec is said before TensorFlow loads
    load_tensorflow()
    from host.training.stages import train as run

    return run(
        task,
        spec,
        stages,
        resume=resume,
        overwrite=overwrite,
        start_from=start_from,
        data_dir=_path(data_dir),
        overrides=overrides,
        log_dir=_path(log_dir),
        verbose=verbose,
        strategy=strategy,
    )


def export(
    model: Place,
    *,
    part: str | None = None,
    variant: str | None = None,
    format: str = "tflite",
    output: Place | None = None,
    models: Place | None = None,
    bundles: Place | None = None,
    build: Place | None = None,
) -> Path:
    """Converts, splits and packages a trained model, or writes one part of it as a file for use without splitlite.

    Packaging does nothing where it is up to date. It draws the networks too, to build/<name>/network.svg.

    Args:
        model: as `train` takes it.
        part: "encoder", "decoder" or "full", which is both; None: package all.
        variant: of a part; None: "int8" as tflite, else "float32", the only one that the other formats hold.
        format: of a part: "tflite", "saved_model" or "keras".
        output: of a part: the file, or the SavedModel's folder, which must not be there; None: <name>.<part> and the
            format's suffix, in this folder.

    Returns:
        The bundle's folder, which travels with device/; of a part, what was written.
    """
    if part is None:
        return _places(bundles, build)[0] / _export_one(model, models, bundles, build)[0]
    target = _path(output) or Path(f"{_open(model, models)[1].spec.name}.{part}.{format}")
    export_part(model, part, target, variant=variant, format=format, models=models, bundles=bundles, build=build)
    return target


def export_part(
    model: Place,
    part: str,
    output: Place,
    *,
    variant: str | None = None,
    format: str = "tflite",
    models: Place | None = None,
    bundles: Place | None = None,
    build: Place | None = None,
) -> str:
    """Writes one part of a model, as `export` does; returns what was written, in words."""
    from host.packaging.parts import export_part as write

    places = Path(output), *_places(bundles, build)
    return write(*_open(model, models), part, *places, variant=variant, form=format)


def export_all(
    names: Sequence[Place] = (),
    *,
    models: Place | None = None,
    bundles: Place | None = None,
    build: Place | None = None,
) -> Iterator[str]:
    """Packages several models, or all, as many at a time as there are cores.

    What fails is raised after all were tried.

    Yields:
        A line a model, and one more where a model cannot be drawn.
    """
    from host.errors import ModelError
    from host.packaging import export as packaging
    from host.tasks import MODELS, list_models

    folder = _path(models) or MODELS
    known = list(names) or list_models(folder)
    if not known:
        raise ModelError(f"{folder}: no models here; write <name>/spec.json, then `host train <name>`")
    exports = [partial(_export_one, each, models, bundles, build) for each in known]
    for name, done, not_drawn in packaging.at_once(exports):
        yield f"{name}: {done}"
        if not_drawn:
            yield f"{name}: not drawn: {not_drawn}"


def evaluate(
    model: Place,
    *,
    data: Place | None = None,
    out: Place | None = None,
    data_dir: Place | None = None,
    images: int | None = None,
    baselines: bool = True,
    models: Place | None = None,
    bundles: Place | None = None,
    build: Place | None = None,
) -> Result:
    """Judges every variant of a trained model over the test set, with real bitstreams; exports it where need be.

    Args:
        model: as `train` takes it.
        data: a folder of images instead of the test set. A model of one size resizes and crops them, others take them
            as they are. Where labels judge, it has a folder for each class.
        out: the file that the result is written to; None: benchmarks/evaluations/<model>/, named after the tag or,
            with `data`, after that folder.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        images: only the first so many images; the result is then written only where `out` says so.
        baselines: also what the task has beside its models, such as JPEG and WebP.
    """
    from host.evaluation import evaluate as evaluation

    folder, built = _places(bundles, build)
    return evaluation.evaluate(
        *_open(model, models),
        data=_path(data),
        out=_path(out),
        data_dir=_path(data_dir),
        images=images,
        bundles=folder,
        build=built,
        evaluations=evaluation.EVALUATIONS,
        baselines=baselines,
    )


def diagnose(
    model: Place,
    *,
    variant: str = "int8",
    images: int = 64,
    keep: str = "float32",
    out: Place | None = None,
    models: Place | None = None,
    bundles: Place | None = None,
) -> Diagnosis:
    """Compares every layer of a quantized variant with float32, and finds the layers to keep from int8.

    Args:
        model: as `train` takes it.
        variant: one with integer activations.
        images: at most so many of the calibration images.
        keep: the type to keep layers in: "float32", or "int16" where it does nearly as well.
        out: the file that the result is written to; None: benchmarks/diagnoses/<model>/<variant>.json, and no file
            with other `images` or another `keep` than here.
    """
    from host.quantization.diagnosis import kept
    from host.quiet import load_tensorflow

    task, folder = _open(model, models)
    name = folder.spec.name
    file = kept.kept_file(name, variant, images, keep, _path(out), kept.DIAGNOSES)  # said before the work
    load_tensorflow()
    from host.quantization.diagnosis.diagnose import diagnose as run

    found = run(task, folder, variant, images, keep, _places(bundles, None)[0] / name)
    if file is not None:
        kept.write_diagnosis(file, found)
    return found


def collect(
    path: Place,
    *,
    images: Place | None = None,
    results: Place | None = None,
    bundles: Place | None = None,
    build: Place | None = None,
) -> list[CollectedRun]:
    """Judges what a device sent, and keeps a copy and pictures of it; returns the runs, the oldest first.

    Args:
        path: a run's folder, its run.json, or a folder of runs, on this machine.
        images: the folder with the originals of a run of the user's own images; without it nothing is judged.
        results: where runs are kept; benchmarks/results where None.
    """
    from host.evaluation import collect as collecting
    from host.tasks import TASKS

    folder, built = _places(bundles, build)
    kept = _path(results) or collecting.RESULTS
    return collecting.collect(Path(path), TASKS, built, kept, images=_path(images), bundles=folder)


def decode(
    files: Sequence[Place],
    output: Place,
    *,
    decoder: str = "own",
    original: Place | None = None,
    build: Place | None = None,
) -> list[Decoded]:
    """Decodes bitstream files that `python -m device encode` wrote, to PNG files.

    Args:
        files: one bitstream each, of any model that was exported here.
        output: the PNG's name for one file; a folder for several, or where it is one already.
        decoder: "own" or "tuned".
        original: the image that the only file was made of; it is judged against that.
    """
    from host.evaluation import decode as decoding
    from host.tasks import TASKS

    built = _places(None, build)[1]
    return decoding.decode([Path(file) for file in files], Path(output), TASKS, decoder, _path(original), built)


def reconstruct(
    model: Place,
    files: Sequence[Place],
    output: Place = "reconstructions",
    *,
    variant: str = "int8",
    quality: int | None = None,
    decoder: str = "own",
    models: Place | None = None,
    bundles: Place | None = None,
    build: Place | None = None,
) -> Iterator[Picture]:
    """Encodes and decodes images, and writes a PNG of each: original, reconstruction and 4 times their difference.

    Args:
        model: as `train` takes it.
        output: the folder of the PNG files.
        variant: of the encoder, without a quality.
        quality: an operating point, from 0; None: the middle one, where there are several.
        decoder: "own" or "tuned".

    Yields:
        Each image as soon as its PNG is written.
    """
    from host.evaluation import reconstruct as reconstruction

    folder, built = _places(bundles, build)
    wanted: dict[str, Any] = {"variant": variant, "quality": quality, "decoder": decoder}
    task, opened = _open(model, models)
    paths = [Path(file) for file in files]
    return reconstruction.reconstruct(task, opened, paths, Path(output), **wanted, bundles=folder, build=built)


def _export_one(
    model: Place, models: Place | None, bundles: Place | None, build: Place | None
) -> tuple[str, str, str]:
    """A model's name, what was done, and why it is not drawn; processes of their own call it."""
    from host.diagram.kept import keep_drawing
    from host.packaging.export import export as package

    task, folder = _open(model, models)
    places = _places(bundles, build)
    done = package(task, folder, *places)
    return folder.spec.name, done, keep_drawing(task, folder.spec, places[1])


def _open(model: Place, models: Place | None) -> tuple[Task, ModelFolder]:
    from host.spec.model_folder import ModelFolder
    from host.tasks import MODELS, open_spec

    task, spec = open_spec(model, _path(models) or MODELS)
    return task, ModelFolder(spec)


def _places(bundles: Place | None, build: Place | None) -> tuple[Path, Path]:
    from host.packaging.decoders import BUILD
    from host.packaging.export import BUNDLES

    return _path(bundles) or BUNDLES, _path(build) or BUILD


def _path(value: Place | None) -> Path | None:
    return None if value is None else Path(value)
