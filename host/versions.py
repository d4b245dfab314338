"""The versions of the packages that decide an artefact's numbers."""

from __future__ import annotations

import platform
from importlib.metadata import version

from device import __version__

PACKAGES = ("tensorflow", "tf-keras", "tensorflow-model-optimization", "numpy", "ai-edge-litert", "ai-edge-quantizer")


def versions() -> dict[str, str]:
    """Package -> version, with Python and splitlite."""
    return {"splitlite": __version__, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
