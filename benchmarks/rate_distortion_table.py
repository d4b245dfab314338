"""The table of a rate-distortion comparison: lines of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from host.curves.bd_rate import ms_ssim_db

_NAME, _CELL = 44, 12


def rate_distortion_lines(result: Mapping[str, Any]) -> list[str]:
    """The table.

    Args:
        result: what benchmarks/rate_distortion.py writes as JSON.
    """
    lines = [f"{result['model']} on {result['images']} images, {result['megapixels']:.2f} megapixels"]
    lines += ["", *_bd_rates(result), "", *_qualities(result)]
    if "timing" in result:
        lines += ["", *_times(result)]
    return lines


def _bd_rates(result: Mapping[str, Any]) -> list[str]:
    columns = ("bd_rate_percent", "bd_rate_by_image_percent", "bd_rate_ms_ssim_percent")
    lines = [_line("rate of splitlite at equal quality against", ("PSNR", "by image", "MS-SSIM"))]
    names = [*result["points"], *result["published"]]
    known = [name for name in names if any(name in result[column] for column in columns)]
    for name in known:
        if name == next(iter(result["published"]), None):
            lines.append("published, not measured here:")
        cells = [f"{result[column][name]:+.1f} %" if name in result[column] else "-" for column in columns]
        words = result["codecs"].get(name)
        lines.append(_line(f"  {name}, {words}" if words else f"  {name}", cells))
    for name, reason in sorted(result["bd_rate_missing"].items()):
        lines += textwrap.wrap(f"{name}: {reason}", 80, initial_indent="  ", subsequent_indent="    ")
    return lines


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{_NAME}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


_QUALITY_TITLES = ("quality", "bpp", "PSNR", "untuned", "float32", "MS-SSIM", "over ideal", "saturated")
_QUALITY_WIDTHS = (8, 9, 10, 10, 10, 10, 12, 11)


def _qualities(result: Mapping[str, Any]) -> list[str]:
    def cells(values: Sequence[str]) -> str:
        return "".join(f"{value:>{width}}" for value, width in zip(values, _QUALITY_WIDTHS, strict=True))

    points, lines = result["points"], [cells(_QUALITY_TITLES)]
    untuned = points.get("splitlite (untuned decoder)")
    for place, row in enumerate(result["qualities"]):
        bpp, psnr, similarity = points["splitlite"][place]
        lines.append(
            cells(
                (
                    str(row["quality"]),
                    f"{bpp:.4f}",
                    f"{psnr:.2f} dB",
                    f"{untuned[place][1]:.2f} dB" if untuned else "-",
                    f"{points['splitlite (float32 encoder)'][place][1]:.2f} dB",
                    f"{ms_ssim_db(similarity):.2f} dB",
                    f"{row['overhead_percent']:+.2f} %",
                    f"{row['saturated_codes']}",
                )
            )
        )
    codes = result["qualities"][0]["codes"]
    text = (
        "PSNR with the tuned decoder, and with the untuned one; float32: of the encoder with the same weights in "
        "float32 arithmetic. Over ideal: whole bitstreams against the code length under their own tables. "
        f"Saturated: of {codes} codes."
    )
    lines += textwrap.wrap(text, 80)
    return lines


def _times(result: Mapping[str, Any]) -> list[str]:
    timing = result["timing"]
    lines = [
        result["environment"].get("cpu_model", result["environment"]["machine"])[:80],
        f"One thread, medians of {timing['repetitions']} rounds, at the setting nearest {timing['nearest_bpp']:g} bpp:",
        f"{'':<34}{'setting':>10}{'bpp':>8}{'encode':>13}{'decode':>13}",
    ]
    for name, encode in sorted(result["encode_ms_per_megapixel"].items(), key=lambda item: item[1]):
        words = result["codecs"].get(name)
        decode = result["decode_ms_per_megapixel"][name]
        lines.append(
            f"  {f'{name}, {words}' if words else name:<32}{timing['settings'][name]:>10}{timing['bpp'][name]:>8.3f}"
            f"{encode:>10.1f} ms{decode:>10.1f} ms"
        )
    stages = ", ".join(f"{name} {value:.1f}" for name, value in timing["encode_stages_ms_per_megapixel"].items())
    lines.append(f"per megapixel. splitlite's stages: {stages} ms.")
    mean = result["megapixels"] / result["images"]
    encode, decode = (result[f"{kind}_ms_per_megapixel"]["splitlite"] * mean for kind in ("encode", "decode"))
    code = timing["encode_stages_ms_per_megapixel"]["code"] * mean
    ratio = timing["encode_ratio"]
    others = ", ".join(f"{name}'s {ratio[name]:.2f}" for name in sorted(ratio, key=lambda name: -ratio[name]))
    lines += textwrap.wrap(f"Encode times of splitlite in the same rounds, as a factor of {others}.", 80)
    text = (
        f"An image of {mean:.2f} megapixels at these rates: splitlite encodes it in {encode:.1f} ms, {code:.1f} ms of "
        f"them to code, and decodes it in {decode:.0f} ms."
    )
    lines += textwrap.wrap(text, 80)
    return lines
