"""python -m device {info, bench, build, encode, classify, upscale}."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, open_classifier, open_encoder, open_upscaler
from .errors import SplitliteError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0 done, 1 a named error in one line, 2 usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["bench"]:
        from .bench import run as bench

        return bench.main(given[1:])
    options = _parser().parse_args(given)
    if importlib.util.find_spec("numpy") is None:
        print("numpy is not installed; pip install -r device/requirements.txt", file=sys.stderr)
        return 1
    commands = {"info": _info, "build": _build, "encode": _encode, "classify": _classify, "upscale": _upscale}
    try:
        commands[options.command](options)
    except SplitliteError as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _info(options: argparse.Namespace) -> None:
    from .bundle import read_bundle
    from .environment import read_environment
    from .errors import BundleError, RuntimeUnavailableError
    from .outputs import native
    from .pipeline import default_bundles
    from .runtime import available_runtimes, check_runtime, load_runtime

    runtime, problem = None, ""
    try:
        check_runtime(options.runtime)
        runtime = load_runtime(options.runtime)
    except RuntimeUnavailableError as reason:
        problem = str(reason)
    for name, value in sorted(read_environment(runtime).items()):
        print(f"{name}: {value}")
    print(f"runtimes installed: {', '.join(available_runtimes()) or 'none'}")
    for line in filter(None, (problem, native.refusal())):
        print(line)
    try:
        folders = default_bundles()
    except BundleError as reason:
        print(reason)
        return
    for folder in folders:
        bundle = read_bundle(folder)
        shape, channels = bundle.input.shape, bundle.input.channels
        size = "any size" if shape is None else f"{shape[1]} x {shape[0]} pixels"
        colour = "luma" if bundle.reads_luma else {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
        print(f"bundle {folder.name}: images of {size}, {colour}; {', '.join(bundle.variants)}")


def _build(options: argparse.Namespace) -> None:
    from .outputs.native.build import build, remove

    if options.remove:
        removed = remove()
        print(f"removed: {', '.join(map(str, removed)) or 'nothing, the C coder is not built'}")
        return
    library, is_new = build()
    print(f"{'built' if is_new else 'built already'}: {library.path} ({library.name})")


def _encode(options: argparse.Namespace) -> None:
    from .errors import ImageError
    from .files import write_bytes
    from .image_file import read_image
    from .runtime import check_runtime

    check_runtime(options.runtime)
    encoder = open_encoder(options.bundle, options.variant, runtime=options.runtime, quality=options.quality)
    image = read_image(options.image, encoder.bundle.input.channels, as_luma=encoder.bundle.reads_luma)
    bitstream = encoder.encode(image)
    try:
        write_bytes(options.output, bitstream)
    except OSError as reason:
        raise ImageError(f"{options.output}: cannot be written ({reason.strerror})") from None
    print(f"{options.output}: {len(bitstream)} bytes for {image.size}, ratio {image.size / len(bitstream):.2f}")


def _classify(options: argparse.Namespace) -> None:
    from .image_file import read_image
    from .runtime import check_runtime

    check_runtime(options.runtime)
    classifier = open_classifier(options.bundle, options.variant, runtime=options.runtime)
    image = read_image(options.image, classifier.encoder.bundle.input.channels)
    best = classifier.classify(image)[: options.top]
    width = max(len(label) for label, _ in best)
    for label, probability in best:
        print(f"{label:<{width}} {100 * probability:7.2f} %")


def _upscale(options: argparse.Namespace) -> None:
    from .errors import BundleError, ImageError
    from .image_file import check_name, read_image, write_image
    from .runtime import check_runtime

    check_runtime(options.runtime)
    upscaler = open_upscaler(options.bundle, options.variant, runtime=options.runtime)
    if options.scale not in (None, upscaler.factor):
        raise BundleError(
            f"{options.bundle}: enlarges {upscaler.factor} times, not {options.scale} times; take another bundle, or"
            " leave --scale out"
        )
    image = read_image(options.image)
    try:
        shape = upscaler.shape(image)
    except ImageError as reason:
        raise ImageError(f"{options.image}: {reason}") from None
    check_name(options.output, shape)  # before the network runs, for minutes maybe
    write_image(options.output, upscaler.upscale(image))
    sizes = [f"{width} x {height}" for height, width in (image.shape[:2], shape[:2])]
    print(f"{options.output}: {sizes[1]} pixels, from {sizes[0]}")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count, expected 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    text = "Encode, classify and enlarge images, and measure networks, on this device."
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=text)
    parser.add_argument("--version", action="version", version=__version__)
    names = "{info,bench,build,encode,classify,upscale}"
    commands = parser.add_subparsers(dest="command", required=True, metavar=names)
    runtime = "runtime to use: ai_edge_litert or tflite_runtime (default: the first one installed)"
    info = commands.add_parser("info", help="show this machine, its runtimes and the bundles")
    info.add_argument("--runtime", help=runtime)
    commands.add_parser("bench", help="measure the networks (options: bench --help)", add_help=False)
    text = "compile the entropy coders in C for this machine, once: faster, with the same bytes as numpy's"
    build = commands.add_parser("build", help=text, description=f"{text[0].upper()}{text[1:]}.")
    build.add_argument("--remove", action="store_true", help="remove the compiled coders of every version instead")
    encode = commands.add_parser("encode", help="encode one image to a bitstream file")
    files = "image file: .ppm, .pgm or .npy; with Pillow also PNG, JPEG and others"
    encode.add_argument("image", type=Path, help=files)
    encode.add_argument("-o", "--output", type=Path, required=True, help="bitstream file to write")
    encode.add_argument("--bundle", required=True, help="bundle: a name or a folder")
    encode.add_argument("--variant", default="int8", help="variant of the encoder (default: int8)")
    quality = "quality of a codec; 0 gives the smallest bitstreams (default: the middle one)"
    encode.add_argument("--quality", type=int, help=quality)
    encode.add_argument("--runtime", help=runtime)
    classify = commands.add_parser("classify", help="print the labels of one image, best first")
    classify.add_argument("image", type=Path, help=files)
    classify.add_argument("--bundle", required=True, help="bundle of a classifier: a name or a folder")
    classify.add_argument("--variant", default="int8", help="variant of the classifier (default: int8)")
    classify.add_argument("--top", type=_count, default=5, metavar="N", help="labels to print (default: 5)")
    classify.add_argument("--runtime", help=runtime)
    upscale = commands.add_parser("upscale", help="enlarge one image")
    upscale.add_argument("image", type=Path, help=files)
    upscale.add_argument("-o", "--output", type=Path, required=True, help="picture file to write, of the same kinds")
    upscale.add_argument("--bundle", required=True, help="bundle of a super-resolution network: a name or a folder")
    upscale.add_argument("--variant", default="int8", help="variant of the network (default: int8)")
    upscale.add_argument("--scale", type=_count, metavar="N", help="stop if the bundle does not enlarge N times")
    upscale.add_argument("--runtime", help=runtime)
    return parser


if __name__ == "__main__":
    sys.exit(main())
