"""The engine's files end where a person asked for them, in the format the name says."""

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.layers.results import distinct, first_layer, place_raster, place_vector
from geodistil.jobs.progress import flat, html_table, without_truth
from geodistil.jobs.snapshots import Snapshot
from osgeo import gdal
from qgis.core import QgsProcessingContext, QgsVectorLayer

BOXES = [(1, 1, 5, 5, "car"), (9, 9, 20, 20, "bus")]


@pytest.fixture
def found(make_boxes, project, tmp_path):
    path = tmp_path / "job" / "detections.gpkg"
    path.parent.mkdir()
    Snapshot(make_boxes(BOXES), path, "kind")()
    return path


@pytest.mark.parametrize("name", ["out.gpkg", "out.geojson", "out.shp"])
def test_detections_are_written_in_the_format_of_the_name(found, tmp_path, name):
    place_vector(found, str(tmp_path / name), QgsProcessingContext())
    layer = QgsVectorLayer(str(tmp_path / name), "out", "ogr")
    assert [feature["class"] for feature in layer.getFeatures()] == ["car", "bus"]
    assert layer.crs().authid() == "EPSG:32633"


def test_detections_in_a_format_nobody_knows_are_refused(found, tmp_path):
    with pytest.raises(GeoDistilError, match=r"out\.nothing cannot be written"):
        place_vector(found, str(tmp_path / "out.nothing"), QgsProcessingContext())


@pytest.mark.parametrize("name", ["deep/er/out.tif", "out.png"])
def test_class_maps_are_moved_or_translated(make_raster, tmp_path, name):
    source = make_raster(tmp_path / "classes.tif", np.arange(64, dtype="uint8").reshape(1, 8, 8))
    place_raster(source, str(tmp_path / name))
    assert gdal.Open(str(tmp_path / name)).ReadAsArray()[7, 7] == 63


def test_class_names_beside_a_class_map_move_with_it(make_raster, tmp_path):
    source = make_raster(tmp_path / "classes.tif", np.zeros((1, 8, 8), "uint8"))
    (tmp_path / "classes.tif.aux.xml").write_text("<PAMDataset/>")
    place_raster(source, str(tmp_path / "town.tif"))
    assert (tmp_path / "town.tif.aux.xml").exists() and not (tmp_path / "classes.tif.aux.xml").exists()


def test_a_destination_that_cannot_be_written_is_named(make_raster, tmp_path):
    source = make_raster(tmp_path / "classes.tif", np.zeros((1, 8, 8), "uint8"))
    (tmp_path / "file").touch()
    with pytest.raises(GeoDistilError, match=r"file/out\.tif cannot be written"):
        place_raster(source, str(tmp_path / "file" / "out.tif"))


def test_scores_become_a_table_of_their_numbers():
    scores = {"mean_iou": 0.5, "per_class": {"<roof>": {"iou": 0.25}}, "note": "text", "ok": True}
    assert dict(flat(scores)) == {"mean_iou": 0.5, "per_class/<roof>/iou": 0.25}
    page = html_table("Scores", scores)
    assert "&lt;roof&gt;" in page and "0.25" in page


def test_classes_without_truth_are_named_beside_the_scores():
    areas = {"classes": {"roof": {"iou": 0.5, "pixels": 9}, "<water>": {"iou": None, "pixels": 0}}}
    objects = {"classes": {"car": {"ap50": None, "objects": 0}}}
    assert "No label of <water> lies" in without_truth(areas) and "of car lies" in without_truth(objects)
    assert "No label of &lt;water&gt; lies" in html_table("Scores", areas)
    assert without_truth({"classes": {"roof": {"iou": 0.5, "pixels": 9}}}) == without_truth({"mean_iou": 1.0}) == ""


@pytest.fixture
def strict():
    """Another plugin has told GDAL to raise."""
    gdal.UseExceptions()
    yield
    gdal.DontUseExceptions()


def test_files_that_cannot_be_opened_are_sentences_where_gdal_raises(strict, make_raster, tmp_path):
    (tmp_path / "text.gpkg").write_text("no layers")
    assert first_layer(tmp_path / "text.gpkg") == "" and distinct(tmp_path / "gone.gpkg", "class") == []
    source = make_raster(tmp_path / "classes.tif", np.ones((1, 8, 8), "uint8"))
    with pytest.raises(GeoDistilError, match=r"GDAL cannot write .*out\.nothing"):
        place_raster(source, str(tmp_path / "out.nothing"))
