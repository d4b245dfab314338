"""How a training is carried out, on one device, or on several devices or machines with tf.distribute.

Every machine draws the same batches and takes its share of each. The shares are of one size and their gradients are
summed, so the weights are those of one device, up to the order of the sums.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf

from host.errors import ModelError, SpecError
from host.quiet import quiet
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec

STRATEGIES = ("none", "mirrored", "multiworker")
_GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
Step = Callable[..., dict[str, Any]]
_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Session:
    """How one call of `host.training.stages.train` is carried out; the spec says what is trained.

    Attributes:
        resume: go on from checkpoints.
        start_from: weights that the first stage starts from; None starts as the spec says.
        data_dir: the folder of data sets; None downloads.
        log_dir: where TensorBoard's files go, a folder a stage; None writes none.
        strategy: the tf.distribute.Strategy that stages are shared with; None is this one device.
    """

    resume: bool = False
    start_from: Path | None = None
    log_dir: Path | None = None
    strategy: Any = None
    data_dir: Path | None = None

    def scope(self) -> AbstractContextManager[Any]:
        """Within it variables are made, and trained, under the strategy."""
        return nullcontext() if self.strategy is None else self.strategy.scope()


@contextmanager
def workplace(spec: Spec, session: Session, name: str) -> Iterator[tuple[ModelFolder, Session]]:
    """Where to train, and the session under a strategy: none, mirrored or multiworker.

    All machines save, since reading what they share takes all of them, but only one may write: for the others that is
    a folder that is thrown away. At the end they wait for the chief.

    Raises:
        ModelError: no such strategy, no usable TF_CONFIG, or a machine that is gone.
    """
    if name not in STRATEGIES:
        raise ModelError(f"strategy: unknown value {name!r}; available: {', '.join(STRATEGIES)}")
    if name == "none":
        yield ModelFolder(spec), session
        return
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        yield ModelFolder(spec), replace(session, strategy=tf.distribute.MirroredStrategy([d.name for d in devices]))
        return
    chief = is_chief()
    try:
        with quiet():  # until all machines are there
            session = replace(session, strategy=tf.distribute.MultiWorkerMirroredStrategy())
        with TemporaryDirectory() as scratch:
            yield (ModelFolder(spec), session) if chief else _elsewhere(spec, session, Path(scratch) / spec.name)
        with session.scope():
            agree({"done": 1.0})
    except _GONE as error:
        raise ModelError("multiworker: another machine is gone; start all of them again with --resume") from error


def _elsewhere(spec: Spec, session: Session, folder: Path) -> tuple[ModelFolder, Session]:
    model = ModelFolder(replace(spec, file=folder / "spec.json"))
    if session.resume:
        shutil.copytree(spec.folder, folder)
    else:
        folder.mkdir()
    return model, replace(session, log_dir=folder / "log" if session.log_dir else None)


def is_chief() -> bool:
    """Whether this process is the one of TF_CONFIG's machines that writes files.

    Raises:
        ModelError: no TF_CONFIG, or none of workers.
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        found = json.loads(text)
        workers, kind, index = found["cluster"], found["task"]["type"], int(found["task"]["index"])
        workers[kind][index]
    except (ValueError, KeyError, TypeError, IndexError):
        raise ModelError(f"TF_CONFIG: expected each machine's place, found {text!r}; set it like {_EXAMPLE}") from None
    if not set(workers) <= {"chief", "worker"}:
        raise ModelError(
            f"TF_CONFIG: expected chief and worker, found {', '.join(sorted(workers))}; leave out the rest"
        )
    return kind == "chief" or ("chief" not in workers and index == 0)


def check_shared(spec: Spec, images: int, strategy: Any) -> None:
    """Refuses batches that a strategy's replicas cannot share evenly.

    Args:
        images: that training draws from.
        strategy: None shares nothing.

    Raises:
        SpecError: one line with the nearest size that can be.
    """
    count = 1 if strategy is None else strategy.num_replicas_in_sync
    batch = min(spec.training.batch_size, images)
    if batch % count:
        raise SpecError(
            f"{spec.file}: $.training.batch_size: expected a multiple of the {count} replicas, found {batch}; "
            f"give --batch-size {max(batch // count, 1) * count}"
        )


def replicas() -> int:
    """How many share a batch."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def summed(gradients: list[Any]) -> list[Any]:
    """Gradients of a replica's share, summed over the replicas; within a step."""
    context = tf.distribute.get_replica_context()
    return gradients if replicas() == 1 else context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)


def share(step: Step) -> Step:
    """A step on all replicas of the strategy in whose scope this is called; outside of one the step alone.

    Returns:
        The step as a graph; each array of its batch is shared along its first axis.
    """
    if not tf.distribute.has_strategy():
        return tf.function(step, reduce_retracing=True)
    strategy = tf.distribute.get_strategy()

    @tf.function(reduce_retracing=True)
    def shared(*batch: Any) -> dict[str, Any]:
        parts = strategy.run(step, batch)
        return {name: strategy.reduce("MEAN", value, axis=None) for name, value in parts.items()}

    def spread(values: Any) -> Any:
        return strategy.experimental_distribute_values_from_function(
            lambda replica: values[replica.replica_id_in_sync_group :: replica.num_replicas_in_sync]
        )

    return lambda *batch: shared(*map(spread, batch))


def several_machines() -> bool:
    """Whether the strategy in whose scope this is called reaches beyond this process."""
    return isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)


def agree(values: dict[str, float]) -> dict[str, float]:
    """The machines' mean of each value: what they decide by, when to stop say, must be the same to the last bit.

    On one machine the values as they are.
    """
    if not several_machines():
        return values
    strategy = tf.distribute.get_strategy()

    @tf.function
    def mean(numbers: Any) -> Any:
        return strategy.reduce("MEAN", strategy.run(lambda each: each, (numbers,)), axis=None)

    return dict(zip(values, mean(tf.constant(list(values.values()), tf.float32)).numpy().tolist(), strict=True))
