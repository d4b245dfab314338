"""Strategies: several devices and several machines train to one device's weights; what cannot be is refused."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from host.cli import main
from host.errors import ModelError, SpecError
from host.spec.types import Spec
from host.training.distributed import Session, _elsewhere, check_shared, is_chief

ROOT = Path(__file__).resolve().parents[3]

# Arguments: models/, a strategy, a folder of data sets or nothing. Prints the weights that it leaves, and the record.
SCRIPT = """
import json, sys
from pathlib import Path
import h5py, host
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
if sys.argv[2] == "mirrored":
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from dataclasses import replace
from host.tasks import open_spec
from host.training.stages import train
task, spec = open_spec("tiny", Path(sys.argv[1]))
kind, found = task.stages["float"], {}

def noted(model, data, stage, session):
    result = kind.run(model, data, stage, session)
    with h5py.File(model.weights("float")) as file:
        found["weights"] = [entry[()].tolist() for half in file.values() for entry in half.values()]
    found["losses"] = [(row["loss"], row.get("validation_loss", 0.0)) for row in result["history"]]
    return result

task.stages["float"] = replace(kind, run=noted)
data = Path(sys.argv[3]) if len(sys.argv) > 3 else None
record = train(task, spec, ["float"], strategy=sys.argv[2], data_dir=data, verbose=0)
print(json.dumps({**found, "record": record}))
"""


@pytest.fixture(scope="module")
def models(tiny_text: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a models/ with the tiny spec in it; SGD, since Adam takes gradients of a wrong size as well."""
    spec = json.loads(tiny_text)
    spec["training"]["optimizer"] = "sgd"
    spec["training"]["stages"]["float"] = {"epochs": 2, "learning_rate": 0.05}

    def make() -> Path:
        folder = tmp_path_factory.mktemp("models")
        (folder / "tiny").mkdir()
        (folder / "tiny" / "spec.json").write_text(json.dumps(spec))
        return folder

    return make


@pytest.fixture(scope="module")
def alone(models: Callable[[], Path]) -> dict[str, Any]:
    """What one device makes of it."""
    (found,) = run("none", models())
    return found


