from __future__ import annotations

import _ctypes
import dataclasses
import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from .. import runtime
from ..errors import ModelLoadError, RuntimeUnavailableError
from . import tiny


class Choice(unittest.TestCase):
    def test_an_installed_one_is_loaded_with_its_version(self) -> None:
        installed = runtime.available_runtimes()
        self.assertTrue(installed)
        loaded = runtime.load_runtime()
        self.assertEqual(loaded.name, installed[0])
        self.assertRegex(loaded.version, r"^\d+\.\d+")

    def refused(self, words: str, name: str | None = None) -> None:
        with self.assertRaisesRegex(RuntimeUnavailableError, words) as caught:
            runtime.load_runtime(name)
        self.assertNotIn("\n", str(caught.exception))

    def test_none_or_another_is_refused_with_the_cure(self) -> None:
        self.refused("unknown runtime 'tensorflow'; known: ai_edge_litert", "tensorflow")
        with mock.patch.object(runtime, "available_runtimes", return_value=()):
            self.refused("no TFLite runtime is installed; install one with")
            self.refused("'tflite_runtime' is not installed", "tflite_runtime")

    def test_numpy_2_with_the_old_runtime_is_told_before_it_is_imported(self) -> None:
        installed = mock.patch.object(runtime, "available_runtimes", return_value=("tflite_runtime",))
        version = mock.patch.object(runtime, "_version", return_value="2.14.0")
        with installed, version, mock.patch.object(np, "__version__", "2.4.6"):
            self.refused("does not work with numpy 2.4.6; pip install 'numpy<2'")

    def test_a_runtime_whose_libraries_are_missing(self) -> None:
        failure = ImportError("libfoo.so:\ncannot open")
        with mock.patch("importlib.import_module", side_effect=failure):
            self.refused("cannot be imported .libfoo.so: cannot open")


class Check(unittest.TestCase):
    def runtime_that(self, does: str) -> Any:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name in runtime.PREFERENCE:
            (Path(folder.name) / name).mkdir()
            (Path(folder.name) / name / "__init__.py").touch()
            (Path(folder.name) / name / "interpreter.py").write_text(does, encoding="ascii")
        return mock.patch.dict(os.environ, {"PYTHONPATH": folder.name})

    def test_an_illegal_instruction_is_one_line_with_the_cure(self) -> None:
        name = runtime.available_runtimes()[0]
        (other,) = (each for each in runtime.PREFERENCE if each != name)
        with self.runtime_that("import os; os.kill(os.getpid(), 4)"):
            with self.assertRaisesRegex(RuntimeUnavailableError, f"{name} .* SIGILL: .*install {other}") as caught:
                runtime.check_runtime()
        self.assertNotIn("\n", str(caught.exception))

    def test_what_loading_will_tell_is_left_to_it(self) -> None:
        runtime.check_runtime()
        runtime.check_runtime("unknown")
        with self.runtime_that("raise ImportError"):
            runtime.check_runtime()


class Interpreter(unittest.TestCase):
    def test_tensors_are_those_of_the_file(self) -> None:
        for variant in tiny.INPUTS:
            found = runtime.tensor_infos(runtime.make_interpreter(tiny.DATA / f"tiny.{variant}.tflite"))
            for info, expected in zip(found, (tiny.INPUTS[variant], tiny.OUTPUTS[variant])):
                self.assertEqual((info.shape, info.dtype), (expected.shape, expected.dtype))
                self.assertEqual((info.scale, info.zero_point), (expected.scale, expected.zero_point))

    def test_plan_and_delegate(self) -> None:
        interpreter = runtime.make_interpreter(tiny.encoder_file("float32").data)
        self.assertEqual(runtime.op_names(interpreter)[:2], ("CONV_2D", "CONV_2D"))
        self.assertIn(runtime.delegate_of(interpreter), ("xnnpack", "none"))
        self.assertEqual(runtime.delegate_of(object()), "none")

    def test_what_is_no_model_is_one_line(self) -> None:
        for content in (b"", b"nothing like it", bytes(100)):
            with self.assertRaisesRegex(ModelLoadError, "does not load in") as caught:
                runtime.make_interpreter(content)
            self.assertNotIn("\n", str(caught.exception))
        with self.assertRaisesRegex(ModelLoadError, "none.tflite: cannot be read"):
            runtime.make_interpreter(tiny.DATA / "none.tflite")

    def test_the_old_runtime_may_be_too_old_for_a_file(self) -> None:
        refuse = mock.Mock(side_effect=ValueError("Didn't find op for builtin opcode 'CONV_2D' version '99'."))
        for name, content, told in (
            ("tflite_runtime", b"\x1c\0\0\0TFL3", True),
            ("tflite_runtime", b"nothing like it", False),  # nor would another runtime take that
            ("ai_edge_litert", b"\x1c\0\0\0TFL3", False),
        ):
            with self.assertRaisesRegex(ModelLoadError, "version '99'") as caught:
                runtime.make_interpreter(content, runtime=runtime.Runtime(name, "1.0", refuse))
            self.assertEqual("too old for it: take another variant, or ai-edge-litert" in str(caught.exception), told)

    def test_more_than_one_input_is_refused(self) -> None:
        class TwoInputs:
            def get_input_details(self) -> list[Any]:
                return [{}, {}]

            def get_output_details(self) -> list[Any]:
                return [{}]

        with self.assertRaisesRegex(ModelLoadError, "2 inputs and 1 outputs"):
            runtime.tensor_infos(TwoInputs())


