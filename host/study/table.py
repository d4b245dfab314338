"""A study's results as a table of at most 80 columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from host.metrics import Metric
from host.reporting.columns import GAP, NETWORK, NOTHING, WIDTH, cell, clip, markdown, wrapped
from host.study.intervals import Spread, spread
from host.study.results import CellRow, StudyResult

Column = tuple[str, str, Callable[[CellRow], str]]  # title, unit, what a row has in it
_NAMES, _TITLE = 30, 14  # the most characters of a row's name, and of a title with a cell's name in it


def study_text(found: StudyResult) -> str:
    """For each model a table: a line for each row of each cell."""
    blocks = [_model_text(model, rows, found) for model, rows in _by_model(found).items()]
    return "\n\n".join([*blocks, "\n".join(line for text in _notes(found) for line in wrapped(text))])


def study_markdown(found: StudyResult) -> str:
    """The same in Markdown."""
    blocks = []
    for model, rows in _by_model(found).items():
        columns = _filled(_columns(found.metrics[model], rows), rows)
        titles = [f"{title} ({unit})" if unit else title for title, unit, *_ in columns]
        body = zip(_names(rows), *(cells for _, _, *cells in columns), strict=True)
        blocks += [f"{_title(model, found)}.", markdown(["row", *titles], [list(line) for line in body])]
    return "\n\n".join([*blocks, " ".join(_notes(found))])


def _by_model(found: StudyResult) -> dict[str, list[CellRow]]:
    """The rows of each model that has some: a study may name rows that only another model's evaluations have."""
    rows = {model: [row for row in found.rows if row.model == model] for model in found.metrics}
    return {model: some for model, some in rows.items() if some}


def _model_text(model: str, rows: Sequence[CellRow], found: StudyResult) -> str:
    columns = _columns(found.metrics[model], rows)
    return "\n".join([*wrapped(_title(model, found)), *_table(_names(rows), rows, columns)])


def _title(model: str, found: StudyResult) -> str:
    trials = [trial for trial in found.trials if trial.model == model]
    took = ""
    if len({trial.cell for trial in trials}) == 1:
        epochs, seconds = (spread([float(getattr(each, key)) for each in trials]) for key in ("epochs", "seconds"))
        took = f"; {_mean(epochs, 0)} epochs each in {_mean(seconds, 0)} s"
    seeds = sorted({trial.seed for trial in trials})
    images = " or ".join(map(str, sorted({trial.images for trial in trials})))
    return f"{model}: test set, {images} images; seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}{took}"


def _names(rows: Sequence[CellRow]) -> list[str]:
    several = len({row.cell for row in rows}) > 1
    return [f"{row.cell} {row.row}" if several else row.row for row in rows]


def _columns(metrics: Sequence[Metric], rows: Sequence[CellRow]) -> list[Column]:
    """What training took stands in the title where all rows are of one training."""
    first, first_cell = metrics[0], rows[0].cell
    several = len({row.cell for row in rows}) > 1
    return [
        (first.title, first.unit, lambda row: _with_width(row.metrics.get(first.key), first.digits)),
        ("drop", first.unit, lambda row: _with_width(row.drop, first.digits, signed=True)),
        (clip(f"to {first_cell}", _TITLE), first.unit, lambda row: _with_width(row.against, first.digits, signed=True)),
        *((each.title, each.unit, _mean_of(each)) for each in metrics[1:]),
        (NETWORK.title, NETWORK.unit, lambda row: _mean(row.sizes.get("network_bytes"), NETWORK.digits, 1e3)),
        ("device", "ms", lambda row: _mean(row.latency_ms, 3)),
        ("epochs", "", lambda row: _mean(row.epochs, 0)),
        ("train", "s", lambda row: _mean(row.seconds, 0)),
    ][: None if several else -2]


def _filled(columns: Sequence[Column], rows: Sequence[CellRow]) -> list[list[str]]:
    """Title, unit and cells of the columns in which some row has a value; of those with the same title the first.

    A task's own metric may be called like a column of every study, which has the interval over the seeds.
    """
    texts = [[title, unit, *(shown(row) for row in rows)] for title, unit, shown in columns]
    first: dict[str, list[str]] = {}
    for entries in texts:
        if set(entries[2:]) != {NOTHING}:
            first.setdefault(entries[0], entries)
    return list(first.values())


def _table(names: Sequence[str], rows: Sequence[CellRow], columns: Sequence[Column]) -> list[str]:
    """Lines of the columns that are filled; those that do not fit stand in further blocks below."""
    texts = _filled(columns, rows)
    labels = ["", "", *(clip(name, _NAMES) for name in names)]
    first = max(map(len, labels))
    blocks: list[list[str]] = []
    for entries in texts:
        width = GAP + max(map(len, entries))
        if not blocks or len(blocks[-1][0]) + width > WIDTH:
            blocks.append([f"{label:<{first}}" for label in labels])
        blocks[-1] = [f"{line}{entry:>{width}}" for line, entry in zip(blocks[-1], entries, strict=True)]
    return [line.rstrip() for block in blocks for line in block]


def _with_width(found: Spread | None, digits: int, *, signed: bool = False) -> str:
    if found is None:
        return NOTHING
    text = f"{found.mean:+.{digits}f}" if signed else f"{found.mean:.{digits}f}"
    return text if found.half_width is None else f"{text} ±{found.half_width:.{digits}f}"


def _mean_of(metric: Metric) -> Callable[[CellRow], str]:
    return lambda row: _mean(row.metrics.get(metric.key), metric.digits)


def _mean(found: Spread | None, digits: int, divisor: float = 1) -> str:
    return cell(None if found is None else found.mean / divisor, digits)


def _drop_note(found: StudyResult) -> str:
    """What the rows are compared with: the first of each cell, or others that the study names."""
    firsts = {(row.model, row.cell): row.row for row in reversed(found.rows)}
    others: dict[str, list[str]] = {}
    for row in found.rows:
        if row.reference and row.reference != firsts[row.model, row.cell]:
            others.setdefault(row.reference, []).append(row.row)
    text = "drop: how much worse than the first row of the same cell"
    for reference, rows in others.items():
        names = list(dict.fromkeys(rows))
        text += f"; {', '.join(names[:-1])}{' and ' if names[1:] else ''}{names[-1]}: than {reference}"
    return f"{text}; paired by seed."


def _notes(found: StudyResult) -> list[str]:
    """Sentences that say how to read the table."""
    percent = f"{100 * found.confidence:g} %"
    seeds = {len(row.seeds) for row in found.rows}
    lines = []
    if max(seeds, default=0) > 1:
        lines.append(f"Means over the seeds; ±: half of the {percent} interval of the mean (Student's t).")
    if 1 in seeds:
        lines.append("Rows of one seed have no interval; list two or more seeds.")
    if any(row.drop for row in found.rows):
        lines.append(_drop_note(found))
    if any(row.against for row in found.rows):
        lines.append("to ...: difference to the same row of the first cell, paired by seed.")
    if without := [model for model in found.metrics if model not in _by_model(found)]:
        lines.append(f"Models without such rows: {', '.join(without)}.")
    if found.missing:
        lines.append(f"Not finished: {len(found.missing)} trials, such as {found.missing[0]}.")
    return lines
