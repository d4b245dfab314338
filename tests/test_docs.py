"""README.md and docs/ say what is so: tables, commands, links, keys and sizes."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from device import bundle, run_file
from device.inputs.fixed import Fixed
from device.inputs.strips import Strips
from device.outputs.codes import LatentGrid
from device.outputs.context_codes import BlockGrid
from device.outputs.scores import ScoresDescription
from device.quantization import TensorInfo
from docs.make_charts import charts
from docs.make_tables import documents, rendered
from docs.tables.committed import ROOT, curve, evaluations
from host import results
from host.cli import main
from host.quantization.diagnosis import result as diagnosis
from host.spec.parsing import parse_spec
from host.tasks import TASKS

DOCUMENTS = [*documents(), ROOT / "device" / "README.md"]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
_MADE = re.compile(r"<!-- made: .*?<!-- end -->", re.DOTALL)
_COMMAND = re.compile(r"(?:sudo make|make|\.venv|venv/bin|python3?) ")
_ELSEWHERE = {"cd", "scp", "python3"}  # other programs' commands; `python3 -m venv`


def commands(text: str) -> list[str]:
    """Lines of shell blocks, and commands in a line of text."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return lines + [span for span in re.findall(r"`([^`\n]+)`", outside) if _COMMAND.match(span)]


ALL_COMMANDS = sorted({(name, command) for name, text in TEXTS.items() for command in commands(text)})


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_the_tables_are_what_the_command_makes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert rendered(text, path) == text, "make docs"


def _cells(document: str, model: str) -> dict[str, list[str]]:
    """The cells of a model's table by row."""
    table = TEXTS[document].split(f"### {model}\n")[1].split("\n#")[0]
    return {line.split(" | ")[0].strip("| "): line.strip("| ").split(" | ") for line in table.splitlines()}


def _assert_shown(cells: list[str], values: list[float | None], where: object) -> None:
    """Compares with the digits that are shown; cells without a number are left out, and so are values of None."""
    found = [cell.replace("\u2212", "-") for cell in cells if cell not in ("-", "\u2212")]
    given = [value for value in values if value is not None]
    assert len(found) == len(given), where
    for cell, value in zip(found, given, strict=True):
        digits = len(cell.partition(".")[2])
        assert abs(float(cell) - value) <= 0.5000001 * 10**-digits, (where, cell, value)


def test_measured_rows_show_the_numbers_of_the_committed_results() -> None:
    for result in evaluations():
        if result.classes or result.task == "super_resolution":
            continue
        cells = _cells("docs/measured.md", result.model)
        for row in result.rows:
            sizes = [row.sizes.get("bitstream_bytes")]
            sizes += [row.ratios.get(key) for key in ("float32_latent", "nominal", "actual")]
            network = row.sizes["network_bytes"] / 1000 if "network_bytes" in row.sizes else None
            metrics = [row.metrics.get(metric.key) for metric in result.metrics]
            _assert_shown(cells[row.row][1:], [*metrics, *sizes, network], (result.model, row.row))


def test_classifiers_rows_show_the_numbers_of_the_committed_results() -> None:
    for result in evaluations():
        if not result.classes:
            continue
        cells = _cells("docs/classifiers.md", result.model)
        columns = cells["row"]
        for row in result.rows:
            shown = dict(zip(columns, cells[row.row], strict=True))
            network = row.sizes.get("network_bytes")
            latency = row.latency.get("device")
            wanted = {
                "accuracy (%)": row.metrics.get("accuracy_percent"),
                "drop (points)": row.metrics.get("accuracy_drop"),
                "as float32 (%)": row.metrics.get("agreement_percent"),
                "device (ms)": None if latency is None else latency.median_ns / 1e6,
                "network (kB)": None if network is None else network / 1000,
                "float32 (tflite)": row.ratios.get("float32_tflite"),
                "keras (weights)": row.ratios.get("keras_weights"),
            }
            for title, value in wanted.items():
                _assert_shown([shown[title]], [value], (result.model, row.row, title))


def test_upscalers_rows_show_the_numbers_of_the_committed_results() -> None:
    results = [result for result in evaluations() if result.task == "super_resolution"]
    assert results
    (table,) = re.findall(r"<!-- made: upscalers -->\n+(.*?)\n+<!-- end", TEXTS["docs/super-resolution.md"], re.DOTALL)
    lines = {tuple(line.strip("| ").split(" | ")[:2]): line.strip("| ").split(" | ")[2:] for line in table.splitlines()}
    for result in results:
        title = result.model if result.source == "test set" else f"{result.model}, {result.source}"
        cells = _cells("docs/super-resolution.md", title)
        rows = {row.row: row for row in result.rows}
        for name, row in rows.items():
            if not name.startswith("simulated"):
                metrics = [row.metrics.get(metric.key) for metric in result.metrics]
                _assert_shown(cells[name][1 : 1 + len(metrics)], metrics, (title, name))
        psnr = {name: row.metrics["psnr_db"] for name, row in rows.items()}
        wanted = [psnr["bicubic"], psnr["float32"], rows["float32"].metrics["least_gain_db"], psnr["int8"]]
        wanted += [rows["int8"].metrics["least_gain_db"], psnr["float32"] - psnr["int8"]]
        _assert_shown(lines[result.model, result.source][:6], wanted, (title, "summary"))


def test_the_readme_shows_the_numbers_of_the_committed_comparison() -> None:
    result = curve("photo", "kodak")
    names = {result["codecs"][name]: name for name in result["codecs"]}
    rows = [line.strip("| ").split(" | ") for line in TEXTS["README.md"].splitlines() if re.match(r"\| .*\d \|$", line)]
    assert len(rows) == 6
    for title, rate, encode, decode in rows[1:]:
        name = names[title.partition(", ")[2]]
        assert float(rate.removesuffix(" %").replace("−", "-")) == round(result["bd_rate_percent"][name], 1)
        size = result["megapixels"] / result["images"]
        assert float(encode) == round(result["encode_ms_per_megapixel"][name] * size, 1)
        assert float(decode) == round(result["decode_ms_per_megapixel"][name] * size)


def test_the_loop_s_output_in_the_readme_has_the_numbers_of_the_committed_results() -> None:
    rows = {result.model: {row.row: row for row in result.rows} for result in evaluations()}
    (shown,) = re.findall(r"```\n(export  .*?)```", TEXTS["README.md"], re.DOTALL)
    compared = 0
    for model, lines in re.findall(r"^(\S+)[^\n]*: test set, [^\n]*\n((?:  \S[^\n]*\n)+)", shown, re.MULTILINE):
        for name, *cells in re.findall(r"  (\S+) \(.*?\) +(\S+) +(\S+) +(\S+) +\S+ +(\S+)\n", lines):
            row = rows[model][name]
            sizes = row.sizes["bitstream_bytes"], row.ratios["actual"], row.sizes["network_bytes"] / 1000
            for cell, value in zip(cells, (row.metrics["psnr_db"], *sizes), strict=True):
                assert cell == f"{value:.{len(cell.partition('.')[2])}f}", (model, name)
                compared += 1
    assert compared >= 16


@pytest.mark.parametrize("name", TEXTS)
def test_measured_numbers_stand_in_made_tables_only(name: str) -> None:
    text = re.sub(r"```.*?```", "", _MADE.sub("", TEXTS[name]), flags=re.DOTALL)
    assert re.findall(r"\d+\.\d+ (?:dB|%|ms|kB|MB|bits)", text) in ([], ["0.05 dB"]), "a limit of tests/pi is 0.05 dB"


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").stat().st_size <= 8000


@pytest.mark.parametrize("name", TEXTS)
def test_links_anchors_and_images_resolve(name: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(title) for title in titles}, link


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_every_document_is_in_the_index() -> None:
    for path in documents():
        if path.name not in ("index.md", "README.md"):
            assert f"({path.name})" in TEXTS["docs/index.md"]
            assert f"(docs/{path.name})" in TEXTS["README.md"]


@pytest.mark.parametrize(("name", "command"), ALL_COMMANDS, ids=lambda value: value)
def test_every_command_exists(name: str, command: str) -> None:
    words = shlex.split(command, comments=True)
    words = words[1:] if words[0] == "sudo" else words
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        assert {word for word in words[1:] if "=" not in word} <= targets
    elif words[1:3] == ["-m", "host"]:
        assert words[0] == ".venv/bin/python" and words[3] in main.commands
        parent = main.make_context("host", [], resilient_parsing=True)  # click keeps the help option that it gives
        main.commands[words[3]].make_context(words[3], words[4:], parent, resilient_parsing=True)
    elif words[1:2] == ["-m"] and words[2].startswith("device"):
        subcommand = [] if words[2] == "device.bench" else words[3:4]
        shown = device_help(words[2], *subcommand)
        for option in re.findall(r"(?:^| )(--?[a-z]+)", " ".join(words[3:])):
            assert re.search(rf"(?:^|[\s\[]){option}[\s,\]]", shown), option
    elif len(words) > 1 and words[1].startswith("benchmarks/"):
        script = (ROOT / words[1]).read_text(encoding="utf-8")
        assert all(f'"{word}"' in script for word in words[2:] if word.startswith("--"))
    else:
        assert words[0] in _ELSEWHERE or words[0] == "venv/bin/pip" or words[1:3] == ["-m", "unittest"], command


@cache
def device_help(*words: str) -> str:
    command = [sys.executable, "-m", *words, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_every_host_command_stands_in_the_documents() -> None:
    named = set(re.findall(r"(?:`host|-m host) ([a-z]+)", "".join(TEXTS.values())))
    assert named == {name for name, command in main.commands.items() if not command.hidden}


