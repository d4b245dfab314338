"""Commands on specs: new, check, schema, summary."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.shared import models_folder, models_option


@click.command()
@click.argument("name")
@click.option(
    "--from",
    "template",
    default="conv",
    show_default=True,
    metavar="TEMPLATE",
    help="conv, dense, residual, or a model's name.",
)
@models_option
def new(name: str, template: str, models: Path | None) -> None:
    """Start a model: write models/NAME/spec.json, a copy of a template to change.

    \b
    Example:
      host new my-model --from dense
    """
    from host.spec.new import new as run

    file = run(name, template, models_folder(models))
    click.echo(f"{file}: written from {template}; change it, then: host check {name}, host train {name}")


@click.command()
@click.argument("spec")
@models_option
def check(spec: str, models: Path | None) -> None:
    """Check a spec without training: SPEC is a model's name or a path; prints shapes, costs and the bottleneck.

    \b
    Example:
      host check cifar10-ae-mse
      host check my-models/mine/spec.json
    """
    from host.quiet import load_tensorflow
    from host.tasks import open_spec

    task, found = open_spec(spec, models_folder(models), {})
    load_tensorflow()
    from host.networks.check import check_text

    click.echo(check_text(task, found))


@click.command(hidden=True)
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
def schema(output: Path) -> None:
    """Write the JSON schema of the specs, for editors: models/spec.schema.json.

    \b
    Example:
      host schema models/spec.schema.json
    """
    from device.files import write_bytes
    from host.spec.schema import schema_text
    from host.tasks import TASKS

    write_bytes(output, schema_text(TASKS.values()).encode())


@click.command()
@click.argument("name")
@models_option
def summary(name: str, models: Path | None) -> None:
    """Print a model's layers, parameters and the shape of its bottleneck.

    \b
    Example:
      host summary cifar10-ae-mse
    """
    from host.quiet import load_tensorflow
    from host.tasks import open_spec

    task, spec = open_spec(name, models_folder(models))
    load_tensorflow()
    from host.networks.summary import summarize

    click.echo(summarize(task, spec))
