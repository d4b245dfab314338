"""The numbers of a result as an HTML table, and what has to be said of them."""

from __future__ import annotations

from html import escape

from host.demo.compress import Result
from host.evaluation.one_image import Reconstruction
from host.metrics import WINDOW

_SEPARATOR = " "  # thin space between thousands


def table_html(result: Result, title: str) -> str:
    """One row a quantity, the model beside JPEG; each number's cell carries data-key."""
    ours, theirs = result.ours, result.theirs
    rows = [
        ("Bytes", "bytes", _whole(ours.bitstream_bytes), _whole(theirs.bitstream_bytes)),
        ("Compression ratio", "ratio", f"{ours.ratio:.2f} : 1", f"{theirs.ratio:.2f} : 1"),
        ("Bits per pixel", "bpp", f"{ours.bpp:.3f}", f"{theirs.bpp:.3f}"),
        ("PSNR", "psnr", psnr_text(ours), psnr_text(theirs)),
        ("SSIM", "ssim", ssim_text(ours), ssim_text(theirs)),
        ("Encode time", "encode", time_text(result.encode_ns), ""),
        ("Decode time", "decode", time_text(result.decode_ns), ""),
    ]
    body = "".join(
        f'<tr><th scope="row">{label}</th><td data-key="{key}">{left}</td><td data-key="jpeg-{key}">{right}</td></tr>'
        for label, key, left, right in rows
    )
    return (
        f'<table class="numbers"><thead><tr><th></th><th scope="col">{escape(title)}</th>'
        f'<th scope="col">JPEG, quality {result.jpeg.quality}</th></tr></thead><tbody>{body}</tbody></table>'
    )


def remarks(result: Result) -> list[str]:
    """Sentences below the table."""
    found = [
        f"Times are of this machine, one thread: medians of {result.encode_runs} and {result.decode_runs} runs; "
        "decoding includes opening the decoder."
    ]
    jpeg, ours = result.jpeg, result.ours.bitstream_bytes
    if jpeg.header_bytes > ours:
        found.insert(
            0,
            f"JPEG's headers alone are {jpeg.header_bytes} bytes, more than our {ours}: no JPEG is as small. "
            "Shown is its lowest quality, at more bytes.",
        )
    elif not jpeg.fits:
        found.insert(0, f"No JPEG is as small as {ours} bytes. Shown is its lowest quality, at more bytes.")
    return found


def psnr_text(made: Reconstruction) -> str:
    return "no difference" if made.psnr_db is None else f"{made.psnr_db:.2f} dB"


def ssim_text(made: Reconstruction) -> str:
    return f"below {WINDOW} pixels" if made.ssim is None else f"{made.ssim:.4f}"


def time_text(nanoseconds: float) -> str:
    """In milliseconds, with three digits that count."""
    milliseconds = nanoseconds / 1e6
    digits = 3 if milliseconds < 1 else 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f} ms"


def _whole(count: int) -> str:
    return f"{count:,}".replace(",", _SEPARATOR)
