"""A kind of output and a task that nobody knew: one new file on the device, one entry in the registry, nothing else.

The device sends the mean colour of an image; the host judges it by how far it is off, and by the sample's label: the
channel that is strongest. The model is exported, benched in a process of its own, collected, evaluated over a test set
and reported.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import device.outputs
from device import inputs
from device.bundle import find_kind, parse_kind, read_bundle
from device.errors import BitstreamError
from device.pipeline import Pipeline
from device.run_file import read_run
from host import api
from host.errors import DataError
from host.metrics import Metric
from host.packaging.package import Package, VariantFile
from host.quantization.recipes import DEFAULTS, convert_network
from host.spec.sections import Sections
from host.tasks import TASKS
from tests.conftest import bench, copy_device

SIDE = 16
KIND = '''
"""The mean colour of an image, a byte a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import BundleError
from ..files import digest_tag
from ..records import from_json

CODER_ID = 14


@dataclass(frozen=True)
class MeanColour:
    kind: ClassVar[str] = "mean_colour"
    levels: int

    def files(self):
        return {}

    def tag(self, network_sha256):
        return digest_tag({"coder": CODER_ID, "levels": self.levels, "network": network_sha256})

    def check(self, tensor, source):
        if tensor.shape != (1, 3):
            raise BundleError(f"{tensor.shape} is no colour")

    def check_labels(self, labels):
        if labels.max() > 2:
            raise BundleError("no such channel")

    def figures(self, numbers, labels):
        return {"strongest_percent": 100 * float(np.mean(np.argmax(numbers, axis=1) == labels))}

    def open(self, tensor, read):
        return self

    def prepare(self, height, width, tensor_shape):
        pass

    def numbers(self, tensors):
        (tensor,) = tensors
        return np.clip(np.rint(tensor[0] * (self.levels - 1)), 0, self.levels - 1).astype(np.uint8)

    def payload(self, tensors):
        return self.numbers(tensors).tobytes()

    def sizes(self, numbers):
        return {"colour_bytes": numbers.nbytes}


def parse(value, where):
    return from_json(MeanColour, value, where, BundleError)
