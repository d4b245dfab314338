"""The one result schema: what collect and evaluate make, what `--json` prints, what reports read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from device.errors import SplitliteError
from device.files import sha256_bytes
from device.records import as_json
from host.documents import read_versioned
from host.metrics import Metric

FORMAT_VERSION = 1  # of the files that hold a Result or a CollectedRun

KERAS = "keras, batch 1"  # a Latency's runtime where Keras computed
ORIGINALS = "originals"  # among the pictures of rows: what they should be

T = TypeVar("T")


@dataclass(frozen=True)
class Latency:
    """Times of one part of a row; all in nanoseconds of whole calls.

    Attributes:
        n: samples.
        processes: fresh processes that they are from; None where one process measured.
        median_interval_ns: ends of the 95 % confidence interval of the median over processes.
        emulated: by what; such times are no speed.
        coder: what entropy-coded on the device: "numpy", or "c" and digits of its library's digest; None where nothing
            did, or nobody knows.
    """

    device: str
    runtime: str
    n: int
    median_ns: float
    mean_ns: float
    p90_ns: float
    threads: int | None = None
    processes: int | None = None
    median_interval_ns: tuple[float, float] | None = None
    emulated: str | None = None
    coder: str | None = None


@dataclass(frozen=True)
class Agreement:
    """The device's numbers beside those that this machine makes of the same images with the same network."""

    count: int = 0
    differing: int = 0
    largest_step: float = 0
    not_compared: str | None = None


@dataclass(frozen=True)
class Row:
    """One variant with one decoder, or one baseline.

    Attributes:
        row: its name: "int8", "int8_q3+tuned", "jpeg".
        variant: of the bundle; None for a baseline.
        family: the variant without its quality; rows of one family and decoder are one curve.
        quality: a codec's operating point, from 0.
        decoder: "own", "tuned"; None where nothing decodes.
        metrics: means over images, by `Metric.key`; what has no value is absent.
        intervals: ends of the 95 % confidence intervals of some of the metrics.
        counts: tables of counted images, such as "confusion": for each class, in the order of `Result.classes`, how
            many of its images were taken for each class.
        perfect_images: how many had no error and so no PSNR; they are not in that mean.
        sizes: bytes: "network_bytes" (the file on the device), "network_gzip_bytes" (the same file compressed by gzip),
            "decoder_bytes", "full_bytes", and means an image: "latent_bytes" (1 byte a code), "uncoded_latent_bytes"
            (4 bytes a value, where the network's output is float32), "payload_bytes", "bitstream_bytes".
        ratios: of the 8-bit original to its latent as float32, 4 bytes a value, whatever the variant's type
            ("float32_latent"), to its 8-bit codes, 1 byte a value ("nominal"), and to bitstream_bytes ("actual"). By
            another row's name: of that row's file to this row's; with "_gzip" after it: both compressed by gzip.
        verdict: whether the row meets what the spec asks, one short line: "pass", "fail: ...".
        latency: by part: "device" (the device's whole work on an image), "decoder", "full".
        memory: of the device's worker processes, bytes.
        source: where the metrics are from: "test set", "samples", "folder NAME".
        error: why something is missing, one line.
    """

    row: str
    variant: str | None = None
    family: str | None = None
    quality: int | None = None
    decoder: str | None = None
    tag: str | None = None
    threads: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    counts: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    perfect_images: int = 0
    sizes: Mapping[str, float] = field(default_factory=dict)
    ratios: Mapping[str, float] = field(default_factory=dict)
    latency: Mapping[str, Latency] = field(default_factory=dict)
    memory: Mapping[str, float] = field(default_factory=dict)
    agreement: Agreement | None = None
    verdict: str | None = None
    source: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """One model's rows.

    Attributes:
        metrics: what the rows' metrics mean, in the order of tables; the first is the axis of plots and of verdicts.
        tags: by variant.
        tag: over the whole set of variants.
        images: how many the metrics are means of.
        image_shapes: of them, the different ones: (height, width, channels).
        source: as `Row.source`, of all rows that do not say another.
        loss: what was minimized, in words.
        device: that measured the times in it.
        data_sha256: of a whole test set's or folder's images.
        parameters: by network, such as "encoder".
        classes: names of the labels, by index, where labels judge.
    """

    model: str
    task: str
    metrics: tuple[Metric, ...] = ()
    images: int
    image_shapes: tuple[tuple[int, int, int], ...] = ()
    source: str
    tag: str
    tags: Mapping[str, str] = field(default_factory=dict)
    model_sha256: str
    spec_sha256: str
    rows: tuple[Row, ...] = ()
    loss: str | None = None
    device: str | None = None
    data_sha256: str | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CollectedRun:
    """evaluation.json: a device's run, judged.

    Attributes:
        host: "machine" and "runtime" of the workstation that judged it.
        notes: sentences for its reader.
    """

    run_id: str
    device: str
    runtime: str
    threads: tuple[int, ...] = ()
    started_at: str
    results: tuple[Result, ...] = ()
    emulated: str | None = None
    host: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def set_tag(tags: Mapping[str, str]) -> str:
    """One tag for a model's whole set of variants: 8 hexadecimal digits over every variant's own tag."""
    text = "\n".join(f"{variant} {tag}" for variant, tag in sorted(tags.items()))
    return sha256_bytes(text.encode())[:8]


def as_document(value: Result | CollectedRun) -> dict[str, Any]:
    """What a file holds: `as_json`, and the format version."""
    return {"format_version": FORMAT_VERSION, **as_json(value)}


def read_document(kind: type[T], path: Path, error: type[SplitliteError]) -> T:
    """A file's Result or CollectedRun.

    Raises:
        error: missing, damaged or of another version.
    """
    return read_versioned(kind, path, FORMAT_VERSION, "result", error)
