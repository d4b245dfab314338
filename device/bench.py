"""python -m device.bench: measures every variant of every bundle, each in a fresh process.

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
import json
import os
import platform
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import encoder, run_file, table
from .bundle import Bundle, list_bundles, read_bundle
from .environment import read_environment
from .errors import BundleError, SplitliteError, one_line
from .runtime import load_runtime

_PACKAGE = Path(__file__).resolve().parent
DEFAULT_RESULTS = _PACKAGE / "results"
_SIGNAL_HINTS = {
    "SIGILL": "an illegal instruction, this runtime's wheel is for another processor",
    "SIGKILL": "it was killed, probably for want of memory",
    "SIGSEGV": "the runtime crashed on this file",
    "SIGABRT": "the runtime gave up on this file",
    "SIGBUS": "the runtime crashed, or the storage did",
}


@dataclass(frozen=True)
class Plan:
    """One row to measure."""

    bundle: Bundle
    variant: str


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


def plan_rows(bundles: Sequence[str], variants: Sequence[str]) -> list[Plan]:
    """What to measure.

    Args:
        bundles: names or paths; empty takes every bundle in device/bundles.
        variants: names; empty takes all. A bundle without one of them leaves it out.

    Raises:
        BundleError: no bundles, an unknown one, a variant that no bundle has, or two bundles of one model.
    """
    folders = [encoder.find_bundle(name) for name in bundles] or list_bundles(encoder.DEFAULT_BUNDLES)
    if not folders:
        raise BundleError(
            f"no bundles in {encoder.DEFAULT_BUNDLES}; run make export on the workstation and copy device/ again"
        )
    found = [read_bundle(folder) for folder in folders]
    models = [bundle.model for bundle in found]
    if len(set(models)) != len(models):
        raise BundleError(f"two bundles of one model among {', '.join(models)}; a run holds each once")
    known = sorted({name for bundle in found for name in bundle.variants})
    for name in variants:
        if name not in known:
            raise BundleError(f"no bundle has a variant {name!r}; available: {', '.join(known)}")
    return [Plan(bundle, name) for bundle in found for name in bundle.variants if not variants or name in variants]


def run_worker(job: dict[str, Any]) -> dict[str, Any]:
    """Runs one job of `device.worker` in a fresh process.

    Returns:
        Its row; a row with status "failed" and a sentence if the process crashed, was killed or raised.
    """
    paths = [str(_PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.worker"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        errors="replace",
        cwd=_PACKAGE.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        check=False,
    )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode == 0 and last.startswith("{"):
        row: dict[str, Any] = json.loads(last)
        return row
    return {"status": "failed", "error": describe_exit(done.returncode, done.stderr)}


def describe_exit(returncode: int, stderr: str) -> str:
    """One sentence about a worker that ended without a row."""
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return f"the worker ended with {name}: {_SIGNAL_HINTS.get(name, 'something outside ended it')}"
    said = one_line((stderr.strip().splitlines() or ["nothing on stderr"])[-1])
    return f"the worker ended with exit status {returncode}: {said}"


def new_run_id(now: time.struct_time) -> str:
    """Name of a run: time in UTC, host, and enough chance to tell runs of one second apart."""
    host = "".join(letter for letter in platform.node().split(".")[0].lower() if letter.isalnum() or letter == "-")
    moment = time.strftime("%Y%m%dT%H%M%SZ", now)
    return f"{moment}-{host or 'device'}-{secrets.token_hex(2)}"


def _bench(options: argparse.Namespace, command: list[str]) -> None:
    plans = plan_rows(options.bundle, options.variant)
    runtime = load_runtime(options.runtime)
    started = time.gmtime()
    folder = options.out.resolve() / new_run_id(started)
    partial = run_file.partial_folder(folder)
    try:
        job = {"threads": options.threads, "runtime": runtime.name, "runs": options.runs, "warmup": options.warmup}
        print(_announce(plans, job, f"{runtime.name} {runtime.version}"), flush=True)
        seconds = _estimate_seconds(plans, job, partial)
        print(f"This takes about {seconds:.0f} s." if seconds else "How long is unknown.", flush=True)
        environment = read_environment(runtime, options.threads)
        rows = _measure(plans, job, partial, seconds)
        logs = [line for row in rows for line in row.get("runtime_log", ())]
        if any(row["status"] == "ok" for row in rows):
            environment["xnnpack_created"] = any("XNNPACK delegate" in line for line in logs)
        run_file.write_run(
            folder,
            {
                "run_id": folder.name,
                "started_at": _iso(started),
                "finished_at": _iso(time.gmtime()),
                "command": command,
                # Nothing is shuffled: the order is the bundles', so the seed decides nothing yet.
                "settings": {"threads": options.threads, "runs": options.runs, "warmup": options.warmup, "seed": 0},
                "environment": environment,
                "bundles": {plan.bundle.model: _origin(plan.bundle) for plan in plans},
                "results": rows,
            },
        )
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _print_result(plans, rows, options.runs, folder)


def _announce(plans: Sequence[Plan], job: dict[str, Any], runtime: str) -> str:
    models = len({plan.bundle.model for plan in plans})
    return (
        f"Variants: {len(plans)}, models: {models}, threads: {job['threads']}, runtime: {runtime}.\n"
        f"Each in a fresh process: load, first encode, {job['warmup']} encodes to warm up, then {job['runs']} whole\n"
        f"encodes and {job['runs']} by stages, by turns, over the sample images."
    )


def _measure(plans: Sequence[Plan], job: dict[str, Any], partial: Path, seconds: float) -> list[dict[str, Any]]:
    rows = []
    begun = told = time.monotonic()
    for number, plan in enumerate(plans):
        text = f"{number + 1}/{len(plans)} {plan.bundle.model} {plan.variant}"
        left = seconds - (time.monotonic() - begun)
        if seconds and left >= 1:
            text += f", about {left:.0f} s left"
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - told > 10:
            told = time.monotonic()
            print(text, file=sys.stderr, flush=True)
        outputs = partial / f"{plan.bundle.model}.{plan.variant}.bin"
        row = run_worker(_job(plan, job, outputs))
        rows.append({**_identity(plan), **row})
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    return rows


def _estimate_seconds(plans: Sequence[Plan], job: dict[str, Any], partial: Path) -> float:
    # A short run of the first variant that works tells what a process and an encode cost here.
    outputs = partial / "estimate.bin"
    for plan in plans:
        begun = time.monotonic()
        row = run_worker({**_job(plan, job, outputs), "runs": 3, "warmup": 0})
        process_seconds = time.monotonic() - begun
        outputs.unlink(missing_ok=True)
        if row["status"] == "ok":
            encode_seconds = min(row["samples"]["encode_ns"]) / 1e9
            return float(len(plans) * (process_seconds + (job["warmup"] + 2 * job["runs"]) * encode_seconds))
    return 0.0


def _job(plan: Plan, job: dict[str, Any], outputs: Path) -> dict[str, Any]:
    return {**job, "bundle": str(plan.bundle.folder.resolve()), "variant": plan.variant, "outputs": str(outputs)}


def _identity(plan: Plan) -> dict[str, str]:
    codec_tag = plan.bundle.variant(plan.variant).codec_tag
    return {"model": plan.bundle.model, "variant": plan.variant, "codec_tag": codec_tag}


def _origin(bundle: Bundle) -> dict[str, str]:
    return {
        "model_sha256": bundle.model_sha256,
        "spec_sha256": bundle.spec_sha256,
        "bundle_sha256": bundle.sha256,
    }


def _print_result(plans: Sequence[Plan], rows: Sequence[dict[str, Any]], runs: int, folder: Path) -> None:
    for bundle in {plan.bundle.model: plan.bundle for plan in plans}.values():
        height, width, channels = bundle.image_shape
        mine = [row for row in rows if row["model"] == bundle.model]
        print("\n" + "\n".join(table.model_table(bundle.model, height * width * channels, mine)))
    print("\n" + "\n".join(table.notes(runs)))
    print(f"\nRun: {folder}\nNext, on the workstation, with this folder or a copy of it: host collect {folder.name}")


def _iso(moment: time.struct_time) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}.bench", description="Measure the encoders on this device.", allow_abbrev=False
    )
    parser.add_argument("--bundle", action="append", default=[], help="name or path; may be repeated (default: all)")
    parser.add_argument("--variant", action="append", default=[], help="may be repeated (default: all)")
    parser.add_argument("--threads", type=_positive, default=1, help="that the runtime may use (default 1)")
    parser.add_argument("--runs", type=_positive, default=200, help="encodes to measure, 100 or more (default 200)")
    parser.add_argument("--warmup", type=_positive, default=20, help="encodes before them, kept apart (default 20)")
    parser.add_argument("--out", type=Path, default=DEFAULT_RESULTS, help="folder for runs (default device/results)")
    parser.add_argument("--runtime", help="ai_edge_litert or tflite_runtime (default: the first installed)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