_RUN = (run_file.Run, run_file.RunRow, run_file.Process, run_file.Settings, run_file.RunImage, run_file.RunBundle)
_RUN_PARTS = (run_file.Outputs, run_file.Place, run_file.Energy, run_file.Failure, run_file.Sustained, run_file.Minute)
_BUNDLE = (
    bundle.Bundle,
    bundle.Variant,
    bundle.Samples,
    bundle.LabelsFile,
    bundle.OutputScale,
    TensorInfo,
    Fixed,
    Strips,
)
_RESULT = (results.Result, results.Row, results.Latency, results.Agreement, results.CollectedRun, results.Metric)
_DIAGNOSIS = (diagnosis.Diagnosis, diagnosis.NetworkDiagnosis, diagnosis.LayerError, diagnosis.Kept)
_NOT_IN_JSON = {bundle.Bundle: {"folder", "sha256"}, bundle.Variant: {"name"}}


@pytest.mark.parametrize(
    "kind",
    [*_BUNDLE, LatentGrid, BlockGrid, ScoresDescription, *_RUN, *_RUN_PARTS, *_RESULT, *_DIAGNOSIS],
    ids=lambda kind: kind.__name__,
)
def test_the_contracts_name_every_key(kind: type) -> None:
    words = set(re.findall(r"`([^`\n]+)`", TEXTS["docs/contracts.md"]))
    keys = {field.name for field in dataclasses.fields(kind)} - _NOT_IN_JSON.get(kind, set())
    assert keys <= words, sorted(keys - words)