'''


class ColourDecoders:
    """Nothing is decoded: what is sent is what is judged."""

    names = ("own",)
    makes_pictures = False
    given_originals = True
    remark = ""
    runtime = None

    def given(self, originals: Any) -> Any:
        return originals

    def truths(self, originals: Any) -> list[tuple[np.ndarray, int]]:
        colours = [image.reshape(-1, 3).mean(0) for image in originals.pictures]
        if originals.labels is None:
            return [(colour, int(colour.argmax())) for colour in colours]
        return list(zip(colours, originals.labels, strict=True))

    def judge(self, truth: tuple[np.ndarray, int], made: np.ndarray) -> dict[str, float | None]:
        colour, strongest = truth
        return {
            "colour_error": float(np.abs(made - colour).max()),
            "strongest_percent": 100.0 * (int(made.argmax()) == strongest),
        }

    def baselines(self, given: np.ndarray, budget_bytes: int | None) -> Iterator[Any]:
        return iter(())

    def numbers(self, payload: bytes, height: int, width: int) -> np.ndarray:
        if len(payload) != 3:
            raise BitstreamError(f"{len(payload)} bytes, a colour has 3")
        return np.frombuffer(payload, np.uint8)

    def restore(self, name: str, numbers: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        return list(numbers)

    def whole(self) -> None:
        return None

    def sizes(self, name: str) -> dict[str, int]:
        return {}


class ColourTask:
    """A task of a test; see `host.tasks.task.Task`."""

    name = "colours"
    metrics = (
        Metric("colour_error", "error", "levels", 2, False),
        Metric("strongest_percent", "strongest", "%", 1, True),
    )
    sections = Sections("colours", lambda top, data: None, {}, {}, losses={})
    stages: Mapping[str, Any] = {}
    exported_by = ()

    def networks(self, spec: Any) -> dict[str, Any]:
        import tf_keras as keras

        source = keras.Input((SIDE, SIDE, 3), batch_size=1)
        return {"encoder": keras.Model(source, keras.layers.GlobalAveragePooling2D()(source))}

    def remarks(self, spec: Any, networks: Any) -> list[str]:
        return []

    def package(self, model: Any) -> Package:
        network = convert_network(self.networks(model.spec)["encoder"], DEFAULTS["float32"], None)
        described = parse_kind(device.outputs, {"kind": "mean_colour", "levels": 256}, "output")
        variant = VariantFile("float32", "float32", network, described, {}, {})
        samples = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)
        fixed = parse_kind(inputs, {"kind": "fixed", "height": SIDE, "width": SIDE, "channels": 3}, "input")
        labels = samples.mean((1, 2)).argmax(1)
        labels[:2] = (labels[:2] + 1) % 3  # two that are wrong
        digests = model.spec.digest, model.digest()
        return Package(model.spec.name, self.name, *digests, fixed, samples, (variant,), labels=labels)

    def decoders(self, home: Any) -> ColourDecoders:
        return ColourDecoders()

    def classes(self, spec: Any) -> tuple[str, ...]:
        return ()

    def least_side(self, spec: Any) -> int:
        return 1

    def conclude(self, rows: Any, judged: Any, spec: Any = None) -> list[Any]:
        return list(rows)

    def figures(self, result: Any, judged: Any, images: Any, pictures: Any) -> dict[str, bytes]:
        return {}

    def baselines(self, model: Any, data: Any, budget_bytes: float | None) -> list[Any]:
        return []


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The new kind and the new task in place, and a model of them."""
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    (kinds / "mean_colour.py").write_text(KIND)
    monkeypatch.setattr(device.outputs, "__path__", [*device.outputs.__path__, str(kinds)])
    monkeypatch.setitem(TASKS, "colours", ColourTask())  # type: ignore[arg-type]
    model = tmp_path / "models" / "toy"
    model.mkdir(parents=True)
    spec = {"format_version": 1, "task": "colours", "data": {"dataset": "skimage", "size": SIDE, "validation": 100}}
    (model / "spec.json").write_text(json.dumps({**spec, "training": {"stages": {}}}))
    yield {"kinds": kinds, "model": model, "bundles": tmp_path / "bundles", "build": tmp_path / "build"}  # type: ignore[misc]
    sys.modules.pop("device.outputs.mean_colour", None)


def benched(tmp_path: Path, places: dict[str, Path]) -> Path:
    """A copy of the device's package with one file more, run as on a device; returns the run's folder."""
    elsewhere = tmp_path / "on-the-device"
    copy_device(elsewhere, places["bundles"] / "toy")
    shutil.copy(places["kinds"] / "mean_colour.py", elsewhere / "device" / "outputs")
    run, _ = bench(elsewhere, "--repetitions", "1", "--runs", "5", "--warmup", "1", "--seconds", "0.001")
    assert re.search(r" strongest\n.* %\nfloat32 .* 66.67\n", (run / "tables.txt").read_text(encoding="utf-8"))
    return run


def test_a_new_kind_is_exported_benched_collected_evaluated_and_reported(
    tmp_path: Path, places: dict[str, Path]
) -> None:
    from host.report.report import write_report
    from host.report.sources import Folders

    folders = {"bundles": places["bundles"], "build": places["build"]}
    api.export(places["model"], **folders)
    bundle = read_bundle(places["bundles"] / "toy")
    stream = Pipeline(bundle, "float32").encode(bundle.read_samples()[0])
    assert len(stream) == 16 + 3

    run = benched(tmp_path, places)
    (collected,) = api.collect(run, results=tmp_path / "results", **folders)
    (result,) = collected.results
    (row,) = result.rows
    assert (result.task, result.metrics, row.error) == ("colours", ColourTask.metrics, None)
    assert set(row.metrics) == {"colour_error", "strongest_percent"} and row.metrics["colour_error"] < 0.51
    # The device judged by the labels that travel, the host by those that stayed.
    assert row.metrics["strongest_percent"] == pytest.approx(read_run(run).rows[0].figures["strongest_percent"])
    assert (row.sizes["bitstream_bytes"], row.sizes["colour_bytes"]) == (19, 3)
    assert row.agreement and (row.agreement.count, row.agreement.largest_step) == (18, 0)
    assert row.latency["device"].n >= 5

    evaluated = api.evaluate(places["model"], images=20, out=tmp_path / "evaluations" / "toy" / "x.json", **folders)
    assert (evaluated.images, evaluated.rows[0].metrics["colour_error"] < 0.51) == (20, True)

    lines = "\n".join(write_report(Folders(tmp_path, tmp_path, tmp_path), tmp_path / "report", [collected.run_id]))
    report = (tmp_path / "report" / "report.md").read_text()
    assert "toy" in lines and "error (levels)" in report and "PSNR" not in report
    assert f"| {evaluated.rows[0].metrics['colour_error']:.2f} |" in report


def test_images_without_labels_leave_sizes_and_times(
    tmp_path: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ColourDecoders, "truths", lambda self, originals: None)
    folders = {"bundles": places["bundles"], "build": places["build"]}
    api.export(places["model"], **folders)
    (collected,) = api.collect(benched(tmp_path, places), results=tmp_path / "results", **folders)
    (row,) = collected.results[0].rows
    assert (row.error, dict(row.metrics), row.sizes["colour_bytes"]) == (None, {}, 3)
    assert row.latency["device"].n >= 5 and row.agreement and row.agreement.differing == 0
    assert collected.notes == ("toy: nothing is judged: the task colours needs labels or originals of the images",)
    with pytest.raises(DataError, match="toy: the task colours is judged by labels, and the images of the test set"):
        api.evaluate(places["model"], images=2, **folders)


def test_an_unknown_kind_is_refused_in_one_line_with_those_that_there_are() -> None:
    with pytest.raises(device.errors.BundleError, match="mean_colour") as raised:
        find_kind(device.outputs, "mean_colour")
    assert "codes, context_codes" in str(raised.value) and "\n" not in str(raised.value)
