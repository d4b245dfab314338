"""The trials of a study: one model in one cell with one seed, each in a folder of its own that a killed study resumes.

build/studies/<study>/<model>/<cell>/seed-<n>/
    models/<model>/     spec.json with the overrides in place, weights, checkpoints, training.json
    bundles/, build/    what export made of it
    evaluation.json     what `host evaluate` makes of it
    finished.json       the digest of what was done, when it is done
    log.txt             what training and evaluation said
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.files import read_json, write_json
from host.errors import ModelError, SpecError, StudyError
from host.spec.model_folder import ModelFolder
from host.spec.models import spec_file
from host.spec.overrides import overridden
from host.spec.parsing import digest_of, parse_spec, read_spec
from host.spec.reader import offer
from host.study.study_file import SEED, Cell, Study
from host.tasks import open_spec, task_named

Json = dict[str, Any]
Key = tuple[str, str, int]
_TEXTS = ("$schema", "description")  # what no number depends on


@dataclass(frozen=True)
class Trial:
    """One model in one cell with one seed.

    Attributes:
        spec: the model's spec.json with all overrides and the seed in place, without stages that are never trained.
        stages: those that are trained here.
        identities: by stage, the digest of all that its result depends on beside its epochs.
        source: the folder whose weights it starts with; None starts anew.
        after: the trial that makes this folder; None where it is a trained model's.
        source_digest: of what is there, or will be.
    """

    model: str
    cell: str
    seed: int
    folder: Path
    spec: Json
    stages: tuple[str, ...]
    identities: Mapping[str, str]
    source: Path | None = None
    after: Key | None = None
    source_digest: str | None = None
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        spec = {key: value for key, value in self.spec.items() if key not in _TEXTS}
        object.__setattr__(self, "digest", digest_of([spec, list(self.stages), self.source_digest]))

    @property
    def key(self) -> Key:
        return self.model, self.cell, self.seed

    @property
    def name(self) -> str:
        return f"{self.model} {self.cell} seed {self.seed}"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def evaluation(self) -> Path:
        return self.folder / "evaluation.json"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def finished(self) -> Json | None:
        """What finished.json says if it is of this trial as it is; None where something is left to do."""
        found = self._record("finished.json")
        return found if found.get("digest") == self.digest and self.evaluation.is_file() else None

    def finish(self, seconds: float, epochs: int) -> None:
        """Notes that all is done."""
        write_json(self.folder / "finished.json", {"digest": self.digest, "seconds": seconds, "epochs": epochs})

    def prepare(self, models: Path) -> None:
        """Makes the folder, or makes one of an earlier, interrupted or other study fit, keeping what is still right.

        Args:
            models: the folder whose other models this one may name, as a teacher say; linked to.
        """
        folder, begun = self.models / self.model, self._record("trial.json")
        known: Json = begun.get("stages", {})
        if not begun or begun["source"] != self.source_digest:
            known = {}
            for name in ("models", "bundles", "build"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            if self.source is not None:
                _copy_weights(self.source, folder, self.stages)
        for stage, identity in self.identities.items():
            if known.get(stage, identity) != identity:  # checkpoints of another spec cannot be gone on from
                for path in [*folder.glob(f"checkpoints/{stage}"), *folder.glob(f"checkpoints/{stage}.*")]:
                    shutil.rmtree(path)
        write_json(folder / "spec.json", self.spec)
        for link in self.models.iterdir():  # of a folder of models that may have moved
            if link.is_symlink():
                link.unlink()
        for other in models.resolve().iterdir():
            if other.is_dir() and other.name != self.model:
                (self.models / other.name).symlink_to(other)
        # Stages that an earlier study trained here stay listed: their checkpoints are still there.
        write_json(self.folder / "trial.json", {"source": self.source_digest, "stages": known | dict(self.identities)})

    def _record(self, name: str) -> Json:
        path = self.folder / name
        return dict(read_json(path, StudyError)) if path.is_file() else {}


def plan(study: Study, models: Path, work: Path) -> tuple[Trial, ...]:
    """All trials of a study: the seeds of a cell together, cell after cell, model after model.

    Args:
        work: the folder that holds a folder for each study.

    Raises:
        SpecError: an override that the spec does not take, no such stage, no such source; one line.
        ModelError: a source that is not trained.
    """
    trials: dict[Key, Trial] = {}
    wholes: dict[Key, Json] = {}
    for model in study.models:
        for index, cell in enumerate(study.cells):
            for seed in study.seeds:
                try:
                    trial, whole = _trial(study, model, cell, seed, models, work, trials, wholes)
                except SpecError as error:
                    raise SpecError(f"{study.file}: $.cells[{index}], {model}: {error}") from None
                trials[trial.key], wholes[trial.key] = trial, whole
    return tuple(trials.values())


def _trial(
    study: Study,
    model: str,
    cell: Cell,
    seed: int,
    models: Path,
    work: Path,
    trials: Mapping[Key, Trial],
    wholes: Mapping[Key, Json],
) -> tuple[Trial, Json]:
    file = spec_file(model, models)
    before = (model, cell.source or "", seed)
    source = source_digest = None
    inherited: set[str] = set()
    if before in trials:
        base = wholes[before]
        source, source_digest = trials[before].models / model, trials[before].digest
        inherited = set(trials[before].spec["training"]["stages"])
    elif cell.source is not None:
        source, source_digest, inherited = _trained(study, cell.source, models)
        # What it was trained with is what its weights fit.
        base = read_spec(file, None if cell.source == model else {})
    else:
        base = read_spec(file, {})
    whole = overridden(base, {**cell.overrides, SEED: seed})
    sections = task_named(str(whole.get("task"))).sections
    spec = parse_spec(whole, file, sections)
    value = whole
    if cell.stages is not None:
        value = _without_stages(whole, cell.stages, inherited)
        spec = parse_spec(value, file, sections)
    stages = tuple(name for name in spec.training.stages if cell.stages is None or name in cell.stages)
    identities = {name: spec.training.stages[name].identity for name in stages}
    folder = work / study.name / model / cell.name / f"seed-{seed}"
    after = before if before in trials else None
    return Trial(model, cell.name, seed, folder, value, stages, identities, source, after, source_digest), whole


def _trained(study: Study, name: str, models: Path) -> tuple[Path, str, set[str]]:
    """The folder of a trained model, its digest, and the stages that were trained."""
    try:
        model = ModelFolder(open_spec(name, models)[1])
    except ModelError:
        earlier = [cell.name for cell in study.cells]
        raise SpecError(f"from: no earlier cell and no model {json.dumps(name)}; {offer(name, earlier)}") from None
    if not model.training.is_file():
        raise ModelError(f"{study.file}: {name} is not trained, so nothing can start from it; host train {name}")
    return model.folder, model.digest(), set(read_json(model.training, ModelError)["stages"])


def _without_stages(whole: Json, stages: tuple[str, ...], inherited: set[str]) -> Json:
    """A spec without the stages that are neither trained nor inherited, and without the recipes of their weights."""
    value = copy.deepcopy(whole)
    known = value["training"]["stages"]
    for name in stages:
        if name not in known:
            raise SpecError(f"stages: no stage {json.dumps(name)} in its spec; {offer(name, known)}")
    value["training"]["stages"] = {name: known[name] for name in known if name in inherited or name in stages}
    recipes = value.get("quantization", {}).get("recipes", {})
    for name in [name for name, recipe in recipes.items() if recipe.get("weights") not in value["training"]["stages"]]:
        del recipes[name]
    return value


def _copy_weights(source: Path, folder: Path, stages: tuple[str, ...]) -> None:
    """Copies a trained model as it was before these stages; the folder appears whole, or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, ignore=shutil.ignore_patterns("epoch-*", "state.json"))
    for stage in stages:
        for path in [*partial.glob(f"checkpoints/{stage}"), *partial.glob(f"checkpoints/{stage}.*")]:
            shutil.rmtree(path)
    record = read_json(partial / "training.json", ModelError)
    record["stages"] = {name: done for name, done in record["stages"].items() if name not in stages}
    record.pop("overrides", None)  # they are in the trial's spec.json
    write_json(partial / "training.json", record)
    partial.rename(folder)
