"""CIFAR-10 from a local folder, and what is said where it is not whole."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host.data.official import CIFAR10, CIFAR100, Cifar
from host.errors import DataError


@pytest.fixture
def cifar(tmp_path: Path) -> Cifar:
    """The data set of six batches of two made-up pictures in tmp_path."""
    folder = tmp_path / CIFAR10.folder
    folder.mkdir()
    md5 = {}
    for number, name in enumerate(CIFAR10.md5):
        pixels = np.zeros((2, 3072), np.uint8)
        pixels[0] = np.repeat([10 + number, 20, 30], 1024)  # planes: red, green, blue
        pixels[1, :1024] = np.repeat(np.arange(32), 32)  # red grows downwards
        content = pickle.dumps({b"data": pixels, b"labels": [number, 9]})
        (folder / name).write_bytes(content)
        md5[name] = hashlib.md5(content).hexdigest()
    return replace(CIFAR10, md5=md5)


@pytest.fixture
def batches(cifar: Cifar, tmp_path: Path) -> Path:
    """Where the batches are."""
    return tmp_path / cifar.folder


def refusal(folder: Path, cifar: Cifar = CIFAR10) -> str:
    with pytest.raises(DataError) as caught:
        cifar.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("above", [0, 1])
def test_batches_are_read_in_their_order_with_colour_last(above: int, cifar: Cifar, batches: Path) -> None:
    splits = cifar.load(batches.parents[above - 1] if above else batches)
    train, test = (split.array for split in splits)
    assert (train.shape, test.shape, train.dtype) == ((10, 32, 32, 3), (2, 32, 32, 3), np.uint8)
    assert [tuple(pixel) for pixel in train[::2, 5, 7]] == [(10 + number, 20, 30) for number in range(5)]
    assert tuple(test[0, 0, 0]) == (15, 20, 30)
    assert (train[1, 31, 0, 0], train[1, 0, 31, 0]) == (31, 0)
    assert [split.labels.tolist() for split in splits] == [[0, 9, 1, 9, 2, 9, 3, 9, 4, 9], [5, 9]]


def test_a_data_folder_with_a_folder_of_the_data_set_will_do(cifar: Cifar, batches: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "cifar10").mkdir(parents=True)
    batches.rename(tmp_path / "data" / "cifar10" / cifar.folder)
    assert len(cifar.load(tmp_path / "data")[0]) == 10


def test_an_empty_folder_is_told_what_is_expected(tmp_path: Path) -> None:
    text = refusal(tmp_path)
    assert text.startswith(f"{tmp_path}: no cifar10 here")
    assert "cifar-10-batches-py/" in text and "cifar-10-python.tar.gz" in text


def test_a_missing_batch_is_named(cifar: Cifar, batches: Path) -> None:
    (batches / "data_batch_4").unlink()
    assert refusal(batches.parent, cifar).startswith(f"{batches / 'data_batch_4'}: missing")


def test_a_truncated_batch_is_named_and_never_unpickled(cifar: Cifar, batches: Path) -> None:
    path = batches / "data_batch_2"
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(batches.parent, cifar).startswith(f"{path}: not the official file, or truncated")


def test_the_real_data_set_is_the_one_of_the_literature(real_data: Path) -> None:
    train, test = (split.array for split in CIFAR10.load(real_data))
    assert (train.shape, test.shape) == ((50_000, 32, 32, 3), (10_000, 32, 32, 3))
    means = train.mean((0, 1, 2), dtype=np.float64) / 255
    np.testing.assert_allclose(means, [0.49139968, 0.48215841, 0.44653091], atol=1e-7)
    assert tuple(train[0, 0, 0]) == (59, 62, 63)


def test_fine_labels_of_cifar100_come_with_their_names(tmp_path: Path) -> None:
    md5 = {}
    for name, labels in (("train", [0, 99]), ("test", [49])):
        content = pickle.dumps({b"data": np.zeros((len(labels), 3072), np.uint8), b"fine_labels": labels})
        (tmp_path / name).write_bytes(content)
        md5[name] = hashlib.md5(content).hexdigest()
    train, test = replace(CIFAR100, md5=md5).load(tmp_path)
    assert (train.labels.tolist(), test.labels.tolist()) == ([0, 99], [49])
    assert [CIFAR100.classes[label] for label in (0, 49, 99)] == ["apple", "mountain", "worm"]
