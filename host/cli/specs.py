"""Commands on specs: new, check, schema, summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from host.cli.shared import FILE, command, models_folder, models_option, say

if TYPE_CHECKING:
    from host.spec.types import Spec
    from host.tasks.task import Task


@command()
@click.argument("name")
@click.option(
    "--from",
    "template",
    default="conv",
    show_default=True,
    metavar="TEMPLATE",
    help="Start from this template or model: classifier, codec, conv, dense, residual, upscaler, or a model's name.",
)
@models_option
def new(name: str, template: str, models: Path | None) -> None:
    """Start a model from a template.

    Writes models/NAME/spec.json for you to change.

    \b
    Example:
      host new my-model --from dense
    """
    from host.spec.models import new as run

    file = run(name, template, models_folder(models))
    say(f"{file}: written from {template}; change it, then: host check {name}, host train {name}")


@command()
@click.argument("spec")
@click.option(
    "--draw",
    type=FILE,
    metavar="FILE.svg",
    help="Draw the networks to this file: layers, shapes, types and the split.",
)
@click.option("--variant", help="Variant whose types are drawn.  [default: int8_qat where it is trained, else int8]")
@models_option
def check(spec: str, draw: Path | None, variant: str | None, models: Path | None) -> None:
    """Check a spec and print shapes and costs, without training.

    SPEC is the name of a model, or the path of a spec.json or of its folder. With --draw it also draws the networks as
    an SVG file, which browsers show.

    \b
    Example:
      host check cifar10-ae-mse
      host check my-models/mine/spec.json
      host check cifar10-ae-mse --draw networks.svg --variant int8
    """
    from host.quiet import load_tensorflow
    from host.tasks import open_spec

    if draw is None and variant is not None:
        raise click.UsageError("--variant needs --draw")
    if draw is not None:
        _check_drawing(draw)
    task, found = open_spec(spec, models_folder(models), {})
    load_tensorflow()
    from host.networks.summary import summary_text

    text = summary_text(task, found)
    if draw is not None:
        _draw(draw, task, found, variant)
    say(f"{found.file}: correct\n\n{text}")
    if draw is not None:
        say(f"\n{draw}: drawing of {found.name}")


def _check_drawing(file: Path) -> None:
    """Raises ClickException for a file that no drawing can be written to, before anything takes its time."""
    if file.suffix.lower() != ".svg":
        raise click.ClickException(f"{file}: expected a file whose name ends with .svg")
    if not file.parent.is_dir():
        raise click.ClickException(f"{file.parent}: no such folder; make it, or draw to another one")


def _draw(file: Path, task: Task, spec: Spec, variant: str | None) -> None:
    from device.files import write_bytes
    from host.diagram.draw import network_drawing

    drawing = network_drawing(task, spec, variant)
    try:
        write_bytes(file, drawing.encode())
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written ({error.strerror})") from None


@command(hidden=True)
@click.argument("output", type=FILE)
def schema(output: Path) -> None:
    """Write the JSON schema of the specs, for editors.

    \b
    Example:
      host schema models/spec.schema.json
    """
    from device.files import write_bytes
    from host.spec.schema import schema_text
    from host.tasks import TASKS

    write_bytes(output, schema_text(task.sections for task in TASKS.values()).encode())


@command()
@click.argument("name")
@models_option
def summary(name: str, models: Path | None) -> None:
    """Print the layers, parameters and bottleneck of a model.

    \b
    Example:
      host summary cifar10-ae-mse
    """
    from host.quiet import load_tensorflow
    from host.tasks import open_spec

    task, spec = open_spec(name, models_folder(models))
    load_tensorflow()
    from host.networks.summary import summary_text

    say(summary_text(task, spec))
