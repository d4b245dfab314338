"""Downloads the arm64 wheels of device/requirements.txt on this machine: wheels.py REQUIREMENTS PYTHON FOLDER.

pip can choose wheels for another machine, but evaluates the file's markers for the Python that runs it. So they are
evaluated here, with pip's own parser.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

# What glibc 2.34 and older runs: Debian 12 has 2.36.
PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (34, 31, 28, 27, 24, 17)] + ["manylinux2014_aarch64"]


def pins(text: str, python: str) -> list[str]:
    """The requirements of a file that apply to an arm64 Linux machine with this Python ("3.11"), without markers."""
    from pip._vendor.packaging.requirements import Requirement

    target = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": "aarch64",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    chosen = []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate(target):
                chosen.append(f"{requirement.name}{requirement.specifier}")
    return chosen


def main(requirements: Path, python: str, folder: Path) -> int:
    """Fills a folder with exactly these wheels; returns pip's exit status."""
    scratch = folder.with_name(folder.name + ".new")
    shutil.rmtree(scratch, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", python, "--dest", str(scratch)]
    command += [part for platform in PLATFORMS for part in ("--platform", platform)]
    if folder.is_dir():
        command += ["--find-links", str(folder)]
    status = subprocess.run(command + pins(requirements.read_text(), python), check=False).returncode
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
