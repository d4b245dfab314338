"""The tables of codecs: rate and distortion beside other codecs, and the picture of three."""

from __future__ import annotations

import json
from typing import Any

from docs.tables.cells import fewer, markdown, number, percent
from docs.tables.committed import PICTURE, ROOT, curve

OURS = "splitlite"
PUBLISHED = ("bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean")
NAMES = {
    "jpeg": "JPEG",
    "jpeg-444": "JPEG",
    "webp": "WebP",
    "webp-m4": "WebP",
    "jpeg2000": "JPEG 2000",
    "avif": "AVIF",
    "avif-psnr": "AVIF tuned for PSNR",
}


def picture() -> str:
    """The picture of docs.make_picture and what it shows."""
    found = json.loads((ROOT / PICTURE).read_text(encoding="utf-8"))
    return (
        f"![A parrot three times: original, splitlite, JPEG of the same size]({PICTURE.with_suffix('.png')})\n\n"
        f"*Part of {found['image']}. Left: the original. Middle: splitlite (`photo`, quality {found['quality']}), "
        f"{found['splitlite']['bytes']:,} bytes for the whole image, {number(found['splitlite']['psnr_db'], 1)} dB. "
        f"Right: JPEG, {found['jpeg']['bytes']:,} bytes, {number(found['jpeg']['psnr_db'], 1)} dB.*"
    )


def photo_summary() -> str:
    """README's table: size at equal PSNR and times of one image beside the usual codecs."""
    result = curve("photo", "kodak")
    names = ("jpeg", "webp-m4", "webp", "jpeg2000", "avif")
    rows = [(f"**splitlite** (`{result['model']}`, int8)", "", *_times_an_image(result, OURS))]
    rows += [
        (_codec_name(result, name), percent(result["bd_rate_percent"][name]), *_times_an_image(result, name))
        for name in names
    ]
    return markdown(("codec", "size of splitlite at equal PSNR", "encode (ms)", "decode (ms)"), rows, 1)


def photo_setting() -> str:
    """One sentence: how the times were taken."""
    result = curve("photo", "kodak")
    return (
        f"Times are for one Kodak image on one thread of {_machine(result)}. All codecs took turns, each at the "
        f"setting nearest {result['timing']['nearest_bpp']:g} bits per pixel."
    )


def photo_rates() -> str:
    """BD-rates and times of all codecs, and BD-rates of published curves."""
    result = curve("photo", "kodak")
    measured = [name for name in NAMES if name in result["points"]]
    rows: list[tuple[str, ...]] = [("splitlite", "", "", *_times_an_image(result, OURS))]
    rows += [
        (_codec_name(result, name), *_both_rates(result, name), *_times_an_image(result, name)) for name in measured
    ]
    rows += [(f"{name} (published curve)", *_both_rates(result, name), "-", "-") for name in PUBLISHED]
    return markdown(("codec", "BD-rate, PSNR", "BD-rate, MS-SSIM", "encode (ms)", "decode (ms)"), rows, 1)


def photo_qualities() -> str:
    """Rate, quality and overhead of each quality of `photo`."""
    result = curve("photo", "kodak")
    rows = []
    for quality, (bpp, psnr, ms_ssim) in zip(result["qualities"], result["points"][OURS], strict=True):
        numbers = (number(bpp, 3), number(psnr, 2), number(ms_ssim, 4))
        overhead, saturated = percent(quality["overhead_percent"], 2), str(quality["saturated_codes"])
        rows.append((str(quality["quality"]), *numbers, overhead, saturated))
    titles = ("quality", "bits per pixel", "PSNR (dB)", "MS-SSIM", "bitstream over ideal length", "saturated codes")
    return markdown(titles, rows, 0)


def photo_facts() -> str:
    """A list of what the comparison found."""
    result = curve("photo", "kodak")
    first, last = result["points"][OURS][0], result["points"][OURS][-1]
    rates, cost = result["bd_rate_percent"], result["int8_cost_percent"][OURS]
    tuned = rates["splitlite (untuned decoder)"]
    encode, decode = _times_an_image(result, OURS)
    code = result["timing"]["encode_stages_ms_per_megapixel"]["code"] * result["megapixels"] / result["images"]
    return "\n".join(
        (
            f"- On the {result['images']} Kodak images, the qualities reach from {number(first[0], 3)} bits per pixel "
            f"at {number(first[1], 2)} dB to {number(last[0], 3)} bits per pixel at {number(last[1], 2)} dB.",
            f"- At equal PSNR, splitlite needs {fewer(rates['jpeg'])} bytes than JPEG (4:2:0) and "
            f"{fewer(rates['webp'])} bytes than WebP (method 6).",
            f"- Quantizing the encoder to int8 costs {number(cost, 2)} % of rate against the same weights in float32.",
            f"- The tuned decoder saves {number(-tuned, 2)} % of rate.",
            f"- One Kodak image takes {encode} ms to encode on one thread of {_machine(result)}; the entropy coder "
            f"takes {number(code, 1)} ms of it. Decoding takes {decode} ms.",
        )
    )


def cifar10_rd() -> str:
    """BD-rates and points of `cifar10-rd`."""
    result = curve("cifar10-rd", "test")
    rows = [(name, percent(rate)) for name, rate in sorted(result["bd_rate_percent"].items())]
    points = [
        (str(quality), number(bpp, 3), number(psnr, 2), percent(overhead, 1))
        for quality, ((bpp, psnr), overhead) in enumerate(
            zip(result["points"][OURS], result["payload_overhead_percent"], strict=True)
        )
    ]
    return "\n\n".join(
        (
            f"{result['images']:,} test images of CIFAR-10.",
            markdown(("codec", "BD-rate, PSNR"), rows, 1),
            markdown(("quality", "bits per pixel", "PSNR (dB)", "payload over ideal length"), points, 0),
        )
    )


def _codec_name(result: dict[str, Any], name: str) -> str:
    return f"{NAMES[name]}, {result['codecs'][name]}" if name in NAMES else name


def _times_an_image(result: dict[str, Any], name: str) -> tuple[str, str]:
    """Encode and decode time of one mean image, in milliseconds; decimals where they tell something."""
    size = result["megapixels"] / result["images"]
    encode, decode = (result[f"{kind}_ms_per_megapixel"].get(name) for kind in ("encode", "decode"))
    return number(encode and encode * size, 1), number(decode and decode * size, 0)


def _both_rates(result: dict[str, Any], name: str) -> list[str]:
    columns = ("bd_rate_percent", "bd_rate_ms_ssim_percent")
    return [percent(result[column][name]) if name in result[column] else "-" for column in columns]


def _machine(result: dict[str, Any]) -> str:
    model = result["environment"].get("cpu_model", result["environment"]["machine"])
    return f"an {model}" if model[0] in "AEIOU" else f"a {model}"
