"""The command diagnose."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.shared import command, json_option, models_option, print_json, say


@command()
@click.argument("name")
@click.option("--variant", default="int8", show_default=True, help="Quantized variant to diagnose.")
@click.option(
    "--images",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="N",
    help="Use at most N of the calibration images.",
)
@click.option(
    "--keep",
    type=click.Choice(["float32", "int16"]),
    default="float32",
    show_default=True,
    help="Type to keep layers in. float32 runs faster; int16 saves bytes, and is advised only where it will do.",
)
@json_option
@models_option
def diagnose(name: str, variant: str, images: int, keep: str, as_json: bool, models: Path | None) -> None:
    """Find the layers that lose most by quantization.

    Compares each layer's output in the quantized network with float32 and prints the worst first. Where a few layers
    make most of the error, it advises to keep them in int16 or float32, and prints the recipe to paste into the spec.

    \b
    Example:
      host diagnose cifar10-ae-mse
      host diagnose mnist-ae --variant int8_qat --json
    """
    from device.records import as_json as plain
    from host.api import diagnose as run
    from host.reporting.diagnosis import diagnosis_text

    found = run(name, variant=variant, images=images, keep=keep, models=models)
    if as_json:
        print_json(plain(found))
    else:
        say(diagnosis_text(found))
