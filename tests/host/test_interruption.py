"""Ctrl-C and SIGTERM: noted, raised, and what a training leaves behind that is ended by them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from host.api import train
from host.interruption import Interrupted, deferred, interruptible

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 400


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)  # Python runs handlers between two of its steps


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_blocks_end_and_a_second_one_does_not(number: int) -> None:
    before = signal.getsignal(number)
    done = []

    def work(signals: int) -> None:
        with deferred() as noted:
            done.append(noted())
            for _ in range(signals):
                send(number)
            done.append(noted())

    work(0)
    with pytest.raises(Interrupted) as caught:
        work(1)
    assert (done, caught.value.number) == ([0, 0, 0, number], number)
    with pytest.raises(Interrupted):
        work(2)
    assert done[4:] == [0]
    assert signal.getsignal(number) is before


def test_sigterm_is_raised_at_once_elsewhere() -> None:
    with pytest.raises(Interrupted), interruptible():
        send(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_training_leaves_a_checkpoint_and_says_how_to_go_on(
    number: int, status: int, tiny: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("straight", "tiny"):
        (tmp_path / name).mkdir()
        tiny["training"]["stages"]["float"] = {"epochs": EPOCHS, "patience": EPOCHS}
        tiny["training"]["learning_rate_schedule"] = "constant"
        (tmp_path / name / "spec.json").write_text(json.dumps(tiny))
    words = ["tiny", "--stage", "float", "--models", str(tmp_path), "--set", "training.batch_size=16"]
    process = subprocess.Popen(
        [sys.executable, "-m", "host", "train", *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if "tiny float 2/" in line:
            break
    time.sleep(0.1)  # into an epoch
    process.send_signal(number)
    output, said = process.communicate(timeout=120)
    assert process.returncode == status, said
    assert output == "" and "Traceback" not in said
    last = said.splitlines()[-1]
    assert last.startswith("interrupted; to continue: ")
    assert last.endswith(f"host train {' '.join(words)} --resume")

    folder = tmp_path / "tiny" / "checkpoints" / "float"
    state = json.loads((folder / "state.json").read_text())
    epochs = len(state["history"])
    assert 2 <= epochs < EPOCHS
    assert re.fullmatch(r"epoch-\d+(-\d+)?", state["checkpoint"])
    assert {path.name.split(".")[0] for path in folder.iterdir()} == {"state", "best", state["checkpoint"]}

    # It ends on what was trained without a break.
    overrides = {"training.batch_size": 16, "training.stages.float.epochs": epochs + 2}
    straight = train(tmp_path / "straight", stages=["float"], overrides=overrides, verbose=0)
    state["identity"] = json.loads((tmp_path / "straight/checkpoints/float/state.json").read_text())["identity"]
    (folder / "state.json").write_text(json.dumps(state))
    resumed = train(tmp_path / "tiny", stages=["float"], overrides=overrides, resume=True, verbose=0)
    rows = [
        [(row["epoch"], row["loss"], row["validation_loss"]) for row in record["stages"]["float"]["history"]]
        for record in (straight, resumed)
    ]
    assert rows[0] == rows[1]
