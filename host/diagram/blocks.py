"""A Keras network as the blocks of a drawing: a layer, and with it those after it that only change its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from host.diagram.details import detail
from host.diagram.shapes import joined
from host.diagram.split import Part
from host.networks.layer_names import NamedLayer
from host.quantization.placement import KERNELS, Types, is_trained, operation_types
from host.spec.types import LayerSpec, RecipeSpec, Spec

if TYPE_CHECKING:
    import tf_keras as keras

_APPLICATION = "Application"  # the entry of a spec that stands for a network of keras.applications
_FUSED = ("BatchNormalization", "ReLU")  # computed with the layer before them, in one operation
_OWN = ("_activation", "_depthwise")  # what the names of an entry's further layers end with


@dataclass(frozen=True)
class Layer:
    """What a box says.

    Attributes:
        kind: class in Keras; of an application its name.
        shape: of the output.
        macs: multiply-accumulates; None for images of any size.
        types: and how many of its layers compute in them; only an application has several.
        trained: how many of its layers were trained with fake quantization, of those that could be.
        ports: names of further inputs of the network that it reads.
    """

    kind: str
    name: str
    detail: str
    shape: str
    parameters: int
    macs: int | None
    types: tuple[tuple[Types, int], ...]
    trained: tuple[int, int]
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Layers that are drawn as one piece.

    Attributes:
        layers: in their order; of an input, none.
        title: of an input: its name.
        shape: of the output.
        sources: indices of the blocks that the first layer reads; one twice where it reads that twice.
    """

    layers: tuple[Layer, ...]
    title: str
    shape: str
    sources: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Node:
    """Layers of Keras that are one box: one, or those of an application.

    Attributes:
        entry: of the spec, where it is an application.
        sources: names of nodes that it reads.
        ports: names of further inputs of the network that it reads.
    """

    name: str
    members: tuple[Any, ...]
    entry: LayerSpec | None
    sources: tuple[str, ...]
    ports: tuple[str, ...]

    @property
    def output(self) -> str:
        return str(self.members[-1].name)

    @property
    def kind(self) -> str:
        return type(self.members[-1]).__name__


def read_blocks(
    spec: Spec, part: Part, model: keras.Model, shapes: Mapping[str, tuple[str, ...]], recipe: RecipeSpec
) -> list[Block]:
    """The blocks of a network, each after those that it reads; the first one is its input.

    Args:
        shapes: of each layer's output.
    """
    nodes = _nodes(spec, part.network, model)
    readers = Counter(name for node in nodes.values() for name in node.sources)
    groups: list[list[_Node]] = []
    place: dict[str, int] = {}  # node -> group
    for name, node in nodes.items():
        (before, *others) = [*(nodes[each] for each in node.sources), None]
        if before and len(others) == 1 and readers[before.name] == 1 and _keeps(node, before, shapes):
            place[name] = place[before.name]
            groups[place[name]].append(node)
        else:
            place[name] = len(groups)
            groups.append([node])
    types = _types(part.network, model, recipe if part.converted else None)
    blocks = []
    for group in groups:
        is_input = group[0].kind == "InputLayer"
        layers = [] if is_input else [_layer(spec, part, node, shapes, types, recipe) for node in group]
        title = group[0].name if is_input else ""
        sources = tuple(place[name] for name in group[0].sources)
        blocks.append(Block(tuple(layers), title, joined(shapes[group[-1].output]), sources))
    return blocks


def kernel_kind(layer: Any) -> str:
    """The layer of Keras with a kernel that a layer is, or is derived from; "" for others."""
    return next((each.__name__ for each in type(layer).__mro__ if each.__name__ in KERNELS), "")


