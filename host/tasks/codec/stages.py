"""The stages of a codec, by kind."""

from __future__ import annotations

from host.tasks.codec.tables import fit_tables
from host.tasks.codec.training import train_float
from host.tasks.codec.tuning import tune
from host.training.stages import StageKind

STAGES = {
    "float": StageKind(train_float, shared=True),
    "tables": StageKind(fit_tables),
    "tune": StageKind(tune),
}
