"""The workstation's half of splitlite: train, quantize, split, package, and compare what a device sent home."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# The model optimization toolkit quantizes Keras 2 models only: TensorFlow must be told before it is first imported.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
