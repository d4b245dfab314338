"""Rules for single values of a spec. The reader and the published schema both use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REQUIRED = object()  # must be there
ABSENT = object()  # may be left out, and is then not handed on
LATENT_DIMS = "latent_dims"  # the size that layers may name instead of a number


@dataclass(frozen=True)
class Field:
    """Attributes:
    kinds: JSON types as Python reads them: int, float, bool, str, list, dict.
    default: what stands for a value that is not given; REQUIRED, ABSENT.
    choices: where the value is a string, those there are; () is any.
    low, high: of numbers, both included; None is open.
    lengths: of lists; () is any.
    items: of a list's entries.
    named: `latent_dims` may stand for the number.
    text: what an editor shows.
    """

    kinds: tuple[type, ...]
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    lengths: tuple[int, ...] = ()
    items: Field | None = None
    named: bool = False
    text: str = ""

    def wanted(self) -> str:
        """The allowed value in words, for error messages."""
        forms = []
        if int in self.kinds or float in self.kinds:
            noun = "a number" if float in self.kinds else "a whole number"
            if self.low is not None and self.high is not None:
                noun += f" from {self.low} to {self.high}"
            elif self.low is not None or self.high is not None:
                noun += f" of at most {self.high}" if self.low is None else f" of at least {self.low}"
            forms.append(noun + (f' or "{LATENT_DIMS}"' if self.named else ""))
        if bool in self.kinds:
            forms.append("true or false")
        if str in self.kinds:
            forms.append("one of " + ", ".join(self.choices) if self.choices else "a text in quotes")
        if list in self.kinds:
            count = " or ".join(map(str, self.lengths))
            forms.append(f"a list of {count} values" if count else "a list")
        if dict in self.kinds:
            forms.append("an object in braces")
        return " or ".join(forms)

    def schema(self) -> dict[str, Any]:
        """As JSON schema, draft 2020-12."""
        options: list[dict[str, Any]] = []
        if int in self.kinds or float in self.kinds:
            bounds = {"minimum": self.low, "maximum": self.high}
            number = {"type": "number" if float in self.kinds else "integer"}
            options.append(number | {key: value for key, value in bounds.items() if value is not None})
            if self.named:
                options.append({"const": LATENT_DIMS})
        if bool in self.kinds:
            options.append({"type": "boolean"})
        if str in self.kinds:
            options.append({"enum": list(self.choices)} if self.choices else {"type": "string"})
        if list in self.kinds:
            entry: dict[str, Any] = {"type": "array"}
            if self.items is not None:
                entry["items"] = self.items.schema()
            if self.lengths:
                entry |= {"minItems": min(self.lengths), "maxItems": max(self.lengths)}
            options.append(entry)
        if dict in self.kinds:
            options.append({"type": "object"})
        found: dict[str, Any] = options[0] if len(options) == 1 else {"anyOf": options}
        if self.default not in (REQUIRED, ABSENT):
            found["default"] = self.default
        if self.text:
            found["description"] = self.text
        return found


def integer(
    low: int = 1, high: int | None = None, default: Any = REQUIRED, *, named: bool = False, text: str = ""
) -> Field:
    """A whole number."""
    return Field((int,), default, low=low, high=high, named=named, text=text)


def number(low: float | None, high: float | None, default: Any = REQUIRED, text: str = "") -> Field:
    """A number with or without a fraction."""
    return Field((int, float), default, low=low, high=high, text=text)


def choice(choices: tuple[str, ...], default: Any = REQUIRED, text: str = "") -> Field:
    """One of some names."""
    return Field((str,), default, choices=choices, text=text)


def flag(default: Any = REQUIRED, text: str = "") -> Field:
    """True or false."""
    return Field((bool,), default, text=text)


def sides(low: int = 1, default: Any = REQUIRED, text: str = "") -> Field:
    """A side, or [height, width]."""
    return Field((int, list), default, low=low, lengths=(2,), items=Field((int,), low=low), text=text)


def numbers(low: int | None, default: Any = REQUIRED, *, named: bool = False, text: str = "") -> Field:
    """A list of whole numbers."""
    return Field((list,), default, items=Field((int,), low=low, named=named), text=text)
