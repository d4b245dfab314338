"""What a value may be: the reader's words and the schema's say the same."""

from __future__ import annotations

from host.spec.fields import ABSENT, choice, flag, integer, number, sides


def test_a_field_says_what_it_wants() -> None:
    assert integer(1, 9, named=True).wanted() == 'a whole number from 1 to 9 or "latent_dims"'
    assert number(0.0, None).wanted() == "a number of at least 0.0"
    assert sides().wanted() == "a whole number of at least 1 or a list of 2 values"
    assert choice(("a", "b")).wanted() == "one of a, b"
    assert flag().wanted() == "true or false"


def test_a_fields_schema_has_its_bounds_and_its_default() -> None:
    assert integer(1, 9, 3).schema() == {"type": "integer", "minimum": 1, "maximum": 9, "default": 3}
    assert sides(0, ABSENT).schema() == {
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
        ]
    }
