"""Finds official files in a local folder: as they are, in the data set's folder, or in an archive, unpacked once."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path

from device.errors import one_line
from host.cache import cache_folder
from host.errors import DataError


def checked(path: Path, md5: str) -> bytes:
    """A file's content, if it is the official one.

    Raises:
        DataError: the file is missing, or its md5 is another one (truncated, or not the official file).
    """
    if not path.is_file():
        raise DataError(f"{path}: missing; the official file of this name is needed")
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DataError(
            f"{path}: not the official file, or truncated: md5 {found}, expected {md5} "
            f"({len(content):,} bytes); fetch it again"
        )
    return content


def unpacked(archive: Path, inner: str) -> Path:
    """The folder `inner` of a tar archive, unpacked into the cache; the second call finds it there.

    Raises:
        DataError: the archive is damaged or has no such folder.
    """
    status = archive.stat()
    key = hashlib.sha256(f"{archive.resolve()}:{status.st_size}:{status.st_mtime_ns}".encode()).hexdigest()[:16]
    target = cache_folder() / f"{inner}-{key}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
            # The checksum of a compressed archive stands at its end, behind what tar reads.
            while tar.fileobj is not None and tar.fileobj.read(1 << 20):
                pass
        if not (scratch / inner).is_dir():
            raise DataError(f"{archive}: holds no folder {inner}; the official archive of this name is needed")
        os.replace(scratch / inner, target)
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        if not target.is_dir():  # another process may have been first
            raise DataError(f"{archive}: damaged or truncated ({one_line(error)}); fetch it again") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target
