"""Files from strangers: what they refer to is not followed, and nothing is asked over a network."""

import json
import os
import pickle
import socket
import time
import zipfile

import numpy as np
import pytest
from rasterio.shutil import copy

from engine.cli.main import main
from engine.data import prepare, reach
from engine.data.opening import is_raster, open_raster
from engine.data.raster import RasterReader
from engine.data.references import look
from engine.data.vectors import Layer, described
from engine.errors import LabelError, RasterError

SRS = "<SRS>EPSG:32632</SRS><GeoTransform>500000,1,0,5300000,0,-1</GeoTransform>"
BYTES = 'dataType="Byte" band="1"'


@pytest.fixture(autouse=True)
def told_nothing():
    """No test sees what another one has named."""
    reach.permit([])
    yield
    reach.permit([])


@pytest.fixture
def server():
    """The address of a server that answers nothing, and must not be asked."""
    with socket.create_server(("127.0.0.1", 0), backlog=32) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def vrt(*sources, inside="", size=64, body=""):
    """A virtual raster; each source is its element's attributes and text."""
    parts = "".join(f"<SimpleSource><SourceFilename{each}</SourceFilename></SimpleSource>" for each in sources)
    return (
        f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">{SRS}{inside}'
        f"<VRTRasterBand {BYTES}>{parts}{body}</VRTRasterBand></VRTDataset>"
    )


def layers(source, more=""):
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>{source}</SrcDataSource>{more}'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def remote_rasters(address):
    """Ways from a raster to a network: (file name, content)."""
    tiles = "<GDAL_WMS><Service name='TMS'><ServerUrl>{}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service></GDAL_WMS>"
    warped = (
        f'<VRTDataset subClass="VRTWarpedDataset" rasterXSize="8" rasterYSize="8">{SRS}<GDALWarpOptions><SourceDataset '
        f'relativeToVRT="0">/vsicurl/{address}/w.tif</SourceDataset></GDALWarpOptions></VRTDataset>'
    )
    return {
        "curl.vrt": vrt(f">/vsicurl/{address}/a.tif"),
        "called.tif": vrt(f">/vsicurl/{address}/a.tif"),
        "plain.vrt": vrt(f">{address}/a.tif"),
        "stream.vrt": vrt(f">/vsicurl_streaming/{address}/a.tif"),
        "bucket.vrt": vrt(">/vsis3/bucket/a.tif"),
        "zip.vrt": vrt(f">/vsizip//vsicurl/{address}/a.zip/a.tif"),
        "braces.vrt": vrt(f">/vsizip/{{/vsicurl/{address}/a.zip}}/a.tif"),
        "subdataset.vrt": vrt(f'>NETCDF:"{address}/a.nc":b'),
        "inner.vrt": vrt(f">vrt:///vsicurl/{address}/a.tif?bands=1"),
        "inline.vrt": vrt(f">&lt;VRTDataset>&lt;SourceFilename>{address}/a.tif"),
        "attribute.vrt": vrt(body=f'<SimpleSource SourceFilename="/vsicurl/{address}/a.tif"/>'),
        "upper.vrt": vrt(f">/vsicurl/{address}/a.tif").replace("SourceFilename", "SOURCEFILENAME"),
        "overview.vrt": vrt(body=f"<Overview><SourceFilename>{address}/o.tif</SourceFilename></Overview>"),
        "mask.vrt": vrt(inside=f"<MaskBand>{vrt(f'>{address}/m.tif')}</MaskBand>"),
        "geoloc.vrt": vrt(inside=f'<Metadata domain="GEOLOCATION"><MDI key="X_DATASET">{address}/x</MDI></Metadata>'),
        "srs.vrt": vrt().replace("EPSG:32632", f"{address}/srs"),
        "warped.vrt": warped,
        "wms.xml": tiles.format(address),
        "wmts.xml": f"<GDAL_WMTS><GetCapabilitiesUrl>{address}/wmts</GetCapabilitiesUrl></GDAL_WMTS>",
        "wms_in.vrt": vrt(' relativeToVRT="1">wms.xml'),
        "index.gti": f"<GDALTileIndexDataset><IndexDataset>{address}/i.gpkg</IndexDataset></GDALTileIndexDataset>",
        "kml.kml": f"<kml><Document><NetworkLink><Link><href>{address}</href></Link></NetworkLink></Document></kml>",
        "stac.json": json.dumps({"stac_version": "1.0.0", "assets": {"a": {"href": f"{address}/a.tif"}}}),
        "mrf.mrf": f"<MRF_META><CachedSource><Source>{address}/a.tif</Source></CachedSource></MRF_META>",
    }  # fmt: skip


