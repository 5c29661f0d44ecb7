"""Labels and rasters by the thousand: read in parts, kept in files, and the same as if all were in memory."""

import os
import pickle
import shutil

import numpy as np
import pyogrio
import pytest
import shapely

from engine.config import Labels, Supervised
from engine.data import arrays, masks, prepare, sampling, vectors
from engine.data.arrays import Workspace, levels_above, packing_order, query
from engine.data.dataset import of_each
from engine.data.grid import Window
from engine.data.labels import read_labels
from engine.data.loading import TrainingChips
from engine.data.masks import IGNORED
from engine.data.raster import RasterReader
from engine.data.vectors import Layer, read_features
from engine.errors import LabelError, RasterError

SIDE = 512


def shapes_of(kind, count, tools, seed=0):
    rng = np.random.default_rng(seed)
    x, y = tools.LEFT + rng.uniform(-20, SIDE + 20, count), tools.TOP - rng.uniform(-20, SIDE + 20, count)
    reach = rng.uniform(1, 12, (count, 7)) * (1 + 12 * (rng.random((count, 1)) < 0.02))
    if kind == "boxes":
        return shapely.box(x, y, x + reach[:, 0], y + reach[:, 1])
    angles = np.sort(rng.uniform(0, 2 * np.pi, (count, 7)), axis=1)
    corners = np.stack([x[:, None] + reach * np.cos(angles), y[:, None] + reach * np.sin(angles)], axis=2)
    return shapely.make_valid(shapely.polygons(corners))


@pytest.fixture
def in_parts(monkeypatch):
    """Labels are many from 100 on."""
    monkeypatch.setattr(vectors, "MOST", 100)
    monkeypatch.setattr(arrays, "IN_MEMORY", 1000)
    for module in (arrays, masks):
        monkeypatch.setattr(module, "PIECE", 128)


@pytest.fixture
def labelled(raster, layer, tools):
    """A run with 700 features of two classes and of a value that is ignored."""

    def make(kind, role, **training):
        kinds = np.random.default_rng(1).choice(["a", "b", "x"], 700)
        path = layer(f"{kind}.gpkg", list(shapes_of(kind, 700, tools)), geometry_type="Unknown", kind=kinds)
        labels = Labels(path=path, field="kind", ignore_values=["x"])
        return tools.run(tools.source(raster("a.tif", (3, SIDE, SIDE)), role, labels), names=("a", "b"), **training)

    return make


def in_order(labels):
    order = np.lexsort((*labels.boxes.T, labels.classes))
    return labels.boxes[order], labels.classes[order], labels.geometries[order]


@pytest.mark.parametrize("count", [0, 1, 64, 65, 5000])
def test_the_index_finds_what_a_look_at_every_box_finds(count):
    rng = np.random.default_rng(count)
    corners = rng.integers(0, 200, (count, 2)).astype(float)  # whole numbers, so that many only touch
    boxes = np.concatenate([corners, corners + rng.integers(0, 20, (count, 2))], axis=1)
    parts = [part[packing_order(part)] for part in np.array_split(boxes, 3)]  # three batches
    leaves = np.concatenate(parts)
    levels = levels_above([leaves])
    for _ in range(200):
        left, top = rng.integers(-30, 200, 2).tolist()
        right, bottom = left + int(rng.integers(0, 60)), top + int(rng.integers(0, 60))
        meets = (leaves[:, 0] <= right) & (leaves[:, 2] >= left) & (leaves[:, 1] <= bottom) & (leaves[:, 3] >= top)
        found = query(leaves, levels, (left, top, right, bottom)) if count else np.zeros(0, int)
        np.testing.assert_array_equal(found, np.flatnonzero(meets))


