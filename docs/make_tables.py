"""Writes the tables in README.md and docs/ anew from the committed results and from the tables of spec.json's fields.

    .venv/bin/python -m docs.make_tables          # or: make docs

A document marks the place of a table by two lines, `<!-- made: NAME -->` and `<!-- end -->`.
NAME is a key of `docs.tables.TABLES`.
"""

from __future__ import annotations

import re
from pathlib import Path

from docs.tables import TABLES
from docs.tables.committed import ROOT

_PLACE = re.compile(r"(<!-- made: ([a-z0-9-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Writes every document whose tables changed, and prints its name."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        made = rendered(text, path)
        if made != text:
            path.write_text(made, encoding="utf-8")
            print(path.relative_to(ROOT))


def documents() -> list[Path]:
    """README.md and the Markdown files of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def rendered(text: str, path: Path) -> str:
    """A document with its tables made anew.

    Raises:
        ValueError: a place names a table that does not exist.
    """

    def table(place: re.Match[str]) -> str:
        if place[2] not in TABLES:
            raise ValueError(f"{path}: no table {place[2]}; available: {', '.join(TABLES)}")
        body = TABLES[place[2]]()
        # Links are written from the root; a document in docs/ is one folder further down.
        if path.parent != ROOT:
            body = re.sub(r"\]\((?=docs/)", "](../", body).replace("](../docs/", "](")
        return f"{place[1]}\n{body}\n\n{place[3]}"

    return _PLACE.sub(table, text)


if __name__ == "__main__":
    main()
