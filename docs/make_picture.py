"""Makes docs/images/parrot.png and .json: a part of a Kodak image, its reconstruction, and a JPEG of the same bytes.

    .venv/bin/python -m docs.make_picture KODAK_FOLDER

Needs the exported model `photo`. The JPEG has the best setting whose file is not larger than the bitstream.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import device
from device.files import write_bytes, write_json
from device.image_file import read_image
from docs.tables.committed import PICTURE, ROOT
from host.evaluation.decode import decode
from host.metrics import psnr_db
from host.tasks import TASKS

IMAGE, QUALITY = "kodim23.png", 2
LEFT, TOP, WIDTH, HEIGHT, GAP = 96, 64, 288, 288, 6


def main(kodak: Path) -> None:
    """Writes both files."""
    image = read_image(kodak / IMAGE)
    stream = device.open_encoder("photo", quality=QUALITY).encode(image)
    with tempfile.TemporaryDirectory() as folder:
        file, target = Path(folder) / "stream.bin", Path(folder) / "decoded.png"
        write_bytes(file, stream)
        decode([file], target, TASKS, "tuned")
        ours = read_image(target)
    jpeg = max((data for data in _jpeg_files(image) if len(data) <= len(stream)), key=len)
    theirs = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    picture = Image.new("RGB", (3 * WIDTH + 2 * GAP, HEIGHT), "white")
    for place, pixels in enumerate((image, ours, theirs)):
        part = pixels[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]
        picture.paste(Image.fromarray(part), (place * (WIDTH + GAP), 0))
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    write_bytes((ROOT / PICTURE).with_suffix(".png"), data.getvalue())
    found = {
        name: {"bytes": len(coded), "psnr_db": psnr_db(image, pixels)}
        for name, coded, pixels in (("splitlite", stream, ours), ("jpeg", jpeg, theirs))
    }
    write_json(ROOT / PICTURE, {"image": f"Kodak's {Path(IMAGE).stem}", "quality": QUALITY, **found})


def _jpeg_files(image: np.ndarray) -> Iterator[bytes]:
    for setting in range(1, 96):
        data = io.BytesIO()
        Image.fromarray(image).save(data, "JPEG", quality=setting, optimize=True)
        yield data.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
