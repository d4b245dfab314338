"""The tables of docs/spec.md, from the tables of fields by which specs are checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from host.quantization.recipes import CONVERSIONS
from host.spec.catalogue import LAYERS, LOSSES, NOT_CARRIED, OPTIMIZERS, SCHEDULES, LayerKind
from host.spec.fields import ABSENT, REQUIRED, Field
from host.spec.sections import (
    ADVERSARIAL,
    DATASETS,
    FOLDER_PATH,
    QUANTIZATION,
    TFDS,
    StageSection,
    data_fields,
    recipe_fields,
)
from host.spec.types import WHOLE
from host.tasks import TASKS


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int | None = None) -> str:
    """A table; the columns from `numbers_from` on stand to the right."""
    first = len(titles) if numbers_from is None else numbers_from
    lines = [titles, ["---" if place < first else "---:" for place in range(len(titles))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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


def _named_tables(tables: Mapping[str, Mapping[str, Field]]) -> str:
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


def _layers(kinds: Mapping[str, LayerKind]) -> str:
    return markdown(
        ("layer", "arguments"),
        (
            (f"`{name}`", ", ".join(_argument(key, field) for key, field in kind.arguments.items()))
            for name, kind in kinds.items()
        ),
    )


def _data() -> str:
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


def _training() -> str:
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


def _tasks() -> str:
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
                parts.append(f"### {name}: layers of its own\n\n{_layers(own)}")
                break
        initializers = {key: table for one in sections.networks.values() for key, table in one.initializers.items()}
        parts.append(f"### {name}: initializers\n\n{_named_tables(initializers)}")
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


SPEC_TABLES: dict[str, Callable[[], str]] = {
    "spec-data": _data,
    "spec-training": _training,
    "spec-losses": lambda: _named_tables(LOSSES),
    "spec-adversarial": lambda: field_table(ADVERSARIAL),
    "spec-optimizers": lambda: _named_tables(OPTIMIZERS),
    "spec-schedules": lambda: _named_tables(SCHEDULES),
    "spec-quantization": lambda: field_table(QUANTIZATION),
    "spec-recipe": lambda: field_table(recipe_fields(CONVERSIONS)),
    "spec-conversions": lambda: markdown(
        ("conversion", "weights", "activations", "types of single layers", "converter"),
        (
            (f"`{name}`", one.weights, one.activations, ", ".join(f"`{each}`" for each in one.layers), one.package)
            for name, one in CONVERSIONS.items()
        ),
    ),
    "spec-layers": lambda: _layers(LAYERS),
    "spec-not-carried": lambda: markdown(
        ("layer", "why not"), ((f"`{key}`", text) for key, text in NOT_CARRIED.items())
    ),
    "spec-tasks": _tasks,
}
