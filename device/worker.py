"""One fresh process: loads one variant of one bundle, warms up, measures, encodes the samples.

    python -m device.worker < job.json > row.json

A job: {"bundle": folder, "variant", "threads", "runtime": name or null, "runs", "warmup", "outputs": file}. The
last line of stdout is the row of the run file. It imports little, because whatever it imports is in the memory
that it reports.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from . import bitstream, run_file
from .bundle import Bundle, read_bundle
from .encoder import Encoder
from .errors import SplitliteError
from .files import sha256_bytes
from .memory import read_memory
from .runtime import load_runtime
from .timing import time_encodes, time_stages, timed


def run_job(job: dict[str, Any]) -> dict[str, Any]:
    """Measures one variant.

    Args:
        job: see above.

    Returns:
        The row of the run file: status "ok", or "failed" with the reason in one line.

    Raises:
        BundleError: no bundle or no such variant; then there is nothing to make a row of.
    """
    bundle = read_bundle(Path(job["bundle"]))
    variant = bundle.variant(job["variant"])
    row = {"model": bundle.model, "variant": variant.name, "codec_tag": variant.codec_tag}
    try:
        return {**row, "status": "ok", **_measure(bundle, job)}
    except SplitliteError as reason:
        return {**row, "status": "failed", "error": str(reason)}


def _measure(bundle: Bundle, job: dict[str, Any]) -> dict[str, Any]:
    runtime = load_runtime(job["runtime"])
    images = list(bundle.read_samples())
    before = read_memory()
    # From files to an encoder that is ready; importing Python and the runtime is not in it.
    start = perf_counter_ns()
    encoder = Encoder(bundle, job["variant"], job["threads"], runtime)
    load_ns = perf_counter_ns() - start
    after = read_memory()
    _, first_encode_ns = timed(lambda: encoder.encode(images[0]))
    warmup_ns = time_encodes(encoder, images, job["warmup"])
    samples = time_stages(encoder, images, job["runs"])
    # Before the outputs are gathered: those are the benchmark's, not the encoder's.
    peak = read_memory()
    streams = [encoder.encode(image) for image in images]
    codes = b"".join(encoder.encode_codes(image).tobytes() for image in images)
    sizes: dict[str, Any] = {
        "encoder_bytes": encoder.variant.encoder_bytes,
        "latent_bytes": bundle.grid.count,
        "payload_bytes": [len(stream) - bitstream.HEADER_BYTES for stream in streams],
        "bitstream_bytes": [len(stream) for stream in streams],
    }
    if encoder.variant.output.dtype == "float32":
        sizes["uncoded_latent_bytes"] = 4 * bundle.grid.count
    memory = {
        "rss_before_load_bytes": before.get("rss_bytes"),
        "rss_after_load_bytes": after.get("rss_bytes"),
        "peak_rss_bytes": peak.get("peak_rss_bytes"),
    }
    return {
        "load_ns": load_ns,
        "first_encode_ns": first_encode_ns,
        "warmup_ns": warmup_ns,
        "samples": samples,
        "memory": {name: value for name, value in memory.items() if value is not None},
        "sizes": sizes,
        "outputs": run_file.write_outputs(Path(job["outputs"]), streams),
        "codes_sha256": sha256_bytes(codes),
        "delegate": encoder.delegate,
        "runtime_log": encoder.runtime_log,
    }


def main() -> int:
    """Reads a job on stdin, writes its row on stdout."""
    try:
        row = run_job(json.load(sys.stdin))
    except SplitliteError as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    sys.stdout.write(json.dumps(row, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
