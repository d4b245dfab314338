"""The rows of the final table: quality of the test set, encode time of the device, the rest of the workstation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from host.reporting.sources import Json, ModelSources, number

_TIMES = ("median_ns", "mean_ns", "p90_ns")


@dataclass(frozen=True)
class ReportRow:
    """One row; what is not known is None.

    Attributes:
        kind: "keras", "variant" or "baseline".
        quality: where metrics, ratios and the three rates come from, all of one place: "test set", "samples", the
            user's "own images" or None.
        images: how many images they are means of.
        threads: of the encode on the device; rows of one name differ in it, and in times and memory.
        encoder_time: of one whole encode on the device, as in the result schema, with its source.
        decoder_time, full_time, workstation_encoder_time: measured on the workstation.
        memory: of the device's worker process.
        error: why something is missing, one line.
    """

    model: str
    row: str
    variant: str | None
    loss: str | None
    kind: str
    quality: str | None = None
    images: int | None = None
    psnr_db: float | None = None
    ssim: float | None = None
    bpp: float | None = None
    ratio_nominal: float | None = None
    ratio_actual: float | None = None
    latent_bytes: float | None = None
    payload_bytes: float | None = None
    bitstream_bytes: float | None = None
    encoder_bytes: float | None = None
    decoder_bytes: float | None = None
    full_bytes: float | None = None
    threads: int | None = None
    encoder_time: Json | None = None
    decoder_time: Json | None = None
    full_time: Json | None = None
    workstation_encoder_time: Json | None = None
    memory: Json | None = None
    error: str | None = None

    def as_json(self) -> Json:
        """Without what is not known: JSON holds neither NaN nor null here."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @property
    def emulated(self) -> str | None:
        """By what the device was emulated, whose encode times then are not speed; None for a real one."""
        return (self.encoder_time or {}).get("emulated")

    def milliseconds(self, part: str) -> float | None:
        """Median time of "encoder", "decoder" or "full"."""
        median = number(getattr(self, f"{part}_time"), "median_ns")
        return None if median is None else median / 1e6

    def megabytes(self, part: str) -> float | None:
        """Size of the file of "encoder", "decoder" or "full", in units of 10^6 bytes."""
        size: float | None = getattr(self, f"{part}_bytes")
        return None if size is None else size / 1e6


def report_rows(sources: ModelSources) -> list[ReportRow]:
    """A model's rows: Keras, the variants with each decoder and number of threads, the baselines."""
    tested = {row["row"]: row for row in (sources.evaluation or {}).get("rows", ())}
    collected: dict[str, list[Json]] = {}
    for row in sources.collected["rows"]:
        collected.setdefault(row["row"], []).append(row)
    rows = [
        _merge(sources, name, tested.get(name, {}), entry, collected)
        for name in dict.fromkeys([*tested, *collected])
        for entry in collected.get(name, [{}])
    ]
    return sorted(rows, key=lambda row: ("keras", "variant", "baseline").index(row.kind))


def one_per_name(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """The first row of each model and name: those of other numbers of threads have the same quality."""
    found: dict[tuple[str, str], ReportRow] = {}
    for row in rows:
        found.setdefault((row.model, row.row), row)
    return list(found.values())


def time_source(rows: Iterable[ReportRow], part: str) -> str | None:
    """Where the times of a part were measured, with how many runs and processes; several places are all named."""
    found: dict[tuple[str, str], list[Json]] = {}
    for row in rows:
        time = getattr(row, f"{part}_time")
        if time is not None:
            found.setdefault((time.get("device", "?"), time.get("runtime", "?")), []).append(time)
    texts = []
    for (device, runtime), times in sorted(found.items()):
        text = f"{device}, {runtime}, n={_spread(int(time.get('n', 0)) for time in times)}"
        if processes := [int(time["processes"]) for time in times if number(time, "processes")]:
            text += f" of {_spread(processes)} process{'' if set(processes) == {1} else 'es'}"
        texts.append(text)
    return "; ".join(texts) or None


def _spread(counts: Iterable[int]) -> str:
    known = sorted(set(counts))
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"


def _merge(
    sources: ModelSources, name: str, tested: Json, collected: Json, run: Mapping[str, Sequence[Json]]
) -> ReportRow:
    variant = tested.get("variant") or collected.get("variant")
    kind = "variant" if variant else "keras" if name == "keras" else "baseline"
    # One place for quality and rate together: 64 samples and a test set must not meet in one row.
    known = tested if tested and "error" not in tested else collected if collected and "error" not in collected else {}
    own = "own images" if sources.collected.get("images_from") == "folder" else "samples"
    quality = None if not known else "test set" if known is tested else own
    result = sources.evaluation if known is tested else sources.collected
    # A tuned decoder changes nothing on the device: its row shares the variant's encode and encoder.
    encoded = next((row for row in (collected, *run.get(variant or "", ())) if _time(row, "encoder")), {})
    threads = number(encoded, "threads") or number(collected, "threads")
    metrics, ratios, sizes = (known.get(key, {}) for key in ("metrics", "compression_ratio", "sizes"))
    return ReportRow(
        model=sources.name,
        row=name,
        variant=variant,
        loss=sources.loss if kind != "baseline" else None,
        kind=kind,
        quality=quality,
        images=int(number(result, "images") or 0) or None if known else None,
        threads=None if threads is None else int(threads),
        psnr_db=number(metrics, "psnr_db"),
        ssim=number(metrics, "ssim"),
        bpp=number(metrics, "bpp"),
        ratio_nominal=number(ratios, "nominal"),
        ratio_actual=number(ratios, "actual"),
        latent_bytes=number(sizes, "latent_bytes"),
        payload_bytes=number(sizes, "payload_bytes"),
        bitstream_bytes=number(sizes, "bitstream_bytes"),
        encoder_bytes=_first((collected, encoded, tested), "encoder_bytes"),
        decoder_bytes=_first((tested, collected), "decoder_bytes"),
        full_bytes=_first((tested, collected), "full_bytes", "model_bytes"),
        encoder_time=_time(encoded, "encoder"),
        decoder_time=_time(tested, "decoder") or _time(collected, "decoder"),
        full_time=_time(tested, "full") or _time(collected, "full"),
        workstation_encoder_time=_time(tested, "encoder"),
        memory=_numbers(encoded.get("memory")),
        error=_error(tested, collected),
    )


def _first(rows: Iterable[Json], *keys: str) -> float | None:
    found = (number(row, "sizes", key) for row in rows for key in keys)
    return next((value for value in found if value is not None), None)


def _time(row: Json, part: str) -> Json | None:
    time = row.get("latency", {}).get(part)
    if number(time, "median_ns") is None:
        return None
    return {key: value for key, value in time.items() if key not in _TIMES or number(time, key) is not None}


def _numbers(values: Any) -> Json | None:
    found = {key: value for key, value in (values or {}).items() if number(value) is not None}
    return found or None


def _error(tested: Json, collected: Json) -> str | None:
    errors = [
        f"{place}: {' '.join(str(row['error']).split())}"
        for place, row in (("device", collected), ("test set", tested))
        if "error" in row
    ]
    return "; ".join(errors) or None
