"""What `host collect` and `host evaluate` print: each RESULT as a table, and how far codes are from this machine's."""

from __future__ import annotations

from collections.abc import Sequence

from host.reporting.columns import (
    EMULATED,
    THREADS,
    WIDTH,
    Column,
    cell,
    clip,
    failed_lines,
    row_line,
    title_lines,
    wrapped,
)
from host.reporting.sources import Json, number, thread_counts

# Title, unit, width; path in the row, divisor, digits. What all rows share is in the title.
_COLUMNS: tuple[tuple[Column, tuple[str, ...], float, int], ...] = (
    (("PSNR", "dB", 7), ("metrics", "psnr_db"), 1, 2),
    (("SSIM", "", 8), ("metrics", "ssim"), 1, 4),
    (("stream", "bytes", 9), ("sizes", "bitstream_bytes"), 1, 1),
    (("bpp", "", 7), ("metrics", "bpp"), 1, 3),
    (("ratio", "actual", 7), ("compression_ratio", "actual"), 1, 2),
    (("encode", "ms", 9), ("latency", "encoder", "median_ns"), 1e6, 3),
    (("encoder", "kB", 8), ("sizes", "encoder_bytes"), 1e3, 1),
)


def evaluation_text(evaluation: Json) -> str:
    """A collected run for the terminal: its device, runtime and id, then table and codes of each model."""
    counts = thread_counts(evaluation)
    device = [f"device {evaluation.get('device', '?')}", evaluation.get("runtime", "?")]
    if len(counts) == 1:
        device.append(f"{counts[0]} thread{'' if counts == [1] else 's'}")
    elif counts:
        device.append(f"threads {', '.join(map(str, counts))}")
    heading = [
        f"run {evaluation.get('run_id', '?')}, {evaluation.get('started_at', 'no date')}",
        ", ".join(device),
        *([f"times: {EMULATED}"] if evaluation.get("emulated") else []),
        *evaluation.get("notes", ()),
    ]
    blocks = ["\n".join(line for text in heading for line in wrapped(text))]
    for result in evaluation["results"]:
        blocks.append("\n".join([rows_text(result), *codes_text(result, evaluation.get("host", {}))]))
    return "\n\n".join(blocks)


def rows_text(result: Json) -> str:
    """One RESULT as a table for the terminal; a row that could not be evaluated is a line that says why."""
    rows = result["rows"]
    several = len({row["threads"] for row in rows if "threads" in row}) > 1
    columns = [*([THREADS] if several else []), *(column for column, _, _, _ in _COLUMNS)]
    title = f"{clip(result['model'], WIDTH // 2)}: means of {result.get('images', '?')} images{_shared(rows)}"
    lines = wrapped(title)
    if any(row.get("latency", {}).get("encoder", {}).get("emulated") for row in rows):
        lines.append(f"times: {EMULATED}")
    lines += title_lines(columns)
    for row in rows:
        threads = [cell(number(row, "threads"), 0)] if several else []
        if "error" in row:
            lines += failed_lines(row["row"], f"{threads[0]} threads: {row['error']}" if several else row["error"])
        else:
            values = [cell(number(row, *path), digits, divisor) for _, path, divisor, digits in _COLUMNS]
            lines.append(row_line(row["row"], [*threads, *values], columns))
    return "\n".join(lines)


def codes_text(result: Json, host: Json) -> list[str]:
    """Lines that say how far the device's codes are from this machine's; none where nobody looked.

    Args:
        host: "machine" and "runtime" of this machine.
    """
    said: dict[str, list[str]] = {}
    for row in result["rows"]:
        if "codes" in row:
            said.setdefault(codes_words(row["codes"]), []).append(row["variant"])
    if not said:
        return []
    where = ", ".join(host[key] for key in ("machine", "runtime") if key in host)
    here = f"this machine's{f' ({where})' if where else ''}"
    if list(said) == ["equal"]:
        return wrapped(f"codes: equal to {here}")
    if len(said) == 1:
        return wrapped(f"codes, beside {here}: {next(iter(said))}")
    lines = [f"{', '.join(dict.fromkeys(names))}: {words}" for words, names in said.items()]
    return [*wrapped(f"codes, beside {here}:"), *(line for text in lines for line in wrapped(text, "  "))]


def codes_words(codes: Json) -> str:
    """What a row's "codes" say."""
    if "not_compared" in codes:
        return f"not compared: {codes['not_compared']}"
    if not codes["differing"]:
        return "equal"
    share = f"{codes['differing']} of {codes['count']} ({100 * codes['differing_share']:.2f} %)"
    return f"{share} differ, by at most {codes['largest_step']}"


def _shared(rows: Sequence[Json]) -> str:
    latents = {number(row, "sizes", "latent_bytes") for row in rows} - {None}
    nominal = {number(row, "compression_ratio", "nominal") for row in rows} - {None}
    if len(latents) != 1 or len(nominal) != 1:
        return ""
    return f"; latent {cell(*latents, 0)} bytes, ratio {cell(*nominal, 2)} nominal"
