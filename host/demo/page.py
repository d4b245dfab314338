"""The page itself, in Gradio; what it shows is computed in the modules beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported; nothing leaves this machine

import gradio as gr
import numpy as np
from PIL import Image

from device.errors import SplitliteError
from host.demo.choices import Choice
from host.demo.compress import DIFFERENCE_GAIN, Result, compress, decoder_names
from host.demo.fitting import fit
from host.demo.table import remarks, table_html
from host.evaluation.one_image import difference
from host.packaging.decoders import BUILD

ADDRESS = "127.0.0.1"
_SAMPLES = 12
_FONTS = [gr.themes.Font(name) for name in ("system-ui", "sans-serif")]  # the browser's: nothing is fetched
_THEME = gr.themes.Default(
    font=_FONTS, font_mono=[gr.themes.Font(name) for name in ("ui-monospace", "monospace")], primary_hue="blue"
)
# Pictures of 32 x 32 pixels are shown large: with their pixels, not smoothed.
_CSS = """
.gradio-container {max-width: 1200px !important; width: 100%; margin: 0 auto !important}
#samples .grid-container {grid-template-columns: repeat(6, minmax(0, 1fr)) !important}
.picture img {width: 100%; height: 100%; object-fit: contain; image-rendering: pixelated}
table.numbers {width: 100%; border-collapse: collapse; font-size: 15px; border: 0 !important}
table.numbers th, table.numbers td {padding: 6px 10px !important; border: 0 !important}
table.numbers tr {border: 0 !important; border-bottom: 1px solid var(--border-color-primary) !important}
table.numbers th[scope=row] {text-align: left; font-weight: 400}
table.numbers th[scope=col] {text-align: right; font-weight: 600}
table.numbers td {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.notes p {margin: 2px 10px; font-size: 14px; opacity: 0.8}
.notes p.error {color: var(--error-text-color); font-weight: 600}
"""


def build_page(choices: Mapping[str, Choice], build: Path = BUILD) -> gr.Blocks:
    """The page for these models.

    Args:
        choices: by name, at least one.
        build: where export left the decoders.
    """
    first_name, first = next(iter(choices.items()))

    def offer(name: str) -> list[Any]:
        choice = choices[name]
        low, high = (choice.qualities[0], choice.qualities[-1]) if choice.any_size else (0, 1)
        samples = choice.samples(_SAMPLES)
        return [
            gr.update(choices=list(choice.variants), value=choice.first_variant),
            gr.update(minimum=low, maximum=high, value=choice.first_quality or 0, visible=choice.any_size),
            gr.update(value=[_picture(image) for image in samples], selected_index=None),
            _picture(samples[0]),
        ]

    def show(picture: Image.Image | None, name: str, variant: str, quality: int, decoder: str) -> list[Any]:
        choice = choices[name]
        if picture is None:
            return [None, None, None, None, "", _notes(["Pick a sample or drop an image."]), gr.update()]
        level = int(quality) if choice.any_size else None
        try:
            decoders = decoder_names(choice, variant, level, build)
            image, note = fit(picture, choice)
            if decoder not in decoders:
                note = f"{note} {name}, {variant} has no {decoder} decoder; shown is its own.".strip()
                decoder = decoders[0]
            result = compress(image, choice, variant, level, decoder, build)
        except SplitliteError as error:
            return [None, None, None, None, "", _notes([str(error)], "error"), gr.update()]
        title = f"{name}, {variant}" if level is None else f"{name}, {variant}, quality {level}"
        notes = _notes([note, *remarks(result)] if note else remarks(result))
        return [*_pictures(result), table_html(result, title), notes, gr.update(value=decoder)]

    def take(name: str, event: gr.SelectData) -> Image.Image:
        return _picture(choices[name].samples(_SAMPLES)[event.index])

    with gr.Blocks(title="splitlite demo", analytics_enabled=False) as page:
        gr.Markdown("# splitlite\nAn image through a model of yours: encoded as on the device, decoded as at home.")
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                # PNG: the browser must get and send back every pixel as it is.
                upload = gr.Image(
                    type="pil", format="png", sources=["upload", "clipboard"], height=260, label="Image",
                    elem_id="upload", elem_classes="picture", buttons=[],
                )  # fmt: skip
                gallery = gr.Gallery(
                    format="png", columns=6, allow_preview=False, label="Samples", interactive=False,
                    elem_id="samples", buttons=[], object_fit="cover",
                )  # fmt: skip
            with gr.Column(scale=3, min_width=320):
                model = gr.Dropdown(list(choices), value=first_name, label="Model", elem_id="model", filterable=False)
                variant = gr.Radio(list(first.variants), value=first.first_variant, label="Variant", elem_id="variant")
                quality = gr.Slider(
                    step=1, label="Quality (0: smallest)", elem_id="quality", visible=first.any_size, buttons=[],
                    minimum=first.qualities[0] if first.any_size else 0,
                    maximum=first.qualities[-1] if first.any_size else 1, value=first.first_quality or 0,
                )  # fmt: skip
                # All that there are: a choice that arrives after it was taken back must not be an error.
                decoder = gr.Radio(["own", "tuned"], value="own", label="Decoder", elem_id="decoder")
                numbers = gr.HTML(elem_id="numbers")
                notes = gr.HTML(elem_id="notes")
        labels = ("Original", "Reconstruction", f"Difference × {DIFFERENCE_GAIN}", "JPEG")
        with gr.Row():
            pictures = [
                gr.Image(
                    format="png", label=label, height=280, interactive=False, min_width=200,
                    elem_id=f"picture-{label.split()[0].lower()}", elem_classes="picture", buttons=["fullscreen"],
                )
                for label in labels
            ]  # fmt: skip
        inputs = [upload, model, variant, quality, decoder]
        outputs = [*pictures, numbers, notes, decoder]
        changes = [upload.change, variant.input, quality.input, decoder.input]
        # An encoder serves one thread at a time, and what is clicked last is what is shown.
        gr.on(changes, show, inputs, outputs, concurrency_limit=1, trigger_mode="always_last", api_visibility="private")
        offered = [variant, quality, gallery, upload]
        # A new model brings a sample of its own, and that change shows it.
        gr.on([page.load, model.input], offer, [model], offered, api_visibility="private")
        gallery.select(take, [model], [upload], api_visibility="private")
    return page


def launch(page: gr.Blocks, port: int | None, *, browser: bool) -> str:
    """Serves the page on this machine alone, in a thread of its own; returns its address.

    Args:
        port: None takes the first free one from 7860.
        browser: opens it there.

    Raises:
        OSError: the port is taken.
    """
    _, address, _ = page.launch(
        server_name=ADDRESS, server_port=port, inbrowser=browser, prevent_thread_lock=True, quiet=True, share=False,
        ssr_mode=False, theme=_THEME, css=_CSS, footer_links=[], enable_monitoring=False,
    )  # fmt: skip
    return address


def _pictures(result: Result) -> list[Image.Image]:
    ours = result.ours
    apart = difference(ours.original, ours.image, DIFFERENCE_GAIN)
    return [_picture(each) for each in (ours.original, ours.image, apart, result.jpeg.pixels)]


def _picture(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def _notes(sentences: list[str], kind: str = "note") -> str:
    return '<div class="notes">' + "".join(f'<p class="{kind}">{escape(each)}</p>' for each in sentences) + "</div>"
