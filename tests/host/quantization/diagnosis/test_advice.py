"""The search for layers to keep: what it stops at, and what it says where no few layers help."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from host.quantization.diagnosis.advice import MOST_PERCENT, Advice, advise
from host.quantization.diagnosis.measuring import decibels
from host.quantization.diagnosis.result import LayerError


class Fake:
    """A chain of layers each of which adds noise of its own: (of the weights, of the activations)."""

    def __init__(self, noise: Mapping[str, tuple[float, float]], ends: float = 1e-6) -> None:
        self.layers = tuple(noise)
        self.simulation = self
        self._noise, self._ends = noise, ends

    def readers(self, layer: str) -> tuple[str, ...]:
        place = self.layers.index(layer) + 1
        return self.layers[place : place + 1]

    def kinds(self, layer: str) -> set[str]:
        return {"ELU" if layer == "elu" else "CONV_2D"}

    def weight_bytes(self, layer: str) -> tuple[int, int]:
        return 40, 10

    def network(self, kept: Mapping[str, str]) -> Mapping[str, str]:
        return kept

    def output_noise(self, kept: Mapping[str, str]) -> float:
        weights = (self._noise[name][0] for name in self.layers if kept.get(name) != "float32")
        activations = (self._noise[name][1] for name in self.layers if name not in kept)
        return self._ends + sum(weights) + sum(activations)

    def errors(self) -> list[LayerError]:
        total = sum(map(sum, self._noise.values())) or 1
        return [
            LayerError(name, ("CONV_2D",), 30.0, 30.0, 100 * sum(self._noise[name]) / total, 0, 1, 0.1)
            for name in self.layers
        ]


def advice(fake: Fake, keep: str = "int16") -> Advice:
    return advise(fake, fake.errors(), keep)  # type: ignore[arg-type]


def test_the_fewest_layers_that_bring_most() -> None:
    fake = Fake({"a": (0, 1e-5), "b": (5e-3, 0), "c": (0, 3e-3), "d": (0, 1e-5), "e": (0, 1e-5)})
    found = advice(fake)
    assert found.verdict == "few layers" and found.chosen and found.chosen == found.steps[-1]
    assert found.chosen.layers == {"b": "float32", "c": "int16"}
    assert found.chosen.added_weight_bytes == 30
    assert [list(step.layers) for step in found.steps] == [["b"], ["b", "c"]]
    assert found.steps[0].gain_percent < MOST_PERCENT < found.chosen.gain_percent
    assert found.chosen.expected_sqnr_db == pytest.approx(decibels(1e-6 + 3e-5))


def test_16_bits_are_advised_where_there_is_a_kernel_and_they_are_asked_for() -> None:
    fake = Fake({"a": (0, 1e-5), "elu": (0, 5e-3), "c": (0, 1e-5), "d": (0, 1e-5), "e": (0, 1e-5)})
    for keep in ("int16", "float32"):
        chosen = advice(fake, keep).chosen
        assert chosen and chosen.layers == {"elu": "float32"}


def test_where_all_layers_err_alike_no_few_are_advised() -> None:
    found = advice(Fake({f"layer{index}": (1e-3, 1e-3) for index in range(12)}))
    assert (found.verdict, found.chosen, len(found.steps)) == ("spread", None, 4)
    assert found.steps[-1].gain_percent == pytest.approx(100 * 4 / 12)


def test_an_error_that_is_the_outputs_own_is_no_layers() -> None:
    found = advice(Fake({"a": (1e-5, 0), "b": (1e-5, 0)}, ends=1e-2))
    assert (found.verdict, found.chosen, found.steps) == ("output", None, ())


@pytest.mark.parametrize("ends", [0.0, 1e-9])
def test_small_errors_hurt_nothing(ends: float) -> None:
    assert advice(Fake({"a": (1e-6, 0), "b": (1e-7, 0)}, ends)).verdict == "harmless"
    assert advice(Fake({"a": (0, 0), "b": (0, 0)}, ends)).verdict == "harmless"
