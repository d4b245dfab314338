from __future__ import annotations

import unittest
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import RunFileError
from ..records import as_json, from_json


@dataclass(frozen=True)
class Part:
    name: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Whole:
    count: int
    share: float
    part: Part
    pair: tuple[int, str]
    empty: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    by_name: Mapping[str, Part] = field(default_factory=dict)
    maybe: Optional[Part] = None
    anything: Any = None


WHOLE = Whole(3, 1.0, Part("a", (1, 2)), (1, "b"), (), (Part("c"),), {"d": Part("e")}, Part("f"), [1, {"g": None}])


class Records(unittest.TestCase):
    def test_round_trip(self) -> None:
        self.assertEqual(from_json(Whole, as_json(WHOLE), "", RunFileError), WHOLE)
        bare = Whole(0, 0.5, Part(""), (0, ""), ())
        value = as_json(bare)
        # Absent where the reader knows what that means, and nowhere else.
        self.assertEqual(value, {"count": 0, "share": 0.5, "part": {"name": ""}, "pair": [0, ""], "empty": []})
        self.assertEqual(from_json(Whole, {**value, "more": 1}, "", RunFileError), bare)

    def test_an_integer_is_a_number(self) -> None:
        self.assertEqual(repr(from_json(Whole, {**as_json(WHOLE), "share": 2}, "", RunFileError).share), "2.0")

    def test_what_is_wrong_is_named_with_both_types(self) -> None:
        for change, words in (
            ({"count": "3"}, r"run.count: expected integer, found string '3'"),
            ({"count": True}, r"run.count: expected integer, found boolean True"),
            ({"count": None}, r"run.count: expected integer, found null None"),
            ({"share": "x"}, r"run.share: expected number, found string"),
            ({"share": 10**400}, r"run.share: expected number"),
            ({"part": []}, r"run.part: expected object, found list"),
            ({"part": {}}, r"run.part.name: missing"),
            (
                {"part": {"name": "a", "numbers": [1, 2.5]}},
                r"run.part.numbers\[1\]: expected integer from 0, found number 2.5",
            ),
            ({"part": {"name": "a", "numbers": [-1]}}, r"part.numbers\[0\]: expected integer from 0, found integer -1"),
            ({"part": {"name": "a", "numbers": 1}}, r"run.part.numbers: expected list, found integer 1"),
            ({"pair": [1]}, r"run.pair: expected 2 values, found 1"),
            ({"by_name": {"d": {"name": 1}}}, r"run.by_name.d.name: expected string, found integer 1"),
            ({"maybe": 1}, r"run.maybe: expected object, found integer 1"),
        ):
            with self.assertRaisesRegex(RunFileError, words) as caught:
                from_json(Whole, {**as_json(WHOLE), **change}, "run", RunFileError)
            self.assertNotIn("\n", str(caught.exception))
        with self.assertRaisesRegex(RunFileError, "the file: expected object, found list"):
            from_json(Whole, [], "", RunFileError)


if __name__ == "__main__":
    unittest.main()
