"""Runs benchmarks/walkthrough.ipynb in a kernel of this Python, and writes it with its outputs.

    .venv/bin/python benchmarks/run_walkthrough.py [--out FILE]

Without --out the notebook is written over itself: that is how the committed outputs are made. The kernel sees this
process's environment, so SPLITLITE_DATA and the notebook's own settings (SPLITLITE_WALKTHROUGH_EPOCHS, ...) count.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from device.files import write_bytes

NOTEBOOK = Path(__file__).resolve().parent / "walkthrough.ipynb"
DIGEST = "sources_sha256"  # key in the metadata: of the code that made the outputs


def sources_digest(notebook: NotebookNode) -> str:
    """sha256 over the sources of all code cells."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Runs all cells in a new kernel; leaves no metadata that differ between machines or runs.

    Args:
        notebook: is changed.
        folder: in which the cells run.

    Raises:
        CellExecutionError: a cell failed.
    """
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=None, record_timing=False, resources=resources).execute()
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        splitlite={DIGEST: sources_digest(notebook)},
    )
    return notebook


def main(arguments: list[str] | None = None) -> int:
    """Runs the notebook and writes it; returns the exit status."""
    parser = argparse.ArgumentParser(description="Run benchmarks/walkthrough.ipynb and write it with its outputs.")
    parser.add_argument("--out", type=Path, default=NOTEBOOK, help="file to write (default: the notebook itself)")
    out = parser.parse_args(arguments).out
    try:
        done = executed(nbformat.read(NOTEBOOK, as_version=4), NOTEBOOK.parent)
        write_bytes(out, (nbformat.writes(done) + "\n").encode())
    except CellExecutionError as error:
        print(f"error: {NOTEBOOK}: a cell failed: {error.ename}: {error.evalue}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {out}: cannot be written ({error.strerror})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
