"""Fashion-MNIST (H. Xiao et al., 2017): MNIST's file names with other pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from host.data import mnist
from host.data.archive import downloaded

MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
}


def load(folder: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """The training (60,000) and test (10,000) images, uint8 (count, 28, 28, 1).

    Raises:
        DataError: a missing or wrong file, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import fashion_mnist

        (train, _), (test, _) = downloaded("Fashion-MNIST", fashion_mnist.load_data)
        return train[..., None], test[..., None]
    names = [folder / name for name in ("fashion_mnist", "fashion-mnist")]
    place = next((name for name in names if name.is_dir()), folder)
    train, test = (mnist.read_images(place / name, md5) for name, md5 in MD5.items())
    return train, test
