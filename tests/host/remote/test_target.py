from __future__ import annotations

from pathlib import Path

import pytest

from host.errors import RemoteError
from host.remote.target import is_remote, parse_target


@pytest.mark.parametrize(
    ("text", "login", "path"),
    [
        ("pi@raspberrypi.local:splitlite", "pi@raspberrypi.local", "splitlite"),
        ("pi", "pi", "splitlite"),
        ("pi:", "pi", "splitlite"),
        ("pi:/srv/split lite/", "pi", "/srv/split lite"),
        ("pi:~/x", "pi", "x"),
        ("pi:~", "pi", "."),
        ("pi:a:b", "pi", "a:b"),
        ("pi:/", "pi", "/"),
        ("a.b@10.0.0.7:x", "a.b@10.0.0.7", "x"),
        ("pi@[fe80::1%eth0]:x", "pi@fe80::1%eth0", "x"),
    ],
)
def test_it_is_read_as_scp_does(text: str, login: str, path: str) -> None:
    target = parse_target(text)
    assert (target.login, target.path) == (login, path)


def test_copying_needs_brackets_around_ipv6_and_ssh_must_not_have_them() -> None:
    target = parse_target("pi@[::1]:x")
    assert (target.login, target.copy_login, str(target)) == ("pi@::1", "pi@[::1]", "pi@[::1]:x")
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "text", ["", ":x", "@pi", "-oProxyCommand=x", "-x@pi", "pi@-x", "a b", "pi:~root/x", "pi:a\nb"]
)
def test_what_is_no_device_is_one_line(text: str) -> None:
    with pytest.raises(RemoteError) as caught:
        parse_target(text)
    assert "\n" not in str(caught.value)


def test_a_path_is_remote_by_its_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_remote("pi:x") and is_remote("pi@pi:/x/y")
    assert not is_remote("from-pi") and not is_remote("./a:b") and not is_remote("/tmp/a:b")
    Path("pi:x").mkdir()
    assert not is_remote("pi:x")
