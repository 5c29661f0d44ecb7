"""What a checkpoint belongs to: settings by their values, files by their content, wherever they lie."""

import os
import shutil
from types import SimpleNamespace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.shutil import copy as copy_raster

from engine.config import Run, load_run, save_run
from engine.data import identity
from engine.data.opening import open_raster
from engine.data.vectors import Layer
from engine.errors import LabelError, RasterError, TrainingError
from engine.training.checkpoint_files import data_of, differences
from engine.training.checkpoints import load_last, settings
from tests.networks import NARROW

from .tiny import RECIPE, SETTINGS, train

ROLES = ("segmentation",)
SSLKD = {
    "kind": "semi_supervised",
    "student": NARROW,
    "first_teacher": NARROW,
    "second_teacher": {**NARROW, "width": 64},
}
LATER = 2_000_000_000


@pytest.fixture
def place(worlds, make_run, tmp_path):
    """A run folder with its own copies of raster and labels, and a labelled area; training was stopped on its way."""
    folder = make_run(RECIPE, "run", ROLES, **SETTINGS)
    run, files = load_run(folder), tmp_path / "run" / "files"
    files.mkdir()
    source = run.sources[0]
    shutil.copy2(source.raster, files / "image.tif")
    shutil.copy2(source.labels.path, files / "roofs.gpkg")
    with rasterio.open(source.raster) as raster:
        write_area(files / "area.gpkg", shapely.box(*raster.bounds))
    source.raster, source.labels.path = str(files / "image.tif"), str(files / "roofs.gpkg")
    source.area.path, source.area.kind = str(files / "area.gpkg"), "layer"
    save_run(run, folder)
    train(folder, ("teacher", 4))
    return folder


def write_area(path, shape):
    path.unlink(missing_ok=True)
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([shape])), [], [], geometry_type="Polygon", crs="EPSG:32632", driver="GPKG"
    )


def change(values, path, to):
    for key in path[:-1]:
        values = values[key] if not isinstance(values, list) else values[int(key)]
    values[path[-1]] = to


DECIDE = [
    ("gsd", 1.0),
    ("bands", [3, 2, 1]),
    ("background", False),
    ("split.validation", 0.4),
    ("split.seed", 3),
    ("split.block_size", 20.0),
    ("split.buffer", 1.0),
    ("sources.0.bands", [1, 1, 1]),
    ("sources.0.split", "train"),
    ("sources.0.nodata", 7.0),
    ("sources.0.role", "unlabelled"),
    ("sources.0.labels.field", None),
    ("sources.0.labels.where", "kind = 'roof'"),
    ("sources.0.labels.ignore_values", ["shed"]),
    ("sources.0.area.where", "fid = 1"),
    ("segmentation_classes.0.values", ["roof", "hut"]),
    ("segmentation_classes.0.name", "house"),
    ("training.batch_size", 4),
    ("training.learning_rate", 1.0),
    ("training.augmentation.scale", 0.1),
    ("training.seed", 5),
    ("recipe.network.size", "nano"),
    ("recipe.strong_views", True),
]


def test_settings_that_change_weights_are_named(place):
    for path, to in DECIDE:
        values = load_run(place).model_dump()
        change(values, path.split("."), to)
        changed = Run.model_validate(values)
        named = path.replace(".", "[.]")
        with pytest.raises(TrainingError, match=f"other settings than run.json: {named} was .* and is "):
            load_last(place, changed)


def test_settings_that_change_nothing_do_not_matter(place):
    run = load_run(place)
    run.name, run.sources[0].name, run.segmentation_classes[0].color = "other", "other", "#00ff00"
    run.training.workers, run.training.budget.steps, run.training.validations = 1, 99, 5
    assert load_last(place, run).step == 4


def test_a_sentence_does_not_name_a_hundred_settings(place):
    run = load_run(place)
    run.training = run.training.model_copy(
        update={"seed": 1, "batch_size": 3, "clip_norm": 1.0, "warmup": 0.5, "weight_decay": 0.5, "ema_decay": 0.1}
    )
    with pytest.raises(TrainingError, match=r"; and 2 more\. Restore them"):
        load_last(place, run)


