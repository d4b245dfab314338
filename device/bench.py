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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import energy, image_file, run_file, table
from .environment import read_environment
from .errors import ImageError, SplitliteError
from .files import sha256_bytes
from .plan import DEFAULT, QUICK, Effort, Plan, plan_rows, quick_repetitions, shuffled_order
from .process import run_worker
from .progress import Progress, duration
from .quantization import Array
from .runtime import load_runtime
from .state import read_state

DEFAULT_RESULTS = Path(__file__).resolve().parent / "results"
_ENERGY_S = 2.0
_MINUTE_NS = 60_000_000_000
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    options = _parser().parse_args(arguments)
    command = ["python", "-m", f"{__package__}.bench", *(sys.argv[1:] if arguments is None else arguments)]
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


def _bench(options: argparse.Namespace, command: list[str]) -> None:
    begun = time.monotonic()
    plans = plan_rows(options.bundle, options.variant, options.threads)
    runtime = load_runtime(options.runtime)
    images = image_file.read_folder(options.images) if options.images else {}
    _check_images(images, plans)
    started = time.gmtime()
    folder = options.out.resolve() / new_run_id(started)
    partial = run_file.partial_folder(folder)
    try:
        environment = read_environment(runtime)
        jobs = _jobs(plans, options, runtime.name, images, partial)
        rows, costs = _encode_all(plans, jobs, partial)
        working = [number for number, row in enumerate(rows) if row["status"] == "ok"]
        effort = _effort(options, [costs[number] for number in working], time.monotonic() - begun)
        if working:
            seed = secrets.randbits(32) if options.seed is None else options.seed
            _measure_all(plans, jobs, rows, working, effort, [costs[number] for number in working], seed)
            if options.sustained:
                _sustain_all(plans, jobs, rows, working, options.sustained)
            logs = [line for number in working for line in rows[number].get("runtime_log", ())]
            environment["xnnpack_created"] = any("XNNPACK delegate" in line for line in logs)
        (partial / _IMAGES).unlink(missing_ok=True)
        run = {
            "run_id": folder.name,
            "started_at": _iso(started),
            "finished_at": _iso(time.gmtime()),
            "command": command,
            "settings": {**vars(effort), "threads": options.threads, "seed": seed if working else 0},
            "environment": environment,
            "images": _images_origin(images),
            "bundles": {plan.bundle.model: _origin(plan) for plan in plans},
            "results": rows,
        }
        run_file.write_run(folder, run)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    print("\n" + "\n".join(table.run_tables(run, {plan.bundle.model: plan.bundle for plan in plans}, options.profile)))
    print(f"\nRun: {folder}\nNext, on the workstation, with this folder or a copy of it: host collect {folder.name}")


_IMAGES = "images.npy"


def _check_images(images: dict[str, Array], plans: Sequence[Plan]) -> None:
    for bundle in {plan.bundle.model: plan.bundle for plan in plans}.values():
        for name, image in images.items():
            if image.shape != bundle.image_shape:
                raise ImageError(
                    f"{name}: uint8 {image.shape}, {bundle.model} takes {bundle.image_shape}; resize or crop it first,"
                    " or choose another --bundle"
                )


def _jobs(
    plans: Sequence[Plan], options: argparse.Namespace, runtime: str, images: dict[str, Array], partial: Path
) -> list[dict[str, Any]]:
    common: dict[str, Any] = {"runtime": runtime, "delegate": str(options.delegate) if options.delegate else None}
    if images:
        np.save(partial / _IMAGES, np.stack(list(images.values())))
        common["images"] = str(partial / _IMAGES)
    jobs = []
    for plan in plans:
        mine = {"bundle": str(plan.bundle.folder.resolve()), "variant": plan.variant, "threads": plan.threads}
        jobs.append({**common, **mine})
    return jobs


def _encode_all(
    plans: Sequence[Plan], jobs: Sequence[dict[str, Any]], partial: Path
) -> tuple[list[Row], list[tuple[float, float]]]:
    # Every row once, before anything is timed: what it sends home, whether it works, and what it will cost.
    print(f"Rows: {len(plans)}. Encoding with each once, to see what works and how long it takes.", flush=True)
    several = len({plan.threads for plan in plans}) > 1
    rows: list[Row] = []
    costs = []
    with Progress(len(plans)) as progress:
        for plan, job in zip(plans, jobs):
            progress.step(_label(plan))
            suffix = f".t{plan.threads}" if several else ""
            outputs = partial / f"{plan.bundle.model}.{plan.variant}{suffix}.bin"
            begun = time.monotonic()
            answer = run_worker({**job, "kind": "encode", "outputs": str(outputs)})
            elapsed = time.monotonic() - begun
            times = [sample / 1e9 for sample in answer.pop("encode_ns", [])]
            # Each image was encoded twice, once to its bitstream and once to its codes.
            costs.append((max(0.0, elapsed - 2 * sum(times)), min(times, default=0.0)))
            tag = plan.bundle.variant(plan.variant).codec_tag
            row = {"model": plan.bundle.model, "variant": plan.variant, "threads": plan.threads, "codec_tag": tag}
            rows.append({**row, **answer})
    return rows, costs


