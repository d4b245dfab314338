"""The TFLite runtime: the only file that names one.

ai-edge-litert is the successor of tflite-runtime and runs the same files. Both work; the first is faster.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ModelLoadError, RuntimeUnavailableError, one_line, signal_name
from .files import read_bytes
from .quantization import Array, TensorInfo

PREFERENCE = ("ai_edge_litert", "tflite_runtime")
_NUMPY_1_ONLY = (2, 14)  # tflite_runtime up to this one is compiled against numpy 1
_CURE = "install one with: pip install -r device/requirements.txt"


@dataclass(frozen=True)
class Runtime:
    """An installed runtime, imported: its module's name, its package's version or "unknown", and what to call."""

    name: str
    version: str
    interpreter_class: Any
    load_delegate: Any = None


def available_runtimes() -> tuple[str, ...]:
    """Names of the runtimes that are installed, the preferred one first; imports none of them."""
    return tuple(name for name in PREFERENCE if importlib.util.find_spec(name) is not None)


def load_runtime(name: str | None = None) -> Runtime:
    """Imports one of `PREFERENCE`, by default the first installed; raises RuntimeUnavailableError with the cure."""
    installed = available_runtimes()
    if name is None:
        if not installed:
            raise RuntimeUnavailableError(f"no TFLite runtime is installed; {_CURE}")
        name = installed[0]
    if name not in PREFERENCE:
        raise RuntimeUnavailableError(f"unknown runtime {name!r}; known: {', '.join(PREFERENCE)}")
    if name not in installed:
        there = ", ".join(installed) or "none"
        raise RuntimeUnavailableError(f"runtime {name!r} is not installed (installed: {there}); {_CURE}")
    version = _version(name)
    # Importing it would succeed; constructing an Interpreter then dies with "_ARRAY_API not found".
    if name == "tflite_runtime" and _major_minor(np.__version__) >= (2, 0) and _major_minor(version) <= _NUMPY_1_ONLY:
        raise RuntimeUnavailableError(
            f"tflite-runtime {version} does not work with numpy {np.__version__}; pip install 'numpy<2'"
        )
    try:
        with captured_stderr():
            module = importlib.import_module(f"{name}.interpreter")
    except ImportError as reason:
        raise RuntimeUnavailableError(f"{name} {version} cannot be imported ({one_line(reason)}); {_CURE}") from None
    return Runtime(name, version, module.Interpreter, module.load_delegate)


def check_runtime(name: str | None = None) -> None:
    """Imports a runtime in a process of its own; commands call it before `load_runtime`, which finds everything else.

    A wheel for another processor ends the process that imports it, by a signal and without a word: that raises
    RuntimeUnavailableError here.
    """
    import subprocess  # a worker imports this module too, and has no use for it

    name = name or next(iter(available_runtimes()), None)
    if name not in available_runtimes():
        return
    status = subprocess.run([sys.executable, "-c", f"import {name}.interpreter"], capture_output=True).returncode
    if status < 0:
        others = [other for other in PREFERENCE if other != name]
        raise RuntimeUnavailableError(
            f"importing {name} {_version(name)} ends in {signal_name(-status)}: its wheel is for another processor "
            f"than this one ({os.uname().machine}); install {' or '.join(others)} instead"
        )


def make_interpreter(
    model: bytes | Path,
    threads: int = 1,
    runtime: Runtime | None = None,
    log: list[str] | None = None,
    delegate: Path | None = None,
) -> Any:
    """An interpreter with its tensors allocated.

    Args:
        model: content or path of a .tflite file.
        log: receives the lines that the runtime wrote on stderr meanwhile; otherwise they are dropped.
        delegate: an external delegate's library (an Edge TPU's, say): a path, or a name that the system's loader
            finds. It is offered the model first; `delegate_of` says what became of that.

    Raises:
        ModelLoadError: the runtime, or the delegate in it, cannot load or prepare the file; one line.
        RuntimeUnavailableError: no runtime, or no such delegate.
    """
    runtime = runtime or load_runtime()
    content = model if isinstance(model, bytes) else read_bytes(model, ModelLoadError)
    options = {} if delegate is None else {"experimental_delegates": [_load_delegate(delegate, runtime)]}
    lines: list[str] = []
    try:
        with captured_stderr(lines):
            interpreter = runtime.interpreter_class(model_content=content, num_threads=threads, **options)
            if delegate is not None:
                # XNNPACK takes its parts in allocate_tensors: whatever is delegated before that is the other's.
                interpreter.external_delegate = (delegate.name, op_names(interpreter).count("DELEGATE"))
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, SystemError, TypeError) as reason:
        name = "the model" if isinstance(model, bytes) else str(model)
        where = f"{runtime.name} {runtime.version}" + (f" with {delegate.name}" if delegate is not None else "")
        raise ModelLoadError(f"{name} does not load in {where}: {one_line(reason)}{_age(content, runtime)}") from None
    if log is not None:
        log.extend(lines)
    return interpreter


class Network:
    """An interpreter with one input and one output tensor, as they are now.

    `set` writes the input, `invoke` runs it, `get` copies the output: the interpreter's own calls, nothing in between.
    """

    def __init__(self, interpreter: Any) -> None:
        """Raises ModelLoadError where there are more inputs or outputs."""
        self.interpreter = interpreter
        self.input, self.output = tensor_infos(interpreter)
        self.set: Callable[[Array], None] = partial(interpreter.set_tensor, interpreter.get_input_details()[0]["index"])
        self.invoke: Callable[[], None] = interpreter.invoke
        self.get: Callable[[], Array] = partial(interpreter.get_tensor, interpreter.get_output_details()[0]["index"])

    def resize(self, shape: tuple[int, ...]) -> None:
        """Gives the input another shape; look at the output's then: some operators silently keep the old one.

        Raises ModelLoadError where the runtime refuses, or did not take the shape.
        """
        try:
            with captured_stderr():
                self.interpreter.resize_tensor_input(self.interpreter.get_input_details()[0]["index"], list(shape))
                self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as reason:
            raise ModelLoadError(f"the model does not take an input of {shape}: {one_line(reason)}") from None
        self.input, self.output = tensor_infos(self.interpreter)
        if self.input.shape != tuple(shape):
            raise ModelLoadError(f"the model kept its input of {self.input.shape}, expected {shape}")


def tensor_infos(interpreter: Any) -> tuple[TensorInfo, TensorInfo]:
    """The one input and the one output of a model; raises ModelLoadError where there are more."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelLoadError(f"the model has {len(inputs)} inputs and {len(outputs)} outputs, expected one each")
    return _tensor_info(inputs[0]), _tensor_info(outputs[0])


