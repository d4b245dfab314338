"""A tiny codec: blocks of 4, two qualities, a network of a few hundred weights; and photographs to train it on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from device.bundle import Bundle, read_bundle
from host.data import DataSet, load
from host.networks.weights import save_weights
from host.packaging.export import export
from host.spec.model_folder import ModelFolder
from host.spec.parsing import parse_spec
from host.spec.types import Spec
from host.tasks import task_named
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.spec import SECTIONS
from host.tasks.codec.stages import begin
from host.tasks.codec.tables import fit_tables
from host.training.distributed import Session

TINY = Path(__file__).parent / "tiny.spec.json"


@pytest.fixture
def tiny_codec() -> dict[str, Any]:
    """The tiny spec's JSON, a copy to change."""
    return json.loads(TINY.read_text())


@pytest.fixture
def parse_codec(tmp_path: Path) -> Callable[[Any], Spec]:
    """Parses a spec's JSON as if it lay in models/tiny/spec.json."""
    return lambda value: parse_spec(value, tmp_path / "models" / "tiny" / "spec.json", SECTIONS)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets with pictures of three sizes, one of them to validate on."""
    import skimage.data

    folder = tmp_path_factory.mktemp("data")
    cat, coffee = skimage.data.cat(), skimage.data.coffee()
    for name, image in {
        "photos/wikipedia/001.png": cat[:90, :120],
        "photos/wikipedia/002.png": coffee[100:220, 100:260],
        "photos/wikipedia/003.png": coffee[200:296, 200:360],
        "photos/bsds_half/7.png": cat[100:180, 100:200],
        "sr/T91/t1.png": cat[:16, :16],
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(image)).save(folder / name)
    return folder


@pytest.fixture
def images(data: Path) -> DataSet:
    """What the tiny codec is trained on."""
    return load(parse_spec(json.loads(TINY.read_text()), Path("models/tiny/spec.json"), SECTIONS).data, data)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, data: Path) -> tuple[Codec, Bundle, Path]:
    """The tiny codec, untrained but for its start, with tables, exported: codec, bundle, build folder."""
    root = tmp_path_factory.mktemp("photo")
    folder = root / "models" / "tiny"
    folder.mkdir(parents=True)
    value = json.loads(TINY.read_text())
    (folder / "spec.json").write_text(json.dumps(value))
    codec = build_codec(parse_spec(value, folder / "spec.json", SECTIONS))
    spec = codec.spec
    images = load(spec.data, data)
    begin(codec, images)
    save_weights(folder / "float.weights.h5", codec.models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("host.tasks.codec.tables.SAMPLE_SHAPE", (64, 96))
        fit_tables(ModelFolder(spec), images, spec.training.stages["tables"], Session())
    export(task_named("codec"), ModelFolder(spec), root / "bundles", root / "build")
    return codec, read_bundle(root / "bundles" / "tiny"), root / "build"