REMOTE_RASTERS = sorted(remote_rasters(""))


@pytest.mark.parametrize("name", REMOTE_RASTERS)
def test_no_raster_asks_a_server(server, tmp_path, name):
    for each, text in remote_rasters(server).items():
        (tmp_path / each).write_text(text)
    path = str(tmp_path / name)
    with pytest.raises(RasterError, match=r"wms\.xml is a" if name == "wms_in.vrt" else name):
        RasterReader(path).read(0, 0, 8, 8)
    if not name.endswith(("kml", "json")):  # as GDAL's vector drivers read them
        with pytest.raises(RasterError, match=r"--allow-remote"):
            is_raster(path)


def remote_layers(address):
    """Ways from a label layer to a network."""
    return {
        "curl.vrt": layers(f"/vsicurl/{address}/a.geojson"),
        "called.gpkg": layers(f"{address}/a.geojson"),
        "service.vrt": layers(f"WFS:{address}/wfs"),
        "sql.vrt": layers("self.csv", f"<SrcSQL>SELECT * FROM '/vsicurl/{address}/a.csv'.a</SrcSQL>"),
        "wfs.xml": f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>",
        "pipe.gdalg.json": json.dumps(
            {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read /vsicurl/{address}/a.geojson"}
        ),
    }


@pytest.mark.parametrize("name", sorted(remote_layers("")))
def test_no_layer_asks_a_server(server, tmp_path, name):
    path = tmp_path / name
    path.write_text(remote_layers(server)[name])
    with pytest.raises(LabelError, match=r"--allow-remote"):
        described(Layer(str(path)))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, name)
    with pytest.raises(LabelError, match=r"--allow-remote"):
        described(Layer(str(tmp_path / "all.zip")))


def quiet_layers(address):
    """Layers that GDAL reads, and would ask about their CRS or their schema."""
    point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [9, 47]}}
    link = {"type": "link", "properties": {"href": f"{address}/crs"}}
    return {
        "link.geojson": json.dumps({"type": "FeatureCollection", "crs": link, "features": [point]}),
        "schema.gml": '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:x="http://x" '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://x {address}/wfs?SERVICE=WFS&amp;VERSION=1.0.0&amp;REQUEST=DescribeFeatureType&amp;'
        'TYPENAME=x:y"><gml:featureMember><x:y fid="1"><x:g><gml:Point srsName="EPSG:4326"><gml:coordinates>9,47'
        "</gml:coordinates></gml:Point></x:g></x:y></gml:featureMember></wfs:FeatureCollection>",
        "link.kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>'
        f"{address}/a.kml</href></Link></NetworkLink><Placemark><styleUrl>{address}/s.kml#a</styleUrl><Point>"
        "<coordinates>9,47</coordinates></Point></Placemark></Document></kml>",
    }


@pytest.mark.parametrize("name", sorted(quiet_layers("")))
def test_a_layer_is_read_without_asking_for_what_its_file_names(server, tmp_path, name):
    (tmp_path / name).write_text(quiet_layers(server)[name])
    info = described(Layer(str(tmp_path / name)))
    assert info["features"] == 1


@pytest.fixture
def canary(tmp_path):
    """A file beside the folder that a stranger's files lie in, and that folder."""
    outside = tmp_path / "canary.bin"
    outside.write_bytes(b"secret" * 100)
    folder = tmp_path / "theirs"
    folder.mkdir()
    return outside, folder


def raw(place, flag="0"):
    return (
        f'<VRTDataset rasterXSize="8" rasterYSize="8">{SRS}<VRTRasterBand {BYTES} subClass="VRTRawRasterBand">'
        f'<SourceFilename relativetoVRT="{flag}">{place}</SourceFilename><ImageOffset>0</ImageOffset>'
        "<PixelOffset>1</PixelOffset><LineOffset>8</LineOffset></VRTRasterBand></VRTDataset>"
    )


