"""Copies device/ with its bundles to a device, completely or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import device
from device.bundle import list_bundles, read_bundle
from device.pipeline import DEFAULT_BUNDLES, find_bundle
from host.errors import RemoteError
from host.remote.connection import Connection, has_rsync

PACKAGE = Path(device.__file__).resolve().parent
NEW, OLD = ".device.new", ".device.old"

# What is not ours in the old device/ moves to the new one. Results are merged: a bench may have run in between.
_KEEP = f"""
if [ -d {OLD}/results ]; then
    mkdir -p device/results
    for run in {OLD}/results/* {OLD}/results/.[!.]*; do
        [ ! -e "$run" ] || [ -e "device/results/${{run##*/}}" ] || mv -- "$run" device/results/
    done
fi
for name in venv .venv; do
    [ ! -e {OLD}/$name ] || [ -e device/$name ] || mv {OLD}/$name device/$name
done
rm -rf {OLD}
"""
# First what an interrupted deploy left is put right.
_PREPARE = f"""
set -e
mkdir -p -- "$1"
cd -- "$1"
if [ -e {OLD} ]; then
    if [ -e device ]; then {_KEEP}
    else mv {OLD} device; fi
fi
if command -v rsync >/dev/null; then echo rsync; fi
"""
_SWAP = f"""
set -e
trap '' HUP INT TERM PIPE
cd -- "$1"
if [ -e device ]; then mv device {OLD}; fi
mv {NEW} device
{_KEEP}
"""


def deploy(connection: Connection, bundles: Sequence[str] = (), tests: bool = False) -> str:
    """Copies device/ beside its place there and renames it: what was there before serves until the last moment.

    Results and a virtual environment inside the old device/ stay; its bundles go.

    Args:
        bundles: names or paths; empty takes every one in device/bundles.
        tests: device/tests too.

    Returns:
        A line for a person.

    Raises:
        BundleError: no such bundle, or one that cannot be read.
        RemoteError: no bundles, or the copy failed; then what was there before is there still.
    """
    target = connection.target
    with tempfile.TemporaryDirectory(prefix="splitlite-") as scratch:
        staged = Path(scratch) / "device"
        names = stage(staged, bundles, tests)
        with_rsync = "rsync" in connection.script(_PREPARE, target.path).split() and has_rsync()
        connection.send(staged, f"{target.path}/{NEW}", with_rsync, beside="device")
        connection.script(_SWAP, target.path)
        size = sum(file.stat().st_size for file in staged.rglob("*") if file.is_file())
    return f"{target}: device/ with {', '.join(names)} ({size / 1e6:.1f} MB, {'rsync' if with_rsync else 'scp'})"


def stage(folder: Path, bundles: Sequence[str], tests: bool) -> list[str]:
    """Makes the copy of device/ that travels; returns the names of its bundles."""
    chosen = [find_bundle(name) for name in bundles] or list_bundles(DEFAULT_BUNDLES)
    if not chosen:
        raise RemoteError(f"{DEFAULT_BUNDLES}: no bundles here; make them with `host export`")
    for bundle in chosen:
        read_bundle(bundle)  # a damaged one is better found here
    left_out = ["bundles", "results", "venv", ".*", "__pycache__", *(() if tests else ("tests",))]
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns(*left_out))
    for bundle in chosen:
        shutil.copytree(bundle, folder / "bundles" / bundle.resolve().name)
    return [bundle.resolve().name for bundle in chosen]
