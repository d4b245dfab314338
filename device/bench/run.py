"""python -m device.bench: measures every variant of every bundle, each many times, each time in a fresh process.

Run it from the folder that holds device/. Exit status: 0 done, 1 a named error in one line, 2 usage.
"""

from __future__ import annotations

import importlib.util
import sys

# Before anything here is imported: both are first steps that go wrong, and deserve one line.
if not __package__:
    sys.exit("run it from the folder that holds device/, as: python -m device.bench")
if importlib.util.find_spec("numpy") is None:
    sys.exit("numpy is not installed; pip install -r device/requirements.txt")

import argparse
import platform
import secrets
import shutil
import textwrap
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import image_file, run_file
from ..bundle import Bundle
from ..errors import ImageError, SplitliteError
from ..files import sha256_bytes
from ..quantization import Array
from ..runtime import check_runtime, load_runtime
from . import energy, table
from .environment import read_environment
from .plan import DEFAULT, QUICK, Effort, Plan, plan_rows, quick_repetitions, shuffled_order
from .process import run_worker
from .progress import Progress, duration
from .state import read_state

DEFAULT_RESULTS = Path(__file__).resolve().parents[1] / "results"
_ENERGY_S = 2.0
_MINUTE_NS = 60_000_000_000
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    options = _parser().parse_args(arguments)
    command = ["python", "-m", f"{__package__}", *(sys.argv[1:] if arguments is None else arguments)]
    try:
        _bench(options, command)
    except SplitliteError as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; nothing was kept", file=sys.stderr)
        return 1
    return 0


def new_run_id(now: time.struct_time) -> str:
    """Name of a run: time in UTC, host, and enough chance to tell runs of one second apart."""
    host = "".join(letter for letter in platform.node().split(".")[0].lower() if letter.isalnum() or letter == "-")
    moment = time.strftime("%Y%m%dT%H%M%SZ", now)
    return f"{moment}-{host or 'device'}-{secrets.token_hex(2)}"


@dataclass
class _Entry:
    """One row on its way: what to run, what came of it, and what starting a process and one encode take in seconds."""

    plan: Plan
    job: dict[str, Any]
    row: Row
    cost: tuple[float, float]

    @property
    def label(self) -> str:
        threads = self.plan.threads
        return f"{self.plan.bundle.model} {self.plan.variant}" + (f" {threads} threads" if threads > 1 else "")

    def fail(self, position: int, error: str) -> None:
        self.row.setdefault("failures", []).append({"position": position, "error": error})


def _bench(options: argparse.Namespace, command: list[str]) -> None:
    begun = time.monotonic()
    plans = plan_rows(options.bundle, options.variant, options.threads, options.quality)
    bundles = {plan.bundle.model: plan.bundle for plan in plans}
    check_runtime(options.runtime)
    runtime = load_runtime(options.runtime)
    images = image_file.read_folder(options.images) if options.images else {}
    _check_images(images, bundles.values())
    started = time.gmtime()
    folder = options.out.resolve() / new_run_id(started)
    partial = run_file.partial_folder(folder)
    try:
        environment = read_environment(runtime)
        common: Row = {"runtime": runtime.name, "delegate": str(options.delegate) if options.delegate else None}
        stacked = partial / "images.npy"
        if images:
            np.save(stacked, np.stack(list(images.values())))
            common["images"] = str(stacked)
        entries = _encode_all(plans, common, partial)
        working = [entry for entry in entries if entry.row["status"] == "ok"]
        effort = _effort(options, working, time.monotonic() - begun)
        seed = secrets.randbits(32) if options.seed is None else options.seed
        if working:
            _measure_all(working, effort, seed)
            if options.sustained:
                _sustain_all(working, options.sustained)
            logs = [line for entry in working for line in entry.row.get("runtime_log", ())]
            environment["xnnpack_created"] = any("XNNPACK delegate" in line for line in logs)
        stacked.unlink(missing_ok=True)
        run = {
            "run_id": folder.name,
            "started_at": _iso(started),
            "finished_at": _iso(time.gmtime()),
            "command": command,
            "settings": {**vars(effort), "threads": options.threads, "seed": seed},
            "environment": environment,
            "images": _images_origin(images),
            "bundles": {model: _origin(bundle) for model, bundle in bundles.items()},
            "results": [entry.row for entry in entries],
        }
        run_file.write_run(folder, run)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    print("\n" + "\n".join(table.run_tables(run, bundles, options.profile)))
    print(f"\nRun: {folder}\nNext, on the workstation, with this folder or a copy of it: host collect {folder.name}")