def _effort(options: argparse.Namespace, costs: Sequence[tuple[float, float]], spent_s: float) -> Effort:
    effort = QUICK if options.quick else DEFAULT
    given = {"runs": options.runs, "warmup": options.warmup}
    effort = replace(effort, **{key: value for key, value in given.items() if value is not None})
    if options.seconds is not None:
        effort = replace(effort, minimum_ns=round(options.seconds * 1e9))
    repetitions = options.repetitions
    if options.quick and not repetitions:
        repetitions = quick_repetitions(sum(effort.process_seconds(*cost) for cost in costs), spent_s)
    return replace(effort, repetitions=repetitions or effort.repetitions)


def _measure_all(
    plans: Sequence[Plan],
    jobs: Sequence[dict[str, Any]],
    rows: Sequence[Row],
    working: Sequence[int],
    effort: Effort,
    costs: Sequence[tuple[float, float]],
    seed: int,
) -> None:
    order = [working[index] for index in shuffled_order(len(working), effort.repetitions, seed)]
    measures_energy = energy.is_available()
    seconds = effort.repetitions * sum(effort.process_seconds(*cost) for cost in costs)
    seconds += _ENERGY_S * len(working) * measures_energy
    text = (
        f"Measuring: {effort.repetitions} fresh processes a row, shuffled (seed {seed}); in each at least"
        f" {effort.runs} encodes and {effort.minimum_ns / 1e9:g} s after the warm-up. This takes about"
        f" {duration(seconds)}."
    )
    print("\n".join(textwrap.wrap(text, table.WIDTH)), flush=True)
    measure = {**vars(effort), "kind": "measure"}
    with Progress(len(order), seconds) as progress:
        for position, number in enumerate(order):
            progress.step(_label(plans[number]))
            row = rows[number]
            first = not row.get("processes") and not row.get("failures")
            before = read_state()
            answer = run_worker({**jobs[number], **measure, "energy_s": _ENERGY_S * (measures_energy and first)})
            after = read_state()
            if answer.pop("status") == "ok":
                # The worker's own readings, taken while the processor was busy, replace those from outside.
                states = {"before": {**before, **answer["before"]}, "after": {**after, **answer["after"]}}
                row.setdefault("processes", []).append({**answer, **states, "position": position})
            else:
                row.setdefault("failures", []).append({"position": position, "error": answer["error"]})
    for number in working:
        row = rows[number]
        if not row.get("processes"):
            row.update(status="failed", error=row["failures"][0]["error"])


def _sustain_all(
    plans: Sequence[Plan], jobs: Sequence[dict[str, Any]], rows: Sequence[Row], working: Sequence[int], minutes: int
) -> None:
    total = len(working) * minutes
    print(f"Sustained: {minutes} min a row without a pause, one row after the other: {duration(60 * total)}.")
    with Progress(total, 60.0 * total) as progress:
        for number in working:
            states: list[dict[str, Any]] = []

            def at_minute(line: str, label: str = _label(plans[number]), states: list[Any] = states) -> None:
                states.append(read_state())
                progress.step(f"{label} {line}")

            job = {**jobs[number], "kind": "sustained", "minutes": minutes, "minute_ns": _MINUTE_NS}
            answer = run_worker(job, at_minute)
            if answer.pop("status") == "ok":
                for minute, state in zip(answer["minutes"], states):
                    minute.update({**state, **minute})
                rows[number]["sustained"] = answer
            else:
                rows[number].setdefault("failures", []).append({"position": -1, "error": answer["error"]})


def _label(plan: Plan) -> str:
    return f"{plan.bundle.model} {plan.variant}" + (f" {plan.threads} threads" if plan.threads > 1 else "")


def _images_origin(images: dict[str, Array]) -> dict[str, Any]:
    if not images:
        return {"source": "samples"}
    files = [
        {"name": name, "sha256": sha256_bytes(image.tobytes()), "shape": list(image.shape)}
        for name, image in images.items()
    ]
    return {"source": "folder", "files": files}


def _origin(plan: Plan) -> dict[str, str]:
    bundle = plan.bundle
    return {
        "model_sha256": bundle.model_sha256,
        "spec_sha256": bundle.spec_sha256,
        "bundle_sha256": bundle.sha256,
    }


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
        prog=f"python -m {__package__}.bench", description="Measure the encoders on this device.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--bundle", action="append", default=[], help="name or path; may be repeated (default: all)")
    add("--variant", action="append", default=[], help="may be repeated (default: all)")
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
