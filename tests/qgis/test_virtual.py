"""Rasters that a person has loaded may reach their files: virtual ones, and those of HDF5's library."""

import json

import pytest
from geodistil.jobs import afterwards
from geodistil.jobs.gdal_files import REFERRING, permission
from geodistil.jobs.run_folder import write_run


def written(folder, *rasters, **more):
    sources = [{"raster": raster, "role": "unlabelled"} for raster in rasters]
    return json.loads(write_run(folder, {"sources": sources, **more}).read_text())


def test_a_run_of_virtual_rasters_or_labels_lets_them_reach_their_files(tmp_path):
    assert "allow_remote" not in written(tmp_path, "a.tif")
    assert written(tmp_path, "a.tif", "mosaic.VRT")["allow_remote"] is True
    assert written(tmp_path, "mosaic.vrt", allow_remote=False)["allow_remote"] is False
    labels = {"raster": "a.tif", "role": "segmentation", "labels": {"path": "classes.vrt"}}
    assert json.loads(write_run(tmp_path, {"sources": [labels]}).read_text())["allow_remote"] is True


@pytest.mark.parametrize("ending", REFERRING)
def test_commands_are_given_the_permission_only_with_rasters_that_may_refer(ending):
    assert permission(["predict", "model", "a.tif"]) == []
    assert permission(["predict", "model", "a.tif", f"/tmp/b{ending.upper()}"]) == ["--allow-remote"]


def test_a_prediction_after_a_training_has_the_same_permission():
    assert afterwards.REFERRING == REFERRING
