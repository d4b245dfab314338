"""Trains and evaluates one trial, in a process of its own that ends with its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from device.errors import SplitliteError
from device.files import read_json
from host.errors import ModelError
from host.evaluation.evaluate import evaluate
from host.interruption import interruptible
from host.progress import verbosity
from host.quiet import load_tensorflow
from host.spec.model_folder import ModelFolder
from host.study.trials import Trial
from host.tasks import open_spec


@dataclass(frozen=True)
class Setting:
    """How trials are carried out.

    Attributes:
        models: the folder of models.
        data_dir: of data sets; None: SPLITLITE_DATA, else Keras downloads.
        strategy: as `host.api.train` takes it.
        threads: of TensorFlow in each process; None leaves it to TensorFlow.
    """

    models: Path
    data_dir: Path | None = None
    strategy: str = "none"
    threads: int | None = None


def work_in_process(trial: Trial, setting: Setting, answer: Connection) -> None:
    """The whole life of a process: sends None where the trial is done, else what went wrong, in one line."""
    os.setsid()  # a terminal's Ctrl-C is the parent's; it passes on one signal, which leaves time for a checkpoint
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if setting.threads is not None:
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the first takes all of a GPU's memory
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            os.environ[name] = str(setting.threads)
    trial.folder.mkdir(parents=True, exist_ok=True)
    log = os.open(trial.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    try:
        with interruptible(), verbosity(1):
            work(trial, setting)
        answer.send(None)
    except SplitliteError as error:
        print(f"Error: {error}", file=sys.stderr)
        answer.send(str(error))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGTERM)
    except Exception as error:
        traceback.print_exc()
        answer.send(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")


def work(trial: Trial, setting: Setting) -> None:
    """Goes on with a trial's training where it was left, exports, evaluates.

    Raises:
        SplitliteError: one line.
        Interrupted: SIGTERM; the training's last step is checkpointed.
    """
    trial.prepare(setting.models)
    task, spec = open_spec(trial.model, trial.models, {})
    load_tensorflow()
    from host.training.stages import train

    stages = list(trial.stages)
    # Of the stages float alone begins from the spec's initial weights, even where trained ones lie beside it.
    start_from = trial.source / "float.weights.h5" if trial.source is not None and "float" in stages else None
    train(
        task,
        spec,
        stages,
        resume=True,
        start_from=start_from,
        data_dir=setting.data_dir,
        overrides={},
        verbose=1,
        strategy=setting.strategy,
    )
    model = ModelFolder(spec)
    evaluate(
        task,
        model,
        data_dir=setting.data_dir,
        out=trial.evaluation,
        bundles=trial.folder / "bundles",
        build=trial.folder / "build",
        baselines=False,
    )
    done = read_json(model.training, ModelError)["stages"]
    trained = [done[stage] for stage in stages]
    # A resumed stage's wall time is that of its last part, its epochs' that of all parts.
    seconds = sum(max(stage["wall_seconds"], stage.get("seconds", 0.0)) for stage in trained)
    trial.finish(round(seconds, 1), sum(stage.get("epochs", 0) for stage in trained))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
