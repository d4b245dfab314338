"""Reads what the converter wrote into a .tflite file beside the network."""

from __future__ import annotations

from tensorflow.lite.python import schema_py_generated as schema


def min_runtime_version(model: bytes) -> str | None:
    """The file's own claim of the oldest TFLite that runs it; None where it makes none."""
    root = schema.Model.GetRootAs(model, 0)
    for index in range(root.MetadataLength()):
        entry = root.Metadata(index)
        if entry.Name() == b"min_runtime_version":
            text = bytes(root.Buffers(entry.Buffer()).DataAsNumpy())
            return text.split(b"\0")[0].decode("ascii", "replace").strip() or None
    return None
