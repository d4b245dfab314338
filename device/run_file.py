"""Contract 3, device to host: a folder with what one run measured and made.

    run.json  <model>.<variant>.bin

run.json holds raw samples, never only averages, with units in every key; a .bin file holds the outputs
(bitstreams) of all images, one after the other. A run is written beside its place and renamed into it when it is
whole, so that a folder with a run's name is a run; an existing one is never overwritten.

Versions: 1 (2026) the first.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Optional

from .errors import RunFileError
from .files import check_version, json_bytes, plain_name, read_bytes, read_json, sha256_bytes, sync_folder, write_bytes
from .records import as_json, from_json

FORMAT_VERSION = 1
FILE_NAME = "run.json"
STAGES = ("encode_ns", "quantize_ns", "invoke_ns", "code_ns")
_DIGEST, _TAG = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Effort:
    """How much each row is measured: fresh processes, and in each at least so many encodes and so long, both."""

    repetitions: int
    runs: int
    minimum_ns: int
    warmup: int
    warmup_ns: int


@dataclass(frozen=True)
class Settings(Effort):
    """What each row got; `seed`: of the order of the processes."""

    threads: tuple[int, ...]
    seed: int


@dataclass(frozen=True)
class RunImage:
    """One of the user's own images: its file's name, the digest of its pixels, (height, width, channels)."""

    name: str
    sha256: str
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class RunBundle:
    """What a model's bundle was made from."""

    model_sha256: str
    spec_sha256: str
    bundle_sha256: str


@dataclass(frozen=True)
class Place:
    """Where an image's output lies in its row's file."""

    offset: int
    length: int
    crc32: int


@dataclass(frozen=True)
class Outputs:
    """The outputs of a row, one for each image."""

    file: str
    sha256: str
    images: tuple[Place, ...]


@dataclass(frozen=True)
class Energy:
    """What encoding without a pause took; `source` is the probe."""

    source: str
    joules: float
    encodes: int
    seconds: float


@dataclass(frozen=True)
class Process:
    """One fresh process that measured a row; `position`: its place in the order of all processes of the run.

    Attributes:
        samples: by the keys of `STAGES`; before them came `first_encode_ns` and `warmup_ns`.
        reference_ns: of a fixed loop, before and after the samples.
        memory: "rss_before_load_bytes", "rss_after_load_bytes", "peak_rss_bytes".
        before, after: the machine, as `state.read_state` tells it.
    """

    position: int
    load_ns: int
    first_encode_ns: int
    warmup_ns: tuple[int, ...]
    samples: Mapping[str, tuple[int, ...]]
    reference_ns: tuple[int, ...]
    memory: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    energy: Optional[Energy] = None


@dataclass(frozen=True)
class Failure:
    """A process that failed; `position` as of `Process`, None for one that did not measure."""

    error: str
    position: Optional[int] = None


@dataclass(frozen=True)
class Minute:
    """One minute without a pause: how many encodes, the times of some of them, the machine at its end."""

    encodes: int
    encode_ns: tuple[int, ...]
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sustained:
    """Minutes without a pause; one in so many times is kept."""

    minutes: tuple[Minute, ...]
    kept_one_in: int


@dataclass(frozen=True)
class RunRow:
    """One variant with one number of threads.

    Attributes:
        status: "ok", or "failed", and then `error` says why and nothing follows.
        sizes: "network_bytes", and for each image lists of "payload_bytes", "bitstream_bytes" and what the kind of
            output adds, such as "latent_bytes".
        numbers_sha256: digest of the numbers that the outputs hold.
        figures: what the samples' labels say of these numbers, such as "top1_percent"; empty where nothing does.
        delegate: what ran the network, as `runtime.delegate_of` names it.
    """

    model: str
    variant: str
    family: str
    threads: int
    tag: str
    status: str
    quality: Optional[int] = None
    error: Optional[str] = None
    processes: tuple[Process, ...] = ()
    sizes: Mapping[str, Any] = field(default_factory=dict)
    outputs: Optional[Outputs] = None
    numbers_sha256: Optional[str] = None
    figures: Mapping[str, float] = field(default_factory=dict)
    delegate: Optional[str] = None
    runtime_log: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    sustained: Optional[Sustained] = None

    @property
    def ok(self) -> bool:
        """Whether it was measured."""
        return self.status == "ok"


@dataclass(frozen=True)
class Run:
    """One run of the bench; `images` are the user's own, none where the bundles' samples were encoded."""

    run_id: str
    started_at: str
    finished_at: str
    command: tuple[str, ...]
    settings: Settings
    environment: Mapping[str, Any]
    bundles: Mapping[str, RunBundle]
    rows: tuple[RunRow, ...]
    images: tuple[RunImage, ...] = ()


def partial_folder(folder: Path) -> Path:
    """Where the files of the run that will be `folder` are gathered until `write_run`; made if need be.

    Raises RunFileError where `folder` is there already, or the place cannot be written to.
    """
    folder = Path(folder)
    if folder.exists():
        raise RunFileError(f"{folder}: there already; a run is never overwritten, give another --out")
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise RunFileError(f"{partial}: cannot be made ({reason.strerror}); give another --out") from None
    return partial