def _check_images(images: dict[str, Array], bundles: Iterable[Bundle]) -> None:
    for bundle in bundles:
        for name, image in images.items():
            if not bundle.input.takes(image.shape):
                raise ImageError(
                    f"{name}: uint8 {image.shape}, {bundle.model} takes {bundle.input.wanted},"
                    " or choose another --bundle"
                )


def _encode_all(plans: Sequence[Plan], common: dict[str, Any], partial: Path) -> list[_Entry]:
    # Every row once, before anything is timed: what it sends home, whether it works, and what it will cost.
    print(f"Rows: {len(plans)}. Encoding with each once, to see what works and how long it takes.", flush=True)
    several = len({plan.threads for plan in plans}) > 1
    entries = []
    with Progress(len(plans)) as progress:
        for plan in plans:
            bundle, what = plan.bundle, {"variant": plan.variant, "threads": plan.threads}
            job = {**common, **what, "bundle": str(bundle.folder.resolve())}
            row: Row = {"model": bundle.model, **what, "codec_tag": bundle.variant(plan.variant).tag}
            entry = _Entry(plan, job, row, (0.0, 0.0))
            progress.step(entry.label)
            suffix = f".t{plan.threads}" if several else ""
            outputs = partial / f"{bundle.model}.{plan.variant}{suffix}.bin"
            begun = time.monotonic()
            row.update(run_worker({**job, "kind": "encode", "outputs": str(outputs)}))
            elapsed = time.monotonic() - begun
            times = [sample / 1e9 for sample in row.pop("encode_ns", [])]
            # Each image was encoded twice, once to its bitstream and once to its codes.
            entry.cost = (max(0.0, elapsed - 2 * sum(times)), min(times, default=0.0))
            entries.append(entry)
    return entries


def _effort(options: argparse.Namespace, working: Sequence[_Entry], spent_s: float) -> Effort:
    effort = QUICK if options.quick else DEFAULT
    given = {"runs": options.runs, "warmup": options.warmup, "repetitions": options.repetitions}
    effort = replace(effort, **{key: value for key, value in given.items() if value is not None})
    if options.seconds is not None:
        effort = replace(effort, minimum_ns=round(options.seconds * 1e9))
    if options.quick and not options.repetitions:
        effort = replace(effort, repetitions=quick_repetitions(_round_seconds(working, effort), spent_s))
    return effort


def _round_seconds(entries: Sequence[_Entry], effort: Effort) -> float:
    return sum(effort.process_seconds(*entry.cost) for entry in entries)


def _measure_all(entries: Sequence[_Entry], effort: Effort, seed: int) -> None:
    energy_s = _ENERGY_S * energy.is_available()
    seconds = effort.repetitions * _round_seconds(entries, effort) + energy_s * len(entries)
    text = (
        f"Measuring: {effort.repetitions} fresh processes a row, shuffled (seed {seed}); in each at least"
        f" {effort.runs} encodes and {effort.minimum_ns / 1e9:g} s after the warm-up. This takes about"
        f" {duration(seconds)}."
    )
    print("\n".join(textwrap.wrap(text, table.WIDTH)), flush=True)
    order = shuffled_order(len(entries), effort.repetitions, seed)
    with Progress(len(order), seconds) as progress:
        for position, number in enumerate(order):
            entry, row = entries[number], entries[number].row
            progress.step(entry.label)
            # Once a row: it takes longer than all the rest.
            first = not row.get("processes") and not row.get("failures")
            job = {**entry.job, **vars(effort), "kind": "measure", "energy_s": energy_s * first}
            before, answer, after = read_state(), run_worker(job), read_state()
            if answer.pop("status") == "ok":
                # The worker's own readings, taken while the processor was busy, replace those from outside.
                states = {"before": {**before, **answer["before"]}, "after": {**after, **answer["after"]}}
                row.setdefault("processes", []).append({**answer, **states, "position": position})
            else:
                entry.fail(position, answer["error"])
    for entry in entries:
        if not entry.row.get("processes"):
            entry.row.update(status="failed", error=entry.row["failures"][0]["error"])


