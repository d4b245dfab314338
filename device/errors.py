"""The named errors. Each message is one line that says what to do."""

from __future__ import annotations


class SplitliteError(Exception):
    """Base of every error that this project raises on purpose; its text is one line for a person."""


class BundleError(SplitliteError):
    """A bundle that is missing, of another version, damaged, or does not fit its encoder."""


class BitstreamError(SplitliteError):
    """A bitstream that is damaged, of another version, or made by another codec."""


class RunFileError(SplitliteError):
    """A run file that is missing, of another version, damaged, or would be overwritten."""


class RuntimeUnavailableError(SplitliteError):
    """No TFLite runtime that works is installed."""


class ModelLoadError(SplitliteError):
    """A .tflite file that the installed runtime cannot load or prepare."""


class CoderError(SplitliteError):
    """A C coder that is asked for and cannot be used, or that cannot be built."""


class ImageError(SplitliteError):
    """An image whose shape or dtype the encoder does not take."""


def signal_name(number: int) -> str:
    """Such as "SIGILL"."""
    import signal  # a worker imports this module too, and has no use for it

    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def one_line(text: object, limit: int = 300) -> str:
    """Whatever a library said, as a single line of at most `limit` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
