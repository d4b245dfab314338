"""The report as Markdown, its figures beside it as SVG files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from host.report.content import TITLE, ModelReport, Report, relative
from host.report.pictures import strip
from host.report.tables import Table
from host.reporting.columns import markdown

_CODE = re.compile(r"(`[^`]+`)")
_MARKS = re.compile(r"[\\`*\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # within a word "_" is none
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BEGINS = ("#", "+", "-", ">")  # of headings, lists and quotations


def markdown_text(report: Report, figures: Mapping[str, Mapping[str, str]], folder: Path) -> str:
    """The text.

    Args:
        figures: by model, by key: the names of files, as seen from the folder; "drawing" and "picture 1", ... too.
        folder: where it will lie; links to raw files begin there.
    """
    parts = [f"# {TITLE}", _text(report.summary)]
    parts += ["## Which variant to deploy", *_table(report.overview)]
    for each in report.models:
        parts += _model(each, figures.get(each.name, {}), folder)
    parts += [f"Left out: {_text(line)}" for line in report.left_out]
    return "\n\n".join(parts) + "\n"


def _model(each: ModelReport, figures: Mapping[str, str], folder: Path) -> list[str]:
    parts = [f"## {_text(each.name)}", _text(each.intro), *_table(each.short)]
    if each.sentences:
        parts.append("\n".join(f"- {_text(sentence)}" for sentence in each.sentences))
    for figure in each.drawn:
        parts += [f"![{_text(figure.chart.title)}]({quote(figures[figure.key])})", _text(figure.note)]
    if each.pictures and (shown := [(key, name) for key, name in figures.items() if key.startswith("picture ")]):
        titles = [made.text for made in strip(each.pictures)]
        parts += [" ".join(f"![{_text(title)}]({name})" for (_, name), title in zip(shown, titles, strict=True))]
        parts += [_text(f"From the left: {'; '.join(titles)}. {each.pictures.note}")]
    if "drawing" in figures:
        parts.append(f"![The network: layers, shapes, types, and where it is split]({figures['drawing']})")
    for table in each.tables:
        parts += [f"### {_text(table.title)}", *_table(table)]
    parts += ["### Where the numbers come from", "\n".join(f"- {_text(note)}" for note in each.notes)]
    links = [f"[{_text(f'{file.parent.name}/{file.name}')}]({relative(file, folder)})" for file in each.files]
    return [*parts, f"Files: {', '.join(links)}."]


def _table(table: Table) -> list[str]:
    text = markdown([*map(_plain, table.columns)], ([*map(_plain, row)] for row in table.rows))
    return [text, _text(table.note)] if table.note else [text]


def _text(words: str) -> str:
    """Sentences: commands between backticks stay what they are, all else is no mark-up."""
    parts = _CODE.split(words)
    text = "".join(part if at % 2 else _plain(part) for at, part in enumerate(parts))
    return f"\\{text}" if text.startswith(_BEGINS) else text


def _plain(words: str) -> str:
    """Words that are no mark-up, such as a row called "<b>"."""
    return _ENTITY.sub("&amp;", _MARKS.sub(r"\\\g<0>", words)).replace("<", "&lt;")
