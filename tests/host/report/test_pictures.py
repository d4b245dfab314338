"""The pictures of a report: of the newest run, with what stands beside them, within a number of bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host.errors import ReportError
from host.report.choice import short_entries
from host.report.pictures import (
    ORIGINAL,
    Gallery,
    Made,
    ShownPicture,
    data_uri,
    gallery,
    strip,
    within_budget,
)
from tests.host.project import MODEL


def made_of(project):
    model = project.model()
    left_out = []
    found = gallery(model, short_entries(model, None), left_out)
    return found, left_out


def test_the_original_stands_first_then_rows_and_what_is_beside_them(project):
    found, left_out = made_of(project.write(pictures=True))
    assert left_out == []
    assert (found.run, found.folder) == (project.run["run_id"], project.run_folder / "pictures")
    assert [[(made.row, made.beside) for made in picture.made] for picture in found.pictures] == [
        [(ORIGINAL, None), ("int8", None), ("jpeg", "int8")]
    ] * 3
    first = found.pictures[0].made
    assert "100 bytes" in first[1].text and "20.50 dB" in first[1].text
    assert "JPEG, quality 4" in first[2].text and "int8" in first[2].title
    assert found.run in found.note
    assert len(found.files()) == len(set(found.files())) == 9


def test_where_nothing_can_be_chosen_int8_stands_beside_the_original(project):
    found, _ = made_of(project.write(pictures=True))
    assert [made.row for made in strip(found)] == [ORIGINAL, "int8", "jpeg"]
    assert [made.variant for made in found.pictures[0].made] == [False, True, False]


def test_pictures_are_those_of_the_newest_run_that_has_some(project):
    project.write(pictures=True).another_run(1)
    found, _ = made_of(project)
    assert found.run == project.run["run_id"]


def test_a_model_without_pictures_has_no_gallery(project):
    assert made_of(project.write()) == (None, [])
    project.write_pictures()
    index = project.run_folder / "pictures" / "pictures.json"
    index.write_text(index.read_text().replace(MODEL, "other"))
    assert made_of(project) == (None, [])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "{",
        lambda text: text.replace('"format_version": 1', '"format_version": 2'),
        lambda text: text.replace("0.int8.webp", "../0.webp"),
        lambda text: text.replace('"width": 8', '"width": "wide"'),
    ],
)
def test_a_damaged_index_is_left_out_with_one_line(project, damage):
    project.write(pictures=True)
    index = project.run_folder / "pictures" / "pictures.json"
    index.write_text(damage(index.read_text()))
    found, (line,) = made_of(project)
    assert found is None and "pictures.json" in line and "\n" not in line


@pytest.mark.parametrize("damage", ["gone", "broken", "empty"])
def test_a_picture_that_cannot_be_read_leaves_the_models_pictures_out_with_a_line(project, damage):
    project.write(pictures=True)
    file = project.run_folder / "pictures" / "2.int8.webp"
    file.unlink() if damage == "gone" else file.write_bytes(b"RIFF broken" if damage == "broken" else b"")
    found, (line,) = made_of(project)
    assert found is None and str(file) in line and "host collect" in line and "\n" not in line


def test_what_is_shown_of_a_middle_says_so(project):
    project.write(pictures=True)
    index = project.run_folder / "pictures" / "pictures.json"
    value = json.loads(index.read_text())
    value["models"][MODEL]["pictures"][0]["middle_of"] = [640, 480]
    value["models"][MODEL]["remarks"] = ["JPEG at more bytes."]
    index.write_text(json.dumps(value))
    found, _ = made_of(project)
    assert "640 x 480" in found.note and "JPEG at more bytes." in found.note


def test_a_picture_is_embedded_with_its_type(project):
    project.write(pictures=True)
    assert data_uri(project.run_folder / "pictures" / "0.webp").startswith("data:image/webp;base64,UklGR")


def test_a_missing_picture_is_one_line_that_names_it(tmp_path):
    with pytest.raises(ReportError, match=r"gone\.webp: cannot be read") as raised:
        data_uri(tmp_path / "gone.webp")
    assert "\n" not in str(raised.value)


@pytest.fixture
def large(tmp_path):
    """A gallery of pictures of two rows, each file of a number of bytes."""

    def make(name, count, size) -> Gallery:
        pictures = []
        for number in range(count):
            made = []
            for row, beside in ((ORIGINAL, None), ("a", None), ("jpeg", "a"), ("b", None), ("jpeg", "b")):
                file = f"{name}.{number}.{row}.{beside}"
                (tmp_path / file).write_bytes(bytes(size))
                made.append(Made(row, file, row, row, beside))
            pictures.append(ShownPicture(8, 8, tuple(made)))
        return Gallery(tmp_path, "run", tuple(pictures), "")

    return make


def size_of(galleries):
    return sum((each.folder / name).stat().st_size for each in galleries.values() for name in each.files())


def test_what_fits_is_not_cut(large):
    galleries = {"a": large("a", 3, 1000), "b": large("b", 2, 200_000)}
    assert within_budget(galleries, 10_000_000) == galleries


def test_pictures_go_before_rows_and_the_original_and_one_row_stay(large):
    galleries = {"a": large("a", 3, 100_000)}

    def shown(budget):
        (found,) = within_budget(galleries, budget).values()
        assert isinstance(found.folder, Path)
        return len(found.pictures), [made.row for made in found.pictures[0].made]

    whole = [ORIGINAL, "a", "jpeg", "b", "jpeg"]
    assert shown(1_500_000) == (3, whole)
    assert shown(1_499_999) == (2, whole)
    assert shown(500_000) == (1, whole)
    assert shown(499_999) == (1, [ORIGINAL, "a", "jpeg"])
    assert shown(0) == (1, [ORIGINAL, "a", "jpeg"])


def test_who_needs_less_leaves_more_to_the_others(large):
    galleries = {"large": large("large", 1, 200_000), "small": large("small", 1, 1000)}
    found = within_budget(galleries, 1_005_000)
    assert found == galleries  # an even share would have cut the large one
    assert len(within_budget(galleries, 1_004_999)["large"].pictures[0].made) == 3


def test_one_picture_of_each_comes_before_the_second_of_any(large):
    galleries = {name: large(name, 3, 100_000) for name in ("a", "b", "c")}
    found = within_budget(galleries, 2_000_000)
    assert sorted(len(each.pictures) for each in found.values()) == [1, 1, 2]
    assert size_of(found) <= 2_000_000
