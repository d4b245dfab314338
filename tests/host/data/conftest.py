"""Where the real data sets are, if anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder SPLITLITE_DATA; without it the tests of the real data sets are skipped."""
    if not os.environ.get("SPLITLITE_DATA"):
        pytest.skip("SPLITLITE_DATA is not set: no real data set at hand")
    return Path(os.environ["SPLITLITE_DATA"])
