from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from host.errors import RemoteError
from host.remote.connection import Connection, Options, connect, shell_command
from host.remote.target import Target

from .conftest import Machine

AWKWARD = ["", "it's", 'a "b"', "$HOME", "`id`", "a  b", "*", "\\", "~", "-x", "ä", ";"]


def test_arguments_arrive_as_they_are(machine: Machine) -> None:
    with connect(machine.target, machine.options) as connection:
        assert connection.script('for word in "$@"; do printf "%s\\n" "$word"; done', *AWKWARD).splitlines() == AWKWARD


def test_a_script_that_fails_is_one_line_of_what_it_said(machine: Machine) -> None:
    with connect(machine.target, machine.options) as connection:
        with pytest.raises(RemoteError, match=r"^[^\n]*: no way$"):
            connection.script("echo no way >&2; echo more >&2; exit 3")
        with pytest.raises(RemoteError, match=r"failed with exit status 3$"):
            connection.script("exit 3")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ssh: Could not resolve hostname fake: Name or service not known", "no machine of that name"),
        ("ssh: connect to host fake port 22: Connection refused", "switch ssh on"),
        ("ssh: connect to host fake port 22: No route to host", "is it on"),
        ("ssh: connect to host fake port 22: Connection timed out", "no answer"),
        ("Host key verification failed.", "run once: ssh -p 7 pi@fake"),
        ("@@@\nWARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.", "ssh-keygen -R"),
        ("pi@fake: Permission denied (publickey,password).", "check user and key"),
        ("client_loop: send disconnect: Broken pipe", "the connection broke"),
    ],
)
def test_what_ssh_says_becomes_one_line_with_the_cure(
    fake: Machine, monkeypatch: pytest.MonkeyPatch, said: str, words: str
) -> None:
    monkeypatch.setenv("SAYS", said)
    with connect(fake.target, Options(port=7)) as connection, pytest.raises(RemoteError) as caught:
        connection.script("true")
    assert words in str(caught.value) and str(caught.value).startswith("pi@fake: ") and "\n" not in str(caught.value)


def test_options_come_before_our_own_and_reach_ssh(fake: Machine) -> None:
    options = Options(2222, Path("a key"), ("ConnectTimeout=1",))
    with connect(fake.target, options) as connection:
        connection.script("true")
    line = fake.log.read_text().splitlines()[0]
    assert line.startswith("-T -i a key -o ConnectTimeout=1 -o Port=2222 -o ConnectTimeout=20")
    assert " -- pi@fake sh -c true" in line


def test_a_refused_login_and_an_unknown_host_for_real(real: Machine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("no key")
    other.chmod(0o600)
    cases = (
        (Options(real.options.port, other, real.options.extra), "it refuses the login"),
        (Options(real.options.port, real.options.identity, ("BatchMode=yes", "UserKnownHostsFile=none")), "not known"),
        (Options(1, real.options.identity, real.options.extra), "no ssh server listens"),
    )
    for options, words in cases:
        with connect(real.target, options) as connection, pytest.raises(RemoteError, match=words):
            connection.script("true")
    with (
        connect(Target("nosuch.invalid", "x"), Options()) as connection,
        pytest.raises(RemoteError, match="no machine"),
    ):
        connection.script("true")


def test_without_ssh_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    connection = Connection(Target("pi", "x"))
    with pytest.raises(RemoteError, match=r"ssh is not installed here; .*openssh-client"):
        connection.script("true")


def test_folders_go_there_and_back(machine: Machine, program: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "in").mkdir(parents=True)
    (source / "in" / "it's 1.bin").write_bytes(bytes(1000))
    machine.path.mkdir()
    (machine.path / "there").mkdir()
    (machine.path / "there" / "stale").touch()
    with connect(machine.target, machine.options) as connection:
        connection.send(source, f"{machine.target.path}/there", program == "rsync")
        assert sorted(path.name for path in (machine.path / "there").rglob("*")) == ["in", "it's 1.bin"]
        shutil.copytree(machine.path / "there", machine.path / "second")
        back = tmp_path / "back"
        back.mkdir()
        connection.fetch(machine.target.path, ["there", "second"], back, program == "rsync")
    for name in ("there", "second"):
        assert (back / name / "in" / "it's 1.bin").read_bytes() == bytes(1000)
    assert not list(Path.home().glob(".splitlite-*")) and not list(machine.path.parent.glob("**/.splitlite-*"))


def test_a_full_disk_is_said(fake: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCP_SAYS", 'scp: write remote "x": No space left on device')
    with connect(fake.target, fake.options) as connection, pytest.raises(RemoteError, match="its disk is full"):
        connection.send(tmp_path, "x", with_rsync=False)


def test_the_command_for_the_shell_there_is_one_quoted_word_each() -> None:
    assert shell_command("exit", "a b") == "sh -c exit sh 'a b'"
