from __future__ import annotations

import io
import re
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from .. import pipeline as encoder
from ..bench.run import parser
from . import tiny

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


class Readme(unittest.TestCase):
    @unittest.skipUnless(__package__.startswith("device."), "the package has another name here")
    def test_the_example_runs(self) -> None:
        (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
        stdout = io.StringIO()
        with tempfile.TemporaryDirectory() as name:
            tiny.write(Path(name) / "cifar10-ae-mse")
            with mock.patch.object(encoder, "DEFAULT_BUNDLES", Path(name)), redirect_stdout(stdout):
                exec(example, {})
        self.assertRegex(stdout.getvalue(), r"^\d+ bytes instead of 192\n$")

    def test_every_option_is_named(self) -> None:
        for option in re.findall(r"--[a-z]+", parser().format_help()):
            if option != "--help":
                self.assertIn(option, README)


if __name__ == "__main__":
    unittest.main()
