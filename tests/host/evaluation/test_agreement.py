"""A device's numbers beside this machine's: how many differ and by how much, or why nobody can tell."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.bundle import Bundle, read_bundle
from device.pipeline import Pipeline
from host.evaluation.run_rows import compare_numbers
from host.results import Agreement


@pytest.fixture(scope="module")
def bundle(loop: Any) -> Bundle:
    return read_bundle(loop.bundles / loop.name)


def compared(numbers: list[np.ndarray], bundle: Bundle, variant: str = "int8") -> Agreement:
    images = bundle.read_samples()[: len(numbers)]
    return compare_numbers(numbers, images, bundle.folder, variant, bundle.variant(variant).tag)


def own_numbers(bundle: Bundle, variant: str) -> list[np.ndarray]:
    pipeline = Pipeline(bundle, variant)
    return [pipeline.numbers(image) for image in bundle.read_samples()[:5]]


@pytest.mark.parametrize("variant", ["float32", "int8", "int16x8"])
def test_equal_numbers(variant: str, bundle: Bundle) -> None:
    numbers = own_numbers(bundle, variant)
    assert compared(numbers, bundle, variant) == Agreement(5 * numbers[0].size, 0, 0)


def test_how_many_differ_and_the_largest_step(bundle: Bundle) -> None:
    numbers = own_numbers(bundle, "int8")
    numbers[0][0, 0, 0] ^= 1
    # From one end of int8 to the other: a step that int8 cannot hold.
    before = int(numbers[1][0, 0, 1])
    numbers[1][0, 0, 1] = 127 if before < 0 else -128
    wide = abs(int(numbers[1][0, 0, 1]) - before)
    assert compared(numbers, bundle) == Agreement(5 * numbers[0].size, 2, wide) and wide > 127


def test_what_cannot_be_compared_says_why(bundle: Bundle, tmp_path: Path) -> None:
    numbers, images, tag = [np.zeros((2, 2, 4), np.int8)], bundle.read_samples()[:1], bundle.variant("int8").tag
    damaged = Path(shutil.copytree(bundle.folder, tmp_path / bundle.folder.name))
    file = damaged / bundle.variant("int8").file
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    for arguments, words in (
        ((numbers, None, bundle.folder, "int8", tag), "the images are not at hand"),
        ((numbers, images, tmp_path / "nowhere", "int8", tag), "nowhere: no encoders here; export nowhere"),
        ((numbers, images, bundle.folder, "int8", "00c0ffee"), "another export, its int8 has not tag 00c0ffee"),
        ((numbers, images, bundle.folder, "int4", tag), "another export"),
        ((numbers, images, damaged, "int8", tag), f"{file.name}: sha256"),
    ):
        reason = compare_numbers(*arguments).not_compared or ""
        assert words in reason and "\n" not in reason
