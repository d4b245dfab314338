"""The kinds of stages, each trained for a moment: what they leave, how they resume, and what is exported."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from device.files import read_json
from device.runtime import make_interpreter
from host.data import DataSet
from host.data.kept_images import read_images
from host.data.split import Split
from host.errors import ModelError, SpecError
from host.interruption import Interrupted
from host.packaging.network_file import describe
from host.spec.model_folder import ModelFolder
from host.spec.types import RecipeSpec, Spec
from host.tasks.classification import stages
from host.tasks.classification.networks import load_network, without_quantization
from host.tasks.classification.packaging import convert
from host.training.distributed import Session
from host.training.work import Work

Parse = Callable[[Any], Spec]
LAYERS = [
    {"layer": "Conv2D", "name": "first", "filters": 16, "kernel_size": 3, "strides": 4, "use_bias": False},
    {"layer": "BatchNormalization", "name": "normal"},
    {"layer": "ReLU", "name": "relu"},
    {"layer": "Conv2D", "name": "second", "filters": 24, "kernel_size": 3, "use_bias": False},
    {"layer": "BatchNormalization", "name": "second_normal"},
    {"layer": "ReLU", "name": "second_relu"},
    {"layer": "GlobalAveragePooling2D", "name": "pool"},
]
STAGES = {
    "float": {"epochs": 1},
    "pruned": {"kind": "prune", "from": "float", "epochs": 2, "sparsity": 0.75, "end": 0.6},
    "pqat": {"kind": "qat", "from": "pruned", "epochs": 1},
    "continued": {"kind": "float", "from": "pruned", "epochs": 1},
    "shrunk": {"kind": "shrink", "from": "float", "epochs": 1, "share": 0.5},
    "shrunk_qat": {"kind": "qat", "from": "shrunk", "epochs": 1},
    "by_hand": {"kind": "fake_quant", "from": "shrunk", "epochs": 1},
}


def split(count: int) -> Split:
    rng = np.random.default_rng(count)
    labels = rng.integers(0, 10, count)
    noise = rng.integers(0, 100, (count, 32, 32, 3))
    return Split((15 * labels[:, None, None, None] + noise).astype(np.uint8), labels)


DATA = DataSet(split(160), split(40), split(50), split(160), "", tuple("0123456789"))


def made(tmp_path: Path, spec_json: dict[str, Any], parsed: Parse, *names: str) -> ModelFolder:
    """A model with these stages trained."""
    spec_json |= {"classifier": LAYERS}
    spec_json["training"] |= {"stages": STAGES, "learning_rate_schedule": "constant", "half_weights": True}
    model = ModelFolder(parsed(spec_json))
    model.folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        run(model, name)
    return model


def run(model: ModelFolder, name: str, session: Session | None = None, data: DataSet = DATA) -> dict[str, Any]:
    stage = model.spec.training.stages[name]
    return stages.STAGES[stage.kind].run(model, data, stage, session or Session())


def int8(model: ModelFolder, stage: str) -> bytes:
    return convert(model, RecipeSpec(stage, "int8", 0), read_images(model).calibration)


def int8_kernels(content: bytes) -> dict[tuple[int, ...], np.ndarray]:
    """The int8 constants with more than one axis, by shape."""
    interpreter = make_interpreter(content)
    tensors = {each["index"]: each for each in interpreter.get_tensor_details()}
    found = {}
    for tensor in tensors.values():
        if tensor["dtype"] is np.int8 and len(tensor["quantization_parameters"]["scales"]) > 1:
            found[tuple(tensor["shape"])] = interpreter.get_tensor(tensor["index"])
    return found


def test_pruned_weights_stay_zero_to_the_file(tmp_path: Path, spec_json: dict[str, Any], parsed: Parse) -> None:
    model = made(tmp_path, spec_json, parsed, "float", "pruned", "pqat", "continued")
    start, pruned = (load_network(model, name).get_layer("second").kernel.numpy() for name in ("float", "pruned"))
    assert np.mean(pruned == 0) == 0.75
    largest = np.abs(start).ravel().argsort()[-len(start.ravel()) // 10 :]
    assert (pruned.ravel()[largest] != 0).all()
    for name in ("pqat", "continued"):
        trained = without_quantization(model, name).get_layer("second").kernel.numpy()
        assert (trained[pruned == 0] == 0).all() and (trained != pruned).any()
    kernels = int8_kernels(int8(model, "pqat"))
    zeros = kernels[(24, 3, 3, 16)] == 0
    assert zeros[np.transpose(pruned, (3, 0, 1, 2)) == 0].all() and 0.75 <= zeros.mean() < 0.8
    assert np.mean(kernels[(16, 3, 3, 3)] == 0) < 0.1, "the first convolution is not pruned"


def test_a_later_stage_that_quantizes_an_unknown_layer_is_said_before_the_first_begins(
    tmp_path: Path, spec_json: dict[str, Any], parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "fit", lambda *_: pytest.fail("trained"))
    monkeypatch.setitem(STAGES, "by_hand", STAGES["by_hand"] | {"layers": ["secnd"]})
    with pytest.raises(SpecError, match=r'stages\.by_hand\.layers: "secnd" matches no layer; did you mean second'):
        made(tmp_path, spec_json, parsed, "float")


def test_pruning_goes_on_in_mid_epoch(
    tmp_path: Path, spec_json: dict[str, Any], parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made(tmp_path, spec_json, parsed, "float", "pruned")
    whole = load_network(model, "pruned").get_weights()
    masking = stages.masking

    def interrupting(trained: keras.Model) -> Callable[[int], None]:
        mask = masking(trained)

        def after_step(step: int) -> None:
            mask(step)
            if step == 3:  # the pruning ends in step 6 of 10
                os.kill(os.getpid(), signal.SIGTERM)

        return after_step

    monkeypatch.setattr(stages, "masking", interrupting)
    with pytest.raises(Interrupted):
        run(model, "pruned")
    monkeypatch.undo()
    assert run(model, "pruned", Session(resume=True))["zeros"] == 0.75
    for one, other in zip(whole, load_network(model, "pruned").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_shrinking_goes_on_in_mid_epoch_with_the_same_channels(
    tmp_path: Path, spec_json: dict[str, Any], parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made(tmp_path, spec_json, parsed, "float", "shrunk")
    whole = load_network(model, "shrunk").get_weights()
    classifier_work = stages.classifier_work

    def interrupted(*arguments: Any, **options: Any) -> Work:
        def after_step(step: int) -> None:
            if step == 2:
                os.kill(os.getpid(), signal.SIGTERM)

        return replace(classifier_work(*arguments, **options), after_step=after_step)

    monkeypatch.setattr(stages, "classifier_work", interrupted)
    with pytest.raises(Interrupted):
        run(model, "shrunk")
    monkeypatch.undo()
    monkeypatch.setattr(stages, "choose_channels", None)
    run(model, "shrunk", Session(resume=True))
    for one, other in zip(whole, load_network(model, "shrunk").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_shrunk_network_is_smaller_wherever_training_goes_on(
    tmp_path: Path, spec_json: dict[str, Any], parsed: Parse
) -> None:
    model = made(tmp_path, spec_json, parsed, "float", "shrunk", "shrunk_qat", "by_hand")
    kept = read_json(model.folder / "shrunk.channels.json")["kept"]
    assert {name: len(channels) for name, channels in kept.items()} == {"first": 8, "second": 16}
    usual = int8(model, "float")
    for name in ("shrunk", "shrunk_qat", "by_hand"):
        file = int8(model, name)
        assert len(file) < len(usual) and describe(file).ops == describe(usual).ops
        assert {(8, 3, 3, 3), (16, 3, 3, 8)} <= set(int8_kernels(file))
    assert describe(int8(model, "by_hand")).input.zero_point == -128
    labels = DATA.validation.labels
    assert labels is not None
    scores = without_quantization(model, "by_hand")(DATA.validation.array / np.float32(255)).numpy()
    rounded = load_network(model, "by_hand")(DATA.validation.array / np.float32(255)).numpy()
    assert 0 < np.abs(scores - rounded).max() < 0.1 * np.ptp(scores)


def test_the_weights_of_other_channels_are_refused(tmp_path: Path, spec_json: dict[str, Any], parsed: Parse) -> None:
    model = made(tmp_path, spec_json, parsed)
    (model.folder / "shrunk.channels.json").write_text(json.dumps({"format_version": 1, "kept": {"gone": [1]}}))
    with pytest.raises(ModelError, match="channels of another network"):
        load_network(model, "shrunk")


def test_a_class_may_be_missing_among_the_images_in_memory(
    tmp_path: Path, spec_json: dict[str, Any], parsed: Parse
) -> None:
    labels = DATA.sample.labels
    assert labels is not None
    some = Split(DATA.sample.array[labels < 9], labels[labels < 9])
    model = made(tmp_path, spec_json, parsed)
    run(model, "float", data=replace(DATA, sample=some))
    assert load_network(model, "float").output_shape == (None, 10)