@pytest.mark.parametrize(
    ("guide", "model"),
    [("your-own-model.md", "cifar10-ae-mse"), ("photographs.md", "photo"), ("spec.md", "cifar10-ae-mse")],
)
def test_the_json_of_the_guides_is_right(guide: str, model: str, tmp_path: Path) -> None:
    spec = json.loads((ROOT / "models" / model / "spec.json").read_text(encoding="utf-8"))
    parts = re.findall(r"```json\n(.*?)```", TEXTS[f"docs/{guide}"], re.DOTALL)
    assert parts
    for part in parts:
        found = json.loads(part if part.startswith("{") else f"{{{part}}}")
        parse_spec(spec | found, tmp_path / "mine" / "spec.json", TASKS[spec["task"]].sections)


def test_the_charts_are_what_the_command_makes_of_committed_results() -> None:
    made = charts()
    assert set(made) == {file.name for file in (ROOT / "docs" / "images").glob("*.svg")}
    for name, text in made.items():
        assert (ROOT / "docs" / "images" / name).read_text(encoding="utf-8") == text, "make docs"
        assert any(name in each for each in TEXTS.values()), f"{name} is shown nowhere"


def test_a_chart_shows_the_numbers_of_the_committed_result() -> None:
    shown = {
        row: (float(x), float(y))
        for row, x, y in re.findall(
            r'data-row="([^"]+)" data-x="([^"]+)" data-y="([^"]+)"', charts()["mobilenetv2-time.svg"]
        )
    }
    (result,) = (each for each in evaluations() if each.model == "mobilenetv2-cifar10")
    timed = {row.row: row for row in result.rows if "device" in row.latency and row.metrics}
    assert set(shown) == set(timed)
    for name, (x, y) in shown.items():
        assert x == pytest.approx(timed[name].latency["device"].median_ns / 1e6, rel=1e-3)
        assert y == pytest.approx(timed[name].metrics["accuracy_percent"], rel=1e-4)