@pytest.mark.parametrize("way", ["absolute", "relative", "deep", "link", "nested", "sidecar", "overview", "archive"])
def test_no_raster_reads_what_lies_elsewhere(canary, raster, way):
    outside, folder = canary
    path = folder / "imagery.vrt"
    path.write_text(raw(outside))
    if way == "relative":
        path.write_text(raw("../canary.bin", "1"))
    elif way == "deep":
        path.write_text(raw("deeper/../../canary.bin", "1"))
    elif way == "link":
        (folder / "within.bin").symlink_to(outside)
        path.write_text(raw("within.bin", "1"))
    elif way == "nested":
        path.rename(folder / "inner.vrt")
        path.write_text(vrt(' relativeToVRT="1">inner.vrt'))
    elif way in ("sidecar", "overview"):
        path.rename(folder / "imagery.tif.ovr")
        path = folder / "imagery.tif"
        os.rename(raster("plain.tif", (1, 64, 64)), path)
    if way == "overview":
        far = (folder / "imagery.tif.ovr").rename(outside.with_name("far.vrt"))
        named = f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{far}</MDI></Metadata>'
        (folder / "imagery.tif.aux.xml").write_text(f"<PAMDataset>{named}</PAMDataset>")
    elif way == "archive":
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            archive.write(path, "imagery.vrt")
        path = f"/vsizip/{folder}/all.zip/imagery.vrt"
    with pytest.raises(RasterError, match=r"reaches for .*(canary\.bin\)?|far\.vrt), which neither .*--allow-remote"):
        RasterReader(path)


@pytest.mark.parametrize(
    "form",
    [layers("{}"), layers("CSV:{}"), layers("/tmp", "<SrcSQL>SELECT * FROM '{}'.b</SrcSQL>").replace("/tmp", "")],
)
def test_no_layer_reads_what_lies_elsewhere(canary, form):
    outside, folder = canary
    (folder / "labels.vrt").write_text(form.format(outside))
    with pytest.raises(LabelError, match=r"labels\.vrt reaches for .*canary\.bin"):
        described(Layer(str(folder / "labels.vrt")))


def test_program_code_in_a_raster_never_runs(tmp_path):
    code = f"import pathlib\ndef f(*_): pathlib.Path({str(tmp_path / 'ran')!r}).touch()"
    band = (
        f'<VRTRasterBand {BYTES} subClass="VRTDerivedRasterBand"><PixelFunctionType>f</PixelFunctionType>'
        f"<PixelFunctionLanguage>Python</PixelFunctionLanguage><PixelFunctionCode><![CDATA[{code}]]></PixelFunctionCode>"
        "</VRTRasterBand></VRTDataset>"
    )
    path = tmp_path / "code.vrt"
    path.write_text(f'<VRTDataset rasterXSize="8" rasterYSize="8">{SRS}{band}')
    with pytest.raises(RasterError, match=r"code\.vrt holds program code, which is never run"):
        RasterReader(path)
    reach.permit([], True)
    reader = RasterReader(path)
    assert not reader.read(0, 0, 8, 8)[1].any()
    assert not (tmp_path / "ran").exists()


def test_entities_are_refused_before_they_grow(tmp_path):
    path = tmp_path / "laughs.vrt"
    grown = "".join(f'<!ENTITY a{index + 1} "{f"&a{index};" * 10}">' for index in range(9))
    path.write_text(f'<!DOCTYPE VRTDataset [<!ENTITY a0 "ha">{grown}]>' + vrt(">&a9;"))
    with pytest.raises(RasterError, match=r"laughs\.vrt declares entities of its own"):
        RasterReader(path)


def test_values_in_hdf5_are_not_followed_out_of_the_file(tmp_path):
    (tmp_path / "a.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(2000))
    with pytest.raises(
        RasterError, match=r"a\.nc is an HDF5 file, whose values may lie in other files.*--allow-remote"
    ):
        RasterReader(tmp_path / "a.nc")


def test_a_netcdf_4_file_is_read_where_that_is_allowed(raster, tmp_path):
    path = str(tmp_path / "a.nc")
    copy(raster("a.tif", (1, 64, 64)), path, driver="netCDF", FORMAT="NC4")
    with pytest.raises(RasterError, match=r"a\.nc is an HDF5 file"):
        RasterReader(path)
    reach.permit([], True)
    np.testing.assert_array_equal(
        RasterReader(path).read(0, 0, 64, 64)[0], RasterReader(tmp_path / "a.tif").read(0, 0, 64, 64)[0]
    )


def mosaic_of(folder, *tiles, tool=True):
    """A mosaic as gdalbuildvrt writes it, with what matters here."""
    sources = [f' relativeToVRT="{int(not os.path.isabs(str(tile)))}" shared="0">{tile}' for tile in tiles]
    path = folder / "all.vrt"
    path.write_text(vrt(*sources))
    return path


def test_mosaics_beside_and_above_their_tiles_are_read_as_ever(raster, tmp_path):
    tile = raster("a.tif", (1, 64, 64))
    image, _ = RasterReader(tile).read(0, 0, 64, 64)
    (tmp_path / "below" / "b").mkdir(parents=True)
    below = tmp_path / "below" / "b" / "b.tif"
    os.link(tile, below)
    for source in ("a.tif", tile, "below/b/b.tif", str(below)):
        path = mosaic_of(tmp_path, source)
        np.testing.assert_array_equal(RasterReader(path).read(0, 0, 64, 64)[0], image)
    inner = mosaic_of(tmp_path / "below", "b/b.tif")
    np.testing.assert_array_equal(RasterReader(mosaic_of(tmp_path, inner)).read(0, 0, 64, 64)[0], image)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tile, "in/a.tif")
        archive.writestr("in/all.vrt", vrt(' relativeToVRT="1">a.tif'))
    np.testing.assert_array_equal(RasterReader(f"/vsizip/{tmp_path}/all.zip/in/all.vrt").read(0, 0, 64, 64)[0], image)


