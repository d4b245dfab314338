"""The tiny upscaler of its task's tests."""

from tests.host.tasks.super_resolution.conftest import parsed, spec_json

__all__ = ["parsed", "spec_json"]
