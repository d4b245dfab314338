"""Runs trials at the same time, each in a process of its own, those first that others start from."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from host.errors import StudyError
from host.progress import say
from host.study.trials import Trial
from host.study.worker import Setting, work_in_process


@dataclass(frozen=True)
class _Running:
    trial: Trial
    process: BaseProcess
    answer: Connection
    started: float


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def run_trials(trials: Sequence[Trial], setting: Setting, jobs: int) -> None:
    """Carries out what is left to do of trials; says on stderr when each begins and ends.

    Ctrl-C and SIGTERM end all processes after their current step, which is checkpointed, and are raised again.

    Args:
        jobs: processes at a time; they share this machine's cores evenly.

    Raises:
        StudyError: a trial failed; said after all others were carried out that do not start from it.
    """
    waiting = [trial for trial in trials if trial.finished() is None]
    if not waiting:
        return
    jobs = min(jobs, len(waiting))
    setting = replace(setting, threads=max(1, cores() // jobs) if jobs > 1 else None)
    left = {trial.key for trial in waiting}
    running: dict[int, _Running] = {}
    failed: list[str] = []
    say(f"{len(waiting)} of {len(trials)} trials to do, {jobs} at a time")
    try:
        while waiting or running:
            ready = [trial for trial in waiting if trial.after not in left]
            for trial in ready[: jobs - len(running)]:
                waiting.remove(trial)
                begun = _start(trial, setting)
                running[begun.process.sentinel] = begun
            if not running:
                break  # the others start from one that failed
            ready_now = wait(list(running))
            for sentinel in [each for each in running if each in ready_now]:
                ended = running.pop(sentinel)
                if why := _why_failed(ended):
                    failed.append(f"{ended.trial.name}: {why}")
                    say(f"failed: {failed[-1]} (log: {ended.trial.log})")
                else:
                    left.remove(ended.trial.key)
                    done = len(trials) - len(left)
                    seconds = time.monotonic() - ended.started
                    say(f"done: {ended.trial.name}, {seconds:.0f} s; {done} of {len(trials)} trials")
    finally:
        _end(list(running.values()))
    if failed:
        raise StudyError(f"{len(left)} of {len(trials)} trials are not done; the first that failed: {failed[0]}")


def _start(trial: Trial, setting: Setting) -> _Running:
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    answer, sender = context.Pipe(duplex=False)
    process = context.Process(target=work_in_process, args=(trial, setting, sender), name=trial.name)
    process.start()
    sender.close()
    say(f"begins: {trial.name} (log: {trial.log})")
    return _Running(trial, process, answer, time.monotonic())


def _why_failed(ended: _Running) -> str | None:
    ended.process.join()
    try:
        if ended.answer.poll():
            found: str | None = ended.answer.recv()
            return found
    except EOFError:  # it ended without a word
        pass
    code = ended.process.exitcode
    return f"its process ended with signal {-code}" if code and code < 0 else f"its process ended with code {code}"


def _end(running: Sequence[_Running]) -> None:
    """Ends processes with one signal each and waits for them; a second Ctrl-C kills them."""
    try:
        for each in running:
            each.process.terminate()
        for each in running:
            each.process.join()
    except KeyboardInterrupt:
        for each in running:
            each.process.kill()
        raise
