"""Runs the two files of a network on the same inputs and compares them layer by layer."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from device.runtime import make_interpreter
from host.quantization.diagnosis.editing import with_outputs
from host.quantization.diagnosis.graph import Grid
from host.quantization.diagnosis.pair import real
from host.quantization.diagnosis.result import LayerError
from host.quantization.diagnosis.simulation import Simulation

_ALL = (-math.inf, math.inf)


@dataclass
class Noise:
    """Sums over all values of a tensor, of all inputs."""

    signal: float = 0.0
    noise: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, exact: np.ndarray, rounded: np.ndarray, clip: tuple[float, float] = _ALL) -> None:
        self.low, self.high = min(self.low, float(exact.min())), max(self.high, float(exact.max()))
        exact, rounded = np.clip(exact.astype(np.float64), *clip), np.clip(rounded, *clip)
        self.signal += float(np.square(exact).sum())
        self.noise += float(np.square(exact - rounded).sum())

    @property
    def relative(self) -> float:
        """Power of the error relative to that of the signal; 0 where there is no signal."""
        return self.noise / self.signal if self.signal else 0.0


def decibels(relative: float) -> float | None:
    """Signal to noise of a relative error; None without one."""
    return 0.0 - 10 * math.log10(relative) if relative > 0 else None


class Measured:
    """A network's two files on some inputs."""

    def __init__(
        self, simulation: Simulation, inputs: np.ndarray, output_range: tuple[float, float] | None = None
    ) -> None:
        """See `NetworkPair`."""
        self.simulation, self._inputs = simulation, inputs
        self._range = output_range or _ALL
        graph = simulation.float32
        self._exact = [made[0] for made in _run(with_outputs(graph, [graph.output]), inputs)]

    def output_noise(self, network: bytes) -> float:
        """Relative error of what a simulated network makes of the inputs."""
        found = Noise()
        for exact, made in zip(self._exact, _run(network, self._inputs), strict=True):
            found.add(exact, made[0], self._range)
        return found.relative

    def quantized_output_noise(self) -> float:
        """The same of the quantized file."""
        output = self.simulation.quantized.output
        found = Noise()
        for exact, made in zip(self._exact, self._run_quantized([output]), strict=True):
            found.add(exact, made[0], self._range)
        return found.relative

    def layers(self, advance: Callable[[], object] = lambda: None) -> tuple[LayerError, ...]:
        """Every layer, the worst output first."""
        simulation = self.simulation
        ends, names = simulation.outputs(), simulation.layers
        outputs = {name: Noise() for name in names}
        ranges = dict.fromkeys(names, _ALL) | {
            name: self._range for name in names if ends[name][0] == simulation.float32.output
        }
        files = (
            _run(with_outputs(simulation.float32, [ends[name][0] for name in names]), self._inputs),
            self._run_quantized([ends[name][1] for name in names]),
        )
        for exact, rounded in zip(*files, strict=True):
            for name, a, b in zip(names, exact, rounded, strict=True):
                outputs[name].add(a, b, ranges[name])
        own = self._own(ranges)
        effects = {}
        for name in names:
            effects[name] = self.output_noise(simulation.only(name))
            advance()
        total = sum(effects.values())
        found = [
            LayerError(
                name,
                tuple(ours.kind for ours, _ in simulation.pairs if ours.layer == name),
                decibels(outputs[name].relative),
                decibels(own[name].relative),
                100 * effects[name] / total if total else 0.0,
                outputs[name].low,
                outputs[name].high,
                _scale(simulation.quantized.grid(ends[name][1])),
            )
            for name in names
        ]
        return tuple(sorted(found, key=lambda each: math.inf if each.sqnr_db is None else each.sqnr_db))

    def _own(self, ranges: Mapping[str, tuple[float, float]]) -> dict[str, Noise]:
        network, names = self.simulation.alone()
        found = {name: Noise() for name in names}
        for made in _run(network, self._inputs):
            for name, exact, rounded in zip(names, made[::2], made[1::2], strict=True):
                found[name].add(exact, rounded, ranges[name])
        return found

    def _run_quantized(self, tensors: Sequence[int]) -> Iterator[list[np.ndarray]]:
        """The quantized file's tensors as the numbers that they stand for."""
        graph = self.simulation.quantized
        grids = [graph.grid(tensor) for tensor in tensors]
        source = graph.grid(graph.source)
        inputs = self._inputs if source is None else _integers(self._inputs, source)
        for made in _run(with_outputs(graph, tensors), inputs):
            yield [
                values if grid is None else real(values, grid.scale, grid.zero_point, grid.axis)
                for values, grid in zip(made, grids, strict=True)
            ]


def _run(network: bytes, inputs: np.ndarray) -> Iterator[list[np.ndarray]]:
    """A file's outputs for one input after the other."""
    interpreter = make_interpreter(network, threads=os.cpu_count() or 1)
    (source,) = (entry["index"] for entry in interpreter.get_input_details())
    outputs = [entry["index"] for entry in interpreter.get_output_details()]
    for each in inputs:
        interpreter.set_tensor(source, each[None])
        interpreter.invoke()
        yield [interpreter.get_tensor(index) for index in outputs]


def _integers(values: np.ndarray, grid: Grid) -> np.ndarray:
    limits = np.iinfo(grid.dtype)
    rounded = np.rint(values / np.float32(grid.scale[0])) + grid.zero_point[0]
    return np.clip(rounded, limits.min, limits.max).astype(grid.dtype)


def _scale(grid: Grid | None) -> float | None:
    return None if grid is None else grid.scale[0]
