"""Codes become context tables: integers that code them shorter, and any other codes too."""

from __future__ import annotations

import numpy as np
import pytest

from device.outputs.context_codes.coder import ContextCoder
from device.outputs.entropy import TOTAL, Tables
from device.tests.context_codes import reference
from host.tasks.codec.context_tables import RADIUS, Size, fit_context_tables, merge_tables, remainder_frequencies
from host.tasks.compression.tables import code_frequencies, count_codes


def ideal_bits(codes: np.ndarray, tables: Tables) -> float:
    """The information in the codes under the tables, which no coder can undercut."""
    index = codes.reshape(-1, tables.channels).astype(np.intp) + (np.arange(tables.channels) * 256 + 128)
    return float(15 * codes.size - np.log2(tables.flat_frequencies[index]).sum())


def images(seed: int, count: int = 6) -> list[np.ndarray]:
    """Codes with activity that changes from place to place, and a channel that goes on smoothly and leads another."""
    generator = np.random.default_rng(seed)
    result = []
    for _ in range(count):
        level = np.cumsum(np.cumsum(generator.normal(size=(24, 30)), 0), 1)
        level *= 60 / np.abs(level).max()
        activity = np.exp(2 * np.sin(np.arange(24)[:, None] / 4 + generator.random() * 6) + 0.3)
        detail = generator.laplace(size=(24, 30, 2)) * activity[..., None] / 2
        slope = np.gradient(level, axis=1) + generator.normal(size=(24, 30)) / 2
        codes = np.concatenate((level[..., None], slope[..., None], detail), axis=2)
        result.append(np.clip(np.rint(codes), -128, 127).astype(np.int8))
    return result


@pytest.fixture(scope="module")
def fitted():
    return fit_context_tables(images(1), Size(terms=6, scores=12, tables=24))


def test_other_images_cost_less_than_without_context(fitted) -> None:
    factorized = Tables(code_frequencies(count_codes(np.stack(images(1)))))
    alone = sum(ideal_bits(image, factorized) for image in images(2))
    together = 8 * sum(len(ContextCoder(fitted, image.shape).encode(image)) for image in images(2))
    assert together < 0.75 * alone


def test_any_code_can_be_coded(fitted) -> None:
    codes = np.random.default_rng(3).integers(-128, 128, (4, 5, 4)).astype(np.int8)
    coder = ContextCoder(fitted, codes.shape)
    np.testing.assert_array_equal(reference.decode(coder.encode(codes), coder), codes)


def test_the_same_codes_give_the_same_tables(fitted) -> None:
    assert fit_context_tables(images(1), Size(terms=6, scores=12, tables=24)).sha256 == fitted.sha256


def test_a_model_keeps_to_its_size(fitted) -> None:
    assert len(fitted.frequencies) <= 24
    assert max(fitted.predictors.counts.max(), fitted.scales.counts.max()) <= 6
    assert len(fitted.score_edges) <= 11


def test_the_level_is_predicted_and_noise_is_not(fitted) -> None:
    (_, level), _, *noise = list(fitted.predictors)
    assert sum(weight for *_, weight in level) > 40  # of 64
    assert all(abs(weight) < 16 for _, terms in noise for *_, weight in terms)


def test_channels_that_are_always_zero() -> None:
    silent = [np.zeros((3, 4, 2), np.int8)] * 2
    tables = fit_context_tables(silent)
    coder = ContextCoder(tables, (3, 4, 2))
    assert len(coder.encode(silent[0])) < 8
    codes = np.full((3, 4, 2), -128, np.int8)
    np.testing.assert_array_equal(reference.decode(coder.encode(codes), coder), codes)


def test_frequencies_sum_and_leave_the_rarest_to_the_escape() -> None:
    counts = np.zeros(2 * RADIUS + 2)
    counts[RADIUS - 1 : RADIUS + 2] = 300, 60000, 500
    counts[RADIUS + 9] = 1
    frequencies = remainder_frequencies(counts)
    assert frequencies.sum() == TOTAL
    assert frequencies[RADIUS] == pytest.approx(TOTAL * 60000 / 60801, rel=1e-3)
    assert frequencies[0] == 0 and frequencies[-1] >= 1
    assert remainder_frequencies(np.zeros(2 * RADIUS + 2)).sum() == TOTAL


def test_rows_that_are_alike_share_a_table() -> None:
    counts = np.array([[90, 10, 0], [10, 90, 0], [880, 120, 0], [0, 0, 0], [5, 50, 1]])
    rows, shared = merge_tables(counts, 2)
    assert rows[0] == rows[2] and rows[1] == rows[4] != rows[0]
    assert shared.sum() == counts.sum()
    rows, shared = merge_tables(counts, 99)
    assert rows.tolist() == [0, 1, 2, 3, 4]
