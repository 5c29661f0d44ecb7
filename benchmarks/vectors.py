"""Speed and memory of making vectors from a class map.

    python benchmarks/vectors.py            8192 x 8192: polygons plain, simplified, sieved; centre lines
    python benchmarks/vectors.py --memory   peak memory on 4096 columns by 4096 and by 32768 rows, and its ratio

The map is generated: blobs of four classes, a grid of roads, one pixel in a thousand wrong. Each measurement runs in
its own process; memory is the peak resident set. On a busy machine look at the speed in seconds of the processor.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.config.card import CardClass
from engine.inference.vectors import LineOptions, MapClass, MapFile, PolygonOptions, centre_lines, polygons

CLASSES = [CardClass(name=name, color="#808080") for name in ("building", "road", "tree", "water")]
ROAD = 2
GSD = 0.25
WORK = {
    "polygons": PolygonOptions(),
    "simplified": PolygonOptions(simplify_m=0.5),
    "sieved, simplified": PolygonOptions(minimum_area_m2=2, fill_holes_m2=2, simplify_m=0.5),
    "centre lines": LineOptions(maximum_width_m=8, gap_m=10),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(*given.one)))
    elif given.memory:
        low, high = (report(4096, rows, ["simplified", "sieved, simplified", "centre lines"]) for rows in (4096, 32768))
        for name, peak in low.items():
            print(f"{name}: peak of 32768 rows / peak of 4096 rows = {high[name] / peak:.2f}")
    else:
        report(given.size, given.size, list(WORK))


def report(width: int, rows: int, names: list[str]) -> dict[str, float]:
    """Print what each work takes; its peak memory in MB."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classes.tif"
        generate(path, width, rows)
        for name in names:
            command = [sys.executable, __file__, "--one", str(path), name]
            result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            peaks[name] = result["peak_mb"]
            speed, cpu_speed = (width * rows / 1e6 / result[key] for key in ("seconds", "cpu"))
            print(
                f"{width} x {rows:6d} {name:20s} {result['features']:8d} features {result['seconds']:7.1f} s "
                f"{speed:5.2f} MPix/s ({cpu_speed:5.2f} per processor second) "
                f"peak {result['peak_mb']:6.0f} MB (of which imports {result['imports_mb']:.0f} MB)",
                flush=True,
            )
    return peaks


def measured(path: str, name: str) -> dict[str, float]:
    imports = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, start_cpu = time.perf_counter(), time.process_time()
    output = Path(path).with_name(f"{name}.gpkg")
    if name == "centre lines":
        features = centre_lines(MapFile(Path(path)), output, MapClass(ROAD), WORK[name])
    else:
        features = polygons(MapFile(Path(path)), output, CLASSES, WORK[name])
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"features": features, "seconds": seconds, "cpu": cpu, "peak_mb": peak, "imports_mb": imports}


def generate(path: Path, width: int, rows: int, block: int = 512) -> None:
    """A class map made block by block, the same at each size; blobs do not cross blocks, roads cross all."""
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "width": width, "height": rows, "nodata": 255}
    layout = {"tiled": True, "blockxsize": block, "blockysize": block, "compress": "DEFLATE"}
    place = {"crs": "EPSG:32645", "transform": Affine(GSD, 0, 3e5, 0, -GSD, 3e6)}
    with rasterio.open(path, "w", **profile, **layout, **place) as raster:
        for row in range(0, rows, block):
            for column in range(0, width, block):
                raster.write(scene(block, row * width + column), 1, window=Window(column, row, block, block))


def scene(side: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    row, column = np.indices((side, side), np.float32)
    height = np.zeros((side, side), np.float32)
    for _ in range(12):
        wave = random.uniform(-0.2, 0.2, 2)
        height += np.sin(wave[0] * row + wave[1] * column + random.uniform(0, 6.28))
    values = np.digitize(height, [1, 3, 4, 5]).astype(np.uint8)
    values[values == ROAD] = 3
    values[(row % 256 < 20) | ((column + 30 * np.sin(row / 81.5)) % 256 < 16)] = ROAD
    wrong = random.random(values.shape) < 0.001
    values[wrong] = random.integers(0, 5, wrong.sum())
    return values


if __name__ == "__main__":
    main()
