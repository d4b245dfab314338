"""The command line: every command explains itself, and what goes wrong is one line with the right exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from device.run_file import read_outputs, read_run
from host.cli import main
from host.spec.models import templates

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = sorted(main.commands)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], terminal_width=80)


def check_one_line(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    assert re.fullmatch(r"Error: [^\n]+\n", result.output), result.output
    for word in words:
        assert word in result.output


def test_the_commands_are_those_of_the_loop() -> None:
    assert sorted(name for name in COMMANDS if not main.commands[name].hidden) == [
        "bench",
        "check",
        "collect",
        "compare",
        "decode",
        "demo",
        "deploy",
        "diagnose",
        "evaluate",
        "export",
        "new",
        "reconstruct",
        "report",
        "study",
        "summary",
        "train",
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = main.commands[name]
    result = run(name, "--help")
    assert result.exit_code == 0
    assert command.help and len(command.get_short_help_str(100)) > 20
    assert "  Example:\n" in result.output and f"    host {name}" in result.output
    assert "host is short for: " in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    assert run(name, "-h").output == result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_options_help_is_a_sentence_that_stands_alone(name: str) -> None:
    for parameter in main.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert not re.match(r"(Of|Whose|Where|And|For|Which)\b", parameter.help), parameter.help


def test_the_help_of_new_names_every_template(tmp_path: Path) -> None:
    (option,) = (each for each in main.commands["new"].params if each.name == "template")
    assert isinstance(option, click.Option) and option.help
    assert f": {', '.join(templates(tmp_path))}, or a model's name" in option.help


def test_the_help_is_not_cut_at_80_columns_and_names_the_way_through() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    assert not re.search(r"\w\.\.\.", result.output)
    for step in ("host train", "host export", "python -m device.bench", "host collect", "host report"):
        assert step in result.output


def test_the_version_is_the_packages() -> None:
    assert run("--version").output == "splitlite, version 0.1.0\n"


@pytest.mark.parametrize("command", ["train", "summary"])
def test_an_unknown_model_is_one_line_that_lists_those_there_are(command: str) -> None:
    check_one_line(run(command, "nosuch"), "nosuch", "no such model; available: cifar10-ae-mae, cifar10-ae-mse")


def test_a_folder_without_runs_is_one_line(tmp_path: Path) -> None:
    check_one_line(run("collect", tmp_path), str(tmp_path), "no run here")
    check_one_line(run("collect", tmp_path / "nowhere"), "no run here")


@pytest.mark.parametrize("command", ["deploy", "bench", "collect"])
def test_what_is_no_device_is_one_line(command: str) -> None:
    check_one_line(run(command, "pi@:x"), "'pi@:x' is no device; expected user@host:path")


def test_what_ssh_says_of_a_device_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\necho 'ssh: Could not resolve hostname pi' >&2; exit 255\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    check_one_line(run("collect", "pi:splitlite"), "pi: no machine of that name")


@pytest.fixture
def places(loop: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The loop of the tiny model, with its folders as those of the project."""
    monkeypatch.setattr("host.packaging.decoders.BUILD", loop.build)
    monkeypatch.setattr("host.packaging.export.BUNDLES", loop.bundles)
    return loop


def test_a_bitstream_is_decoded_to_a_line_and_a_png(tmp_path: Path, places: Any) -> None:
    (row,) = (row for row in read_run(places.run).rows if row.variant == "int8")
    (tmp_path / "photo.bin").write_bytes(read_outputs(places.run, row)[0])
    result = run("decode", tmp_path / "photo.bin", "-o", tmp_path / "photo.png")
    assert result.exit_code == 0
    assert re.fullmatch(
        r"\S+photo\.png: 16 x 16 pixels, tiny int8, own decoder; \d+ bytes, \d\.\d+ bpp\n", result.output
    )
    check_one_line(run("decode", tmp_path / "no.bin", "-o", tmp_path / "photo.png"), "no.bin: cannot be read")


def test_an_image_is_reconstructed_to_a_line_and_a_png(tmp_path: Path, places: Any) -> None:
    (tmp_path / "dot.ppm").write_bytes(b"P6 16 16 255\n" + bytes(768))
    options = ("--models", places.models, "-o", tmp_path / "out")
    result = run("reconstruct", "tiny", tmp_path / "dot.ppm", *options, "--variant", "int8_qat")
    assert result.exit_code == 0, result.output
    assert re.fullmatch(
        r"\S+dot\.ppm: 16 x 16 pixels; [^,]+, SSIM [\d.]+, \d+ bytes, [\d.]+ bpp; \S+out/dot\.tiny\.int8_qat\.png\n",
        result.output,
    )
    (tmp_path / "bad.png").write_text("no image")
    check_one_line(run("reconstruct", "tiny", tmp_path / "bad.png", *options), "bad.png: cannot be read")
    check_one_line(run("reconstruct", "nosuch", tmp_path / "dot.ppm"), "nosuch", "no such model; available:")


def test_a_part_is_exported_to_a_line_and_a_file(tmp_path: Path, places: Any) -> None:
    options = ("export", "tiny", "--part", "decoder", "--models", places.models, "-o", tmp_path / "d.tflite")
    result = run(*options)
    assert re.fullmatch(r"\S+d\.tflite: tiny int8 decoder, [\d.]+ kB\n", result.output), result.output
    check_one_line(run(*options, "--variant", "int4"), "tiny: no variant 'int4'; available:")
    check_one_line(run(*options[:-1], tmp_path / "d.bin"), "expected a file whose name ends with .tflite")


