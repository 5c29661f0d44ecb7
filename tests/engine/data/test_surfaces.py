"""Layers as other programs write them: surfaces of 3D models, shapefiles without encoding, places nobody has told."""

import re
import sqlite3
import struct
import warnings

import numpy as np
import pyogrio
import pytest
import shapely

from engine.config import Labels
from engine.data.grid import Window
from engine.data.labels import read_labels
from engine.data.raster import RasterReader
from engine.data.vectors import Layer, read_features
from engine.errors import LabelError

FLOOR = [(10, 10), (40, 10), (40, 40), (10, 40), (10, 10)]
WINDOW = Window(0, 0, 64, 64)


def face(code, corners, tools, height=0.0):
    """One face in ISO WKB with z, in map coordinates."""
    points = [(tools.LEFT + column, tools.TOP - row, height) for column, row in corners]
    return struct.pack("<BIII", 1, 1000 + code, 1, len(points)) + b"".join(struct.pack("<3d", *each) for each in points)


def surface(code, faces):
    return struct.pack("<BII", 1, 1000 + code, len(faces)) + b"".join(faces)


def tin(tools):
    triangles = [FLOOR[:3] + FLOOR[:1], [FLOOR[0], FLOOR[2], FLOOR[3], FLOOR[0]]]
    return surface(16, [face(17, each, tools) for each in triangles])


def solid(tools):
    """A house: floor, flat roof, and a wall that is a line from above."""
    wall = face(3, [FLOOR[0], FLOOR[1], FLOOR[1], FLOOR[0], FLOOR[0]], tools)
    return surface(15, [face(3, FLOOR, tools), face(3, FLOOR[::-1], tools, 5), wall])


KINDS = {
    "TIN": tin,
    "PolyhedralSurface": solid,
    "Triangle": lambda tools: face(17, FLOOR[:3] + FLOOR[:1], tools),
    "collection": lambda tools: surface(7, [tin(tools), solid(tools)]),
}


def put(path, wkb, kind="GEOMETRY"):
    """Write a geometry into the only row of a GeoPackage, which pyogrio would refuse."""
    with sqlite3.connect(path) as base:
        (table, column) = base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchone()
        (blob,) = base.execute(f"SELECT {column} FROM {table}").fetchone()
        header = blob[:3] + bytes([blob[3] & 0b11110001]) + blob[4:8]  # without an envelope
        base.execute(f"UPDATE {table} SET {column} = ?", (header + wkb,))
        base.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", (kind.upper(),))
    base.close()


