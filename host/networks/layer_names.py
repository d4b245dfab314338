"""The layers of a Keras network by the names that a recipe may give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from host.errors import SpecError
from host.spec.reader import offer
from host.spec.sections import QUANTIZED
from host.spec.types import Spec

if TYPE_CHECKING:
    import tf_keras as keras


@dataclass(frozen=True)
class NamedLayer:
    """A layer that computes something.

    Attributes:
        name: of the layer, as the spec has it.
        network: the name of the network that it is directly in.
        path: what the names of its tensors begin with in a converted file: "model/encoder/down1".
    """

    name: str
    network: str
    path: str

    def matches(self, pattern: str) -> bool:
        """Whether a name or a shell-style pattern means it: `down1`, `block_*`, `encoder/*`."""
        return any(fnmatchcase(name, pattern) for name in (self.name, f"{self.network}/{self.name}"))


def named_layers(network: keras.Model, path: str = "") -> Iterator[NamedLayer]:
    """The layers of a network and of the networks in it, in their order."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from named_layers(layer, f"{path}{network.name}/")
        elif type(layer).__name__ != "InputLayer":
            yield NamedLayer(layer.name, network.name, f"{path}{network.name}/{layer.name}")


def kept_type(found: Iterable[NamedLayer], layers: Mapping[str, str]) -> str | None:
    """The type in which a recipe keeps any of these layers, which one operation computes; None: in no special one.

    Args:
        layers: name or pattern -> type; the last one that matches decides.
    """
    known = list(found)
    types = [kept for pattern, kept in layers.items() if any(layer.matches(pattern) for layer in known)]
    return types[-1] if types else None


def check_layers(spec: Spec, networks: Mapping[str, keras.Model]) -> None:
    """Raises SpecError where a recipe or a stage names a layer that none of the networks has."""
    known = [layer for network in networks.values() for layer in named_layers(network)]
    named = {f"quantization.recipes.{name}": each.layers for name, each in spec.quantization.recipes.items()}
    named |= {f"training.stages.{name}": each.options.get(QUANTIZED, ()) for name, each in spec.training.stages.items()}
    for path, patterns in named.items():
        for pattern in patterns:
            if not any(layer.matches(pattern) for layer in known):
                names = dict.fromkeys(layer.name for layer in known)
                raise SpecError(
                    f"{spec.file}: $.{path}.layers: {json.dumps(pattern)} matches no layer; {offer(pattern, names)}"
                )


def matching(network: keras.Model, patterns: Iterable[str]) -> list[str]:
    """Names of the layers that any of some names or patterns means."""
    wanted = list(patterns)
    return [layer.name for layer in named_layers(network) if any(layer.matches(pattern) for pattern in wanted)]
