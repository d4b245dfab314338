"""A diagnosis as a file. Reading one loads no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from device.bundle import read_bundle
from device.errors import SplitliteError
from device.files import json_bytes, write_json
from device.records import as_json
from host.documents import read_versioned
from host.errors import DiagnosisError
from host.quantization.diagnosis.result import Diagnosis

FORMAT_VERSION = 1
DIAGNOSES = Path(__file__).resolve().parents[3] / "benchmarks" / "diagnoses"
IMAGES, KEEP = 64, "float32"  # of the diagnoses there; of others only where a file for them is named


def kept_file(model: str, variant: str, images: int, keep: str, out: Path | None, diagnoses: Path) -> Path | None:
    """Where a diagnosis is kept; None where it is not, since it would stand in for one of all images.

    Args:
        images, keep: as `diagnose` takes them.
        out: the file that the user named.
        diagnoses: the folder of those that no file is named for.

    Raises:
        DiagnosisError: `out` holds something else.
    """
    if out is None:
        return diagnoses / model / f"{variant}.json" if (images, keep) == (IMAGES, KEEP) else None
    if out.exists():
        known = read_diagnosis(out)
        if (known.model, known.variant) != (model, variant):
            raise DiagnosisError(
                f"{out}: holds the diagnosis of {known.model} {known.variant}, which is not overwritten; "
                "give another file: --out FILE"
            )
    return out


def as_document(found: Diagnosis) -> dict[str, Any]:
    """What a file holds: `as_json`, and the format version; raises DiagnosisError for NaN and Infinity."""
    document = {"format_version": FORMAT_VERSION, **as_json(found)}
    try:
        json_bytes(document)
    except ValueError:
        raise DiagnosisError(
            f"{found.model} {found.variant}: a layer's values are not finite, so its error is no number; "
            "check the trained weights"
        ) from None
    return document


def write_diagnosis(path: Path, found: Diagnosis) -> None:
    """Writes a diagnosis in place of the one before it; raises DiagnosisError where it cannot be written."""
    document = as_document(found)
    try:
        write_json(path, document)
    except OSError as reason:
        raise DiagnosisError(f"{path}: cannot be written ({reason.strerror})") from None


def read_diagnosis(path: Path) -> Diagnosis:
    """A file's diagnosis.

    Raises:
        DiagnosisError: missing, damaged or of another version.
    """
    return read_versioned(Diagnosis, path, FORMAT_VERSION, "diagnosis", DiagnosisError)


def exported_tag(bundle: Path, model_sha256: str, variant: str) -> str | None:
    """The tag of a variant as it was exported; None where the bundle is missing or of another state of the model.

    A codec's variant is a family of qualities. Its tag is that of the finest, whose step is diagnosed.
    """
    try:
        found = read_bundle(bundle)
        if found.model_sha256 != model_sha256:
            return None
        return found.find(variant, max(found.qualities(variant), default=None)).tag
    except SplitliteError:
        return None
