"""host / splitlite: the command line. Thin: TensorFlow is imported inside the commands that need it."""

from __future__ import annotations

from typing import Any

import click

from device import __version__
from device.errors import SplitliteError
from host.cli import demo, device, diagnose, export, results, specs, study, train
from host.cli.shared import Command, pasteable


class _Group(Command, click.Group):
    """Turns the package's named errors into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SplitliteError as error:
            raise click.ClickException(pasteable(str(error))) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="splitlite")
def main() -> None:
    """Train, quantize and measure small networks for small devices.

    Train, quantize and split a network on the workstation. Encode images and measure on the device. Decode and judge
    at home.

    \b
    Example:
      host train my-model            writes models/my-model/
      host export                    writes device/bundles/ and build/
      python -m device.bench         encodes and measures, on the device
      host collect device/results    decodes and judges what the device sent
      host report                    writes tables and plots
    """


for _command in (
    specs.new,
    specs.check,
    specs.schema,
    specs.summary,
    train.train,
    export.export,
    device.deploy,
    device.bench,
    device.collect,
    device.decode,
    results.compare,
    diagnose.diagnose,
    results.evaluate,
    results.reconstruct,
    results.report,
    study.study,
    demo.demo,
):
    main.add_command(_command)