def op_names(interpreter: Any) -> tuple[str, ...]:
    """Operators in the order of the file, then "DELEGATE" for each part that a delegate took over."""
    try:
        return tuple(str(op["op_name"]) for op in interpreter._get_ops_details())
    except (AttributeError, KeyError, TypeError):  # not a public call: it may go
        return ()


def delegate_of(interpreter: Any) -> str:
    """What runs at least one part of the model: "xnnpack", "external: file name", both with " + ", or "none".

    The runtime says that it created the delegate even where it then gives it nothing to do: in tflite-runtime
    2.14 for x86-64 every int8 model. So look at the plan, not at the log.
    """
    name, parts = getattr(interpreter, "external_delegate", ("", 0))
    found = [f"external: {name}"] if parts else []
    if op_names(interpreter).count("DELEGATE") > parts:
        found.append("xnnpack")
    return " + ".join(found) or "none"


@contextmanager
def captured_stderr(lines: list[str] | None = None) -> Iterator[None]:
    """Keeps what is written to file descriptor 2, by C++ too, off the screen; appends it to `lines`.

    The descriptor belongs to the whole process: other threads' lines go the same way meanwhile.
    """
    try:
        saved = os.dup(2)
    except OSError:  # closed: there is nothing to keep off
        yield
        return
    target = os.memfd_create("stderr") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
    if sys.stderr is not None:
        sys.stderr.flush()
    os.dup2(target, 2)
    try:
        yield
    finally:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        if lines is not None:
            os.lseek(target, 0, os.SEEK_SET)
            with open(target, encoding="utf-8", errors="replace", closefd=False) as stream:
                lines.extend(stream.read().splitlines())
        os.close(target)


def _load_delegate(library: Path, runtime: Runtime) -> Any:
    # A file in this folder must not become a bare name: for those the loader searches elsewhere.
    path = str(library.resolve()) if library.exists() else str(library)
    with captured_stderr():
        try:
            return runtime.load_delegate(path)
        except AttributeError:
            problem = "it is no delegate: it has no tflite_plugin_create_delegate"
        except (OSError, ValueError, RuntimeError) as reason:
            said = str(reason).replace(f"Failed to load delegate from {path}", "")
            problem = one_line(said) or "it gives no reason"
        # Both runtimes' half-made delegates complain as they are collected: here, while nobody sees it.
    raise RuntimeUnavailableError(f"delegate {library} does not load in {runtime.name} {runtime.version}: {problem}")


def _age(content: bytes, runtime: Runtime) -> str:
    # Nothing in a file tells which runtime it needs, and a runtime says it in many words, or in none.
    if runtime.name == "tflite_runtime" and content[4:8] == b"TFL3":
        return "; it may be too old for it: take another variant, or ai-edge-litert (64-bit, Python 3.10 or later)"
    return ""


def _tensor_info(detail: dict[str, Any]) -> TensorInfo:
    shape = tuple(int(side) for side in detail["shape"])
    scale, zero_point = detail["quantization"]
    return TensorInfo(str(detail["name"]), shape, np.dtype(detail["dtype"]).name, float(scale), int(zero_point))


def _version(name: str) -> str:
    # importlib.metadata would tell as well, for 20 ms and half a megabyte of modules.
    spec = importlib.util.find_spec(name)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for info in Path(folder).parent.glob(f"{name}-*.dist-info"):
            return info.name[len(name) + 1 : -len(".dist-info")]
    return "unknown"


def _major_minor(version: str) -> tuple[int, ...]:
    digits = [part for part in version.split(".")[:2] if part.isdigit()]
    return tuple(int(part) for part in digits)
