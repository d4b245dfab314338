"""The page: one file that needs nothing else, in which no name is mark-up, with the numbers that are printed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from host.errors import ReportError
from host.report.html import html_text
from tests.host.project import MODEL, RUN, row

ATTACKS = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    '"onload="x',
    "<img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "&lt;",
    "a'b",
    "\u2028",
]


class Page(HTMLParser):
    """The elements of a page with their attributes, the texts of scripts, and those of cells of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
        else:
            self.words.append(data)

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]

    @property
    def data(self):
        return json.loads(self.scripts[0])


@pytest.fixture
def page(project):
    """Makes the page of the project; it lies where a report does."""

    def make(report=None):
        folder = project.benchmarks / "reports"
        folder.mkdir(exist_ok=True)
        return html_text(report or project.report(), folder, "1.2.3")

    return make


def test_it_asks_for_nothing_outside(project, page):
    project.write(pictures=True).write_drawing()
    text = page()
    found = Page(text)
    for tag, attributes in found.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            address = attributes.get(name) or ""
            assert not re.match(r"(?:[a-z]+:)?//", address), (tag, address)
            assert ":" not in address.partition("/")[0] or address.startswith("data:")
    assert "@import" not in text and "url(" not in text
    assert set(re.findall(r"https?://[^\s\"'<>)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not found.all("link") or {each["href"] for each in found.all("link")} == {"data:,"}
    for call in ("fetch(", "XMLHttpRequest", "import(", "WebSocket", "sendBeacon"):
        assert call not in "".join(found.scripts)


def test_the_same_files_give_the_same_page(project, page):
    project.write(pictures=True).write_drawing()
    assert page() == page()


@pytest.mark.parametrize("name", ATTACKS)
def test_a_rows_name_is_text_wherever_it_stands(project, page, name):
    plain = {tag for tag, _ in Page(page(project.write().report())).elements}
    for where in (project.result, project.evaluation):
        where["rows"].append(row(name, 31.9, variant=name, decoder="own", verdict=f"fail: {name}", error=name))
        where["loss"] = name
    project.run["notes"] = [name]
    project.write()
    project.training["stages"][name] = project.training["stages"]["float"]
    project.write()
    found = Page(page())
    assert len(found.scripts) == 2
    (data,) = (each for each in found.data["models"][0]["rows"] if each["row"] == name)
    assert data["json"]["verdict"] == f"fail: {name}"
    assert {tag for tag, _ in found.elements} <= plain
    assert not [attributes for _, attributes in found.elements if {"onload", "onerror"} & set(attributes)]
    assert name in {attributes.get("data-row") for attributes in found.all("tr")}
    assert name in found.words


@pytest.mark.parametrize("name", ATTACKS)
def test_a_models_name_is_text_wherever_it_stands(project, page, name):
    report = project.write().report()
    (model,) = report.models
    sources = replace(model.sources, name=name)
    report = replace(report, models=(replace(model, sources=sources),), left_out=(f"{name}: damaged",))
    found = Page(page(report))
    assert len(found.scripts) == 2 and found.data["models"][0]["name"] == name
    assert name in {attributes.get("data-model") for attributes in found.all("section")}
    assert f"Left out: {name}: damaged" in found.words
    assert not [attributes for attributes in found.all("img") if "src" in attributes]


def test_the_data_of_the_constraints_are_the_printed_numbers(project, page):
    project.row(project.evaluation, "int8")["metrics"]["psnr_db"] = 30.9049
    project.row(project.result, "int8")["latency"]["device"]["median_ns"] = 1_000_499
    project.row(project.result, "int8")["sizes"]["network_bytes"] = 80_049
    project.row(project.evaluation, "int8")["sizes"]["bitstream_bytes"] = 352.44
    text = page(project.write().report())
    data = Page(text).data
    (model,) = data["models"]
    int8 = next(each for each in model["rows"] if each["row"] == "int8")
    place = str(model["places"][0])
    assert (int8["value"], int8["ms"][place], int8["kb"], int8["bytes"]) == (30.90, 1.0, 80.0, 352.4)
    assert (int8["text"], int8["times"][place], int8["size"]) == ("30.90 dB", "1.000", "80.0")
    cells = re.search(r'<tr data-row="int8".*?</tr>', text, re.DOTALL)[0]
    for printed in ("30.90", "1.000", "80.0", "8.71"):
        assert f">{printed}</td>" in cells
    assert int8["json"]["metrics"]["psnr_db"] == 30.9049  # and the raw ones stay raw


def test_places_have_the_same_numbers_everywhere(project, page):
    project.write().another_run(1, runtime="tflite_runtime 2.14.0", faster=4)
    report = project.report()
    found = Page(page(report))
    assert found.data["places"] == [place.text for place in report.places]
    (model,) = found.data["models"]
    assert model["places"] == [report.places.index(place) for place in report.models[0].sources.places]
    figures = [each.get("data-place") for each in found.all("figure")]
    assert {each for each in figures if each is not None} == {"0", "1", "2"}
    assert set(model["rows"][2]["ms"]) == {"0", "1", "2"}
    options = [each["value"] for each in found.all("option") if (each["value"] or "x").isdigit()]
    assert options == ["0", "1", "2"]


def test_only_what_is_judged_by_the_same_images_takes_part_in_the_choice(project, page):
    project.row(project.evaluation, "int8")["metrics"] = {}
    rows = {each["row"]: each for each in Page(page(project.write().report())).data["models"][0]["rows"]}
    judged = {name for name, each in rows.items() if each["variant"] and each["judged"]}
    assert judged == {"float32", "int8_qat", "int8+tuned"}
    assert rows["int16x8"]["value"] is None and rows["jpeg"]["ms"] == {}


def test_there_is_a_field_for_each_first_metric_once_and_for_bytes_where_some_are_sent(project, page):
    project.write().another_run(1, model="second")
    fields = {each["name"]: each for each in Page(page()).all("input") if "name" in each}
    assert {"psnr_db", "ms", "kb", "bytes"} <= set(fields)
    for where in (project.result, project.evaluation):
        for each in where["rows"]:
            each["ratios"] = {}
    report = replace(project.write().report(), models=project.report().models[1:])
    assert "bytes" not in {each.get("name") for each in Page(page(report)).all("input")}


@pytest.mark.parametrize("raw", [True, False])
def test_links_lead_to_files_that_exist(project, page, raw):
    project.write()
    if raw:
        (project.run_folder / "run.json").write_text("{")
    found = Page(page())
    folder = project.benchmarks / "reports"
    links = {each["href"] for each in found.all("a")} - {each["href"] for each in found.all("a") if "#" in each["href"]}
    links |= {link for each in found.data["models"][0]["rows"] for _, _, link in each["origins"] if link}
    beside = {f"report.{kind}" for kind in ("md", "pdf", "json", "csv")}
    assert beside <= links and len(links - beside) >= 3
    for link in links - beside:
        assert (folder / unquote(link)).is_file(), link
    assert any(RUN in link for link in links)
    anchors = {each["href"].removeprefix("#") for each in found.all("a") if each["href"].startswith("#")}
    assert anchors <= {attributes.get("id") for _, attributes in found.elements}


def test_pictures_are_embedded_once_each(project, page):
    project.write(pictures=True)
    text = page()
    (model,) = Page(text).data["models"]
    assert len(model["files"]) == 9 and all(each.startswith("data:image/webp") for each in model["files"].values())
    for each in model["files"].values():
        assert text.count(each) == 1
    assert [made["first"] for made in model["pictures"][0]["made"]] == [False, True, False]


def test_a_picture_that_is_gone_since_it_was_chosen_is_one_line_that_names_it(project, page):
    report = project.write(pictures=True).report()
    (project.run_folder / "pictures" / "2.int8.webp").unlink()
    with pytest.raises(ReportError, match=r"2\.int8\.webp: cannot be read"):
        page(report)


def test_emulated_times_are_shown_and_nothing_is_chosen_by_them(project, page):
    project.emulate()
    rows = {each["row"]: each for each in Page(page(project.write().report())).data["models"][0]["rows"]}
    assert set(rows["int8"]["times"].values()) == {"1.000", "99.000"}
    assert set(rows["int8"]["ms"].values()) == {99.0}


def test_a_page_of_many_rows_is_small(project, page):
    few = len(page(project.write().report()))
    for number in range(200):
        project.evaluation["rows"].append(row(f"recipe{number}", 30.0 + number / 1000))
    many = len(page(project.write().report()))
    assert many - few < 200 * 4000


def test_a_model_without_metrics_times_or_training_has_a_page(project, page):
    del project.result["metrics"]
    for each in project.result["rows"]:
        each.update(error="unknown", metrics={}, latency={})
    found = Page(page(project.write(evaluation=False, training=False).report()))
    assert found.data["models"][0]["metric"] is None and found.all("figure") == []
    assert MODEL in found.words
