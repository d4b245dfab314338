"""Rate against quality at 32 x 32: a codec of CIFAR-10 beside JPEG and WebP, with headers and without.

    .venv/bin/python benchmarks/cifar_rate_distortion.py [--images 1000] [--json FILE] [--plot FILE.png]

Test images one by one, real bitstreams of the int8 encoder in the device's runtime, decoded by the host with the tuned
decoder where there is one. At this size headers are a large part of a file, so each codec stands here twice: whole
files, and what a stream would take whose sizes and tables both sides know: ours without its 16 bytes of header, JPEG's
entropy-coded scan with the standard Huffman tables, WebP without 30 bytes of container and frame header. "Scan" is a
JPEG's with Huffman tables made for this very image, which no decoder has: less than JPEG can do.
BD-rate: what ours needs at equal PSNR, of the mean curves, whole against whole and headerless against headerless.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import matplotlib  # noqa: E402
import numpy as np  # noqa: E402

from benchmarks.ideal_length import ideal_bits  # noqa: E402
from device.bench.progress import Progress  # noqa: E402
from device.bundle import Bundle, read_bundle  # noqa: E402
from device.errors import SplitliteError  # noqa: E402
from device.files import write_bytes, write_json  # noqa: E402
from device.pipeline import Pipeline, find_bundle  # noqa: E402
from device.stream import HEADER_BYTES, unpack  # noqa: E402
from host.curves.bd_rate import bd_rate_percent  # noqa: E402
from host.curves.image_codecs import ImageCodec, as_picture, decode_image  # noqa: E402
from host.data import data_folder  # noqa: E402
from host.data.official import CIFAR10  # noqa: E402
from host.errors import CurveError  # noqa: E402
from host.metrics import bits_per_pixel, psnr_db  # noqa: E402
from host.packaging.decoders import BUILD, find_decoders  # noqa: E402
from host.quiet import load_tensorflow  # noqa: E402
from host.tasks.codec.decoders import CodecDecoders  # noqa: E402

OURS, HEADERLESS, SCAN = "splitlite", ", headerless", ", scan"
_JPEG = (5, 10, 20, 30, 40, 50, 60, 70, 80, 88, 93)
_WEBP = (0, 5, 12, 22, 35, 50, 65, 78, 86, 92, 96)
Curve = list[tuple[float, float]]  # bits per pixel, PSNR in dB; means over the images
CODECS: dict[str, ImageCodec] = {
    f"jpeg {words}{suffix}": ImageCodec("JPEG", "libjpeg_turbo", _JPEG, "", {"subsampling": words, **options}, bare)
    for words in ("4:2:0", "4:4:4")
    for suffix, options, bare in (
        ("", {"optimize": True}, False),
        (HEADERLESS, {}, True),
        (SCAN, {"optimize": True}, True),
    )
} | {
    f"webp{suffix}": ImageCodec("WEBP", "webp", _WEBP, "", {"method": 6}, bare)
    for suffix, bare in (("", False), (HEADERLESS, True))
}

WHOLE = tuple(name for name in CODECS if not name.endswith((HEADERLESS, SCAN)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0 done, 1 an error in one line."""
    options = _options(arguments)
    try:
        test = np.asarray(CIFAR10.load(data_folder(options.data_dir))[1].images)
        result = measure(test[: options.images], options.bundle, options.build)
        if options.json:
            write_json(options.json, result)
        if options.plot:
            write_bytes(options.plot, plot(result))
    except SplitliteError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines(result)))
    return 0