def _sustain_all(entries: Sequence[_Entry], minutes: int) -> None:
    total = len(entries) * minutes
    print(f"Sustained: {minutes} min a row without a pause, one row after the other: {duration(60 * total)}.")
    with Progress(total, 60.0 * total) as progress:
        for entry in entries:
            states: list[dict[str, Any]] = []

            def at_minute(line: str, label: str = entry.label, states: list[Any] = states) -> None:
                states.append(read_state())
                progress.step(f"{label} {line}")

            job = {**entry.job, "kind": "sustained", "minutes": minutes, "minute_ns": _MINUTE_NS}
            answer = run_worker(job, at_minute)
            if answer.pop("status") == "ok":
                for minute, state in zip(answer["minutes"], states):
                    minute.update({**state, **minute})
                entry.row["sustained"] = answer
            else:
                entry.fail(-1, answer["error"])


def _images_origin(images: dict[str, Array]) -> dict[str, Any]:
    if not images:
        return {"source": "samples"}
    digests = {name: sha256_bytes(image.tobytes()) for name, image in images.items()}
    files = [{"name": name, "sha256": digests[name], "shape": list(image.shape)} for name, image in images.items()]
    return {"source": "folder", "files": files}


def _origin(bundle: Bundle) -> dict[str, str]:
    made_from = {"model_sha256": bundle.model_sha256, "spec_sha256": bundle.spec_sha256}
    return {**made_from, "bundle_sha256": bundle.sha256}


def _iso(moment: time.struct_time) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def _counts(text: str) -> list[int]:
    return sorted({_positive(part) for part in text.split(",")})


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 3600:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 3600")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}", description="Measure the encoders on this device.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--bundle", action="append", default=[], help="name or path; may be repeated (default: all)")
    add("--variant", action="append", default=[], help="may be repeated (default: all)")
    add("--quality", type=int, action="append", default=[], help="of photo codecs; may be repeated (default: all)")
    add("--threads", type=_counts, default=[1], help="that the runtime may use; 1,2,4 measures each (default 1)")
    add("--quick", action="store_true", help="under a minute in all: a first look, too little to compare")
    add("--repetitions", type=_positive, help=f"fresh processes a row (default {DEFAULT.repetitions})")
    add("--runs", type=_positive, help=f"encodes in each process, at least (default {DEFAULT.runs})")
    add("--seconds", type=_seconds, help=f"and for so long, at least (default {DEFAULT.minimum_ns / 1e9:g})")
    add("--warmup", type=_positive, help=f"encodes before them, kept apart (default {DEFAULT.warmup})")
    add("--seed", type=int, help="of the order of the processes (default: a new one, kept in run.json)")
    add("--sustained", type=_positive, metavar="MINUTES", help="then each row for so long without a pause")
    add("--profile", action="store_true", help="also print the time by stages, operators and multiply-accumulates")
    add("--images", type=Path, metavar="DIR", help="encode these (.ppm, .pgm, .npy; others with Pillow)")
    add("--delegate", type=Path, metavar="PATH", help="library of an external delegate")
    add("--runtime", help="ai_edge_litert or tflite_runtime (default: the first installed)")
    add("--out", type=Path, default=DEFAULT_RESULTS, help="folder for runs (default device/results)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
