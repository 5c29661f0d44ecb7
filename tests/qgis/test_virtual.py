"""Virtual rasters that a person has loaded may reach their files."""

import json

from geodistil.jobs.run_folder import write_run
from geodistil.jobs.virtual import permission


def written(folder, *rasters, **more):
    sources = [{"raster": raster, "role": "unlabelled"} for raster in rasters]
    return json.loads(write_run(folder, {"sources": sources, **more}).read_text())


def test_a_run_of_virtual_rasters_or_labels_lets_them_reach_their_files(tmp_path):
    assert "allow_remote" not in written(tmp_path, "a.tif")
    assert written(tmp_path, "a.tif", "mosaic.VRT")["allow_remote"] is True
    assert written(tmp_path, "mosaic.vrt", allow_remote=False)["allow_remote"] is False
    labels = {"raster": "a.tif", "role": "segmentation", "labels": {"path": "classes.vrt"}}
    assert json.loads(write_run(tmp_path, {"sources": [labels]}).read_text())["allow_remote"] is True


def test_commands_are_given_the_permission_only_with_virtual_rasters():
    assert permission(["predict", "model", "a.tif"]) == []
    assert permission(["predict", "model", "a.tif", "/tmp/b.vrt"]) == ["--allow-remote"]