class ExternalDelegate(unittest.TestCase):
    MODEL = tiny.DATA / "tiny.float32.tflite"

    def refused(self, words: str, library: Path, loaded: runtime.Runtime | None = None) -> None:
        with self.assertRaisesRegex(RuntimeUnavailableError, words) as caught:
            runtime.make_interpreter(self.MODEL, runtime=loaded, delegate=library)
        self.assertNotIn("\n", str(caught.exception))

    def test_one_that_is_missing_or_no_library_is_one_line(self) -> None:
        self.refused("delegate nowhere/lib.so does not load in .*cannot open", Path("nowhere/lib.so"))
        self.refused("tiny.float32.tflite does not load in ", self.MODEL)

    def test_a_library_that_is_no_delegate(self) -> None:
        with mock.patch("sys.unraisablehook") as complaint:
            self.refused("it has no tflite_plugin_create_delegate", Path(_ctypes.__file__))
        for call in complaint.call_args_list:  # a half-made delegate may complain, but not to a person
            self.assertIsInstance(call.args[0].exc_value, AttributeError)

    def test_what_the_delegate_says_is_kept(self) -> None:
        said = ValueError("Failed to load delegate from libedgetpu.so.1\nno device")
        loaded = dataclasses.replace(runtime.load_runtime(), load_delegate=mock.Mock(side_effect=said))
        self.refused("delegate libedgetpu.so.1 does not load in .*: no device$", Path("libedgetpu.so.1"), loaded)

    def test_a_file_in_this_folder_is_not_looked_for_elsewhere(self) -> None:
        loaded = dataclasses.replace(runtime.load_runtime(), load_delegate=mock.Mock(side_effect=OSError("no")))
        with tempfile.TemporaryDirectory() as folder:
            here = os.getcwd()
            os.chdir(folder)
            try:
                Path("libmine.so").write_bytes(b"")
                self.refused("delegate libmine.so", Path("libmine.so"), loaded)
            finally:
                os.chdir(here)
            loaded.load_delegate.assert_called_once_with(str(Path(folder).resolve() / "libmine.so"))

    def test_the_name_is_of_what_took_a_part(self) -> None:
        plan = [{"op_name": "CONV_2D"}, {"op_name": "DELEGATE"}]
        for before, after, expected in (
            (plan, plan, "external: lib.so"),
            (plan, [*plan, {"op_name": "DELEGATE"}], "external: lib.so + xnnpack"),
            (plan[:1], plan, "xnnpack"),
            (plan[:1], plan[:1], "none"),
        ):
            made = mock.Mock(spec_set=["allocate_tensors", "_get_ops_details", "external_delegate"])
            made._get_ops_details.side_effect = [before, after]
            loaded = runtime.Runtime("any", "1.0", mock.Mock(return_value=made), mock.Mock())
            interpreter = runtime.make_interpreter(self.MODEL, runtime=loaded, delegate=Path("lib.so"))
            self.assertEqual(runtime.delegate_of(interpreter), expected)
            loaded.interpreter_class.assert_called_once_with(
                model_content=self.MODEL.read_bytes(),
                num_threads=1,
                experimental_delegates=[loaded.load_delegate.return_value],
            )


class Stderr(unittest.TestCase):
    def test_lines_of_c_code_are_kept_and_the_descriptor_comes_back(self) -> None:
        before = os.fstat(2)
        lines: list[str] = []
        with self.assertRaises(KeyError), runtime.captured_stderr(lines):
            os.write(2, b"INFO: from C\n")
            sys.stderr.write("from Python\n")
            raise KeyError
        if hasattr(os, "memfd_create"):
            self.assertEqual(lines, ["INFO: from C", "from Python"])
        after = os.fstat(2)
        self.assertEqual((before.st_dev, before.st_ino), (after.st_dev, after.st_ino))

    def test_no_descriptor_leaks(self) -> None:
        before = os.dup(0)
        os.close(before)
        for _ in range(3):
            with runtime.captured_stderr():
                pass
        after = os.dup(0)
        os.close(after)
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
