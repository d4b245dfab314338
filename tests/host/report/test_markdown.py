"""The report as Markdown: names that are no mark-up, figures by their files, links to raw files."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from host.report.content import make_report
from host.report.markdown import markdown_text
from host.report.pictures import strip
from tests.host.project import MODEL


def files_of(each):
    found = {figure.key: f"figures/{each.name}.{figure.key}.svg" for figure in each.figures}
    shown = strip(each.pictures) if each.pictures else []
    found |= {f"picture {number}": f"figures/{number}.webp" for number, _ in enumerate(shown)}
    return found | ({"drawing": "figures/network.svg"} if each.drawing else {})


def text_of(project, folder=None):
    report = make_report(project.read())
    figures = {each.name: files_of(each) for each in report.models}
    return markdown_text(report, figures, folder or project.benchmarks / "reports"), figures


def test_all_that_a_model_has_is_in_it(project):
    project.write(pictures=True).write_drawing()
    text, figures = text_of(project)
    for name in figures[MODEL].values():
        assert f"]({name})" in text
    (model,) = make_report(project.read()).models
    for table in (model.short, *model.tables):
        for line in table.rows:
            assert "| " + " | ".join(line) + " |" in text.replace("\\", "")
    for words in (*model.notes, *model.sentences, model.pictures.note):
        assert words in text.replace("\\", "")


def test_links_lead_to_files_that_exist(project, tmp_path):
    folder = tmp_path / "elsewhere" / "a report"
    folder.mkdir(parents=True)
    text, _ = text_of(project.write(), folder)
    links = re.findall(r"\[[^]]*\.json\]\(([^)]*)\)", text)
    assert len(links) >= 3
    for link in links:
        assert (folder / unquote(link)).is_file() and not Path(link).is_absolute()


@pytest.mark.parametrize("name", ["a|b", "<b>", "[a](b)", "*a*", "_a_", "`a`", "![a](b)", "a\\*b"])
def test_a_name_is_no_mark_up(project, name):
    project.add_variant(name, 31.9, variant=name, family=name, decoder="own")
    text, _ = text_of(project.write())
    first = {table: [line for line in lines if line.startswith("| ")] for table, lines in tables(text).items()}
    for table in ("short", "all"):
        (line,) = (line for line in first[table] if "31.90" in line)
        begin, *others = cells(line)
        assert rendered(begin) == name
        assert len(others) == len(cells(first[table][0])) - 1


def tables(text):
    """The lines of a model's short table and of that of all rows."""
    part = text.partition(f"## {MODEL}")[2]
    return {"short": part.partition("\n- ")[0].splitlines(), "all": part.partition("### All rows")[2].splitlines()[:20]}


def cells(line):
    return re.split(r" (?<!\\)\| ", line.removeprefix("| ").removesuffix(" |"))


def rendered(text):
    """What a reader of Markdown sees, of text without mark-up."""
    assert not re.search(r"(?<!\\)([*`\[<]|\b_|_\b)", text), text
    return re.sub(r"\\([\\`*_\[\]<>|])", r"\1", text).replace("&lt;", "<").replace("&amp;", "&")


def test_what_was_left_out_is_told(project):
    project.write()
    (project.run_folder / "run.json").write_text("{")
    text, _ = text_of(project)
    assert "Left out: " in text and "run.json" in text.partition("Left out: ")[2]