def test_checkpoints_of_engines_that_kept_a_hash_alone_are_held_to_it(place):
    state = load_last(place, load_run(place))
    assert state.settings == settings(load_run(place)) and not differences(state.settings, settings(load_run(place)))


def test_differences_of_trees_are_said_in_words():
    before = {"a": [1, 2], "b": {"c": None, "d": [{"e": 1}]}, "f": "x", "g": [{"h": 1}, {"h": 2}]}
    now = {"a": [1, 3, 2], "b": {"c": {"i": 1}, "d": [{"e": 2}]}, "f": "y", "g": [{"h": 1}]}
    assert differences(before, before) == []
    assert differences(before, now) == [
        "a was [1, 2] and is [1, 3, 2]",
        "b.c was not set and is set",
        "b.d.0.e was 1 and is 2",
        "f was 'x' and is 'y'",
        "g had 2 and has 1 entries",
    ]


def test_a_moved_or_copied_run_goes_on_whatever_its_files_times_are(place, events):
    moved = place.rename(place.with_name("moved"))
    for file in (moved / "files").iterdir():
        os.utime(file, (LATER, LATER))
    copy = shutil.copytree(moved, moved.with_name("copied"), copy_function=shutil.copyfile)
    train(copy, ("teacher", 8))
    assert [event["step"] for event in events(copy, "checkpoint")] == [4, 8]


@pytest.mark.parametrize("large", [False, True])
def test_what_looks_at_files_changes_nothing(place, events, monkeypatch, large):
    """QGIS writes statistics beside a raster that it shows, and into a GeoPackage that it opens."""
    if large:
        monkeypatch.setattr(identity, "LARGE", 0)
        before = identity.of_layer(Layer(str(place / "files/roofs.gpkg")))
    (place / "files/image.tif.aux.xml").write_text("<PAMDataset/>")
    (place / "files/roofs.qml").write_text("<qgis/>")
    with open(place / "files/roofs.gpkg", "r+b") as file:  # SQLite's counter of changes, twice
        for at in (24, 92):
            file.seek(at)
            file.write((99).to_bytes(4, "big"))
    os.utime(place / "files/roofs.gpkg", (LATER, LATER))
    if large:
        now = identity.of_layer(Layer(str(place / "files/roofs.gpkg")), before)
        assert now is not before and not identity.difference(before, now)
        other_labels(place / "files/roofs.gpkg")
        assert identity.difference(before, identity.of_layer(Layer(str(place / "files/roofs.gpkg")), before))
        return
    train(place, ("teacher", 8))
    assert events(place, "checkpoint")[-1]["step"] == 8


def redrawn(path):
    """Another image of the same size in bytes."""
    with rasterio.open(path, "r+") as raster:
        raster.write(255 - raster.read())


def larger(path):
    copy_raster(str(path), str(path.with_name("new.tif")), driver="GTiff", photometric="RGB", bigtiff="YES")
    path.with_name("new.tif").replace(path)


def other_labels(path, value="roof"):
    meta, _, shapes, fields = pyogrio.raw.read(path)
    options = {"geometry_type": "Polygon", "crs": meta["crs"], "driver": "GPKG"}
    fields[0][:] = value
    path.unlink()
    pyogrio.raw.write(path, shapes[::-1] if value == "roof" else shapes, fields, ["kind"], **options)


@pytest.mark.parametrize(
    ("name", "replaced", "said"),
    [
        ("image.tif", redrawn, r"image\.tif \(sources\.0\.raster\) is not what it was .*: its content is another\."),
        ("image.tif", larger, r"image\.tif \(sources\.0\.raster\) is not what it was .*: it had .* bytes and has "),
        ("roofs.gpkg", other_labels, r"roofs\.gpkg \(sources\.0\.labels\) is not what it was"),
        ("area.gpkg", lambda path: write_area(path, shapely.box(500_000, 5_299_900, 501_300, 5_300_100)),
         r"area\.gpkg \(sources\.0\.area\) is not what it was"),
    ],
)  # fmt: skip
def test_a_file_that_was_replaced_meanwhile_is_named(place, name, replaced, said):
    path = place / "files" / name
    replaced(path)
    os.utime(path, (LATER, LATER))
    with pytest.raises(TrainingError, match=said):
        train(place)