def write_run(folder: Path, run: Run) -> Path:
    """Writes run.json beside the outputs in `partial_folder(folder)` and gives the folder its name.

    Raises RunFileError for what `read_run` would refuse, outputs that do not fit, or a run there already.
    """
    folder = Path(folder)
    value = {**as_json(run), "format_version": FORMAT_VERSION}
    _parse(value, folder / FILE_NAME)
    partial = partial_folder(folder)
    for row in run.rows:
        if row.ok:
            read_outputs(partial, row)
    write_bytes(partial / FILE_NAME, json_bytes(value))
    try:
        os.rename(partial, folder)
    except OSError as reason:
        raise RunFileError(f"{folder}: cannot be written ({reason.strerror}); the run lies in {partial}") from None
    sync_folder(folder.parent)
    return folder


def read_run(path: Path) -> Run:
    """A run from its folder or its run.json, checked; its names can be joined to paths and stay in their folder.

    Raises RunFileError with the file and the JSON path.
    """
    file = Path(path, FILE_NAME) if Path(path).is_dir() else Path(path)
    return _parse(read_json(file, RunFileError), file)


def process_samples(row: RunRow, stage: str = "encode_ns") -> list[tuple[int, ...]]:
    """The raw samples of one stage of a row, those of each process; nanoseconds."""
    return [process.samples[stage] for process in row.processes]


def pooled_samples(row: RunRow, stage: str = "encode_ns") -> list[int]:
    """The raw samples of one stage of a row, of all its processes; nanoseconds."""
    return [sample for samples in process_samples(row, stage) for sample in samples]


def write_outputs(path: Path, streams: Sequence[bytes]) -> Outputs:
    """Writes the outputs of one row to `path`."""
    data = b"".join(streams)
    offsets = accumulate(map(len, streams), initial=0)
    write_bytes(path, data)
    places = tuple(Place(offset, len(stream), zlib.crc32(stream)) for offset, stream in zip(offsets, streams))
    return Outputs(path.name, sha256_bytes(data), places)


def read_outputs(folder: Path, row: RunRow) -> list[bytes]:
    """The outputs of one row of the run in `folder`, one for each image; raises RunFileError where they do not fit."""
    outputs = row.outputs
    if outputs is None:
        raise RunFileError(f"{folder}: {row.model} {row.variant} has no outputs: {row.error}")
    path = Path(folder) / plain_name(outputs.file, "outputs.file", RunFileError)
    data = read_bytes(path, RunFileError)
    found = sha256_bytes(data)
    if found != outputs.sha256:
        raise RunFileError(f"{path}: sha256 {found[:12]}..., run.json says {outputs.sha256[:12]}...; copy it again")
    streams = []
    for number, image in enumerate(outputs.images):
        stream = data[image.offset : image.offset + image.length]
        if image.offset < 0 or len(stream) != image.length or zlib.crc32(stream) != image.crc32:
            raise RunFileError(f"{path}: image {number} does not fit its place and checksum in run.json")
        streams.append(stream)
    return streams


def _parse(value: Any, path: Path) -> Run:
    found = value.get("format_version") if isinstance(value, dict) else None
    check_version(found, FORMAT_VERSION, "run file", path, RunFileError)
    try:
        run = from_json(Run, value, "", RunFileError)
        plain_name(run.run_id, "run_id", RunFileError)
        for model, origin in run.bundles.items():
            plain_name(model, "bundles", RunFileError)
            for key, digest in vars(origin).items():
                _must(_DIGEST.fullmatch(digest), f"bundles.{model}.{key}", f"{digest!r:.80} is not a SHA-256")
        for number, image in enumerate(run.images):
            name = image.name
            plain = 0 < len(name) < 256 and name.isprintable() and name == Path(name).name and name != ".."
            _must(plain, f"images[{number}].name", f"{name!r:.80} is not the name of a file")
        for number, row in enumerate(run.rows):
            _check_row(row, f"rows[{number}]")
            _must(row.model in run.bundles, f"rows[{number}].model", f"{row.model!r} is not among the bundles")
    except RunFileError as reason:
        raise RunFileError(f"{path}: {reason}") from None
    return run


def _check_row(row: RunRow, where: str) -> None:
    for key in ("model", "variant", "family"):
        plain_name(getattr(row, key), f"{where}.{key}", RunFileError)
    _must(_TAG.fullmatch(row.tag), f"{where}.tag", f"{row.tag!r:.80} is not 8 hexadecimal digits")
    _must(row.status in ("ok", "failed"), f"{where}.status", f"{row.status!r:.80}, expected 'ok' or 'failed'")
    for key in ("processes", "outputs", "numbers_sha256", "delegate") if row.ok else ("error",):
        _must(getattr(row, key), f"{where}.{key}", "missing")
    if row.outputs is None or not row.ok:
        return
    plain_name(row.outputs.file, f"{where}.outputs.file", RunFileError)
    for key in ("network_bytes", "payload_bytes", "bitstream_bytes"):
        _must(key in row.sizes, f"{where}.sizes.{key}", "missing")
    for key, value in row.sizes.items():
        sizes, expected = ([value], 1) if key == "network_bytes" else (value, len(row.outputs.images))
        _must(isinstance(sizes, list) and len(sizes) == expected, f"{where}.sizes.{key}", "not one for each image")
        counts = all(type(size) is int and 0 <= size < 1 << 40 for size in sizes)
        _must(counts, f"{where}.sizes.{key}", "not numbers of bytes")
    for number, process in enumerate(row.processes):
        for stage in STAGES:
            _must(process.samples.get(stage), f"{where}.processes[{number}].samples.{stage}", "no samples")


def _must(condition: object, where: str, problem: str) -> None:
    if not condition:
        raise RunFileError(f"{where}: {problem}; damaged, copy or make it again")