def test_a_mosaic_of_named_rasters_is_read_and_one_of_others_when_that_is_allowed(raster, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path = mosaic_of(tmp_path / "elsewhere", raster("a.tif", (1, 64, 64)))
    with pytest.raises(RasterError, match=r"all\.vrt reaches for .*a\.tif"):
        RasterReader(path)
    for named, allowed in (([tmp_path / "a.tif"], False), ([], True), ([], [str(tmp_path)])):
        reach.permit(named, allowed)
        assert RasterReader(path).read(0, 0, 64, 64)[1].all()
    reach.permit([path], [str(tmp_path / "elsewhere" / "deeper")])
    with pytest.raises(RasterError, match=r"all\.vrt reaches for .*a\.tif"):
        RasterReader(path)


def test_run_json_says_what_may_be_reached(raster, layer, tools, tmp_path):
    (tmp_path / "far").mkdir()
    os.rename(raster("a.tif", (3, 256, 256)), tmp_path / "far" / "a.tif")
    band = "<SourceBand>1</SourceBand>"
    (tmp_path / "near").mkdir()
    path = tmp_path / "near" / "all.vrt"
    path.write_text(
        vrt(size=256, body=f"<SimpleSource><SourceFilename>{tmp_path}/far/a.tif</SourceFilename>{band}</SimpleSource>")
    )
    labels = layer("labels.gpkg", tools.scattered(256))
    run = tools.run(tools.source(str(path), labels=labels))
    with pytest.raises(RasterError, match=r"all\.vrt reaches for .*a\.tif"):
        prepare(run)
    assert prepare(run.model_copy(update={"allow_remote": True})).sources
    assert prepare(run.model_copy(update={"allow_remote": [str(tmp_path / "far")]})).sources
    both = run.model_copy(
        update={"sources": [*run.sources, tools.source(str(tmp_path / "far" / "a.tif"), "unlabelled")]}
    )
    assert prepare(both).sources


def test_a_worker_reads_what_its_parent_was_allowed_to(raster, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path = mosaic_of(tmp_path / "elsewhere", raster("a.tif", (1, 64, 64)))
    reach.permit([], True)
    reader = pickle.loads(pickle.dumps(RasterReader(path)))
    reach.permit([])
    assert reader.read(0, 0, 64, 64)[1].all()


def test_the_command_line_asks_for_more_by_one_flag(raster, tmp_path, capsys):
    (tmp_path / "elsewhere").mkdir()
    path = mosaic_of(tmp_path / "elsewhere", raster("a.tif", np.ones((1, 64, 64), np.uint8)))
    command = ["polygons", str(path), "--output", str(tmp_path / "a.gpkg")]
    assert main(command) == 1
    assert "reaches for" in capsys.readouterr().err
    assert main([*command, "--allow-remote"]) == 0


def test_a_named_address_is_asked_and_what_it_was_not_named_for_is_not(server, tmp_path):
    reach.permit([f"{server.rpartition(':')[0]}:9/a.tif"])
    (tmp_path / "a.vrt").write_text(vrt(f">/vsicurl/{server}/b.tif"))
    with pytest.raises(RasterError, match=r"a\.vrt reaches over the network for .*b\.tif"):
        open_raster(str(tmp_path / "a.vrt"))


def test_a_mosaic_of_thousands_of_tiles_opens_quickly(raster, tmp_path):
    tile = raster("0.tif", (1, 64, 64))
    for number in range(1, 3000):
        os.link(tile, tmp_path / f"{number}.tif")
    path = mosaic_of(tmp_path, *(f"{number}.tif" for number in range(3000)))
    begun = time.monotonic()
    assert len(look(str(path)).places) == 3000
    reach.way_to(str(path))
    assert time.monotonic() - begun < 5
