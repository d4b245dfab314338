"""One fresh process: loads one variant of one bundle, then does one job.

    python -m device.bench.worker < job.json > row.json

A job: {"bundle": folder, "variant", "threads", "runtime": name or null, "delegate": file or null, "images": null for
the bundle's samples, or {"file", "shapes"}: all their pixels one after the other, and each one's shape; "kind"} and
what its kind needs:

    encode     "outputs": file. Encodes every image twice, to its bitstream and to its numbers; the bitstreams are what
               the run sends home.
    measure    "runs", "minimum_ns", "warmup", "warmup_ns", "energy_s". Times, memory, and energy where it can be told.
    sustained  "minutes", "minute_ns". Encodes without a pause; one line on stdout after each minute.

The last line of stdout is the answer. It imports little, because whatever it imports is in the memory that it
reports.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .. import run_file
from ..bundle import Bundle, read_bundle
from ..errors import SplitliteError
from ..files import sha256_bytes
from ..pipeline import Pipeline
from ..quantization import Array
from ..records import as_json
from ..runtime import Runtime, load_runtime
from ..state import clock_probes, probe
from ..stream import HEADER_BYTES
from .timing import KEPT_A_MINUTE, time_encodes, time_minute, time_reference, time_stages, timed

_MEMORY = re.compile(r"^(VmRSS|VmHWM):[\t ]*(\d+) kB$", re.MULTILINE)
_REFERENCES = 20  # times of the fixed loop, before and again after: about 15 ms each time


def run_job(job: dict[str, Any]) -> dict[str, Any]:
    """Does one job, as above, and answers: status "ok" with what was found, or "failed" with the reason in one line.

    Raises BundleError for no bundle or no such variant; then there is nothing to say about it.
    """
    bundle = read_bundle(Path(job["bundle"]))
    bundle.variant(job["variant"])
    try:
        return {"status": "ok", **_JOBS[job["kind"]](bundle, job)}
    except SplitliteError as reason:
        return {"status": "failed", "error": str(reason)}


def _encode(bundle: Bundle, job: dict[str, Any]) -> dict[str, Any]:
    encoder = _load(bundle, job, load_runtime(job["runtime"]))
    judge = getattr(encoder.variant.output, "figures", None)
    labels = bundle.read_labels() if judge and not job.get("images") else None
    streams, contents, times, others = [], [], [], []
    for image in _images(bundle, job):
        stream, elapsed = timed(lambda image=image: encoder.encode(image))  # type: ignore[misc]
        times.append(elapsed)
        streams.append(stream)
        numbers = encoder.numbers(image)
        contents.append(numbers)
        others.append(encoder.sizes(numbers))
    sizes: dict[str, Any] = {
        "network_bytes": encoder.variant.network_bytes,
        "payload_bytes": [len(stream) - HEADER_BYTES for stream in streams],
        "bitstream_bytes": [len(stream) for stream in streams],
        **{key: [each[key] for each in others] for key in others[0]},
    }
    return {
        "encode_ns": times,
        "sizes": sizes,
        "outputs": as_json(run_file.write_outputs(Path(job["outputs"]), streams)),
        "numbers_sha256": sha256_bytes(b"".join(numbers.tobytes() for numbers in contents)),
        "figures": judge(contents, labels) if judge and labels is not None else {},
        "delegate": encoder.delegate,
        "runtime_log": encoder.runtime_log,
    }


def _measure(bundle: Bundle, job: dict[str, Any]) -> dict[str, Any]:
    runtime = load_runtime(job["runtime"])
    images = _images(bundle, job)
    before = read_memory()
    # From files to an encoder that is ready; importing Python and the runtime is not in it.
    encoder, load_ns = timed(lambda: _load(bundle, job, runtime))
    after = read_memory()
    _, first_encode_ns = timed(lambda: encoder.encode(images[0]))
    warmup_ns = time_encodes(encoder, images, job["warmup"], job["warmup_ns"])
    reference_ns = time_reference(_REFERENCES)
    found: dict[str, Any] = {"load_ns": load_ns, "first_encode_ns": first_encode_ns, "warmup_ns": warmup_ns}
    found["before"] = probe(clock_probes())
    found["samples"] = time_stages(encoder, images, job["runs"], job["minimum_ns"])
    found["after"] = probe(clock_probes())
    found["reference_ns"] = reference_ns + time_reference(_REFERENCES)
    memory = {
        "rss_before_load_bytes": before.get("rss_bytes"),
        "rss_after_load_bytes": after.get("rss_bytes"),
        "peak_rss_bytes": read_memory().get("peak_rss_bytes"),
    }
    found["memory"] = {name: value for name, value in memory.items() if value is not None}
    if job["energy_s"]:
        # Last, and here: it brings threads and other processes with it.
        from .energy import measure_energy

        energy = measure_energy(lambda: encoder.encode(images[0]), job["energy_s"])
        if energy is not None:
            found["energy"] = energy
    return found


def _sustained(bundle: Bundle, job: dict[str, Any]) -> dict[str, Any]:
    images = _images(bundle, job)
    encoder = _load(bundle, job, load_runtime(job["runtime"]))
    first = time_encodes(encoder, images, 1, 0)[0]
    keep_every = max(1, job["minute_ns"] // (first * KEPT_A_MINUTE))
    minutes = []
    for number in range(job["minutes"]):
        count, kept = time_minute(encoder, images, keep_every, job["minute_ns"])
        minutes.append({"encodes": count, "encode_ns": kept, "state": probe(clock_probes())})
        sys.stdout.write(f"minute {number + 1}\n")
        sys.stdout.flush()
    return {"minutes": minutes, "kept_one_in": keep_every}


_JOBS = {"encode": _encode, "measure": _measure, "sustained": _sustained}


def _load(bundle: Bundle, job: dict[str, Any], runtime: Runtime) -> Pipeline:
    delegate = Path(job["delegate"]) if job.get("delegate") else None
    return Pipeline(bundle, job["variant"], job["threads"], runtime, delegate)


def _images(bundle: Bundle, job: dict[str, Any]) -> list[Array]:
    if not job.get("images"):
        return list(bundle.read_samples())
    pixels = np.fromfile(job["images"]["file"], np.uint8)
    shapes = [tuple(shape) for shape in job["images"]["shapes"]]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(pixels, ends[:-1]), shapes)]


def read_memory(path: str = "/proc/self/status") -> dict[str, int]:
    """ "rss_bytes" and "peak_rss_bytes" of this process; without /proc only the peak, from getrusage."""
    found: dict[str, int] = {}
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            found = parse_status(stream.read())
    except OSError:
        pass
    if "peak_rss_bytes" not in found:
        # Kilobytes everywhere but on macOS, where it is bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        found["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return found


def parse_status(text: str) -> dict[str, int]:
    """ "rss_bytes" and "peak_rss_bytes" (since the process began) where the text of /proc/self/status has them."""
    names = {"VmRSS": "rss_bytes", "VmHWM": "peak_rss_bytes"}
    return {names[key]: int(kilobytes) * 1024 for key, kilobytes in _MEMORY.findall(text)}


def main() -> int:
    """Reads a job on stdin, writes its answer on stdout."""
    try:
        answer = run_job(json.load(sys.stdin))
    except SplitliteError as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    sys.stdout.write(json.dumps(answer, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
