"""A network's diagnosis: the bad layer is found and advised, whatever makes it bad; nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from device.bundle import read_bundle
from device.records import as_json, from_json
from host.errors import DiagnosisError, ModelError
from host.quantization.diagnosis.diagnose import diagnose, diagnose_network
from host.quantization.diagnosis.pair import NetworkPair
from host.quantization.diagnosis.result import Diagnosis, NetworkDiagnosis
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec


def worst_share(found: NetworkDiagnosis) -> str:
    return max(found.layers, key=lambda layer: layer.share_percent).layer


def test_nothing_is_advised_where_nothing_hurts(good: NetworkPair) -> None:
    found = diagnose_network(good)
    assert (found.verdict, found.advice, found.steps) == ("harmless", None, ())
    assert found.sqnr_db is not None and found.sqnr_db > 40


def test_outliers_of_activations_are_cured_by_16_bits_in_their_layer_and_in_what_reads_it(outlier: NetworkPair) -> None:
    found = diagnose_network(outlier, keep="int16")
    assert worst_share(found) == "second" and max(layer.share_percent for layer in found.layers) > 95
    assert found.advice is not None and found.sqnr_db is not None and found.advice.expected_sqnr_db is not None
    assert found.advice.layers == {"second": "int16", "third": "int16"} and found.advice.added_weight_bytes == 0
    assert found.sqnr_db < 20 and found.advice.expected_sqnr_db > 38


def test_outliers_of_weights_are_cured_by_float32_alone(coarse: NetworkPair) -> None:
    found = diagnose_network(coarse, keep="int16")
    assert found.layers[0].layer == worst_share(found) == "middle"
    assert found.advice is not None
    assert found.advice.layers == {"middle": "float32"}
    assert found.advice.added_weight_bytes == 3 * 3 * 6 * 6 * 3  # 4 bytes instead of 1; biases have 4 in both
    assert found.advice.gain_percent > 95


def test_without_being_asked_for_16_bits_it_advises_float32_which_runs_faster(outlier: NetworkPair) -> None:
    advice = diagnose_network(outlier).advice
    assert advice is not None and advice.layers == {"second": "float32", "third": "float32"}
    assert advice.added_weight_bytes == (3 * 3 * 6 * 6 + 6 * 6) * 3


def test_layers_are_said_by_their_output_the_worst_first(outlier: NetworkPair) -> None:
    ratios = [layer.sqnr_db for layer in diagnose_network(outlier, 4).layers]
    assert None not in ratios and ratios == sorted(ratios, key=lambda ratio: ratio or 0)


@pytest.mark.parametrize("variant", ["int8", "int8_qat", "int16x8"])
def test_every_integer_variant_of_a_model_is_diagnosed_and_survives_json(variant: str, loop: Any) -> None:
    task, spec = open_spec(loop.models / "tiny")
    found = diagnose(task, ModelFolder(spec), variant, 5, bundle=loop.bundles / "tiny")
    bundle = read_bundle(loop.bundles / "tiny")
    assert (found.model_sha256, found.spec_sha256) == (bundle.model_sha256, bundle.spec_sha256)
    assert found.tag == bundle.variant(variant).tag
    assert [network.network for network in found.networks] == ["encoder", "decoder"]
    assert (found.model, found.task, found.variant, found.images) == ("tiny", "compression", variant, 5)
    for network in found.networks:
        assert sorted(layer.layer for layer in network.layers) == sorted(
            layer.name for layer in spec.networks[network.network]
        )
        # The simulation stands for the file: it computes the same error.
        assert network.sqnr_db == pytest.approx(network.expected_sqnr_db, abs=0.3)
        assert sum(layer.share_percent for layer in network.layers) == pytest.approx(100)
    text = json.dumps(as_json(found), allow_nan=False)
    assert from_json(Diagnosis, json.loads(text), "", DiagnosisError) == found


def test_an_untrained_model_and_a_float_variant_are_one_line_each(trained: Path, tmp_path: Path) -> None:
    task, spec = open_spec(trained / "tiny")
    with pytest.raises(DiagnosisError, match=r"^tiny float32: .*; available: int8, int16x8, int8_qat$"):
        diagnose(task, ModelFolder(spec), "float32")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "spec.json").write_bytes((trained / "tiny" / "spec.json").read_bytes())
    task, spec = open_spec(tmp_path / "tiny")
    with pytest.raises(ModelError, match=r"missing; make it with `host train tiny"):
        diagnose(task, ModelFolder(spec))
