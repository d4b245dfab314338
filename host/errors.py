"""What can go wrong on the workstation; the base is the device's, so that one clause catches both halves' errors."""

from __future__ import annotations

from device.errors import SplitliteError


class SpecError(SplitliteError):
    """A spec.json or a study's file that cannot be used: names the JSON path and what is available."""


class DataError(SplitliteError):
    """A data set that is missing, truncated or not what it should be."""


class ModelError(SplitliteError):
    """models/<name> lacks something (weights, tables, samples) that a command needs."""


class ExportError(SplitliteError):
    """A converted file that must not travel."""


class CollectError(SplitliteError):
    """A run, or one row of it, that cannot be evaluated."""


class RemoteError(SplitliteError):
    """A device that cannot be reached over ssh, or something there that failed."""


class CompareError(SplitliteError):
    """Runs that cannot be compared, or no such run."""


class ReportError(SplitliteError):
    """A report that cannot be written: no collected run, or a file of it that cannot be read."""


class StudyError(SplitliteError):
    """A trial of a study that failed, or results that do not fit together."""


class DemoError(SplitliteError):
    """Something that the demo's page cannot show."""


class CurveError(SplitliteError):
    """A rate-distortion curve that cannot be measured or compared."""


class DiagnosisError(SplitliteError):
    """A variant whose layers cannot be compared with float32."""
