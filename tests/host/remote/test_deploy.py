from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from device.errors import BundleError
from host.errors import RemoteError
from host.remote import deploy as module
from host.remote.connection import Connection, connect
from host.remote.deploy import PACKAGE, deploy

from .conftest import Machine


def send(machine: Machine, *bundles: str, tests: bool = False) -> str:
    with connect(machine.target, machine.options) as connection:
        return deploy(connection, bundles, tests)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_package_and_the_chosen_bundle_arrive_and_nothing_else(machine: Machine, program: str, bundle: str) -> None:
    line = send(machine, bundle)
    assert line.startswith(f"{machine.target}: device/ with tiny (") and line.endswith(f", {program})")
    there = machine.path / "device"
    kinds = (".py", ".c", ".txt", ".md")
    code = {path for path in files(PACKAGE) if path.endswith(kinds) and not path.startswith("tests/")}
    code = {path for path in code if path.split("/")[0] not in ("bundles", "results")}
    assert files(there) == code | {f"bundles/tiny/{path}" for path in files(Path(bundle))}
    for path in code:
        assert (there / path).read_bytes() == (PACKAGE / path).read_bytes()
    assert [path.name for path in machine.path.iterdir()] == ["device"]


def test_results_and_environments_of_the_old_one_stay_and_its_other_files_go(
    machine: Machine, program: str, bundle: str
) -> None:
    send(machine, bundle)
    there = machine.path / "device"
    for name in ("results/run/run.json", "venv/bin/python", "stale.py"):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_text(name)
    (machine.path / "venv").mkdir()
    send(machine, bundle, tests=True)
    assert (there / "results/run/run.json").read_text() == "results/run/run.json"
    assert (there / "venv/bin/python").is_file() and not (there / "stale.py").exists()
    assert (there / "tests" / "tiny.py").is_file()
    assert sorted(path.name for path in machine.path.iterdir()) == ["device", "venv"]


def test_a_file_that_changed_since_arrives_as_it_is_now(machine: Machine, program: str, bundle: str) -> None:
    # Alike enough that rsync would send only the differences, which fail against a folder beside the new one.
    send(machine, bundle)
    changed = machine.path / "device" / "runtime.py"
    text = (PACKAGE / "runtime.py").read_text()
    changed.write_text(text[:3000] + "# another line\n" * 20 + text[3500:])
    send(machine, bundle)
    assert changed.read_text() == text


def test_a_copy_that_breaks_leaves_the_old_one_as_it_was(
    fake: Machine, program: str, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(fake, bundle)
    before = files(fake.path / "device")

    def broken(self: Connection, folder: Path, path: str, with_rsync: bool, beside: str = "") -> None:
        (fake.path / module.NEW).mkdir()
        (fake.path / module.NEW / "pipeline.py").write_text("half of i")
        raise RemoteError("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "send", broken)
        with pytest.raises(RemoteError):
            send(fake, bundle, tests=True)
    assert files(fake.path / "device") == before
    send(fake, bundle, tests=True)
    assert (fake.path / "device" / "pipeline.py").read_bytes() == (PACKAGE / "pipeline.py").read_bytes()
    assert not (fake.path / module.NEW).exists()


@pytest.mark.parametrize("again", [False, True], ids=["before the new one was in place", "after it"])
def test_stopped_between_the_renames_nothing_is_lost(fake: Machine, program: str, bundle: str, again: bool) -> None:
    send(fake, bundle)
    device = fake.path / "device"
    (device / "results" / "old").mkdir(parents=True)
    shutil.move(device, fake.path / module.OLD)
    if again:
        shutil.copytree(PACKAGE, device, ignore=shutil.ignore_patterns("bundles", "results"))
        (device / "results" / "new").mkdir(parents=True)
    send(fake, bundle)
    assert (device / "results" / "old").is_dir() and (device / "results" / "new").is_dir() == again
    assert [path.name for path in fake.path.iterdir()] == ["device"]


def test_a_missing_or_damaged_bundle_is_found_before_anything_is_sent(fake: Machine, bundle: str) -> None:
    with pytest.raises(BundleError, match="no bundle 'none'"):
        send(fake, "none")
    path = Path(bundle) / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 999}))
    with pytest.raises(BundleError):
        send(fake, bundle)
    assert not fake.log.exists() and not fake.path.exists()


def test_without_bundles_it_says_how_to_make_them(
    fake: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEFAULT_BUNDLES", tmp_path / "none")
    with pytest.raises(RemoteError, match="make them with `host export`"):
        send(fake)


def test_a_folder_that_cannot_be_made_is_one_line(fake: Machine, bundle: str) -> None:
    fake.path.write_text("a file is there")
    with pytest.raises(RemoteError, match=r"^pi@fake: mkdir: [^\n]*$"):
        send(fake, bundle)
