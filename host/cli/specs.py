"""Commands on specs: new, check, schema, summary."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.shared import FILE, command, models_folder, models_option, say


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
@models_option
def check(spec: str, models: Path | None) -> None:
    """Check a spec and print shapes and costs, without training.

    SPEC is the name of a model, or the path of a spec.json or of its folder.

    \b
    Example:
      host check cifar10-ae-mse
      host check my-models/mine/spec.json
    """
    from host.quiet import load_tensorflow
    from host.tasks import open_spec

    task, found = open_spec(spec, models_folder(models), {})
    load_tensorflow()
    from host.networks.summary import summary_text

    say(f"{found.file}: correct\n\n{summary_text(task, found)}")


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