@pytest.mark.parametrize("role", ["detection", "segmentation"])
@pytest.mark.parametrize("kind", ["boxes", "polygons"])
def test_labels_read_in_parts_say_what_all_in_memory_say(labelled, kind, role, tmp_path, monkeypatch, request):
    run = labelled(kind, role)
    grid = RasterReader(run.sources[0].raster).grid
    whole = read_labels(run, run.sources[0], grid)
    assert whole.file.path is None
    request.getfixturevalue("in_parts")
    parts = read_labels(run, run.sources[0], grid, workspace=Workspace(tmp_path / "kept"))
    assert parts.file.path.parent == tmp_path / "kept" and len(parts.file["batches"]) == 8
    for mine, theirs in zip(in_order(parts), in_order(whole), strict=True):
        assert mine.tolist() == theirs.tolist()
    rng = np.random.default_rng(2)
    shared = pickle.loads(pickle.dumps(parts))
    for _ in range(40):
        window = Window(*rng.integers(-40, SIDE, 2).tolist(), 96, 64)
        np.testing.assert_array_equal(shared.mask(window), whole.mask(window))
        np.testing.assert_array_equal(shared.ignored(window), whole.ignored(window))
        near = shapely.intersects(shapely.box(*whole.boxes.T), window.box()) & (whole.classes != IGNORED)
        boxes, classes = shared.objects(window)
        np.testing.assert_array_equal(np.sort(classes), np.sort(whole.classes[near]))
        moved = boxes + np.tile([window.column, window.row], 2)
        assert sorted(moved.tolist()) == sorted(whole.boxes[near].tolist())
    assert shared.hull().equals(whole.hull())


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "fgb"])
@pytest.mark.parametrize("where", [None, "kind = 'a'"])
def test_a_layer_read_in_parts_has_every_feature_once(raster, tools, tmp_path, in_parts, suffix, where):
    shapes, kinds = shapes_of("boxes", 700, tools), np.random.default_rng(1).choice(["a", "b"], 700)
    path = tmp_path / f"layer.{suffix}"
    driver = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}[suffix]
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), [kinds.astype(object)], ["kind"], geometry_type="Polygon", crs=tools.UTM,
        driver=driver,
    )  # fmt: skip
    grid = RasterReader(raster("a.tif", (3, 256, SIDE))).grid  # the upper half
    found = read_features(Layer(str(path), field="kind", where=where), grid)
    near = shapely.intersects(shapes, shapely.box(tools.LEFT, tools.TOP - 256, tools.LEFT + SIDE, tools.TOP))
    near &= (kinds == "a") | (where is None)
    expected = shapely.transform(shapes[near], lambda xy: (xy - [tools.LEFT, tools.TOP]) * [1, -1])
    assert sorted(shapely.bounds(found.geometries).round(6).tolist()) == sorted(
        shapely.bounds(expected).round(6).tolist()
    )
    assert sorted(found.values.tolist()) == sorted(kinds[near].tolist())


def test_features_without_a_place_are_counted_over_all_parts(raster, layer, tools, in_parts):
    shapes = [*tools.scattered(512, step=16), shapely.Polygon([(tools.LEFT + 9, tools.TOP - 9)] * 4)]
    shapes.insert(3, shapes[-1])
    told = []
    grid = RasterReader(raster("a.tif", (3, SIDE, SIDE))).grid
    read_features(Layer(layer("a.gpkg", shapes)), grid, told.append)
    assert len(shapes) > 200 and len(told) == 1 and "2 without area" in told[0]


@pytest.mark.parametrize(
    ("kind", "role", "training"),
    [
        ("boxes", "detection", {"augmentation": {"mosaic": 0.3, "copy_paste": 0.7}}),
        ("polygons", "segmentation", {"class_balance": 0.5, "source_statistics": True}),
    ],
)
def test_chips_do_not_depend_on_whether_anything_was_kept(labelled, tmp_path, monkeypatch, kind, role, training):
    run = labelled(kind, role, **training)
    runs = [prepare(run), prepare(run, tmp_path / "kept"), prepare(run, tmp_path / "kept")]
    monkeypatch.setattr(arrays, "IN_MEMORY", 1000)  # nothing is kept, and all is in files
    for module in (arrays, masks):
        monkeypatch.setattr(module, "PIECE", 128)
    runs.append(prepare(run))
    first, *others = [[TrainingChips(each, run, role).chip(index) for index in range(12)] for each in runs]
    for chips in others:
        for mine, theirs in zip(chips, first, strict=True):
            for name in ("image", "valid", "mask", "boxes", "labels"):
                values = getattr(mine, name), getattr(theirs, name)
                assert values == (None, None) or (values[0] == values[1]).all()
    assert [each.label_counts for each in runs[1:]] == [runs[0].label_counts] * 3
    assert [each.object_sides for each in runs[1:]] == [runs[0].object_sides] * 3


