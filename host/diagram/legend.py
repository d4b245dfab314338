"""What the colours and marks of a drawing mean, and what its variant is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement

from host.diagram import svg
from host.diagram.blocks import Layer
from host.diagram.lines import MARK, SIZE, label
from host.diagram.style import COLOURS, MEANINGS, OTHER
from host.quantization.recipes import CONVERSIONS
from host.spec.types import RecipeSpec, Spec
from host.svg.text import fitted

LINE = 22
_TOUCHING = "Boxes that touch: the lower ones change values only, not the shape."
_TEXT = 34  # from the left end to the words


def legend(layers: Iterable[Layer]) -> list[tuple[str, str]]:
    """The types of some layers, and what they mean; then MARK, where a layer has it."""
    known = list(layers)
    used = {label(types) for layer in known for types, _ in layer.types}
    lines = [(name, MEANINGS[name]) for name in MEANINGS if name in used]
    lines += [(name, "") for name in sorted(used - MEANINGS.keys())]
    return lines + [(MARK, "trained with fake quantization")] * any(layer.trained[0] for layer in known)


def draw_legend(
    parent: Element, lines: Sequence[tuple[str, str]], notes: Sequence[str], corner: tuple[float, float], room: float
) -> None:
    """Adds it, a line for each, and notes below it, as much of each as there is room for."""
    for index, (name, meaning) in enumerate(lines):
        y = corner[1] + LINE * index
        if name == MARK:
            svg.mark(parent, (corner[0], y))
            svg.text(parent, (corner[0] + _TEXT, y), meaning)
            continue
        swatch = {"x": f"{corner[0]:g}", "y": f"{y - 11:g}", "width": "24", "height": "13", "rx": "2"}
        SubElement(parent, "rect", {**swatch, "fill": COLOURS.get(name, OTHER)})
        svg.text(parent, (corner[0] + _TEXT, y), f"{name}: {meaning}" if meaning else name)
    for index, note in enumerate(notes, len(lines)):
        svg.text(parent, (corner[0], corner[1] + LINE * index), fitted(note, SIZE, room))


def variant_notes(spec: Spec, name: str, recipe: RecipeSpec) -> list[str]:
    """What a variant is: weights and conversion; the layers that are kept; what its drawing does not show."""
    conversion = CONVERSIONS[recipe.conversion]
    types = (
        f"weights and activations {conversion.weights}"
        if conversion.weights == conversion.activations
        else f"weights {conversion.weights}, activations {conversion.activations}"
    )
    parts = [f"Variant {name}: stage {recipe.weights}, {types}"]
    if recipe.layers:
        kept = ", ".join(f"{pattern} {kept}" for pattern, kept in recipe.layers.items())
        parts.append(f"Kept by the recipe: {kept}.")
    stages = spec.training.stages
    removed = [each for each in (*stages[recipe.weights].after, recipe.weights) if stages[each].kind == "shrink"]
    if removed:
        parts.append(f"Shapes and parameters are those before the stage {removed[-1]} removes channels.")
    return [*parts, _TOUCHING]
