"""Copies a run to the results. Names in run.json cannot lead outside its folder, and no link is followed.

Beside the copy, folders that are made of the run are replaced as a whole.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from device.files import plain_name, sync_folder, write_bytes
from device.run_file import FILE_NAME, Run
from host.errors import CollectError

LARGEST_BYTES = 1 << 32  # of one file


def keep(folder: Path, run: Run, results: Path, device: str) -> Path:
    """Copies a run to results/<device>/<run id>/, unless it is there already.

    Only run.json and the files of outputs that it names are copied.

    Args:
        folder: of the run.
        run: what its run.json says; `read_run` has checked the names in it.
        results: where runs are kept.
        device: the name of the device's folder.

    Raises:
        CollectError: a name in the run would leave the folder, a file is no regular one, or another run has the id.
    """
    names = [FILE_NAME, *dict.fromkeys(row.outputs.file for row in run.rows if row.outputs is not None)]
    for name in (run.run_id, device, *names):
        plain_name(name, str(folder), CollectError)
    kept = results / device / run.run_id
    if kept.exists():
        if any(read_regular(folder / name) != read_regular(kept / name) for name in names):
            raise CollectError(
                f"{folder}: collected before, with other bytes: {kept} differs; "
                "if that one is the damaged copy, remove it and collect again"
            )
        return kept
    _copy(folder, kept, names)
    return kept


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder anew: a reader sees the old one, none, or the new one, never files of both.

    Args:
        folder: what is there, in whatever state, goes.
        files: by plain names; without any, there is no folder afterwards.

    Raises:
        CollectError: it cannot be written; the old one stays.
    """
    for name in files:
        plain_name(name, str(folder), CollectError)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    except OSError as reason:
        raise CollectError(f"{folder}: cannot be written ({reason.strerror})") from None
    try:
        new, old = scratch / "new", scratch / "old"
        new.mkdir()
        for name, content in files.items():
            (new / name).write_bytes(content)
        # All are written before the first fsync: one after another takes seconds for a thousand files.
        for path in (*map(new.joinpath, files), new):
            sync_folder(path)
        if os.path.lexists(folder):
            os.rename(folder, old)
        if files:
            _rename_or_back(new, folder, old)
        sync_folder(folder.parent)
    except OSError as reason:
        raise CollectError(f"{folder}: cannot be written ({reason.strerror})") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read_regular(path: Path) -> bytes | None:
    """A regular file's content; None where there is no such file.

    Raises:
        CollectError: a link, a device or a pipe, or a file of more than LARGEST_BYTES.
    """
    try:
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as reason:
        why = "a link, which is not followed" if path.is_symlink() else reason.strerror
        raise CollectError(f"{path}: {why}; expected a regular file") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_BYTES:
            raise CollectError(f"{path}: expected a regular file of at most {LARGEST_BYTES} bytes")
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read()
    finally:
        os.close(descriptor)


def _rename_or_back(new: Path, folder: Path, old: Path) -> None:
    try:
        os.rename(new, folder)
    except OSError:
        if os.path.lexists(old):
            os.rename(old, folder)
        raise


def _copy(source: Path, target: Path, names: Iterable[str]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".", dir=target.parent))
    except OSError as reason:
        raise CollectError(f"{target.parent}: cannot be made ({reason.strerror})") from None
    try:
        for name in names:
            content = read_regular(source / name)
            if content is not None:  # a missing file is the error of its row
                write_bytes(scratch / target.name / name, content)
        os.rename(scratch / target.name, target)
        sync_folder(target.parent)
    except OSError as reason:
        raise CollectError(f"{target}: cannot be written ({reason.strerror})") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
