"""Rasters as other programs write them: placed by points, nowhere, with a palette, in the formats of portals."""

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC
from rasterio.transform import from_origin

from engine.config import Card, CardClass
from engine.data.raster import RasterReader
from engine.errors import RasterError
from engine.evaluation.evaluate import native_grid
from engine.inference.checks import open_raster
from engine.inference.vectors.class_map import ClassMap

CORNERS = [(0, 0), (0, 64), (64, 0), (64, 64)]
COLOURS = {0: (10, 20, 30, 255), 1: (200, 0, 0, 255), 2: (0, 90, 250, 255), 3: (7, 7, 7, 255)}


def card(bands=(1, 2, 3), nodata=None):
    return Card(
        name="m", tasks=["segmentation"], gsd=1, bands=list(bands), dtype="uint8", mean=[0] * len(bands),
        std=[1] * len(bands), tile_size=64, segmentation_classes=[CardClass(name="a", color="#000000")], network=None,
        nodata=nodata,
    )  # fmt: skip


def by_points(path, tools):
    points = [GroundControlPoint(row, column, tools.LEFT + column, tools.TOP - row) for row, column in CORNERS]
    with rasterio.open(path, "w", driver="GTiff", count=1, width=64, height=64, dtype="uint8") as dataset:
        dataset.write(np.ones((1, 64, 64), np.uint8))
        dataset.gcps = (points, rasterio.crs.CRS.from_epsg(32632))


def by_camera(path, _):
    twenty = [1.0] + [0.0] * 19
    model = RPC(0, 1, 47, 1, twenty, twenty, 0, 1, 9, 1, twenty, twenty, 0, 1)
    with rasterio.open(path, "w", driver="GTiff", count=1, width=64, height=64, dtype="uint8") as dataset:
        dataset.write(np.ones((1, 64, 64), np.uint8))
        dataset.rpcs = model


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("opening", [RasterReader, native_grid, ClassMap], ids=["imagery", "compared", "class map"])
@pytest.mark.parametrize(
    "write, sentence",
    [
        (by_points, r"is placed by ground control points, .* Warp it first: gdalwarp -r bilinear IN\.tif"),
        (by_camera, r"is placed by a camera's model \(RPCs\), .* gdalwarp -rpc -t_srs EPSG:CODE IN\.tif"),
    ],
)
def test_a_raster_placed_otherwise_than_by_a_transform_names_gdalwarp(tmp_path, tools, write, sentence, opening):
    path = tmp_path / "photo.tif"
    write(path, tools)
    with pytest.raises(RasterError, match=rf"photo\.tif {sentence}"):
        opening(path)


@pytest.mark.parametrize(
    "crs",
    [
        'GEOGCS["Undefined geographic SRS",DATUM["unknown",SPHEROID["unknown",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]',
        'LOCAL_CS["Undefined Cartesian SRS",UNIT["metre",1]]',
    ],
)
def test_a_raster_that_is_nowhere_has_no_system(raster, crs):
    with pytest.raises(RasterError, match=r"a\.tif has no coordinate reference system; assign one"):
        RasterReader(raster("a.tif", crs=crs))


@pytest.fixture
def palette(tmp_path, tools):
    """Writes a raster with a palette, and the colours (4, H, W) that it shows."""

    def write(colours=COLOURS, **options):
        indices = np.random.default_rng(0).integers(0, 4, (64, 64), np.uint8)
        path = tmp_path / "map.tif"
        with rasterio.open(
            path, "w", driver="GTiff", count=1, width=64, height=64, dtype="uint8", crs=tools.UTM,
            transform=from_origin(tools.LEFT, tools.TOP, 1, 1), **options,
        ) as dataset:  # fmt: skip
            dataset.write(indices, 1)
            dataset.write_colormap(1, colours)
        return path, np.array([colours[index] for index in range(4)], np.uint8)[indices].transpose(2, 0, 1)

    return write


def test_a_palette_shows_its_colours_to_a_model_of_three_bands(palette):
    path, shown = palette()
    reader = open_raster(str(path), card())
    image, valid = reader.read(0, 0, 64, 64)
    np.testing.assert_array_equal(image, shown[:3])
    assert valid.all() and reader.path == str(path)
    np.testing.assert_array_equal(open_raster(str(path), card((3, 1, 2))).read(0, 0, 64, 64)[0], shown[[2, 0, 1]])
    assert RasterReader(path).read(0, 0, 64, 64)[0].max() == 3, "asked for one band, it is its numbers"
    with pytest.raises(RasterError, match=r"map\.tif has 1 band; the model 'm' reads 1, 2, 3, 4, 5"):
        open_raster(str(path), card((1, 2, 3, 4, 5)))


@pytest.mark.parametrize("gsd", [1, 2])
@pytest.mark.parametrize("how", ["no data", "clear colour"])
def test_what_a_palette_leaves_clear_is_no_data(palette, how, gsd):
    path, _ = palette({**COLOURS, 2: (255, 254, 253, 255)}, **({"nodata": 2} if how == "no data" else {}))
    if how == "clear colour":  # which GeoTIFF has not
        clear = path.with_suffix(".vrt")
        rasterio.shutil.copy(path, clear, driver="VRT")
        clear.write_text(clear.read_text().replace('c3="253" c4="255"', 'c3="253" c4="0"'))
        path = clear
    expected = RasterReader(path).read(0, 0, 64, 64)[0][0] != 2
    reader = open_raster(str(path), card().model_copy(update={"gsd": gsd}))
    valid = reader.read(0, 0, 64 // gsd, 64 // gsd)[1]
    assert np.array_equal(valid, expected) if gsd == 1 else not valid.all() and valid.any()


@pytest.mark.parametrize("driver, name, options", [
    ("JP2OpenJPEG", "a.jp2", {"QUALITY": "100", "REVERSIBLE": "YES"}),
    ("MBTiles", "a.mbtiles", {"TILE_FORMAT": "PNG"}),
])  # fmt: skip
def test_formats_of_portals_read_as_what_they_were_made_of(raster, tmp_path, driver, name, options):
    zoom = 156543.03392804097 / 2**20  # a zoom level of web maps, from a tile's corner on
    corner = -20037508.342789244 + 256 * zoom * 555_000, 20037508.342789244 - 256 * zoom * 365_000
    rows, columns = np.mgrid[:256, :256]
    values = np.stack([40 + rows // 4, 60 + columns // 4, 90 + (rows + columns) // 8]).astype(np.uint8)
    source = raster("a.tif", values, "EPSG:3857", from_origin(*corner, zoom, zoom))
    rasterio.shutil.copy(source, tmp_path / name, driver=driver, **options)
    copied, first = RasterReader(tmp_path / name, [1, 2, 3], gsd=0.2), RasterReader(source, gsd=0.2)
    assert copied.grid.transform.almost_equals(first.grid.transform, 1e-6)
    window = 0, 0, first.grid.width, first.grid.height
    image, valid = copied.read(*window)
    expected, there = first.read(*window)
    inside = valid & there
    assert inside.mean() > 0.95
    assert np.abs(image.astype(int) - expected)[:, inside].max() <= 1
    assert copied.colours_only() == [1, 2, 3]