def write_layer(path, tools, crs="EPSG:32632", count=1, **options):
    shapes = shapely.to_wkb(np.array([tools.square(10, 10, 30)] * count, dtype=object))
    values = [np.array(["house"] * count, dtype=object)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.raw.write(
            path, shapes, values, ["kind"], crs=crs, **{"driver": "GPKG", "geometry_type": "Polygon"} | options
        )


@pytest.mark.parametrize("kind", KINDS)
def test_surfaces_are_what_they_cover_from_above(raster, tools, tmp_path, kind):
    path = tmp_path / "city.gpkg"
    write_layer(path, tools, SPATIAL_INDEX="NO")
    put(path, KINDS[kind](tools))
    run = tools.run(tools.source(raster("a.tif"), labels=Labels(path=str(path), field="kind")))
    mask = read_labels(run, run.sources[0], RasterReader(run.sources[0].raster).grid).mask(WINDOW)
    assert (mask == 1).sum() == pytest.approx(450 if kind == "Triangle" else 900, abs=30 if kind == "Triangle" else 0)


@pytest.mark.parametrize("kind", ["TIN", "PolyhedralSurface", "Triangle"])
def test_a_layer_of_a_type_that_cannot_be_read_is_named_with_it(raster, tools, tmp_path, kind):
    path = tmp_path / "city.gpkg"
    write_layer(path, tools, SPATIAL_INDEX="NO")
    put(path, KINDS[kind](tools), kind)
    grid = RasterReader(raster("a.tif")).grid
    for layer in (Layer(str(path)), Layer(str(path), "city")):
        with pytest.raises(
            LabelError, match=rf"city\.gpkg.* has geometries of the type {kind}, .* Save it as polygons"
        ):
            read_features(layer, grid)


def test_another_layer_beside_one_that_cannot_be_read_can(raster, tools, tmp_path):
    path = tmp_path / "city.gpkg"
    write_layer(path, tools, SPATIAL_INDEX="NO", layer="model")
    put(path, tin(tools), "TIN")
    write_layer(path, tools, layer="plain", append=True)
    grid = RasterReader(raster("a.tif")).grid
    assert len(read_features(Layer(str(path), "plain"), grid).geometries) == 1
    with pytest.raises(LabelError, match="nowhere"):
        read_features(Layer(str(path), "nowhere"), grid)


def test_a_multipatch_shapefile_is_read(raster, tools, tmp_path):
    path = tmp_path / "city.shp"
    write_layer(path, tools, driver="ESRI Shapefile")
    points = [(tools.LEFT + column, tools.TOP - row) for column, row in FLOOR[:4]]
    strip = [points[0], points[1], points[3], points[2]]  # two triangles
    bounds = struct.pack("<4d", *np.min(points, axis=0), *np.max(points, axis=0))
    content = struct.pack("<i", 31) + bounds + struct.pack("<4i", 1, 4, 0, 0)
    content += b"".join(struct.pack("<2d", *point) for point in strip) + struct.pack("<6d", *[0.0] * 6)
    whole = 100 + 8 + len(content)
    header = path.read_bytes()[:100]
    header = header[:24] + struct.pack(">i", whole // 2) + struct.pack("<ii", 1000, 31) + header[36:]
    path.write_bytes(header + struct.pack(">ii", 1, len(content) // 2) + content)
    index = header[:24] + struct.pack(">i", 54) + header[28:]
    path.with_suffix(".shx").write_bytes(index + struct.pack(">ii", 50, len(content) // 2))
    run = tools.run(tools.source(raster("a.tif"), labels=Labels(path=str(path), field="kind")))
    mask = read_labels(run, run.sources[0], RasterReader(run.sources[0].raster).grid).mask(WINDOW)
    assert (mask == 1).sum() == 900


@pytest.mark.parametrize("language", [0x00, 0x57])
@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_a_shapefile_without_cpg_keeps_its_umlauts(raster, tools, tmp_path, encoding, language):
    path = tmp_path / "a.shp"
    shapes = shapely.to_wkb(np.array([tools.square(10, 10), tools.square(30, 30)], dtype=object))
    pyogrio.raw.write(
        path, shapes, [np.array(["Gebäude", "Straße"], dtype=object)], ["kind"], geometry_type="Polygon",
        crs="EPSG:32632", driver="ESRI Shapefile", encoding=encoding,
    )  # fmt: skip
    path.with_suffix(".cpg").unlink(missing_ok=True)
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = language
    path.with_suffix(".dbf").write_bytes(table)
    grid = RasterReader(raster("a.tif")).grid
    assert sorted(read_features(Layer(str(path), field="kind"), grid).values) == ["Gebäude", "Straße"]
    assert read_features(Layer(str(path), field="kind", where="kind = 'Straße'"), grid).values.tolist() == ["Straße"]


@pytest.mark.parametrize("number", [0, -1, 99999])
def test_a_place_that_nobody_has_told_is_none(raster, tools, tmp_path, number):
    path = tmp_path / "a.gpkg"
    write_layer(path, tools, crs=None)
    with sqlite3.connect(path) as base:
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            base.execute(f"UPDATE {table} SET srs_id = {number}")
    base.close()
    with pytest.raises(LabelError, match=r"a\.gpkg.* has no coordinate reference system; assign one"):
        read_features(Layer(str(path)), RasterReader(raster("a.tif")).grid)


def test_a_sites_own_system_has_no_way_to_the_rasters(raster, tools, tmp_path):
    path = tmp_path / "a.gpkg"
    write_layer(path, tools, crs='LOCAL_CS["site",UNIT["metre",1]]')
    with pytest.raises(LabelError, match=r"a\.gpkg.* system 'site', from which no way leads .*Assign the right one"):
        read_features(Layer(str(path)), RasterReader(raster("a.tif")).grid)


def test_unknown_types_are_named():
    from engine.data.geometries import geometries_of

    with pytest.raises(ValueError, match=re.escape("geometries of type 99")):
        geometries_of(np.array([struct.pack("<BII", 1, 99, 0)], dtype=object))
