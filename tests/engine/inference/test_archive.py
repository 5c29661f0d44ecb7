"""Many rasters in one job, each for itself or as one."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from engine.cli.main import main
from engine.data.raster import RasterReader
from engine.errors import RasterError
from engine.events import EventLog
from engine.inference.many import Item, items, predict_many, rasters_of, readable
from engine.inference.predict import Options, predict
from engine.inference.reading import OPEN_FILES, RasterMosaic
from engine.inference.region import Where


@pytest.fixture
def image():
    return np.random.default_rng(7).integers(1, 200, (3, 40, 60), dtype=np.uint8)


def test_folders_lists_and_patterns_stand_for_their_rasters(tmp_path, monkeypatch):
    for name in ("a.tif", "a.tif.aux.xml", "b.VRT", "notes.md", "deep/c.jp2", "deep/er/d.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "list.txt").write_text("# a remark\n\ndeep/c.jp2\nhttps://somewhere/e.tif  # far away\ndeep/er\n")
    monkeypatch.chdir(tmp_path)
    assert rasters_of(["."]) == ["a.tif", "b.VRT"]
    listed = [str(Path("deep/c.jp2")), "https://somewhere/e.tif", str(Path("deep/er/d.tif"))]
    assert rasters_of(["list.txt"]) == rasters_of(["@list.txt"]) == listed
    assert rasters_of(["**/*.tif", "a.tif"]) == ["a.tif", str(Path("deep/er/d.tif"))]
    assert rasters_of(["/vsicurl/x", "missing.tif"]) == ["/vsicurl/x", "missing.tif"]
    (tmp_path / "empty.txt").touch()
    for argument, sentence in (("*.png", "Nothing matches"), ("@none", "cannot be read"), ("empty.txt", "no rasters")):
        with pytest.raises(RasterError, match=sentence):
            rasters_of([argument])


def test_each_raster_has_a_folder_and_a_mosaic_has_one(tmp_path):
    each = items(["x/a.tif", "y/a.tif", "b.tif"], tmp_path)
    assert [item.folder.name for item in each] == ["a", "a_2", "b"]
    assert items(["a.tif"], tmp_path) == [Item("a.tif", tmp_path)]
    assert items(["a.tif", "b.tif"], tmp_path, mosaic=True) == [Item(("a.tif", "b.tif"), tmp_path)]


def test_a_bad_raster_ends_nothing_but_itself(convolution, write_raster, image, tmp_path):
    names = ("a.tif", "b.tif")
    good = [write_raster(image, name) for name in names]
    bad, thin = str(tmp_path / "bad.tif"), write_raster(image[:1], "thin.tif")
    Path(bad).write_text("no raster")
    events = []
    job = items([bad, good[0], thin, good[1]], tmp_path / "out")
    outcome = predict_many(convolution, job, Options(), EventLog(None, events.append))
    assert [results.raster for results in outcome.results] == good
    assert [one["raster"] for one in outcome.failed] == [bad, thin]
    warnings = [event.message for event in events if event.kind == "warning"]
    assert len(warnings) == 2 and "bad.tif is left out" in warnings[0] and "1 band" in warnings[1]
    with pytest.raises(RasterError, match=r"None of the 2 rasters could be predicted\. .*bad\.tif"):
        predict_many(convolution, items([bad, thin], tmp_path / "none"), Options(), EventLog(None))


def test_rasters_without_a_part_in_the_extent_are_no_failures(convolution, write_raster, image, tmp_path):
    east = from_origin(691100, 5335000, 0.1, 0.1)
    job = items([write_raster(image, "a.tif"), write_raster(image, "b.tif", transform=east)], tmp_path / "out")
    events = []
    where = Where(extent=(691100, 5334998, 691102, 5335000))
    outcome = predict_many(convolution, job, Options(where=where), EventLog(None, events.append))
    assert [Path(results.raster).name for results in outcome.results] == ["b.tif"] and not outcome.failed
    assert any(
        "1 raster has no part in the area or extent" in event.message for event in events if event.kind == "warning"
    )


def test_pieces_of_a_raster_are_read_as_the_raster(write_raster, make_card, image):
    pieces = [
        write_raster(
            image[:, row : row + 20, column : column + 25],
            f"{row}_{column}.tif",
            transform=from_origin(691000 + column / 10, 5335000 - row / 10, 0.1, 0.1),
        )
        for row in (20, 0)
        for column in (25, 0)
    ]
    mosaic, whole = RasterMosaic(pieces, make_card()), RasterReader(write_raster(image[:, :, :50]))
    assert mosaic.grid.transform.almost_equals(whole.grid.transform)
    assert (mosaic.grid.width, mosaic.grid.height) == (50, 40)
    for window in ((0, 0, 50, 40), (-5, 30, 64, 64), (26, 3, 7, 4)):
        for seen, truth in zip(mosaic.read(*window), whole.read(*window), strict=True):
            assert (seen == truth).all()
    assert not mosaic.read(500, 500, 8, 8)[1].any()


def test_of_overlapping_rasters_the_first_with_data_wins(write_raster, make_card, image):
    first, second = np.full_like(image, 10), np.full_like(image, 20)
    first[:, :, 50:] = 0
    moved = from_origin(691004, 5335000, 0.1, 0.1)
    mosaic = RasterMosaic(
        [write_raster(first, "a.tif", nodata=0), write_raster(second, "b.tif", transform=moved)], make_card()
    )
    seen, valid = mosaic.read(0, 0, 100, 40)
    assert valid.all()
    assert (seen[0, 0, :50] == 10).all() and (seen[0, 0, 50:] == 20).all()


def test_a_raster_of_another_crs_is_warped_to_the_first(write_raster, make_card, image, tmp_path):
    with rasterio.open(write_raster(image, "a.tif")) as first:
        degrees = rasterio.warp.transform_bounds(first.crs, "EPSG:4326", *first.bounds)
    west, _, _, north = degrees
    other = write_raster(
        np.full((3, 60, 60), 99, np.uint8), "b.tif", crs="EPSG:4326", transform=from_origin(west, north, 2e-6, 2e-6)
    )
    mosaic = RasterMosaic([str(tmp_path / "a.tif"), other], make_card())
    seen, valid = mosaic.read(0, 0, mosaic.grid.width, mosaic.grid.height)
    top, left = (round(value) for value in (~mosaic.grid.transform @ (691000, 5335000))[::-1])
    assert (seen[:, top : top + 40, left : left + 60] == image).all(), "the first is as it was"
    assert (seen[:, valid] == 99).sum() > 3 * 1000, "and around it is the other one"


def test_a_mosaic_is_one_output_and_keeps_few_files_open(convolution, write_raster, tmp_path):
    image = np.random.default_rng(1).integers(1, 200, (3, 100, 20 * (OPEN_FILES + 4)), dtype=np.uint8)
    image = image.repeat(2, axis=1)
    strips = [
        write_raster(
            image[:, :, 20 * k : 20 * k + 20], f"{k:02d}.tif", transform=from_origin(691000 + 2 * k, 5335000, 0.1, 0.1)
        )
        for k in range(OPEN_FILES + 4)
    ]
    (tmp_path / "bad.tif").write_text("no raster")
    failed = []
    good = readable([*strips, str(tmp_path / "bad.tif")], convolution.card, failed, EventLog(None))
    assert good == strips and len(failed) == 1
    mosaic = predict_many(convolution, items(good, tmp_path / "mosaic", mosaic=True), Options(), EventLog(None))
    whole = predict(convolution, write_raster(image, "whole.tif"), tmp_path / "whole")
    with rasterio.open(mosaic.results[0].classes) as one, rasterio.open(whole.classes) as other:
        assert (one.read(1) == other.read(1)).all() and one.bounds == other.bounds


def test_the_command_predicts_a_place_in_a_mosaic(bright_onnx, write_raster, write_area, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
    dark = np.full((3, 100, 100), 20, np.uint8)
    write_raster(dark, "a.tif")
    write_raster(dark + 200, "b.tif", transform=from_origin(691010, 5335000, 0.1, 0.1))
    path = write_area([shapely.box(50, 0, 150, 100), shapely.box(0, 0, 10, 10)], use=["yes", "no"])
    place = ["--area", path, "--area-where", "use = 'yes'", "--extent", 691000, 5334995, 691100, 5335000]
    rasters = [tmp_path / "*.tif", "--mosaic", "--output", tmp_path / "out", "--backend", "onnxruntime"]
    code = main(["predict", *map(str, [bright_onnx, *rasters, *place]), "--extent-crs", "EPSG:32632", "--json"])
    told = capsys.readouterr()
    assert code == 0, told.err
    with rasterio.open(json.loads(told.out)["outputs"][0]["classes"]) as classes:
        assert classes.bounds == pytest.approx((691005, 5334995, 691015, 5335000), abs=0.11)
        values = classes.read(1)
    assert (values[2:-2, 2:48] == 0).all() and (values[2:-2, 52:-2] == 1).all()
