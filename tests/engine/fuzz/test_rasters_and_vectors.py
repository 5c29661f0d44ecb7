"""Tiny rasters and layers with bytes changed at random: each is read, or refused in one sentence, in seconds.

The short form runs with the other tests; the long one is
`GEODISTIL_FUZZ=400 python -m pytest tests/engine/fuzz/test_rasters_and_vectors.py`. Each case runs in a process of its
own group of cases, so that a fall of GDAL itself is a failed case and not the end. Seeds are the cases' numbers.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

CASES = int(os.environ.get("GEODISTIL_FUZZ", "60"))
SECONDS = 20
"""A case may take, on a busy machine."""
READING = Path(__file__).with_name("reading_rasters_and_vectors.py")
LAYERS = {
    "gpkg": "GPKG", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf", "geojson": "GeoJSON", "gml": "GML", "kml": "KML",
    "sqlite": "SQLite",
}  # fmt: skip
READ = {".tif", ".png", ".img", ".jp2", ".bil", ".vrt", ".gpkg", ".shp", ".fgb", ".geojson", ".gml", ".kml", ".sqlite"}
LEFT, TOP = 500_000, 5_300_000


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Whole files of the kinds that people have."""
    folder = tmp_path_factory.mktemp("seeds")
    values = np.random.default_rng(0).integers(1, 200, (3, 32, 32), np.uint8)
    common = {"count": 3, "width": 32, "height": 32, "dtype": "uint8", "crs": "EPSG:32632"}
    common["transform"] = from_origin(LEFT, TOP, 1, 1)
    for name, driver, options in (
        ("plain.tif", "GTiff", {}),
        ("tiled.tif", "GTiff", {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate", "nodata": 0}),
        ("lossy.tif", "GTiff", {"compress": "jpeg", "tiled": True, "blockxsize": 16, "blockysize": 16, "nodata": 0}),
        ("picture.png", "PNG", {}),
        ("large.img", "HFA", {}),
        ("wave.jp2", "JP2OpenJPEG", {}),
        ("table.gpkg", "GPKG", {}),
        ("raw.bil", "EHdr", {}),
        ("map.tif", "GTiff", {"count": 1}),
    ):
        with rasterio.open(folder / name, "w", driver=driver, **{**common, **options}) as dataset:
            dataset.write(values[: dataset.count])
    file = '<SourceFilename relativeToVRT="1">plain.tif</SourceFilename><SourceBand>1</SourceBand>'
    (folder / "all.vrt").write_text(
        '<VRTDataset rasterXSize="32" rasterYSize="32"><SRS>EPSG:32632</SRS><GeoTransform>500000,1,0,5300000,0,-1'
        f'</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource>{file}</SimpleSource></VRTRasterBand>'
        "</VRTDataset>"
    )
    places = [(column, row) for column in (2, 12, 22) for row in (2, 12, 22)]
    boxes = [shapely.box(LEFT + x, TOP - y - 6, LEFT + x + 6, TOP - y) for x, y in places]
    to_degrees = pyproj.Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    for ending, driver in LAYERS.items():
        name = f"a.{ending}"
        crs, shapes = "EPSG:32632", np.array(boxes)
        if driver in ("GeoJSON", "KML"):
            crs, shapes = "EPSG:4326", shapely.transform(shapes, to_degrees.transform, interleaved=False)
        fields = [np.array(["house", "shed", "house"] * 3, object), np.arange(9) / 10]
        pyogrio.raw.write(
            folder / name,
            shapely.to_wkb(shapes),
            fields,
            ["class", "score"],
            geometry_type="Polygon",
            crs=crs,
            driver=driver,
        )
    return folder


def changed(data: bytes, rng: np.random.Generator) -> bytes:
    """A file with a few bytes or bits changed, cut, doubled, or blanked: headers more often than the rest."""
    values = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        size = len(values)
        at = int(rng.integers(0, min(size, 512) if rng.random() < 0.5 else size))
        kind = rng.integers(0, 6)
        if kind == 0:
            values[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            values[at] = int(rng.choice([0, 1, 127, 128, 255]))
        elif kind == 2:
            length = int(rng.integers(1, 9))
            values[at : at + length] = rng.integers(0, 256, length, np.uint8).tobytes()
        elif kind == 3 and at:
            del values[max(at, 16) :]
        elif kind == 4:
            length = min(int(rng.integers(1, 64)), size - at)
            values[at:at] = values[at : at + length]
        else:  # doubles of every kind of nonsense
            values[at : at + 8] = np.array([rng.choice([np.nan, np.inf, 1e300, -1.0, 0.0])]).tobytes()
        if not values:
            break
    return bytes(values)


def cases(seeds, folder, numbers):
    """One folder a case with the files of its kind, one of them changed: [folder, file, kind]."""
    names = sorted(path.name for path in seeds.iterdir())
    mutable = [name for name in names if not name.endswith((".prj", ".cpg", ".aux.xml", ".xsd"))]
    listed = []
    for number in numbers:
        rng = np.random.default_rng(number)
        name = mutable[number % len(mutable)]
        place = folder / str(number)
        place.mkdir()
        for each in names:
            if each.split(".")[0] == name.split(".")[0]:
                shutil.copy(seeds / each, place / each)
        if name == "all.vrt":
            shutil.copy(seeds / "plain.tif", place)
        (place / name).write_bytes(changed((seeds / name).read_bytes(), rng))
        main = {".dbf": ".shp", ".shx": ".shp", ".hdr": ".bil"}
        listed.append(str((place / name).with_suffix(main.get(Path(name).suffix, Path(name).suffix))))
    return listed


def test_whole_files_are_read(seeds):
    whole = [str(path) for path in sorted(seeds.iterdir()) if path.suffix in READ]
    assert len(whole) >= 15
    said = subprocess.run([sys.executable, str(READING), *whole], capture_output=True, text=True, check=True).stdout
    assert dict(map(json.loads, said.splitlines())) == dict.fromkeys(whole, "read")


def test_changed_files_are_read_or_refused_in_one_sentence(seeds, tmp_path):
    left, outcomes = cases(seeds, tmp_path, range(CASES)), {}
    while left:
        command = [sys.executable, str(READING), *left]
        limit = {"OMP_NUM_THREADS": "1", "CPL_LOG": os.devnull}
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                env=os.environ | limit,
                timeout=SECONDS * len(left),
                check=False,
            )
            lines, fate = done.stdout.splitlines(), f"ended with {done.returncode}: {done.stderr[-500:]}"
        except subprocess.TimeoutExpired as error:
            lines, fate = (error.stdout or b"").decode().splitlines(), "took too long"
        outcomes |= dict(json.loads(line) for line in lines)
        left = left[len(lines) :]
        if left:
            outcomes[left.pop(0)] = f"fell: {fate}"
    wrong = {path: outcome for path, outcome in outcomes.items() if not outcome.startswith(("read", "refused"))}
    read = sum(outcome.startswith("read") for outcome in outcomes.values())
    print(f"{len(outcomes)} cases: {read} read, {len(outcomes) - read - len(wrong)} refused, {len(wrong)} wrong")
    assert not wrong, json.dumps(wrong, indent=1)
    assert 0 < read < len(outcomes) == CASES
