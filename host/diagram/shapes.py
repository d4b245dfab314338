"""Output shapes of layers as text; of images of any size in terms of the image's height h and width w."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tf_keras as keras

Sides = tuple["int | None", ...]  # without the batch
_SIDE = 2**6 * 3**2 * 5 * 7  # of a large image that most strides divide; nothing of this size is computed


def network_shapes(model: keras.Model, before: Sequence[str], margin: int) -> dict[str, tuple[str, ...]]:
    """The sides of each layer's output, as text.

    Args:
        before: what it reads has these sides; () for an image.
        margin: pixels that it reads beside an image of any size.
    """
    shapes: list[Sides] = [tuple(layer.get_output_shape_at(0)) for layer in model.layers]
    # An input's own shape stands in a list.
    fixed = [tuple(shape[0] if isinstance(shape[0], tuple) else shape)[1:] for shape in shapes]
    if None not in model.inputs[0].shape[1:]:
        return {layer.name: tuple(map(_side, sides)) for layer, sides in zip(model.layers, fixed, strict=True)}
    ends = [[_value(text, image) for text in before] for image in (_SIDE, 2 * _SIDE)]
    starts = [end or [image + margin] * 2 for end, image in zip(ends, (_SIDE, 2 * _SIDE), strict=True)]
    small, large = (_probed(model, start) for start in starts)
    return {
        layer.name: tuple(_line(*each) for each in zip(one, two, "hwc", strict=False))
        for layer, one, two in zip(model.layers, small, large, strict=True)
    }


def joined(sides: Sequence[str]) -> str:
    """A shape in one piece: 8×8×48, (h+4)×(w+4)×1."""
    return "×".join(f"({side})" if "+" in side or "−" in side else side for side in sides)


def _side(side: int | None) -> str:
    return "?" if side is None else str(side)


def _probed(model: keras.Model, start: Sequence[int | None]) -> list[Sides]:
    """Every layer's sides where the first input has these; only shapes are computed."""
    import tf_keras as keras

    first, *others = model.inputs
    every = keras.Model(model.inputs, [layer.get_output_at(0) for layer in model.layers])
    sides = [side if known is None else known for side, known in zip([*start, None], first.shape[1:], strict=False)]
    inputs = [keras.Input(sides, dtype=first.dtype)]
    inputs += [keras.Input(each.shape[1:], dtype=each.dtype) for each in others]
    made = every(inputs if others else inputs[0])
    return [tuple(each.shape[1:]) for each in made]


def _line(one: int | None, two: int | None, letter: str) -> str:
    """A side that is `one` for an image of _SIDE pixels and `two` for twice as many."""
    if one is None or two is None or one == two:
        return _side(one)
    slope = Fraction(two - one, _SIDE)
    offset = one - slope * _SIDE
    if offset.denominator != 1:
        return "?"
    times = letter if slope.numerator == 1 else f"{slope.numerator}{letter}"
    over = "" if slope.denominator == 1 else f"/{slope.denominator}"
    more = f"{'+' if offset > 0 else '−'}{abs(int(offset))}" if offset else ""
    return f"{times}{over}{more}"


def _value(text: str, image: int) -> int | None:
    """A side that `_line` wrote, for an image of so many pixels; None where it is not known."""
    if text.isdigit():
        return int(text)
    letter = next((letter for letter in "hw" if letter in text), "")
    if not letter:
        return None
    times, _, rest = text.partition(letter)
    over, sign, more = rest.partition("−" if "−" in rest else "+")
    side = Fraction(int(times or 1) * image, int(over.removeprefix("/") or 1))
    return int(side) + (int(more) * (-1 if sign == "−" else 1) if more else 0)
