"""How trials are carried out: in what order, what a failure leaves undone, how all are ended."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from host.errors import StudyError
from host.interruption import Interrupted, interruptible
from host.study import schedule
from host.study.schedule import run_trials
from host.study.trials import Trial
from host.study.worker import Setting

CELLS = [
    {"name": "base", "stages": ["float", "tables"]},
    {"name": "next", "from": "base", "stages": ["tables"]},
    {"name": "other", "stages": ["float", "tables"]},
]


# These stand in for the life of a process; they are looked up by name in it.
def finish(trial: Trial, setting: Setting, answer: Connection) -> None:
    trial.evaluation.parent.mkdir(parents=True)
    trial.evaluation.write_text("{}")
    trial.finish(1.0, 1)
    answer.send(None)


def fail_of_base(trial: Trial, setting: Setting, answer: Connection) -> None:
    if trial.cell != "base":
        finish(trial, setting, answer)
    elif trial.seed == 1:
        answer.send("the loss is no finite number")
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def wait_for_the_end(trial: Trial, setting: Setting, answer: Connection) -> None:
    trial.folder.mkdir(parents=True)
    try:
        with interruptible():
            (trial.folder / "begun").write_text(f"{os.getpid()}")
            time.sleep(60)
    except Interrupted:
        (trial.folder / "ended").write_text("")


@pytest.fixture
def trials(planned: Callable[..., tuple[Trial, ...]]) -> tuple[Trial, ...]:
    """Two seeds of three cells."""
    return planned(cells=CELLS)


def test_a_trial_waits_for_the_one_that_it_starts_from(
    trials: tuple[Trial, ...], models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule, "work_in_process", finish)
    run_trials(trials, Setting(models), jobs=2)
    said = capfd.readouterr().err
    assert all(trial.finished() for trial in trials)
    assert said.index("done: small base seed 1") < said.index("begins: small next seed 1")
    assert re.search(r"done: \S+ \S+ seed \d, \d+ s; 6 of 6 trials\n$", said)
    run_trials(trials, Setting(models), jobs=2)
    assert capfd.readouterr().err == ""


def test_a_failure_stops_only_what_starts_from_it(
    trials: tuple[Trial, ...], models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule, "work_in_process", fail_of_base)
    with pytest.raises(
        StudyError, match=r"4 of 6 trials are not done; the first that failed: small base seed"
    ) as raised:
        run_trials(trials, Setting(models), jobs=1)
    assert str(raised.value).endswith("small base seed 1: the loss is no finite number")
    assert "failed: small base seed 2: its process ended with signal 9" in capfd.readouterr().err
    assert [trial.cell for trial in trials if trial.finished()] == ["other", "other"]


def test_a_signal_ends_all_processes_with_one_signal_each(
    trials: tuple[Trial, ...], models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "work_in_process", wait_for_the_end)
    begun = [trial.folder / "begun" for trial in (trials[0], trials[1])]

    def interrupt() -> None:
        while not all(path.exists() and path.read_text() for path in begun):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    with interruptible(), pytest.raises(Interrupted):
        run_trials(trials, Setting(models), jobs=2)
    assert all((path.parent / "ended").exists() for path in begun)
    for path in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)
