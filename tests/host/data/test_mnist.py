"""MNIST from a local folder, and what is said where it is not whole."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tf_keras as keras

from host.data.official import MNIST, Mnist
from host.errors import DataError


@pytest.fixture
def mnist(tmp_path: Path) -> Mnist:
    """The data set of four made-up idx files in tmp_path."""
    md5 = {}
    for name, count in zip(MNIST.md5, (3, 3, 2, 2)):
        pictures = "images" in name
        values = np.arange(count * 784 if pictures else count, dtype=np.int64).astype(np.uint8)
        header = np.array([2051, count, 28, 28] if pictures else [2049, count], ">i4").tobytes()
        content = gzip.compress(header + values.tobytes())
        (tmp_path / name).write_bytes(content)
        md5[name] = hashlib.md5(content).hexdigest()
    return replace(MNIST, md5=md5)


def test_pictures_follow_a_header_of_16_bytes(mnist: Mnist, tmp_path: Path) -> None:
    train, test = (split.array for split in mnist.load(tmp_path))
    assert (train.shape, test.shape, train.dtype) == ((3, 28, 28, 1), (2, 28, 28, 1), np.uint8)
    assert (train[0, 0, 0, 0], train[0, 1, 0, 0], train[1, 0, 0, 0]) == (0, 28, 784 % 256)


def test_labels_follow_a_header_of_8_bytes(mnist: Mnist, tmp_path: Path) -> None:
    assert [split.labels.tolist() for split in mnist.load(tmp_path)] == [[0, 1, 2], [0, 1]]


def test_a_data_folder_with_a_folder_of_the_data_set_will_do(mnist: Mnist, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for name in mnist.md5:
        (tmp_path / name).rename(tmp_path / "mnist" / name)
    assert len(mnist.load(tmp_path)[1]) == 2


def test_one_process_at_a_time_downloads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        with open(tmp_path / "splitlite" / "mnist.lock") as stream, pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return (np.zeros((3, 28, 28), np.uint8), np.zeros(3)), (np.zeros((2, 28, 28), np.uint8), np.zeros(2))

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
    assert [len(split) for split in MNIST.load(None)] == [3, 2]


@pytest.mark.parametrize("name", list(MNIST.md5))
def test_a_missing_or_truncated_file_is_named(name: str, mnist: Mnist, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-3])
    with pytest.raises(DataError, match=f"{name}: not the official file, or truncated"):
        mnist.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=f"{name}: missing"):
        mnist.load(tmp_path)


def test_the_real_data_set_is_the_one_of_the_literature(real_data: Path) -> None:
    train, test = (split.array for split in MNIST.load(real_data))
    assert (train.shape, test.shape) == ((60_000, 28, 28, 1), (10_000, 28, 28, 1))
    assert train.mean(dtype=np.float64) / 255 == pytest.approx(0.1306604762738, abs=1e-9)
    assert train.std(dtype=np.float64) / 255 == pytest.approx(0.3081078, abs=1e-6)
