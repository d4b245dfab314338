"""Our invoke against litert-benchmark's, on a network of some milliseconds: what measuring through us costs.

    .venv-device/bin/python benchmarks/runtime_overhead.py [--bundle cifar10-ae-mse] [--variant int8] [--repetitions 10]

Takes a bundle's encoder, gives its input the size of a photograph, and runs `python -m device.bench.worker` and
litert-benchmark on the same file, one thread, in fresh processes that take turns. litert-benchmark ships with
ai-edge-litert and runs files through its CompiledModel API, ours through the Interpreter: a difference may be the API's
and not the measuring's. Its input is random, ours a random image: neither network's time depends on it. Exit code 1 if
the ratio of the medians is over the limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ai_edge_litert import schema_py_generated as schema  # noqa: E402
from flatbuffers import Builder  # noqa: E402

from device.bench.process import run_worker  # noqa: E402
from device.bundle import Bundle, read_bundle  # noqa: E402
from device.errors import SplitliteError  # noqa: E402
from device.files import sha256_bytes  # noqa: E402
from device.inputs.fixed import Fixed  # noqa: E402
from device.outputs import TablesFile  # noqa: E402
from device.outputs.codes import CodesDescription, LatentGrid  # noqa: E402
from device.pipeline import find_bundle  # noqa: E402
from device.runtime import load_runtime, make_interpreter, tensor_infos  # noqa: E402
from device.statistics import percentile  # noqa: E402
from host.comparison.effects import median_ratio_interval  # noqa: E402
from host.packaging.bundle_writer import array_bytes, write_bundle  # noqa: E402
from host.packaging.package import Package, VariantFile  # noqa: E402

LIMIT = 1.05
WARMUP, RUNS = 5, 50
_BENCHMARK = "from ai_edge_litert.tools.benchmark_litert_model import main; main()"


def main() -> int:
    """Prints both medians and their ratio; exit code 1 if it is over the limit, or on a named error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="cifar10-ae-mse")
    parser.add_argument("--variant", default="int8")
    parser.add_argument("--height", type=int, default=512)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--repetitions", type=int, default=10, help="fresh processes of each kind (default: 10)")
    parser.add_argument("--json", action="store_true", help="print the medians of all processes as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            source = read_bundle(find_bundle(options.bundle))
            bundle = resized_bundle(source, options.variant, (options.height, options.width), folder / "bundle")
            ours, theirs = measure(bundle, options.variant, options.repetitions, folder)
        except SplitliteError as error:
            print(error, file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps({"ours_ms": ours, "litert_benchmark_ms": theirs}, indent=1))
    ratio = percentile(ours, 50) / percentile(theirs, 50)
    interval = median_ratio_interval([[value] for value in theirs], [[value] for value in ours], 0.95)
    print(
        f"{bundle.model} {options.variant} at {options.width}x{options.height}, one thread, {load_runtime().version}\n"
        f"medians of {options.repetitions} processes' medians of {RUNS} runs:\n"
        f"  ours (Interpreter)                  {percentile(ours, 50):8.2f} ms\n"
        f"  litert-benchmark (CompiledModel)    {percentile(theirs, 50):8.2f} ms\n"
        f"  ratio                               {ratio:8.3f}"
        + (f"   95 % interval {interval[0]:.3f} to {interval[1]:.3f}" if interval else "")
        + f"   limit {LIMIT:g}   {'ok' if ratio <= LIMIT else 'over'}"
    )
    return int(ratio > LIMIT)


def resized_bundle(source: Bundle, variant: str, size: tuple[int, int], folder: Path) -> Bundle:
    """The same encoder for images of another size: (height, width), multiples of its stride."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(source.read_network(variant)))
    graph = model.subgraphs[0]
    # Only the input's shape is in force; the runtime works the others out again when it allocates.
    graph.tensors[graph.inputs[0]].shape = [1, *size, source.input.channels]
    builder = Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    data = bytes(builder.Output())
    known = source.variant(variant).output
    _, latent = tensor_infos(make_interpreter(data))
    grid = LatentGrid(*latent.shape[1:], known.grid.scale, known.grid.zero_point)
    tables = array_bytes(known.read_tables(source.read_file).frequencies)
    output = CodesDescription(grid, TablesFile("tables.npy", sha256_bytes(tables), known.tables.numbers_sha256))
    made = Fixed(*size, source.input.channels)
    samples = np.random.default_rng(0).integers(0, 256, (1, *made.shape), dtype=np.uint8)
    resized = VariantFile(variant, variant, data, output, {"tables.npy": tables}, {})
    digests = source.spec_sha256, source.model_sha256
    return write_bundle(folder, Package(source.model, source.task, *digests, made, samples, (resized,)))


def measure(bundle: Bundle, variant: str, repetitions: int, scratch: Path) -> tuple[list[float], list[float]]:
    """Median invoke of each process in milliseconds: ours, litert-benchmark's."""
    ours: list[float] = []
    theirs: list[float] = []
    model = bundle.folder / bundle.variant(variant).file
    job = {"bundle": str(bundle.folder), "variant": variant, "threads": 1, "runtime": "ai_edge_litert"}
    effort = {"runs": RUNS, "minimum_ns": 0, "warmup": WARMUP, "warmup_ns": 0, "energy_s": 0}
    for _ in range(repetitions):
        answer = run_worker({**job, **effort, "kind": "measure"})
        if answer["status"] != "ok":
            raise SplitliteError(answer["error"])
        ours.append(percentile(answer["samples"]["invoke_ns"], 50) / 1e6)
        result = scratch / "result.json"
        flags = [f"--model={model}", f"--num_runs={RUNS}", f"--warmup_runs={WARMUP}", f"--result_json={result}"]
        done = subprocess.run(
            [sys.executable, "-c", _BENCHMARK, *flags], capture_output=True, text=True, cwd=scratch, check=False
        )
        if done.returncode:
            raise SplitliteError(f"litert-benchmark failed: {done.stderr.strip().splitlines()[-1]}")
        theirs.append(json.loads(result.read_text(encoding="utf-8"))["latency"]["median_ms"])
    return ours, theirs


if __name__ == "__main__":
    sys.exit(main())
