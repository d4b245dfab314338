"""The tables of docs/spec.md, from the tables of fields by which specs are checked."""

from __future__ import annotations

import json
from collections.abc import Mapping

from docs.tables.cells import markdown
from host.quantization.recipes import CONVERSIONS
from host.spec.catalogue import LAYERS, NOT_CARRIED, LayerKind
from host.spec.fields import ABSENT, REQUIRED, Field
from host.spec.sections import DATASETS, FOLDER_PATH, TFDS, StageSection, data_fields
from host.spec.types import WHOLE
from host.tasks import TASKS


def field_table(table: Mapping[str, Field]) -> str:
    """Key, value, default and meaning of each field of an object."""
    return markdown(
        ("key", "value", "default", "meaning"),
        ((f"`{key}`", _wanted(field), _default(field), field.text) for key, field in table.items()),
    )


def _wanted(field: Field) -> str:
    wanted = field.wanted()
    for name in field.choices:
        wanted = wanted.replace(f" {name},", f" `{name}`,")
    return wanted.removesuffix(field.choices[-1]) + f"`{field.choices[-1]}`" if field.choices else wanted


def _default(field: Field) -> str:
    if field.default is REQUIRED:
        return "required"
    return "" if field.default is ABSENT or field.default == "" else f"`{json.dumps(field.default)}`"


def named_table(tables: Mapping[str, Mapping[str, Field]]) -> str:
    """Names and their arguments with defaults, a row each."""
    return markdown(
        ("name", "arguments", "meaning"),
        (
            (
                f"`{name}`",
                ", ".join(_argument(key, field) for key, field in table.items()),
                "; ".join(f"`{key}`: {field.text}" for key, field in table.items() if field.text),
            )
            for name, table in tables.items()
        ),
    )


def _argument(key: str, field: Field) -> str:
    if field.default is REQUIRED:
        return f"**`{key}`**"
    return f"`{key}`" if field.default is ABSENT else f"`{key}` {json.dumps(field.default)}"


def layer_table(kinds: Mapping[str, LayerKind]) -> str:
    """Layers and their arguments with defaults, a row each."""
    return markdown(
        ("layer", "arguments"),
        (
            (f"`{name}`", ", ".join(_argument(key, field) for key, field in kind.arguments.items()))
            for name, kind in kinds.items()
        ),
    )


def data_tables() -> str:
    """The names of data sets, and the keys of the section `data` for each kind of them."""
    usual = next(iter(TASKS.values())).sections
    tables = {
        "Data sets of one image size, and `skimage`, `tfds:NAME`": data_fields("cifar10", usual.fits[0], usual.fits),
        "The data set `folder`": data_fields("folder", usual.fits[0], usual.fits),
        f'With `"fit": "{WHOLE}"`': data_fields("folder", WHOLE, (WHOLE,)),
        "An entry of a list `path`": FOLDER_PATH,
    }
    names = ", ".join(f"`{name}`" for name in (*DATASETS, f"{TFDS}NAME"))
    parts = [f"`dataset` is required: {names}."]
    return "\n\n".join([*parts, *(f"### {title}\n\n{field_table(table)}" for title, table in tables.items())])


def training_table() -> str:
    """As `field_table`, with the tasks that take a key."""
    tables = {name: task.sections.training for name, task in TASKS.items()}
    fields = {key: field for table in tables.values() for key, field in table.items()}
    takers = {key: [name for name, table in tables.items() if key in table] for key in fields}
    return markdown(
        ("key", "value", "default", "meaning", "tasks"),
        (
            (
                *(f"`{key}`", _wanted(field), _default(field), field.text),
                "all" if len(takers[key]) == len(TASKS) else ", ".join(f"`{name}`" for name in takers[key]),
            )
            for key, field in fields.items()
        ),
    )


def task_tables() -> str:
    """Each task: its networks, objects, lists, stages, own layers and initializers."""
    parts = []
    for name, task in TASKS.items():
        sections = task.sections
        networks = markdown(
            ("network", "reads", ""),
            (
                (f"`{key}`", ", ".join(f"`{source}`" for source in one.sources), "" if one.required else "optional")
                for key, one in sections.networks.items()
            ),
        )
        parts.append(f"## The task {name}\n\n{networks}")
        parts += [f"### {name}: {key}\n\n{field_table(table)}" for key, table in sections.objects.items()]
        parts += [
            f"### {name}: {key}\n\nA list of objects, each with these keys:\n\n{field_table(table)}"
            for key, table in sections.lists.items()
        ]
        parts.append(f"### {name}: stages\n\n{_stages(sections.stages)}")
        for one in sections.networks.values():
            own = {key: kind for key, kind in one.layers.items() if key not in LAYERS}
            if own:
                parts.append(f"### {name}: layers of its own\n\n{layer_table(own)}")
                break
        initializers = {key: table for one in sections.networks.values() for key, table in one.initializers.items()}
        parts.append(f"### {name}: initializers\n\n{named_table(initializers)}")
    return "\n\n".join(parts)


def _stages(stages: Mapping[str, StageSection]) -> str:
    """A row for each key that a stage may hold, a column for each stage's default."""
    keys = {key: field for stage in stages.values() for key, field in stage.fields.items()}
    titles = [f"`{kind}`{' (required)' if stage.required else ''}" for kind, stage in stages.items()]
    rows = [
        (f"`{key}`", _wanted(field), field.text)
        + tuple(_default(stage.fields[key]) or "none" if key in stage.fields else "-" for stage in stages.values())
        for key, field in keys.items()
    ]
    return markdown(("key", "value", "meaning", *titles), rows)


def conversion_table() -> str:
    """The conversions: types of numbers, and the package that converts."""
    return markdown(
        ("conversion", "weights", "activations", "types of single layers", "converter"),
        (
            (f"`{name}`", one.weights, one.activations, ", ".join(f"`{each}`" for each in one.layers), one.package)
            for name, one in CONVERSIONS.items()
        ),
    )


def not_carried_table() -> str:
    """Layers of Keras that a spec cannot have, and why."""
    return markdown(("layer", "why not"), ((f"`{key}`", text) for key, text in NOT_CARRIED.items()))
