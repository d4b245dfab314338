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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import matplotlib  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

import device  # noqa: E402
from device.bench.progress import Progress  # noqa: E402
from device.errors import SplitliteError  # noqa: E402
from device.files import write_bytes, write_json  # noqa: E402
from device.inputs.strips import PhotoEncoder  # noqa: E402
from device.stream import HEADER_BYTES, unpack  # noqa: E402
from host.curves.bd_rate import bd_rate_percent  # noqa: E402
from host.curves.image_codecs import WEBP_HEADER_BYTES, decode_image, scan_bytes  # noqa: E402
from host.data import data_folder  # noqa: E402
from host.data.cifar import CIFAR10  # noqa: E402
from host.errors import CurveError  # noqa: E402
from host.metrics import bits_per_pixel, psnr_db  # noqa: E402
from host.packaging.decoders import BUILD, find_decoders  # noqa: E402
from host.quiet import load_tensorflow  # noqa: E402
from host.tasks.codec.ideal_length import ideal_bits  # noqa: E402
from host.tasks.codec.task import CodecTask  # noqa: E402

OURS, HEADERLESS, SCAN = "splitlite", ", headerless", ", scan"
_JPEG = (5, 10, 20, 30, 40, 50, 60, 70, 80, 88, 93)
_WEBP = (0, 5, 12, 22, 35, 50, 65, 78, 86, 92, 96)
Curve = list[tuple[float, float]]  # bits per pixel, PSNR in dB; means over the images
Codec = tuple[str, dict[str, Any], tuple[int, ...], Callable[[bytes], int]]
CODECS: dict[str, Codec] = {
    f"jpeg {words}{suffix}": ("JPEG", {"subsampling": words, **options}, _JPEG, count)
    for words in ("4:2:0", "4:4:4")
    for suffix, options, count in (
        ("", {"optimize": True}, len),
        (HEADERLESS, {}, scan_bytes),
        (SCAN, {"optimize": True}, scan_bytes),
    )
} | {
    "webp": ("WEBP", {"method": 6}, _WEBP, len),
    f"webp{HEADERLESS}": ("WEBP", {"method": 6}, _WEBP, lambda data: len(data) - WEBP_HEADER_BYTES),
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
    found = device.open_encoder(bundle)
    if not isinstance(found, PhotoEncoder):
        raise CurveError(f"{bundle}: has no qualities; give --bundle the name of a codec's")
    qualities = sorted(each.quality.index for each in found.bundle.variants.values() if each.quality)
    points: dict[str, Curve] = {OURS: [], OURS + HEADERLESS: []}
    overheads = []
    with Progress(len(qualities) + sum(len(codec[2]) for codec in CODECS.values())) as progress:
        for quality in qualities:
            progress.step(f"{OURS} {quality}")
            size, psnr, ideal = _ours(images, found.bundle.folder, quality, build)
            overheads.append(100 * ((size - HEADER_BYTES) / ideal - 1))
            points[OURS].append((bits_per_pixel(size, images.shape[1:]), psnr))
            points[OURS + HEADERLESS].append((bits_per_pixel(size - HEADER_BYTES, images.shape[1:]), psnr))
        for name, (form, options, settings, count) in CODECS.items():
            points[name] = []
            for setting in settings:
                progress.step(f"{name} {setting}")
                files = [_file(image, form, {**options, "quality": setting}) for image in images]
                size = float(np.mean([count(data) for data in files]))
                psnr = _psnr(images, np.stack([decode_image(data) for data in files]))
                points[name].append((bits_per_pixel(size, images.shape[1:]), psnr))
    return {
        "format_version": 1,
        "model": found.bundle.model,
        "model_sha256": found.bundle.model_sha256,
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


def _ours(images: np.ndarray, bundle: Path, quality: int, build: Path) -> tuple[float, float, float]:
    """Mean bytes of a bitstream, PSNR, and mean bytes of the ideal payload."""
    encoder = device.open_encoder(bundle, quality=quality)
    decoders = CodecTask().decoders(find_decoders(build, encoder.tag, bundle.name))
    streams = [encoder.encode(image) for image in images]
    height, width = images.shape[1:3]
    codes = np.stack([decoders.numbers(unpack(stream)[1], height, width) for stream in streams])
    restored = np.stack(decoders.restore(decoders.names[-1], list(codes), [(height, width)] * len(codes)))
    ideal = float(np.mean([ideal_bits(each, decoders.tables) for each in codes])) / 8
    return float(np.mean([len(stream) for stream in streams])), _psnr(images, restored), ideal


def _psnr(images: np.ndarray, restored: np.ndarray) -> float:
    found = [psnr_db(*pair) for pair in zip(images, restored, strict=True)]
    return float(np.mean([value for value in found if value is not None]))


def _file(image: np.ndarray, form: str, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form, **options)
    return buffer.getvalue()


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
