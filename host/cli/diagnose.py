"""The command diagnose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.shared import FILE, command, json_option, models_option, print_json, say


@command()
@click.argument("name")
@click.option("--variant", default="int8", show_default=True, help="Quantized variant to diagnose.")
@click.option(
    "--images",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="N",
    help="Use at most N of the calibration images. With another N the result is kept only with --out.",
)
@click.option(
    "--keep",
    type=click.Choice(["float32", "int16"]),
    default="float32",
    show_default=True,
    help="Type to keep layers in. float32 runs faster; int16 saves bytes, is advised only where it will do, and "
    "the result is kept only with --out.",
)
@click.option(
    "--out",
    type=FILE,
    help="File to write the result to.  [default: benchmarks/diagnoses/NAME/VARIANT.json]",
)
@json_option
@models_option
def diagnose(name: str, as_json: bool, out: Path | None, models: Path | None, **options: Any) -> None:
    """Find the layers that lose most by quantization.

    Compares each layer's output in the quantized network with float32 and prints the worst first. Where a few layers
    make most of the error, it advises to keep them in int16 or float32, and prints the recipe to paste into the spec.

    \b
    Example:
      host diagnose cifar10-ae-mse
      host diagnose mnist-ae --variant int8_qat --json
    """
    from host.api import diagnose as run
    from host.quantization.diagnosis import kept
    from host.reporting.diagnosis import diagnosis_text

    found = run(name, out=out, models=models, **options)
    if as_json:
        print_json(kept.as_document(found))
    else:
        say(f"{diagnosis_text(found)}\n")
    file = kept.kept_file(found.model, out=out, diagnoses=kept.DIAGNOSES, **options)
    if file is None:
        say("not kept, since --images or --keep is not the default; --out FILE keeps it", err=as_json)
        return
    here = Path.cwd()
    say(f"result: {file.relative_to(here) if file.is_relative_to(here) else file}", err=as_json)
    if found.tag is None:
        say(f"without a tag: not exported in this state; host export {found.model}", err=as_json)
