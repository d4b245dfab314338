"""The checks of `make pi` say no where something is wrong; the rest of it needs an arm64 system."""

from __future__ import annotations

import copy
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.pi.checks import check_evaluations, check_run
from tests.pi.wheels import pins

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = [("m", "int8"), ("m", "float32"), ("m", "int16x8")]
RUN: dict[str, Any] = {
    "environment": {"xnnpack_created": True, "machine": "aarch64", "emulated": "qemu-user", "coder": "c 0badcafe"},
    "rows": [
        {"model": "m", "variant": variant, "status": "ok", "delegate": delegate}
        for variant, delegate in (("int8", "xnnpack"), ("float32", "xnnpack"), ("int16x8", "none"))
    ],
}
HERE: dict[str, Any] = {**RUN, "environment": {"xnnpack_created": True, "machine": "x86_64"}}
CODES = {"count": 1000, "differing": 3, "largest_step": 1}
ROW: dict[str, Any] = {"row": "int8", "decoder": "own", "metrics": {"psnr_db": 30.0}, "agreement": CODES}
EVALUATION: dict[str, Any] = {
    "results": [{"model": "m", "rows": [ROW, {**ROW, "row": "int8+tuned", "decoder": "tuned"}]}]
}


def failed(checks: list[Any]) -> list[str]:
    return [check.text for check in checks if not check.holds]


def changed(value: Any, path: str, new: Any) -> Any:
    value = copy.deepcopy(value)
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = value
    for part in parts:
        place = place[part]
    place[last] = new
    return value


def test_a_good_run_passes() -> None:
    assert failed(check_run(RUN, HERE, EXPECTED)) == []
    assert failed(check_evaluations(EVALUATION, EVALUATION)) == []


@pytest.mark.parametrize(
    ("path", "new", "words"),
    [
        ("rows.0", {"model": "m", "variant": "int8", "status": "failed", "error": "crashed"}, "2 of 3 .* crashed"),
        ("rows", [], "0 of 3 variants encoded; m float32 is missing; m int16x8 is missing; m int8 is missing"),
        ("rows.0.delegate", "none", "m int8 in none, here in xnnpack"),
        ("environment.xnnpack_created", False, "XNNPACK created: False"),
        ("environment.coder", "numpy", "entropy coder: numpy"),
        ("environment.emulated", None, "labelled as emulated: None"),
        ("environment.machine", "x86_64", "machine x86_64"),  # a run of this machine beside itself shows nothing
    ],
)
def test_a_bad_run_is_told(path: str, new: Any, words: str) -> None:
    (text, *_) = failed(check_run(changed(RUN, path, new), HERE, EXPECTED))
    assert re.search(words, text)


@pytest.mark.parametrize(
    ("path", "new", "words"),
    [
        (
            "results.0.rows.0",
            {"row": "int8", "error": "image 3: damaged"},
            "1 of 2 rows' bitstreams decode; m int8: image 3",
        ),
        ("results.0.rows", [], "0 of 0 rows"),
        ("results.0.rows.0.agreement.largest_step", 2, "by at most 2"),
        ("results.0.rows.0.agreement.differing", 11, "(1.10 %)"),
        ("results.0.rows.0.agreement", {"not_compared": "no encoders here"}, "codes not compared: no encoders here"),
        ("results.0.rows.0.metrics.psnr_db", 29.9, "PSNR 29.900 dB, on this machine 30.000 dB"),
    ],
)
def test_a_bad_evaluation_is_told(path: str, new: Any, words: str) -> None:
    (text, *_) = failed(check_evaluations(changed(EVALUATION, path, new), EVALUATION))
    assert words in text


def test_a_row_that_only_one_side_has_is_told() -> None:
    assert "no PSNR of this machine's run" in failed(check_evaluations(EVALUATION, {"results": []}))[0]


def test_the_pins_are_those_that_an_arm64_machine_takes() -> None:
    text = (ROOT / "device" / "requirements.txt").read_text()
    for python, runtime, numpy in (("3.9", "tflite-runtime==2.14.0", "1."), ("3.13", "ai-edge-litert==", "2.")):
        chosen = pins(text, python)
        assert any(pin.startswith(runtime) for pin in chosen)
        assert [pin.startswith(f"numpy=={numpy}") for pin in chosen if pin.startswith("numpy")] == [True]
        assert not any(";" in pin for pin in chosen)


def test_what_is_missing_is_one_line(tmp_path: Path) -> None:
    # On this PATH there is next to nothing; /usr/sbin, which is searched as well, has no qemu.
    for name in ("bash", "dirname", "uname", "id"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    script = ROOT / "tests" / "pi" / "root.sh"
    done = subprocess.run(
        ["bash", script, "check"], env={"PATH": str(tmp_path), "HOME": "/"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "qemu-user-static" in done.stderr and "apt-get install" in done.stderr and len(done.stderr.splitlines()) == 1
    done = subprocess.run(
        ["bash", script, "check"],
        env={"PATH": str(tmp_path), "HOME": "/", "OS": "buster"},
        capture_output=True,
        text=True,
    )
    assert "OS=buster is unknown" in done.stderr