def run(strategy: str, *folders: Path) -> list[dict[str, Any]]:
    """Trains on as many machines as there are folders, each of them a process."""
    with ExitStack() as held:  # free ports, which stay ours until all are known
        sockets = [held.enter_context(socket.socket()) for _ in folders]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    processes = []
    for index, folder in enumerate(folders):
        cluster = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(folder), strategy],
                cwd=ROOT,
                env={**os.environ, **({"TF_CONFIG": json.dumps(cluster)} if strategy == "multiworker" else {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    done = []
    try:
        for process in processes:
            output, said = process.communicate(timeout=240)
            assert process.returncode == 0, said[-2000:]
            done.append(json.loads(output))
    finally:
        for process in processes:
            process.kill()
    return done


def check_same(one: dict[str, Any], other: dict[str, Any], *, exactly: bool) -> None:
    tolerance = {"rtol": 0, "atol": 0} if exactly else {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(one["losses"], other["losses"], **tolerance)
    assert len(one["weights"]) == len(other["weights"]) > 4
    for mine, its in zip(one["weights"], other["weights"], strict=True):
        np.testing.assert_allclose(mine, its, **tolerance)


def test_two_devices_train_to_one_devices_weights(alone: dict[str, Any], models: Callable[[], Path]) -> None:
    (mirrored,) = run("mirrored", models())
    check_same(alone, mirrored, exactly=False)
    assert mirrored["weights"] != alone["weights"]  # they did share the work: the sums have another order


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["codec", "judged"])
def test_averages_two_optimizers_and_a_critic_are_shared_too(
    kind: str, tiny_text: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if kind == "codec":
        spec = json.loads((ROOT / "tests/host/tasks/codec/tiny.spec.json").read_text())
        spec["data"] = {"dataset": "skimage", "size": 22, "validation": 2}
        spec["training"]["optimizer"] = "sgd"
        spec["training"]["stages"]["float"] = {"epochs": 2, "steps": 12, "learning_rate": 0.0001}
    else:
        spec = json.loads(tiny_text)
        spec["discriminator"] = [{"layer": "Flatten"}, {"layer": "Dense", "units": 1}]
        spec["training"] |= {"optimizer": "sgd", "adversarial": {"weight": 0.1, "learning_rate": 1e-6}}
        spec["training"]["stages"]["float"] = {"epochs": 2, "steps": 12, "learning_rate": 0.05}
    found = []
    for strategy in ("none", "mirrored"):
        (tmp_path / strategy / "tiny").mkdir(parents=True)
        (tmp_path / strategy / "tiny" / "spec.json").write_text(json.dumps(spec))
        found += run(strategy, tmp_path / strategy)
    check_same(*found, exactly=False)
    assert found[0]["weights"] != found[1]["weights"]


@pytest.mark.slow
def test_two_machines_train_to_the_same_weights_and_the_chief_alone_writes(
    alone: dict[str, Any], models: Callable[[], Path]
) -> None:
    folders = models(), models()
    chief, worker = run("multiworker", *folders)
    check_same(chief, worker, exactly=True)
    check_same(chief, alone, exactly=False)
    assert (folders[0] / "tiny" / "float.weights.h5").is_file()
    assert "float" in chief["record"]["stages"]
    assert worker["record"] == {}
    assert [path.name for path in folders[1].rglob("*") if path.is_file()] == ["spec.json"]


def test_another_machine_resumes_from_a_copy(
    tiny: dict[str, Any], parse: Callable[[Any], Spec], tmp_path: Path
) -> None:
    spec = parse(tiny)
    state = spec.folder / "checkpoints" / "float" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    (spec.folder / "training.json").write_text("{}")
    for resume, files in ((False, []), (True, ["state.json", "training.json"])):
        session = Session(resume, log_dir=tmp_path / "log")
        model, theirs = _elsewhere(spec, session, tmp_path / f"scratch-{resume}")
        assert sorted(path.name for path in model.folder.rglob("*") if path.is_file()) == files
        for place in (model.checkpoints, model.training, theirs.log_dir):
            assert place.is_relative_to(tmp_path / f"scratch-{resume}")


def test_the_chief_is_named_or_the_first_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def says(cluster: dict[str, list[str]], kind: str, index: int) -> bool:
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
        return is_chief()

    workers, chief = {"worker": ["a:1", "b:1"]}, {"chief": ["c:1"]}
    assert [says(workers, "worker", index) for index in (0, 1)] == [True, False]
    assert [says({**workers, **chief}, "worker", 0), says({**workers, **chief}, "chief", 0)] == [False, True]
    with pytest.raises(ModelError, match="expected chief and worker, found ps, worker; leave out the rest"):
        says({**workers, "ps": ["d:1"]}, "worker", 0)
    with pytest.raises(ModelError, match="TF_CONFIG: expected each machine's place"):
        says(workers, "worker", 2)


def test_batches_that_cannot_be_shared_are_refused(tiny: dict[str, Any], parse: Callable[[Any], Spec]) -> None:
    spec = parse(tiny)  # batches of 32
    check_shared(spec, 1000, None)
    check_shared(spec, 1000, SimpleNamespace(num_replicas_in_sync=4))
    with pytest.raises(SpecError, match=r"batch_size: expected a multiple of the 3 replicas, found 32; .* 30$"):
        check_shared(spec, 1000, SimpleNamespace(num_replicas_in_sync=3))
    with pytest.raises(SpecError, match=r"found 15; give --batch-size 14$"):
        check_shared(spec, 15, SimpleNamespace(num_replicas_in_sync=2))


def test_without_a_place_in_the_cluster_it_is_one_line(
    tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "spec.json").write_text(json.dumps(tiny))
    result = CliRunner().invoke(main, ["train", "tiny", "--models", str(tmp_path), "--strategy", "multiworker"])
    assert result.exit_code == 1
    expected = r"Error: TF_CONFIG: expected each machine's place, found ''; set it like[^\n]*\n"
    assert re.fullmatch(expected, result.output), result.output
