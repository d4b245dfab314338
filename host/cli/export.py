"""The command export."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.shared import ANY_PATH, command, models_option, say

PARTS, FORMATS = ("encoder", "decoder", "full"), ("tflite", "saved_model", "keras")


@command()
@click.argument("names", nargs=-1)
@click.option("--part", type=click.Choice(PARTS), help="Write only this part of one model to --output.")
@click.option("--variant", help="Variant of the part.  [default: int8 for tflite, else float32]")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="File format of the part. tf_keras reads keras files.  [default: tflite]",
)
@click.option("-o", "--output", type=ANY_PATH, help="File of the part, or the folder of a SavedModel.")
@models_option
def export(
    names: tuple[str, ...],
    part: str | None,
    variant: str | None,
    form: str | None,
    output: Path | None,
    models: Path | None,
) -> None:
    """Convert, split and package trained models.

    Writes device/bundles/NAME, which travels to the device, and build/NAME, which holds the decoders and a drawing of
    the networks, network.svg. Without NAME it exports all models. With --part it writes one file for use without
    splitlite: the encoder, the decoder, or both joined (full), which for a classifier is its network.

    \b
    Example:
      host export                    every model in models/
      host export cifar10-ae-mse
      host export cifar10-ae-mse --part full --variant int8 -o full.tflite
      host export cifar10-ae-mse --part encoder --format keras -o encoder.keras
    """
    from host import api

    if part is None:
        if variant or form or output:
            raise click.UsageError("--variant, --format and --output need --part")
        for line in api.export_all(names, models=models):
            say(line)
        say("next, with a device: host bench pi@raspberrypi.local:splitlite")
        say("or on this machine: make bench collect report")
        return
    if len(names) != 1 or output is None:
        raise click.UsageError("--part needs one NAME and --output")
    done = api.export_part(names[0], part, output, variant=variant, format=form or FORMATS[0], models=models)
    say(f"{output}: {done}")
