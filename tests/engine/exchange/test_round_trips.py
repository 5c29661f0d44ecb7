"""What is exported comes back: the same classes, the same ground, whatever the raster and the format."""

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from . import scenes


def export(engine, scene, role, name, folder, *more):
    labels = scene.boxes if role == "detection" else scene.areas
    return engine(
        "export-chips", scene.raster, "--labels", labels, "--field", "kind", "--role", role, "--format", name,
        "--size", 64, "--output", folder, *more,
    )  # fmt: skip


def matched(found, wanted):
    """Each wanted polygon with the found one that it shares most ground with."""
    assert len(found) == len(wanted)
    shares = [
        [shapely.intersection(one, other).area / shapely.union(one, other).area for other in found] for one in wanted
    ]
    best = np.argmax(shares, axis=1)
    assert len(set(best)) == len(wanted)
    return list(zip(wanted, np.array(found, object)[best], strict=True))


@pytest.mark.parametrize("name", ["coco", "yolo", "voc"])
@pytest.mark.parametrize("kind", scenes.KINDS)
def test_boxes_come_back_where_they_were(scene, engine, tmp_path, kind, name):
    here = scene(kind)
    code, answer = export(engine, here, "detection", name, tmp_path / "out")
    assert code == 0 and answer["count"] >= 4, answer
    code, answer = engine("import-labels", tmp_path / "out", "--output", tmp_path / "back.gpkg")
    assert (code, answer["count"], set(answer["classes"])) == (0, 4, {"car", "bus"})
    crs, found = scenes.read(tmp_path / "back.gpkg")
    assert crs.equals(here.crs)
    # Pascal VOC has whole pixels only, rounded; the others a thousandth, and a hundred millionth of the side
    near = (0.51 if name == "voc" else 0.01) * here.pixel
    for label, wanted in scenes.truth(here.boxes).items():
        for one, other in matched(found[label], wanted):
            assert np.abs(np.subtract(one.bounds, other.bounds)).max() < near


@pytest.mark.parametrize("name", ["coco", "yolo", "masks"])
@pytest.mark.parametrize("kind", scenes.KINDS)
def test_areas_come_back_whole_with_their_holes(scene, engine, tmp_path, kind, name):
    here = scene(kind)
    assert export(engine, here, "segmentation", name, tmp_path / "out")[0] == 0
    code, answer = engine(
        "import-labels", tmp_path / "out", "--role", "segmentation", "--output", tmp_path / "back.gpkg"
    )
    assert (code, answer["count"], answer["classes"]) == (0, 2, ["field", "lake"])
    _, found = scenes.read(tmp_path / "back.gpkg")
    for label, (wanted,) in scenes.truth(here.areas).items():
        (got,) = found[label]
        rings = sum(len(part.interiors) for part in got.geoms)
        assert rings == len(wanted.interiors)
        off = shapely.symmetric_difference(got, wanted).area
        # masks are exact to half a pixel along the outline
        assert off < (0.6 * here.pixel * wanted.length if name == "masks" else 1e-4 * wanted.area)


def test_all_bands_of_any_type_are_in_the_chips(scene, engine, tmp_path):
    for kind, bands, dtype in (("four_bands", 4, "uint8"), ("uint16", 1, "uint16")):
        here = scene(kind)
        images = "tif" if bands == 4 else "png"
        assert export(engine, here, "detection", "coco", tmp_path / f"{kind}_out", "--images", images)[0] == 0
        with rasterio.open(tmp_path / f"{kind}_out" / "images" / f"ground_000000_000000.{images}") as chip:
            assert (chip.count, chip.dtypes[0]) == (bands, dtype)
            with rasterio.open(here.raster) as whole:
                assert np.array_equal(chip.read(), whole.read()[:, :64, :64])


def test_every_chip_lies_where_its_ground_does(scene, engine, tmp_path):
    here = scene("plain")
    for images in ("tif", "png"):
        folder = tmp_path / images
        assert export(engine, here, "detection", "coco", folder, "--images", images, "--overlap", 16)[0] == 0
        with rasterio.open(here.raster) as whole:
            for path in (folder / "images").glob(f"*.{images}"):
                with rasterio.open(path) as chip:
                    assert chip.crs == whole.crs and chip.shape == (64, 64)
                    window = whole.window(*chip.bounds)
                    assert np.array_equal(chip.read(), whole.read(window=window))


def test_an_object_that_several_chips_show_comes_back_once(scene, engine, tmp_path):
    here = scene("plain")
    assert export(engine, here, "detection", "coco", tmp_path / "out", "--overlap", 32)[0] == 0
    for more, count in (([], 4), (["--keep-pieces"], 13)):
        _, answer = engine("import-labels", tmp_path / "out", "--output", tmp_path / "back.gpkg", *more)
        assert answer["count"] >= count if more else answer["count"] == count


