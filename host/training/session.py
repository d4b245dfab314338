"""How a training is carried out; the spec says what is trained."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Session:
    """One call of `host.training.stages.train`.

    Attributes:
        resume: go on from checkpoints.
        start_from: weights that the first stage starts from; None starts as the spec says.
        log_dir: where TensorBoard's files go, a folder a stage; None writes none.
        strategy: the tf.distribute.Strategy that stages are shared with; None is this one device.
    """

    resume: bool = False
    start_from: Path | None = None
    log_dir: Path | None = None
    strategy: Any = None

    def scope(self) -> AbstractContextManager[Any]:
        """Within it variables are made, and trained, under the strategy."""
        return nullcontext() if self.strategy is None else self.strategy.scope()