def test_identities_see_tiles_overviews_and_values(worlds, tmp_path):
    raster = shutil.copy2(worlds[0]["raster"], tmp_path / "tile.tif")
    mosaic = tmp_path / "mosaic.vrt"
    copy_raster(str(raster), str(mosaic), driver="VRT")
    before = identity.of_raster(str(mosaic))
    assert identity.of_raster(str(mosaic), before) is before, "nothing is read again"
    redrawn(raster)
    os.utime(raster, (LATER, LATER))
    assert identity.difference(before, identity.of_raster(str(mosaic), before)) == "its content is another"
    before = identity.of_raster(str(raster))
    with rasterio.Env(TIFF_USE_OVR="YES"), rasterio.open(raster, "r+") as dataset:
        dataset.build_overviews([2])
    assert "bytes and has" in identity.difference(before, identity.of_raster(str(raster), before))
    labels = shutil.copy2(worlds[1]["roofs"], tmp_path / "labels.gpkg")
    layer = Layer(str(labels), None, "kind", None)
    before = identity.of_layer(layer)
    other_labels(labels, "shed")
    assert identity.difference(before, identity.of_layer(layer, before))
    assert identity.of_layer(Layer(str(labels)))["content"] != identity.of_layer(layer)["content"]


def test_what_is_away_is_a_sentence_and_never_another_content(worlds, tmp_path, monkeypatch):
    """A drive that goes while a training begins: what is open stays readable, its path does not."""
    raster, labels = (shutil.copy2(worlds[1][name], tmp_path) for name in ("raster", "roofs"))
    (tmp_path / "weights.safetensors").write_bytes(b"1")
    away = tmp_path / "away"
    away.mkdir()

    def opened(path):
        dataset = open_raster(path)
        shutil.move(path, away)
        return dataset

    monkeypatch.setattr(identity, "open_raster", opened)
    with pytest.raises(RasterError, match=r"cannot be read: No such file"):
        identity.of_raster(str(raster))
    monkeypatch.undo()
    with pytest.raises(RasterError, match="does not exist"):
        identity.of_raster(str(raster))
    shutil.move(labels, away)
    with pytest.raises(LabelError, match="cannot be read"):
        identity.of_layer(Layer(str(labels)))
    with pytest.raises(OSError, match=r"weights\.safetensors"):
        identity.of_files([tmp_path / "weights.safetensors", away / "weights.safetensors"])


def test_a_run_with_nothing_but_teachers_teaches(make_run, tmp_path):
    """Adaptors and gates are networks of a plan, too, of which a run stopped after its teachers has no weights."""
    teachers = tmp_path / "other" / "checkpoints" / "first_teacher.safetensors"
    teachers.parent.mkdir(parents=True)
    teachers.write_bytes(b"1")
    run = load_run(make_run({**SSLKD, "teachers_from": str(tmp_path / "other")}, "run", ("segmentation", "unlabelled")))
    plan = SimpleNamespace(networks=dict.fromkeys(("student", "first_teacher", "adaptors")), exported="student")
    found = data_of(run, plan)
    assert found["recipe.teachers_from.first_teacher"]["seen"] and not found["recipe.teachers_from.adaptors"]["seen"]


def test_little_of_a_large_file_is_read_and_the_same_each_time(tmp_path):
    for size in (0, 1, identity.PIECE * identity.PIECES, identity.PIECE * identity.PIECES + 1, 10**9):
        starts = identity._starts(size, identity.PIECE, identity.PIECES)
        assert len(starts) <= identity.PIECES and starts == sorted(set(starts))
        if size > identity.PIECE:
            assert starts[0] == 0 and starts[-1] + identity.PIECE >= size