def measure(images: np.ndarray, bundle: str, build: Path) -> dict[str, Any]:
    """All curves, and ours against the others.

    Args:
        images: uint8 (count, 32, 32, 3).
    """
    load_tensorflow()
    found = read_bundle(find_bundle(bundle))
    qualities = found.qualities("int8")
    if not qualities:
        raise CurveError(f"{bundle}: has no qualities; give --bundle the name of a codec's")
    points: dict[str, Curve] = {OURS: [], OURS + HEADERLESS: []}
    overheads = []
    with Progress(len(qualities) + sum(len(codec.settings) for codec in CODECS.values())) as progress:
        for quality in qualities:
            progress.step(f"{OURS} {quality}")
            size, psnr, ideal = _ours(images, found, quality, build)
            overheads.append(100 * ((size - HEADER_BYTES) / ideal - 1))
            points[OURS].append((bits_per_pixel(size, images.shape[1:]), psnr))
            points[OURS + HEADERLESS].append((bits_per_pixel(size - HEADER_BYTES, images.shape[1:]), psnr))
        for name, codec in CODECS.items():
            points[name] = []
            for setting in codec.settings:
                progress.step(f"{name} {setting}")
                files = [codec.encode(as_picture(image), setting) for image in images]
                size = float(np.mean([codec.count(data) for data in files]))
                psnr = _psnr(images, [decode_image(data) for data in files])
                points[name].append((bits_per_pixel(size, images.shape[1:]), psnr))
    return {
        "format_version": 1,
        "model": found.model,
        "model_sha256": found.model_sha256,
        "images": len(images),
        "points": points,
        "payload_overhead_percent": overheads,
        "bd_rate_percent": {
            name: bd_rate_percent(
                np.array(points[OURS if name in WHOLE else OURS + HEADERLESS]), np.array(points[name])
            )
            for name in CODECS
        },
    }


def lines(result: dict[str, Any]) -> list[str]:
    """The table, of at most 80 columns."""
    table = [f"{result['model']} on {result['images']} test images of 32 x 32 pixels", ""]
    table.append(f"{'':<24}" + "bits per pixel at PSNR (dB)")
    for name, curve in result["points"].items():
        chosen = curve if name.startswith(OURS) else curve[1::2]
        table.append(f"{name:<24}" + "".join(f"{bpp:>5.2f} {psnr:<5.2f}" for bpp, psnr in chosen))
    overheads = ", ".join(f"{value:.1f}" for value in result["payload_overhead_percent"])
    table += ["", f"payload over the ideal length under its own tables, percent: {overheads}"]
    table += ["", f"{'rate at equal PSNR against':<32}{'BD-rate':>10}"]
    table += [f"  {name:<30}{value:>+9.1f} %" for name, value in result["bd_rate_percent"].items()]
    return table


def plot(result: dict[str, Any]) -> bytes:
    """PSNR over bits per pixel as a PNG."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5.5), dpi=120)
    colors = {name.split(",")[0]: None for name in result["points"]}
    for name, curve in result["points"].items():
        base, dashed = name.split(",")[0], "," in name
        width = 2.5 if base == OURS else 1.3
        (line,) = axes.plot(*zip(*curve), "o--" if dashed else "o-", ms=3, lw=width, color=colors[base], label=name)
        colors[base] = line.get_color()
    axes.set(xlabel="bits per pixel", ylabel="PSNR of RGB (dB)", xlim=(0, 8), ylim=(22, 40))
    axes.set_title(f"{result['model']}, {result['images']} test images of CIFAR-10")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    pyplot.close(figure)
    return buffer.getvalue()


def _ours(images: np.ndarray, bundle: Bundle, quality: int, build: Path) -> tuple[float, float, float]:
    """Mean bytes of a bitstream, PSNR, and mean bytes of the ideal payload."""
    encoder = Pipeline(bundle, bundle.find("int8", quality).name)
    decoders = CodecDecoders(find_decoders(build, encoder.tag, bundle.model))
    streams = [encoder.encode(image) for image in images]
    sizes = [(image.shape[0], image.shape[1]) for image in images]
    codes = [decoders.numbers(unpack(stream)[1], *size) for stream, size in zip(streams, sizes, strict=True)]
    restored = decoders.restore(decoders.names[-1], codes, sizes)
    ideal = float(np.mean([ideal_bits(each, decoders.tables) for each in codes])) / 8
    return float(np.mean([len(stream) for stream in streams])), _psnr(images, restored), ideal


def _psnr(images: Iterable[np.ndarray], restored: Iterable[np.ndarray]) -> float:
    found = [psnr_db(*pair) for pair in zip(images, restored, strict=True)]
    return float(np.mean([value for value in found if value is not None]))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", default="cifar10-rd")
    parser.add_argument("--images", type=int, default=1000, help="how many of the test images (default: 1000)")
    parser.add_argument("--json", type=Path, help="where the result is written")
    parser.add_argument("--plot", type=Path, help="where a PNG is written")
    parser.add_argument("--data-dir", type=Path, help="folder of data sets (default: SPLITLITE_DATA)")
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of decoders (default: build)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