def _nodes(spec: Spec, network: str, model: keras.Model) -> dict[str, _Node]:
    """By name, each after those that it reads. Further inputs of the network are ports, no nodes."""
    entries = {each.name: each for each in spec.networks[network]}
    applications = {name: each for name, each in entries.items() if each.layer == _APPLICATION}
    ports = {tensor.name for tensor in model.inputs[1:]}
    owner: dict[str, str] = {}  # layer -> node
    members: dict[str, list[Any]] = {}
    for layer in model.layers:
        if layer.name not in ports:
            before = [owner[each.name] for each in _inbound(layer) if each.name in owner]
            # The layers of an application have names of their own, and stand between those of entries.
            inside = [
                name
                for name, each in applications.items()
                if _entry(layer.name, entries) not in entries
                and any(read == name or _entry(read, entries) in each.inputs for read in before)
            ]
            owner[layer.name] = inside[0] if inside else layer.name
            members.setdefault(owner[layer.name], []).append(layer)
    nodes = {}
    for name, layers in members.items():
        read = [each.name for layer in layers for each in _inbound(layer) if owner.get(each.name) != name]
        if name in applications:  # several of its layers may read what it reads
            read = list(dict.fromkeys(read))
        sources = tuple(owner[each] for each in read if each not in ports)
        read_ports = tuple(each for each in read if each in ports)
        nodes[name] = _Node(name, tuple(layers), applications.get(name), sources, read_ports)
    return nodes


def _inbound(layer: Any) -> list[Any]:
    found = layer.inbound_nodes[0].inbound_layers
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _entry(name: str, entries: Mapping[str, LayerSpec]) -> str:
    """The entry that a layer was made of."""
    return next((base for end in _OWN if (base := name.removesuffix(end)) in entries), name)


def _keeps(node: _Node, before: _Node, shapes: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a node only changes the values of the layer before it."""
    moves = node.entry or kernel_kind(node.members[0]) or "Pooling" in node.kind
    return not moves and before.kind != "InputLayer" and shapes[before.output] == shapes[node.output]


def _types(network: str, model: keras.Model, recipe: RecipeSpec | None) -> dict[str, Types]:
    """The types of each layer."""
    readers = Counter(each.name for layer in model.layers for each in _inbound(layer))
    head: dict[str, Any] = {}  # layer -> the first one of its operation
    fused: dict[str, list[NamedLayer]] = {}
    for layer in model.layers:
        before = _inbound(layer)
        joins = len(before) == 1 and readers[before[0].name] == 1 and type(layer).__name__ in _FUSED
        head[layer.name] = head[before[0].name] if joins else layer
        fused.setdefault(head[layer.name].name, []).append(NamedLayer(layer.name, network, ""))
    return {
        layer.name: operation_types(kernel_kind(layer), fused[head[layer.name].name], recipe) for layer in model.layers
    }


def _layer(
    spec: Spec,
    part: Part,
    node: _Node,
    shapes: Mapping[str, tuple[str, ...]],
    types: Mapping[str, Types],
    recipe: RecipeSpec,
) -> Layer:
    from host.networks.summary import layer_macs  # Keras takes its time to load

    last = node.members[-1]
    kernels = [layer for layer in node.members if kernel_kind(layer)]
    kind, said = node.kind, detail(kernel_kind(last) or node.kind, last.get_config())
    if node.entry:
        arguments = node.entry.arguments
        kind = arguments["application"]
        width = [f"width {arguments['width']:g}"] if "width" in arguments else []
        said = ", ".join([*width, f"{len(node.members)} layers, {len(kernels)} with a kernel"])
    counted = Counter(types[layer.name] for layer in (kernels if node.entry else [last]))
    able = [layer for layer in node.members if layer in kernels or layer.name in part.always_aware]
    trained = [layer for layer in able if _is_trained(spec, part, layer.name, recipe)]
    costs = [layer_macs(layer) for layer in node.members]
    return Layer(
        kind,
        node.name,
        said,
        joined(shapes[last.name]),
        sum(layer.count_params() for layer in node.members),
        None if None in costs else sum(cost or 0 for cost in costs),
        tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0].weights, item[0].activations))),
        (len(trained), len(able)),
        node.ports,
    )


def _is_trained(spec: Spec, part: Part, name: str, recipe: RecipeSpec) -> bool:
    if name in part.always_aware:
        return True
    return part.converted and is_trained(spec, recipe, NamedLayer(name, part.network, ""))


def totals(blocks: Sequence[Block]) -> tuple[int, int | None]:
    """Parameters and multiply-accumulates of a network; None for images of any size."""
    layers = [layer for block in blocks for layer in block.layers]
    costs = [layer.macs for layer in layers]
    return sum(layer.parameters for layer in layers), None if None in costs else sum(cost or 0 for cost in costs)