def test_a_part_that_a_task_does_not_have_is_one_line_that_names_those_it_has() -> None:
    wrong = ("export", "photo", "--part", "full", "-o", "x.tflite")
    check_one_line(run(*wrong), "photo: no full as tflite; take --part encoder")


def test_a_trained_model_is_not_trained_again_without_being_told() -> None:
    check_one_line(run("train", "cifar10-ae-mse"), "cifar10-ae-mse is trained already", "--resume", "--overwrite")
    check_one_line(run("train", "cifar10-ae-mse", "--stage", "nosuch"), "no stage nosuch in its spec; available: float")


def test_a_wrong_spec_is_one_line(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    tiny["encoder"][1]["layer"] = "LSTM"
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    for command in ("train", "summary"):
        check_one_line(run(command, "m", "--models", tmp_path), "$.encoder[1].layer", '"LSTM"')


def test_a_missing_data_folder_is_one_line(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    result = run("train", "m", "--models", tmp_path, "--data-dir", tmp_path / "nowhere")
    check_one_line(result, "nowhere: no such folder")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"],
        ["train"],
        ["train", "m", "--nosuch"],
        ["collect"],
        ["deploy"],
        ["bench"],
        ["bench", "pi", "--port", "0"],
        ["demo", "--port", "0"],
        ["decode"],
        ["decode", "x.bin"],
        ["decode", "x.bin", "-o", "x.png", "--decoder", "best"],
        ["decode", "x.bin", "y.bin", "-o", "folder", "--original", "x.ppm"],
        ["evaluate", "--images", "0"],
        ["evaluate", "cifar10-ae-mse", "cifar10-ae-mae", "--out", "x.json"],
        ["reconstruct", "cifar10-ae-mse"],
        ["reconstruct", "cifar10-ae-mse", "x.png", "--decoder", "best"],
        ["export", "cifar10-ae-mse", "--part", "middle", "-o", "x.tflite"],
        ["export", "cifar10-ae-mse", "--part", "full", "--format", "onnx", "-o", "x.onnx"],
        ["export", "cifar10-ae-mse", "--part", "full"],
        ["export", "--part", "full", "-o", "x.tflite"],
        ["export", "cifar10-ae-mse", "-o", "x.tflite"],
        ["evaluate", "--images", "many"],
        ["check", "cifar10-ae-mse", "--variant", "int8"],
        ["diagnose"],
        ["diagnose", "tiny", "--images", "0"],
        ["diagnose", "tiny", "--keep", "int4"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output and "Traceback" not in result.output


def test_the_summary_says_parameters_and_bottleneck(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    result = run("summary", "m", "--models", tmp_path)
    assert result.exit_code == 0
    # linear 4*4*3*4 + 4, down 5*5*3*8 + 8, correction 3*3*8*4 + 4; linear 4*4*4*3 + 3, correction 3*3*4*3 + 3
    # 4 x 4 places of linear and correction, of the 5 x 5 kernel; the decoder's correction has 16 x 16
    totals = [line.split()[-2:] for line in result.output.splitlines() if " in all" in line]
    assert totals == [["1,096", "17,280"], ["306", "30,720"]]
    assert "bottleneck: 4x4x4 = 64 codes of 8 bits\nnominal ratio 12:1 to 768 bytes of image" in result.output


def test_check_draws_the_networks_and_says_the_same_as_without(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    plain, file = run("check", "m", "--models", tmp_path), tmp_path / "m.svg"
    drawn = run("check", "m", "--models", tmp_path, "--draw", file)
    assert plain.exit_code == drawn.exit_code == 0
    assert drawn.output == f"{plain.output}\n{file}: drawing of m\n"
    assert "Variant int8_qat" in file.read_text()
    assert run("check", "m", "--models", tmp_path, "--draw", file, "--variant", "int16x8").exit_code == 0
    assert "Variant int16x8" in file.read_text()
    assert {each.name for each in tmp_path.iterdir()} == {"m", "m.svg"}


def test_what_cannot_be_drawn_is_one_line_and_leaves_no_file(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "spec.json").write_text(json.dumps(tiny))
    options = ("check", "m", "--models", tmp_path, "--draw")
    check_one_line(run(*options, tmp_path / "m.svg", "--variant", "int3"), "m: no variant 'int3'; available: float32")
    check_one_line(run(*options, tmp_path / "m.png"), "m.png: expected a file whose name ends with .svg")
    check_one_line(run(*options, tmp_path / "no" / "m.svg"), "no: no such folder; make it")
    assert {each.name for each in tmp_path.iterdir()} == {"m"}


def test_as_a_process_an_error_is_one_line_on_stderr_and_nothing_on_stdout(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "host", "collect", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: [^\n]+: no run here[^\n]+\n", done.stderr)


def test_an_export_that_fails_in_its_own_process_is_one_line(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "untrained").mkdir()
    (tmp_path / "untrained" / "spec.json").write_text(json.dumps(tiny))
    done = subprocess.run(
        [sys.executable, "-m", "host", "export", "untrained", "--models", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.strip().splitlines()[-1]
    assert re.match(r"Error: .*untrained/\S+: missing; make it with `.+ -m host train untrained", last), done.stderr
    assert "Traceback" not in done.stderr
