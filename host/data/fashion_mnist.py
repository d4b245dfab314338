"""Fashion-MNIST (H. Xiao et al., 2017): MNIST's file names with other pictures."""

from __future__ import annotations

from pathlib import Path

from host.data import mnist
from host.data.archive import downloaded
from host.data.split import Split, labelled

MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def load(folder: Path | None) -> tuple[Split, Split]:
    """The training (60,000) and test (10,000) images, uint8 (count, 28, 28, 1), with their labels.

    Raises:
        DataError: a missing or wrong file, a failed download.
    """
    if folder is None:
        from tf_keras.datasets import fashion_mnist

        (train, kinds), (test, others) = downloaded("Fashion-MNIST", fashion_mnist.load_data)
        return labelled(train[..., None], kinds), labelled(test[..., None], others)
    names = [folder / name for name in ("fashion_mnist", "fashion-mnist")]
    return mnist.read_splits(next((name for name in names if name.is_dir()), folder), MD5)
