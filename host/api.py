"""The functions that `host` offers to Python programs. They load TensorFlow when called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from host.evaluation.decode import Decoded
    from host.evaluation.reconstruct import Picture
    from host.results import CollectedRun, Result
    from host.spec.model_folder import ModelFolder
    from host.tasks.task import Task


def train(
    model: str | Path,
    *,
    stages: Sequence[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    start_from: str | Path | None = None,
    data_dir: str | Path | None = None,
    log_dir: str | Path | None = None,
    verbose: int = 1,
    strategy: str = "none",
    models: str | Path | None = None,
) -> dict[str, Any]:
    """Trains a model and writes weights, entropy tables and training.json beside its spec.

    Args:
        model: the name of a model in models/, or a path to a folder with a spec.json or to that file.
        stages: names of some of the spec's stages, such as "float"; None: all.
        overrides: values by JSON path that stand in for the spec's, such as {"training.stages.float.epochs": 5}. None:
            none, or with `resume` those that the interrupted training recorded.
        resume: go on from the checkpoints of an interrupted training; a finished stage is not trained again.
        overwrite: train all stages of a trained model anew.
        start_from: a float.weights.h5 of the same layers to start from, or the name of its model.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        log_dir: where TensorBoard's files go; None writes none.
        verbose: 0 says nothing but errors, 1 a line an epoch on stderr, 2 shows a progress bar too.
        strategy: "none" is one device, "mirrored" all of this machine's, "multiworker" the machines of TF_CONFIG.
        models: the folder in which names are looked up; None: models/.

    Returns:
        The content of training.json; {} on a machine that is not the chief.

    Raises:
        SpecError, DataError, ModelError: one line each, of `device.errors.SplitliteError` like all that follow.
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
    model: str | Path,
    *,
    part: str | None = None,
    variant: str | None = None,
    format: str = "tflite",
    output: str | Path | None = None,
    models: str | Path | None = None,
    bundles: str | Path | None = None,
    build: str | Path | None = None,
) -> Path:
    """Converts, splits and packages a trained model, or writes one part of it as a file for use without splitlite.

    Packaging does nothing where it is up to date.

    Args:
        model: as `train` takes it.
        part: "encoder", "decoder" or "full", which is both; None: package all.
        variant: of a part; None: "int8" as tflite, else "float32", the only one that the other formats hold.
        format: of a part: "tflite", "saved_model" or "keras".
        output: of a part: the file, or the SavedModel's folder, which must not be there; None: <name>.<part> and the
            format's suffix, in this folder.
        models: the folder in which names are looked up; None: models/.
        bundles: where the bundle's folder is made; device/bundles where None.
        build: where the decoders stay; build/ where None.

    Returns:
        The bundle's folder, which travels with device/; of a part, what was written.

    Raises:
        SpecError: the spec is wrong.
        ModelError: no such model, or it is not trained.
        ExportError: a converted file must not travel; no such part, variant or format, or no place for it.
    """
    if part is None:
        from host.packaging.export import BUNDLES

        return (_path(bundles) or BUNDLES) / _export_one(model, models, bundles, build)[0]
    target = _path(output) or Path(f"{_open(model, models)[1].spec.name}.{part}.{format}")
    export_part(model, part, target, variant=variant, format=format, models=models, bundles=bundles, build=build)
    return target


def export_part(
    model: str | Path,
    part: str,
    output: str | Path,
    *,
    variant: str | None = None,
    format: str = "tflite",
    models: str | Path | None = None,
    bundles: str | Path | None = None,
    build: str | Path | None = None,
) -> str:
    """Writes one part of a model, as `export` does; returns what was written, in words."""
    from host.packaging.decoders import BUILD
    from host.packaging.export import BUNDLES
    from host.packaging.parts import export_part as write

    task, folder = _open(model, models)
    target, places = Path(output), (_path(bundles) or BUNDLES, _path(build) or BUILD)
    return write(task, folder, part, target, *places, variant=variant, form=format)


def export_all(
    names: Sequence[str | Path] = (),
    *,
    models: str | Path | None = None,
    bundles: str | Path | None = None,
    build: str | Path | None = None,
) -> Iterator[str]:
    """Packages several models, as many at a time as there are cores; yields a line a model.

    Args:
        names: each as `train` takes it; none: every model in `models`.
        models: the folder in which names are looked up; None: models/.
        bundles, build: as `export` takes them.

    Raises:
        ModelError: there are no models; and what `export` raises, of the first that failed, after all were tried.
    """
    from host.errors import ModelError
    from host.packaging import export as packaging
    from host.tasks import MODELS, list_models

    folder = _path(models) or MODELS
    known = list(names) or list_models(folder)
    if not known:
        raise ModelError(f"{folder}: no models here; write <name>/spec.json, then `host train <name>`")
    for name, done in packaging.at_once([partial(_export_one, each, models, bundles, build) for each in known]):
        yield f"{name}: {done}"


def _export_one(
    model: str | Path, models: str | Path | None, bundles: str | Path | None, build: str | Path | None
) -> tuple[str, str]:
    """A model's name, and what was done; processes of their own call it."""
    from host.packaging.decoders import BUILD
    from host.packaging.export import BUNDLES
    from host.packaging.export import export as package

    task, folder = _open(model, models)
    return folder.spec.name, package(task, folder, _path(bundles) or BUNDLES, _path(build) or BUILD)


def _open(model: str | Path, models: str | Path | None) -> tuple[Task, ModelFolder]:
    from host.spec.model_folder import ModelFolder
    from host.tasks import MODELS, open_spec

    task, spec = open_spec(model, _path(models) or MODELS)
    return task, ModelFolder(spec)


