"""The page itself, in Gradio; what it shows is computed in the modules beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported; nothing leaves this machine

import gradio as gr

from device.errors import SplitliteError
from host.curves.image_codecs import as_picture
from host.demo.choices import Choice
from host.demo.fitting import fit, read
from host.demo.measure import measure
from host.demo.pictures import CSS, picture_rows, updates
from host.demo.table import remarks, table_html

ADDRESS = "127.0.0.1"
_SAMPLES = 12
_FONTS = [gr.themes.Font(name) for name in ("system-ui", "sans-serif")]  # the browser's: nothing is fetched
_THEME = gr.themes.Default(
    font=_FONTS, font_mono=[gr.themes.Font(name) for name in ("ui-monospace", "monospace")], primary_hue="blue"
)
_CSS = (
    CSS
    + """
.gradio-container {max-width: 1200px !important; width: 100%; margin: 0 auto !important}
#samples .grid-container {grid-template-columns: repeat(6, minmax(0, 1fr)) !important}
#samples {flex-grow: 0 !important}
#samples .grid-wrap {min-height: 0 !important; padding-top: 32px}
table.numbers {width: 100%; border-collapse: collapse; font-size: 15px; border: 0 !important}
table.numbers th, table.numbers td {padding: 6px 10px !important; border: 0 !important}
table.numbers tr {border: 0 !important; border-bottom: 1px solid var(--border-color-primary) !important}
table.numbers th[scope=row] {text-align: left; font-weight: 400}
table.numbers th[scope=col] {text-align: right; font-weight: 600}
table.numbers td {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.notes p {margin: 2px 10px; font-size: 14px; opacity: 0.8}
.notes p.error {color: var(--error-text-color); font-weight: 600}
"""
)


@dataclass(frozen=True)
class _Controls:
    """What is chosen of one model.

    Each model has its own, of which one is visible: choices that changed under a value that is still on its way would
    make an error of it.
    """

    box: gr.Column
    family: gr.Radio
    quality: gr.Slider
    decoder: gr.Radio

    @property
    def inputs(self) -> list[Any]:
        return [self.family, self.quality, self.decoder]


def build_page(choices: Mapping[str, Choice]) -> gr.Blocks:
    """The page for these models, by name, at least one."""
    names = list(choices)
    # Written once: Gradio would write a picture anew while the browser reads the same one from another event.
    folder = TemporaryDirectory(prefix="splitlite-demo-")
    samples = {name: _write_samples(choice, f"{folder.name}/{name}") for name, choice in choices.items()}

    def offer(name: str) -> list[Any]:
        boxes = [gr.update(visible=each == name) for each in names]
        return [*boxes, gr.update(value=samples[name], selected_index=None), samples[name][0]]

    def show(file: str | None, name: str, *values: Any) -> list[Any]:
        choice, place = choices[name], 3 * names.index(name)
        family, quality, decoder = values[place : place + 3]
        if file is None:
            return [*updates(None), "", _notes(["Pick a sample or drop an image."])]
        level = int(quality) if choice.qualities else None
        try:
            decoders = choice.receiver(family, level).decoders.names
            pixels, said = read(Path(file))
            image, notes = fit(pixels, choice)
            if decoder not in decoders:
                notes.append(f"{name}, {family} has no {decoder} decoder; the picture is from its own decoder.")
                decoder = decoders[0]
            result = measure(image, choice, family, level, decoder)
        except SplitliteError as error:
            return [*updates(None), "", _notes([str(error)], "error")]
        return [*updates(result), table_html(result), _notes([*said, *notes, *remarks(result)])]

    def take(name: str, event: gr.SelectData) -> str:
        return samples[name][event.index]

    with gr.Blocks(title="splitlite demo", analytics_enabled=False) as page:
        gr.Markdown("# splitlite\nAn image through one of your models: encoded as on the device, decoded as at home.")
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                # PNG: the browser must get and send back every pixel as it is.
                upload = gr.Image(
                    type="filepath", format="png", sources=["upload", "clipboard"], height=260, label="Image",
                    elem_id="upload", elem_classes="picture", buttons=[],
                )  # fmt: skip
                # The file itself: Gradio would bring 16 bits and transparent parts to RGB in its own way, and show no
                # more than "Error" for a damaged file.
                setattr(upload, "preprocess", lambda sent: None if sent is None else sent.path)  # noqa: B010
                gallery = gr.Gallery(
                    format="png", columns=6, allow_preview=False, label="Samples", interactive=False,
                    elem_id="samples", buttons=[], object_fit="cover", height="auto",
                )  # fmt: skip
            with gr.Column(scale=3, min_width=320):
                model = gr.Dropdown(names, value=names[0], label="Model", elem_id="model", filterable=False)
                controls = [_controls(choice, visible=name == names[0]) for name, choice in choices.items()]
                numbers = gr.HTML(elem_id="numbers")
                notes = gr.HTML(elem_id="notes")
        pictures = picture_rows()
        inputs = [upload, model, *(part for each in controls for part in each.inputs)]
        changes = [upload.change, *(part.input for each in controls for part in each.inputs)]
        # An encoder serves one thread at a time, and what is clicked last is what is shown.
        gr.on(
            changes, show, inputs, [*pictures.outputs, numbers, notes], concurrency_limit=1, trigger_mode="always_last",
            api_visibility="private",
        )  # fmt: skip
        # A new model brings a sample of its own, and that change shows it.
        offered = [*(each.box for each in controls), gallery, upload]
        gr.on([page.load, model.input], offer, [model], offered, api_visibility="private")
        gallery.select(take, [model], [upload], api_visibility="private")
    page.samples_folder = folder  # stays as long as the page
    return page


def _write_samples(choice: Choice, prefix: str) -> list[str]:
    # The model is in the name: two models may have the same samples, and another name is another image to the page.
    found = {f"{prefix}-{index}.png": image for index, image in enumerate(choice.samples(_SAMPLES))}
    for file, image in found.items():
        as_picture(image).save(file)
    return list(found)


def _controls(choice: Choice, *, visible: bool) -> _Controls:
    low, high = (choice.qualities[0], choice.qualities[-1]) if choice.qualities else (0, 1)
    with gr.Column(visible=visible, elem_classes="controls") as box:
        return _Controls(
            box,
            gr.Radio(
                list(choice.bundle.families()), value=choice.first_family, label="Variant", elem_classes="variant",
            ),
            gr.Slider(
                low, high, choice.first_quality or 0, step=1, label="Quality (0: smallest)", elem_classes="quality",
                visible=bool(choice.qualities), buttons=[],
            ),
            gr.Radio(
                list(choice.decoders), value=choice.decoders[0], label="Decoder", elem_classes="decoder",
                visible=len(choice.decoders) > 1,
            ),
        )  # fmt: skip


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


def _notes(sentences: list[str], kind: str = "note") -> str:
    return '<div class="notes">' + "".join(f'<p class="{kind}">{escape(each)}</p>' for each in sentences) + "</div>"
