"""The command export."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.shared import model_names, models_folder, models_option

PARTS, FORMATS = ("encoder", "decoder", "full"), ("tflite", "saved_model", "keras")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--part", type=click.Choice(PARTS), help="Write only this part of one model, to --output.")
@click.option("--variant", help="Of the part.  [default: int8 as tflite, else float32]")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of the part.  [default: tflite]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The part's file; a SavedModel's folder.")
@models_option
def export(
    names: tuple[str, ...],
    part: str | None,
    variant: str | None,
    form: str | None,
    output: Path | None,
    models: Path | None,
) -> None:
    """Convert, split and package models: device/bundles/<name>/ and build/<name>/.

    With --part one file instead, for use without splitlite: the encoder, the decoder or both joined, as .tflite of any
    variant, as SavedModel or as .keras.

    \b
    Example:
      host export                    every model in models/
      host export cifar10-ae-mse
      host export cifar10-ae-mse --part full --variant int8 -o full.tflite
      host export cifar10-ae-mse --part encoder --format keras -o encoder.keras
    """
    from host.errors import ModelError
    from host.packaging.export import export_many

    if part is None:
        if variant or form or output:
            raise click.UsageError("--variant, --format and --output are of one part: give --part with them")
        if not model_names(names, models_folder(models)):
            raise ModelError(
                f"{models_folder(models)}: no models here; write <name>/spec.json, then `host train <name>`"
            )
        for line in export_many(model_names(names, models_folder(models)), models_folder(models)):
            click.echo(line)
        return
    if len(names) != 1 or output is None:
        raise click.UsageError("--part is of one model: give one NAME, and --output")
    from host.packaging.parts import export_part

    done = export_part(names[0], part, output, variant=variant, form=form or FORMATS[0], models=models_folder(models))
    click.echo(f"{output}: {done}")