def test_neighbours_that_touch_stay_two_objects(engine, tmp_path):
    crs, transform, _, _ = scenes.KINDS["plain"]
    folder = tmp_path / "row"
    folder.mkdir()
    cars = [(50, 10, 60, 20), (60, 10, 70, 20), (70, 10, 80, 20), (60, 20, 70, 30)]
    with rasterio.open(
        folder / "ground.tif", "w", driver="GTiff", count=1, height=128, width=128, dtype="uint8", crs=crs,
        transform=transform,
    ) as raster:  # fmt: skip
        raster.write(np.full((1, 128, 128), 9, np.uint8))
    scenes.write_labels(folder / "cars.gpkg", {"car": [shapely.box(*each) for each in cars]}, transform, crs)
    engine("export-chips", folder / "ground.tif", "--labels", folder / "cars.gpkg", "--field", "kind", "--size", 64,
           "--output", tmp_path / "out")  # fmt: skip
    _, answer = engine("import-labels", tmp_path / "out", "--output", tmp_path / "back.gpkg")
    assert answer["count"] == 4
    _, found = scenes.read(tmp_path / "back.gpkg")
    for one, other in matched(found["car"], scenes.truth(folder / "cars.gpkg")["car"]):
        assert shapely.symmetric_difference(one, other).area < 0.01


def test_a_run_is_exported_with_its_classes_bands_and_area(scene, engine, tmp_path, make_run):
    folder = make_run({"kind": "supervised"}, "town", ("detection", "segmentation"))
    code, answer = engine(
        "export-chips", folder, "--role", "segmentation", "--format", "masks", "--output", tmp_path / "m"
    )
    assert (code, answer["count"]) == (0, 1)
    assert (tmp_path / "m" / "classes.txt").read_text() == "background\nroof\n"
    with rasterio.open(next((tmp_path / "m" / "masks").glob("*.png"))) as mask:
        assert set(np.unique(mask.read(1))) == {0, 1}
        assert mask.crs == "EPSG:32632"
    assert engine("export-chips", folder, "--role", "detection", "--output", tmp_path / "d")[1]["count"] == 1


def test_ground_outside_the_labelled_area_is_blank_and_comes_back_as_unlabelled(scene, engine, tmp_path):
    here = scene("plain")
    crs, transform, _, _ = scenes.KINDS["plain"]
    area = shapely.Polygon([(0, 0), (70, 0), (70, 80), (0, 80)])
    scenes.write_labels(tmp_path / "area.gpkg", {"labelled": [area]}, transform, crs)
    assert export(engine, here, "detection", "coco", tmp_path / "out", "--area", tmp_path / "area.gpkg")[0] == 0
    _, answer = engine(
        "import-labels", tmp_path / "out", "--output", tmp_path / "b.gpkg", "--area", tmp_path / "a.gpkg"
    )
    assert answer["count"] == 3  # the third car lies outside, one is cut off at the area's side
    _, _, wkb, _ = pyogrio.raw.read(tmp_path / "a.gpkg")
    ground = shapely.union_all(shapely.from_wkb(wkb))
    wanted = shapely.transform(area, lambda xy: np.column_stack(transform @ tuple(xy.T)))
    assert shapely.symmetric_difference(ground, wanted).area < 1e-6
    with rasterio.open(tmp_path / "out" / "images" / "ground_000056_000064.tif") as chip:
        assert not chip.read()[:, :, 10:].any()


def test_labels_come_back_as_a_class_raster(scene, engine, tmp_path):
    here = scene("plain")
    assert export(engine, here, "segmentation", "masks", tmp_path / "out")[0] == 0
    code, answer = engine(
        "import-labels", tmp_path / "out", "--role", "segmentation", "--output", tmp_path / "b.gpkg",
        "--class-raster", tmp_path / "classes.tif",
    )  # fmt: skip
    assert (code, answer["classes"]) == (0, ["field", "lake"])
    with rasterio.open(tmp_path / "classes.tif") as classes, rasterio.open(here.raster) as whole:
        assert (classes.transform, classes.shape, classes.nodata) == (whole.transform, whole.shape, 255)
        values = classes.read(1)
        wanted = rasterio.features.rasterize(
            [(shape, index) for index, (shape,) in enumerate(scenes.truth(here.areas).values(), 1)],
            whole.shape,
            transform=whole.transform,
        )
        assert np.array_equal(values, wanted)


def test_a_class_raster_is_exported_as_masks_and_as_outlines(scene, engine, tmp_path):
    here = scene("plain")
    with rasterio.open(here.raster) as whole:
        values = np.zeros(whole.shape, np.uint8)
        values[10:50, 20:90], values[20:30, 30:40], values[100:, :9] = 3, 0, 255
        profile = whole.profile | {"count": 1, "nodata": 255}
    with rasterio.open(tmp_path / "classes.tif", "w", **profile) as raster:
        raster.write(values, 1)
    for name in ("masks", "coco"):
        code, _ = engine(
            "export-chips", here.raster, "--labels", tmp_path / "classes.tif", "--role", "segmentation", "--class",
            "3=wood", "--format", name, "--size", 64, "--output", tmp_path / name,
        )  # fmt: skip
        assert code == 0
        outputs = "--output", tmp_path / "b.gpkg", "--class-raster", tmp_path / "back.tif"
        code, answer = engine("import-labels", tmp_path / name, "--role", "segmentation", *outputs)
        assert (code, answer["count"], answer["classes"]) == (0, 1, ["wood"])
        with rasterio.open(tmp_path / "back.tif") as back:
            assert np.array_equal(back.read(1), np.where(values == 3, 1, values))
