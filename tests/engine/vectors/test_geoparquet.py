"""GeoParquet, read back by pyarrow and held to its specification."""

import json
import sys

import numpy as np
import pyproj
import pytest
import shapely

from engine.errors import OutputError
from engine.inference.vectors import LineOptions, MapClass, MapFile, centre_lines, polygons
from engine.inference.vectors.layer import VectorLayer


@pytest.fixture
def parquet():
    pytest.importorskip("pyarrow", reason="pyarrow is an extra: pip install .[parquet]")
    from pyarrow import parquet

    return parquet


def test_it_holds_the_same_as_the_geopackage_in_row_groups(
    parquet, patchy, classes, write_map, read_back, tmp_path, monkeypatch
):
    monkeypatch.setattr(VectorLayer, "batch", 50)
    given = write_map(patchy)
    for name in ("out.gpkg", "out.parquet"):
        count = polygons(MapFile(given, strip_rows=16), tmp_path / name, classes)
    package, table = read_back(tmp_path / "out.gpkg"), parquet.read_table(tmp_path / "out.parquet")
    geometry = shapely.from_wkb(table["geometry"].to_numpy())
    assert table.num_rows == count and shapely.equals(geometry, package.geometry).all()
    assert table["class"].to_pylist() == package.__dict__["class"].tolist()
    assert table["area_m2"].to_pylist() == package.area_m2.tolist()
    extents = np.column_stack([table["bbox"].combine_chunks().field(side) for side in ("xmin", "ymin", "xmax", "ymax")])
    np.testing.assert_array_equal(extents, shapely.bounds(geometry))
    groups = parquet.ParquetFile(tmp_path / "out.parquet").metadata
    assert groups.num_row_groups == -(-count // 50)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classes.tif", "out.gpkg", "out.parquet"]


def test_its_metadata_are_those_of_the_specification(parquet, patchy, classes, write_map, tmp_path):
    polygons(MapFile(write_map(patchy)), tmp_path / "out.parquet", classes)
    schema = parquet.read_schema(tmp_path / "out.parquet")
    geo = json.loads(schema.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Polygon"])
    assert str(schema.field("geometry").type) == "binary"
    assert pyproj.CRS.from_json_dict(column["crs"]).to_epsg() == 32645
    assert column["bbox"] == [300_000, 3_000_000 - 36, 300_044, 3_000_000]
    assert column["covering"]["bbox"]["ymax"] == ["bbox", "ymax"]


def test_nothing_found_is_an_empty_file_with_its_fields(parquet, write_map, tmp_path):
    assert (
        centre_lines(
            MapFile(write_map(np.ones((40, 40), np.uint8))), tmp_path / "out.parquet", MapClass(2), LineOptions()
        )
        == 0
    )
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.num_rows == 0
    assert table.column_names == ["class", "class_id", "length_m", "width_m", "bbox", "geometry"]
    assert "bbox" not in json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]


def test_without_pyarrow_a_sentence_says_how_to_get_it(patchy, classes, write_map, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match=r"out\.parquet needs the Python package pyarrow") as caught:
        polygons(MapFile(write_map(patchy)), tmp_path / "out.parquet", classes)
    assert "-m pip install pyarrow" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["classes.tif"]
