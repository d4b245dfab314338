"""What several commands share: options, and how commands are printed so that they can be pasted."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
ANY_PATH = click.Path(path_type=Path)

# "host export" in a message, but not the end of a path or of a command that is written out already.
_SHORT = re.compile(
    r"(?<![\w./-])(?<!-m )host (?=(?:bench|check|collect|compare|decode|demo|deploy|diagnose|evaluate|export|new|"
    r"reconstruct|report|schema|study|summary|train)\b)"
)
_GIVEN = "host.cli.given"  # where a context keeps a command's arguments


class Command(click.Command):
    """A command whose help says what its examples' `host` is short for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(f"host is short for: {program()}")


class Resumable(Command):
    """Keeps its arguments as they were given, for `interrupted`."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        given = list(args)  # parsing empties it
        context = super().make_context(info_name, args, *rest, **extra)
        context.meta[_GIVEN] = given
        return context


command = partial(click.command, cls=Command)


def program() -> str:
    """How this program was called, as it can be typed in this folder."""
    name = Path(sys.argv[0]).name
    called, arguments = (sys.argv[0], "") if name.startswith("splitlite") else (sys.executable, " -m host")
    path = Path(called)
    found = shutil.which(path.name)
    if found and Path(found) == path:
        return f"{path.name}{arguments}"
    here = Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}{arguments}"


def pasteable(text: str) -> str:
    """A message whose commands, written as `host export NAME`, can be pasted into this terminal."""
    return _SHORT.sub(lambda _: f"{program()} ", text)


def say(text: str, *, err: bool = False) -> None:
    """Prints a message, its commands as they can be pasted."""
    click.echo(pasteable(text), err=err)


def interrupted(interruption: KeyboardInterrupt, *, without: Sequence[str], added: Sequence[str] = ()) -> SystemExit:
    """Says how to go on with a `Resumable` command; returns what ends it, with the exit code that a shell gives.

    Args:
        without, added: options of the command to leave out, and to give.
    """
    context = click.get_current_context()
    given = [each for each in context.meta[_GIVEN] if each not in without]
    say(f"interrupted; to continue: host {context.info_name} {shlex.join([*given, *added])}", err=True)
    return SystemExit(128 + getattr(interruption, "number", signal.SIGINT))  # 130 of Ctrl-C, 143 of SIGTERM


def print_json(value: Any) -> None:
    """Prints data."""
    click.echo(json.dumps(value, indent=1, sort_keys=True, allow_nan=False))


def json_option(function: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


def models_option(function: Any) -> Any:
    text = "Folder in which models are looked up, instead of models/."
    return click.option("--models", type=FOLDER, hidden=True, help=text)(function)


def models_folder(folder: Path | None) -> Path:
    from host.spec.models import MODELS

    return folder or MODELS


def model_names(names: tuple[str, ...], folder: Path) -> list[str]:
    from host.spec.models import list_models

    return list(names) or list_models(folder)


def bundle_option(function: Any) -> Any:
    text = "Use only this bundle: a name in device/bundles, or a folder. Repeat for several.  [default: all]"
    return click.option("--bundle", "bundles", multiple=True, metavar="NAME", help=text)(function)


def decoder_option(function: Any) -> Any:
    text = "Decoder to use: the variant's own, or the float32 one that was tuned on its codes.  [default: own]"
    return click.option("--decoder", type=click.Choice(["own", "tuned"]), default="own", help=text)(function)


def data_dir_option(function: Any) -> Any:
    text = "Folder of the data sets.  [default: SPLITLITE_DATA, else Keras downloads them]"
    return click.option("--data-dir", type=FOLDER, help=text)(function)