def test_what_was_kept_is_not_believed_once_labels_change_or_the_file_is_damaged(labelled, tmp_path, tools):
    run, kept = labelled("boxes", "detection"), tmp_path / "kept"
    before = prepare(run, kept).label_counts
    for file in kept.glob("*.labels"):
        file.write_bytes(file.read_bytes()[:70_000])
    for file in kept.glob("*.objects"):
        file.write_bytes(b"nothing of ours")
    assert prepare(run, kept).label_counts == before
    path = run.sources[0].labels.path
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([tools.square(9, 9)])), [np.array(["a"], object)], ["kind"], layer="labels",
        geometry_type="Unknown", crs=tools.UTM, append=True, driver="GPKG",
    )  # fmt: skip
    os.utime(path, (1, 1))
    after = prepare(run, kept).label_counts
    assert (
        after["detection"]["a"] == before["detection"]["a"] + 1 and after["detection"]["b"] == before["detection"]["b"]
    )


def test_what_is_left_out_is_said_again_when_the_rest_was_kept(raster, layer, tools, tmp_path):
    flat = shapely.Polygon([(tools.LEFT + 9, tools.TOP - 9)] * 4)
    labels = layer("a.gpkg", [*tools.scattered(256), flat])
    run = tools.run(tools.source(raster("a.tif", (3, 256, 256)), labels=labels))
    first, again = (prepare(run, tmp_path / "kept").warnings for _ in range(2))
    assert any("1 without area" in each for each in first) and again == first


def test_many_features_make_reading_processes_no_larger(labelled, tmp_path, in_parts):
    run = labelled("boxes", "detection", augmentation={"copy_paste": 0.5})
    prepared = prepare(run, tmp_path / "kept")
    message = pickle.dumps(TrainingChips(prepared, run, "detection"))
    assert len(message) < 40_000  # boxes alone would be more
    shutil.rmtree(tmp_path / "kept")
    with pytest.raises(OSError):
        pickle.loads(message).chip(0)  # they are read from there


def test_temporary_indices_go_with_those_who_use_them(labelled, in_parts, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    run = labelled("boxes", "detection")
    chips = TrainingChips(prepare(run), run, "detection")
    assert any((tmp_path / "temporary").rglob("*"))
    assert chips.chip(0).boxes is not None
    del chips
    assert not any((tmp_path / "temporary").rglob("*"))


def test_many_sources_are_as_they_would_be_one_by_one(raster, layer, tools, monkeypatch):
    sources = [
        tools.source(
            raster(
                f"{index}.tif", (3, 96, 96), transform=(1, 0, tools.LEFT + 100 * index, 0, -1, tools.TOP), seed=index
            ),
            labels=layer(
                f"{index}.gpkg", [shapely.affinity.translate(each, 100 * index) for each in tools.scattered(96)]
            ),
        )
        for index in range(12)
    ]
    run = tools.run(*sources, recipe=Supervised(), source_statistics=True)
    together = prepare(run)
    monkeypatch.setattr("engine.data.dataset._FEW", 100)
    alone = prepare(run)
    assert together.split == alone.split and together.source_statistics == alone.source_statistics
    for mine, theirs in zip(together.sources, alone.sources, strict=True):
        assert mine.training.equals_exact(theirs.training) and mine.labels.mask(Window(0, 0, 96, 96)).any()
    run.sources[7].raster, run.sources[9].raster = "gone.tif", "also.tif"
    monkeypatch.setattr("engine.data.dataset._FEW", 1)
    with pytest.raises(RasterError, match="gone"):
        prepare(run)
    run.sources[7].labels.path = "no.gpkg"
    run.sources[7].raster, run.sources[9].raster = sources[6].raster, sources[9].raster
    with pytest.raises((LabelError, RasterError)):
        prepare(run)


def test_work_on_many_things_gives_the_first_error_in_their_order():
    def work(index):
        if index in (11, 20):
            raise ValueError(index)
        return index

    with pytest.raises(ValueError, match="11"):
        of_each(work, range(30))
    assert of_each(work, range(10)) == list(range(10))


def test_a_tiling_of_very_many_windows_covers_all_in_the_order_of_a_small_one(monkeypatch):
    ground = shapely.Point(300, 200).buffer(190) | shapely.box(700, 10, 760, 600)
    few = sampling.tiling(ground, 32)
    monkeypatch.setattr(sampling, "_MANY_TILES", 10)
    many = sampling.tiling(ground, 32)
    for windows in (few, many):
        boxes = [window.box() for window in windows]
        assert shapely.union_all(boxes).buffer(1e-6).covers(ground) and len(set(windows)) == len(windows)
        assert windows == sorted(windows, key=lambda window: (window.row, window.column))
    assert len(few) <= len(many) < len(few) * 1.2