def evaluate(
    model: str | Path,
    *,
    data: str | Path | None = None,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    images: int | None = None,
    baselines: bool = True,
    models: str | Path | None = None,
    bundles: str | Path | None = None,
    build: str | Path | None = None,
) -> Result:
    """Judges every variant of a trained model over the test set, with real bitstreams; exports it where need be.

    Args:
        model: as `train` takes it.
        data: a folder of images instead of the test set. A model of one size resizes and crops them, others take them
            as they are.
        out: the file that the result is written to; None: benchmarks/evaluations/<model>/, named after the tag or,
            with `data`, after that folder.
        data_dir: local folder of data sets; else SPLITLITE_DATA, else Keras downloads.
        images: only the first so many images; the result is then written only where `out` says so.
        baselines: also what the task has beside its models, such as JPEG and WebP.
        models: the folder in which names are looked up; None: models/.
        bundles, build: as `export` takes them.

    Raises:
        SpecError, DataError, ModelError, ExportError: one line each.
    """
    from host.evaluation import evaluate as evaluation
    from host.packaging import decoders
    from host.packaging import export as packaging

    return evaluation.evaluate(
        *_open(model, models),
        data=_path(data),
        out=_path(out),
        data_dir=_path(data_dir),
        images=images,
        bundles=_path(bundles) or packaging.BUNDLES,
        build=_path(build) or decoders.BUILD,
        evaluations=evaluation.EVALUATIONS,
        baselines=baselines,
    )


def collect(
    path: str | Path,
    *,
    images: str | Path | None = None,
    results: str | Path | None = None,
    bundles: str | Path | None = None,
    build: str | Path | None = None,
) -> list[CollectedRun]:
    """Judges what a device sent, and keeps a copy of it.

    Args:
        path: a run's folder, its run.json, or a folder of runs, on this machine.
        images: the folder with the originals of a run of the user's own images; without it nothing is judged.
        results: where runs are kept; benchmarks/results where None.
        bundles, build: as `export` takes them.

    Returns:
        The runs, the oldest first.

    Raises:
        CollectError: nothing to collect, an original that is missing or changed, or another run of the same id.
        RunFileError: a run.json that cannot be read.
    """
    from host.evaluation import collect as collecting
    from host.packaging import decoders
    from host.packaging import export as packaging
    from host.tasks import TASKS

    return collecting.collect(
        Path(path),
        TASKS,
        _path(build) or decoders.BUILD,
        _path(results) or collecting.RESULTS,
        images=_path(images),
        bundles=_path(bundles) or packaging.BUNDLES,
    )


def decode(
    files: Sequence[str | Path],
    output: str | Path,
    *,
    decoder: str = "own",
    original: str | Path | None = None,
    build: str | Path | None = None,
) -> list[Decoded]:
    """Decodes bitstream files that `python -m device encode` wrote, to PNG files.

    Args:
        files: one bitstream each, of any model that was exported here.
        output: the PNG's name for one file; a folder for several, or where it is one already.
        decoder: "own" or "tuned".
        original: the image that the only file was made of; it is judged against that.
        build: as `export` takes it.

    Raises:
        BitstreamError: a file that is no bitstream, or a damaged one.
        CollectError: no decoder for it, or the output cannot be written.
        ImageError: the original cannot be read.
    """
    from host.evaluation import decode as decoding
    from host.packaging import decoders
    from host.tasks import TASKS

    places = _path(original), _path(build) or decoders.BUILD
    return decoding.decode([Path(file) for file in files], Path(output), TASKS, decoder, *places)


def reconstruct(
    model: str | Path,
    files: Sequence[str | Path],
    output: str | Path = "reconstructions",
    *,
    variant: str = "int8",
    quality: int | None = None,
    decoder: str = "own",
    models: str | Path | None = None,
    bundles: str | Path | None = None,
    build: str | Path | None = None,
) -> Iterator[Picture]:
    """Encodes and decodes images, and writes a PNG of each: original, reconstruction and 4 times their difference.

    Args:
        model: as `train` takes it.
        output: the folder of the PNG files.
        quality: an operating point, from 0; None: the middle one, where there are several.
        decoder: "own" or "tuned".
        models: the folder in which names are looked up; None: models/.
        bundles, build: as `export` takes them.

    Yields:
        Each image as soon as its PNG is written.

    Raises:
        ImageError: a file that is no image.
        BundleError: no such variant or quality; lists those that there are.
        CollectError: no such decoder, the model makes no pictures, or a PNG cannot be written.
        SpecError, ModelError, ExportError: the model cannot be exported.
    """
    from host.evaluation import reconstruct as reconstruction
    from host.packaging import decoders
    from host.packaging import export as packaging

    return reconstruction.reconstruct(
        *_open(model, models),
        [Path(file) for file in files],
        Path(output),
        variant=variant,
        quality=quality,
        decoder=decoder,
        bundles=_path(bundles) or packaging.BUNDLES,
        build=_path(build) or decoders.BUILD,
    )


def locate(model: str | Path) -> tuple[str, Path]:
    """A model's name and the folder of models that holds it, of a name, a path to its folder or to its spec.json.

    Raises:
        ModelError: a path to no model. Names are not looked up.
    """
    from host.errors import ModelError
    from host.spec.models import MODELS

    path = Path(model)
    folder = path.parent if path.name == "spec.json" else path
    if (folder / "spec.json").is_file():
        folder = folder.resolve()
        return folder.name, folder.parent
    if len(path.parts) == 1 and path.name != "spec.json":
        return path.name, MODELS
    raise ModelError(f"{path}: no model; expected a model's name, a folder with a spec.json, or that file")


def _path(value: str | Path | None) -> Path | None:
    return None if value is None else Path(value)
