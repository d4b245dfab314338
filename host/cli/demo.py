"""The command demo."""

from __future__ import annotations

import click

from host.cli.shared import bundle_option, command, say


@command()
@bundle_option
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the page.  [default: the first free one from 7860]"
)
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
def demo(bundles: tuple[str, ...], port: int | None, no_browser: bool) -> None:
    """Open a page that shows your images through a model.

    The page shows bytes, quality and times beside a baseline: JPEG of as many bytes, or cubic convolution for models
    that enlarge images. Only this machine can reach it. It needs no network.

    \b
    Example:
      host demo
      host demo --bundle cifar10-ae-mse --port 8000 --no-browser
    """
    from host.demo.choices import list_choices
    from host.errors import DemoError

    choices = list_choices(bundles)
    try:
        from host.demo.page import build_page, launch
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise DemoError("Gradio is not installed; get it with: pip install -e '.[demo]'") from None
    page = build_page(choices)
    try:
        address = launch(page, port, browser=not no_browser)
    except OSError:
        raise DemoError(f"port {port or 7860} is taken; choose another with --port") from None
    say(f"{address} (Ctrl-C ends it)")
    page.block_thread()
