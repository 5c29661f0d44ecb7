"""Inputs that are large in one way each: seconds, and the peak memory of every process.

    .venv/bin/python benchmarks/large.py rasters --count 1000
    .venv/bin/python benchmarks/large.py labels --count 5000000 --kind boxes
    .venv/bin/python benchmarks/large.py imagery --gigabytes 100
    .venv/bin/python benchmarks/large.py classes --classes 60
    .venv/bin/python benchmarks/large.py bands --side 10980

`rasters`: opening, checking, splitting and measuring many small rasters with a label layer each, anew and again.
`labels`: one layer of very many features, `prepare` and chips of reading processes.
`imagery`: one raster that is never read whole: `check`, a short `train`, and `predict` of a part of it.
`classes`: both tasks with many classes: a short `train` with validation and report.
`bands`: twelve bands of a Sentinel-2 tile at 10 m and nothing chosen by hand: what is chosen then, a short `train`.

Each measurement runs in a process of its own. Memory is the peak resident set (`VmHWM`) of that process and of every
one it starts, sampled; `private` is what of it is not pages of files, which all processes share and the system may take
back.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CRS, LEFT, TOP, GSD = "EPSG:32632", 400_000.0, 5_400_000.0, 0.5


def main() -> None:
    """Make the input, measure in a fresh process, print."""
    options = arguments()
    if options.inside:
        print(json.dumps(KINDS[options.kind_of_input][1](Path(options.inside), options)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make, _ = KINDS[options.kind_of_input]
        begun = time.perf_counter()
        make(Path(folder), options)
        print(f"made in {time.perf_counter() - begun:.0f} s", flush=True)
        for round_ in range(options.rounds):
            result, peaks = watched([sys.executable, __file__, *sys.argv[1:], "--inside", folder])
            print(json.dumps({"round": round_, **result, "processes": peaks}, indent=1), flush=True)


def arguments() -> argparse.Namespace:
    """Sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind_of_input", choices=list(KINDS))
    parser.add_argument("--count", type=int, default=1000, help="rasters, or label features")
    parser.add_argument("--kind", choices=("boxes", "polygons"), default="boxes", help="of label features")
    parser.add_argument("--gigabytes", type=float, default=100, help="of imagery, not compressed")
    parser.add_argument("--classes", type=int, default=60, help="of each task")
    parser.add_argument("--side", type=int, default=10_980, help="of a Sentinel-2 tile in pixels")
    parser.add_argument("--steps", type=int, default=4, help="of trainings")
    parser.add_argument("--batches", type=int, default=40, help="of training chips that are read")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2, help="the second may find what the first has kept")
    parser.add_argument("--folder", help="where to work; needs room")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser.parse_args()


def watched(command: list[str]) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """The JSON that a program prints, and the peak memory in MB of its processes."""
    peaks: dict[int, dict[str, Any]] = {}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            for pid in family(process.pid):
                for name, value in memory_of(pid).items():
                    peaks.setdefault(pid, {}).setdefault(name, 0)
                    peaks[pid][name] = max(peaks[pid][name], value)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = process.communicate()
    ended.set()
    watcher.join()
    if process.returncode:
        sys.exit(process.returncode)
    first, *others = sorted(peaks)
    named = {"main": peaks[first]} | {f"other {index}": peaks[pid] for index, pid in enumerate(others)}
    return json.loads(out.splitlines()[-1]), {name: values for name, values in named.items() if values.get("peak", 0)}


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for each in found:
        try:
            for task in os.listdir(f"/proc/{each}/task"):
                found += map(int, Path(f"/proc/{each}/task/{task}/children").read_text().split())
        except OSError:
            continue
    return found


def memory_of(pid: int) -> dict[str, int]:
    """Peak resident and present private memory in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    values = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.split()}
    return {"peak": int(values.get("VmHWM", 0)) // 1024, "private": int(values.get("RssAnon", 0)) // 1024}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and the seconds that it takes."""
    begun = time.perf_counter()
    return work(), round(time.perf_counter() - begun, 2)


def write_raster(path: Path, image: np.ndarray, left: float, top: float) -> None:
    """An image (C, H, W) as a GeoTIFF."""
    bands, height, width = image.shape
    profile = {"driver": "GTiff", "dtype": image.dtype, "count": bands, "width": width, "height": height}
    with rasterio.open(path, "w", **profile, crs=CRS, transform=from_origin(left, top, GSD, GSD)) as raster:
        raster.write(image)


def write_labels(path: Path, shapes: np.ndarray, classes: np.ndarray, append: bool = False) -> None:
    """Areas with a class."""
    values = [np.array(["one", "two"], object)[classes]]
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), values, ["class"], geometry_type="Polygon", crs=CRS, driver="GPKG", append=append
    )


def areas(places: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Boxes or polygons of nine corners, about 8 m wide, around places (n, 2)."""
    if kind == "boxes":
        return shapely.box(*(places - 4).T, *(places + 4).T)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (len(places), 9)), axis=1)
    reach = rng.uniform(2, 5, (len(places), 9))
    corners = places[:, None] + np.stack([reach * np.cos(angles), reach * np.sin(angles)], axis=2)
    return shapely.polygons(corners)


def run_of(folder: Path, role: str, pairs: list[tuple[Path, Path]], options: argparse.Namespace) -> None:
    """A run file of rasters and labels."""
    sources = [
        {"raster": str(raster), "role": role, "labels": {"path": str(labels), "field": "class"}}
        for raster, labels in pairs
    ]
    classes = [{"name": "one"}, {"name": "two"}]
    training = {"chip_size": 256, "batch_size": 8, "workers": options.workers, "budget": {"steps": 20}}
    values = {"sources": sources, f"{role}_classes": classes, "recipe": {"kind": "supervised"}, "training": training}
    (folder / "run.json").write_text(json.dumps({"name": "large", **values}))


def make_rasters(folder: Path, options: argparse.Namespace) -> None:
    """Rasters of 256 px in a square of many, each with a layer of twenty areas."""
    rng, pairs, across = np.random.default_rng(0), [], int(np.ceil(np.sqrt(options.count)))
    for index in range(options.count):
        left, top = LEFT + index % across * 130, TOP - index // across * 130
        raster, labels = folder / f"{index}.tif", folder / f"{index}.gpkg"
        write_raster(raster, rng.integers(1, 255, (3, 256, 256), np.uint8), left, top)
        places = rng.uniform((left, top - 128), (left + 128, top), (20, 2))
        write_labels(labels, areas(places, options.kind, rng), rng.integers(0, 2, 20))
        pairs.append((raster, labels))
    run_of(folder, "segmentation", pairs, options)


def make_labels(folder: Path, options: argparse.Namespace) -> None:
    """A raster with room for all features, most of it not stored, and the features."""
    rng, side = np.random.default_rng(0), int(np.sqrt(options.count) * 40)
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "width": side, "height": side, "sparse_ok": True}
    layout = {"tiled": True, "compress": "DEFLATE", "bigtiff": "yes"}
    with rasterio.open(folder / "a.tif", "w", **profile, **layout, crs=CRS, transform=from_origin(LEFT, TOP, GSD, GSD)):
        pass
    metres = side * GSD
    for first in range(0, options.count, 100_000):
        count = min(100_000, options.count - first)
        places = rng.uniform((LEFT, TOP - metres), (LEFT + metres, TOP), (count, 2))
        write_labels(folder / "a.gpkg", areas(places, options.kind, rng), rng.integers(0, 2, count), append=first > 0)
    role = "detection" if options.kind == "boxes" else "segmentation"
    run_of(folder, role, [(folder / "a.tif", folder / "a.gpkg")], options)


def prepared_and_read(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds to prepare a run, until the first batch, and for each further one."""
    from engine.config import load_run
    from engine.data import kept_in, prepare, training_loader

    run, begun = load_run(folder), time.process_time()
    prepared, preparing = timed(lambda: prepare(run, kept_in(folder)))
    cpu = time.process_time() - begun
    batches = training_loader(prepared, run, run.sources[0].role)
    _, first = timed(lambda: next(batches))
    _, others = timed(lambda: [next(batches) for _ in range(options.batches)])
    return {
        "prepare_s": preparing,
        "prepare_cpu_s": round(cpu, 1),
        "first_batch_s": first,
        "batch_s": round(others / options.batches, 4),
        "labels": prepared.label_counts,
    }


def sparse(path: Path, side: int, bands: int, dtype: str, gsd: float) -> None:
    """A GeoTIFF of which only some blocks are stored: the others are zero, and take no room."""
    rng = np.random.default_rng(0)
    profile = {"driver": "GTiff", "dtype": dtype, "count": bands, "width": side, "height": side, "sparse_ok": True}
    layout = {"tiled": True, "blockxsize": 512, "blockysize": 512, "interleave": "pixel", "bigtiff": "yes"}
    place = {"crs": CRS, "transform": from_origin(LEFT, TOP, gsd, gsd)}
    with rasterio.open(path, "w", **profile, **layout, **place) as raster:
        for _ in range(200):
            column, row = (rng.integers(0, side // 512, 2) * 512).tolist()
            values = rng.integers(1, 200, (bands, 512, 512)).astype(dtype)
            raster.write(values, window=rasterio.windows.Window(column, row, 512, 512))


def make_imagery(folder: Path, options: argparse.Namespace) -> None:
    """A raster of so many bytes, all of it labelled, with some areas on it."""
    rng, side = np.random.default_rng(0), int(np.sqrt(options.gigabytes * 1e9 / 3))
    sparse(folder / "a.tif", side, 3, "uint8", GSD)
    metres = side * GSD
    places = rng.uniform((LEFT, TOP - metres), (LEFT + metres, TOP), (20_000, 2))
    write_labels(folder / "a.gpkg", areas(places, "polygons", rng), rng.integers(0, 2, len(places)))
    run_of(folder, "segmentation", [(folder / "a.tif", folder / "a.gpkg")], options)


def make_bands(folder: Path, options: argparse.Namespace) -> None:
    """A tile of twelve bands, with fields of some hundred metres in a labelled corner of 20 km."""
    rng = np.random.default_rng(0)
    sparse(folder / "a.tif", options.side, 12, "uint16", 10.0)
    places = rng.uniform((LEFT, TOP - 20_000), (LEFT + 20_000, TOP), (800, 2))
    sides = rng.uniform(60, 400, (800, 2))
    shapes = shapely.box(*(places - sides / 2).T, *(places + sides / 2).T)
    write_labels(folder / "a.gpkg", shapes, rng.integers(0, 2, 800))
    sources = [
        {"raster": str(folder / "a.tif"), "role": role, "area": {"kind": "hull"}, "labels": labels}
        for role in ("detection", "segmentation")
        for labels in [{"path": str(folder / "a.gpkg"), "field": "class"}]
    ]
    write_run(folder, sources, ["one", "two"], options, {})


def make_classes(folder: Path, options: argparse.Namespace) -> None:
    """Two rasters, one with boxes and one with areas of many classes."""
    rng, sources, side = np.random.default_rng(0), [], 2048
    for role in ("detection", "segmentation"):
        raster, labels = folder / f"{role}.tif", folder / f"{role}.gpkg"
        write_raster(raster, rng.integers(1, 255, (3, side, side), np.uint8), LEFT, TOP)
        places = rng.uniform((LEFT, TOP - side * GSD), (LEFT + side * GSD, TOP), (6000, 2))
        kinds = np.array([f"class {each}" for each in rng.integers(0, options.classes, 6000)], object)
        pyogrio.raw.write(
            labels, shapely.to_wkb(areas(places, "boxes", rng)), [kinds], ["class"], geometry_type="Polygon", crs=CRS,
            driver="GPKG",
        )  # fmt: skip
        sources.append({"raster": str(raster), "role": role, "labels": {"path": str(labels), "field": "class"}})
    write_run(folder, sources, [f"class {each}" for each in range(options.classes)], options, {"chip_size": 128})


def write_run(
    folder: Path, sources: list[dict], names: list[str], options: argparse.Namespace, training: dict[str, Any]
) -> None:
    """A run file of both tasks that leaves the rest open."""
    budget = {"budget": {"steps": options.steps}, "workers": options.workers, "batch_size": 4, "validations": 1}
    values = {
        "name": "large",
        "sources": sources,
        "detection_classes": [{"name": name} for name in names],
        "segmentation_classes": [{"name": name} for name in names],
        "recipe": {"kind": "supervised", "network": {"size": "nano", "weights": "none"}},
        "training": {**budget, **training},
    }
    (folder / "run.json").write_text(json.dumps(values))


def checked_and_trained(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of `check` and of a short training, and what was chosen."""
    from engine.cli.check import describe
    from engine.cli.train import train_run
    from engine.packages import load_card

    values = json.loads((folder / "run.json").read_text())
    values["training"]["budget"] = {"steps": options.steps}
    values["recipe"] = {"kind": "supervised", "network": {"size": "nano", "weights": "none"}}
    values["training"]["validations"] = 1
    (folder / "run.json").write_text(json.dumps(values))
    found, check = timed(lambda: describe(folder))
    trained, training = timed(lambda: train_run(folder))
    return {
        "check_s": check,
        "train_s": training,
        "networks": found["networks"],
        "warnings": found["warnings"],
        "blocks": len(found["blocks"]),
        "report_kb": (folder / "report.html").stat().st_size // 1024,
        "window": load_card(folder / "model").tile_size,
        "model": trained["model"],
    }


def imagery(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The same, and seconds of predicting 4 km2 in the middle."""
    found = checked_and_trained(folder, options)
    middle = int(np.sqrt(options.gigabytes * 1e9 / 3)) * GSD / 2
    part = [LEFT + middle - 1000, TOP - middle - 1000, LEFT + middle + 1000, TOP - middle + 1000]
    command = [sys.executable, "-m", "engine", "predict", found["model"], str(folder / "a.tif"), "--output"]
    command += [str(folder / "map"), "--extent", *map(str, part)]
    done, predicting = timed(lambda: subprocess.run(command, cwd=ROOT, capture_output=True, text=True))
    return {**found, "predict_s": predicting, "predict": done.stdout[-300:] or done.stderr[-600:]}


KINDS = {
    "rasters": (make_rasters, prepared_and_read),
    "labels": (make_labels, prepared_and_read),
    "imagery": (make_imagery, imagery),
    "classes": (make_classes, checked_and_trained),
    "bands": (make_bands, checked_and_trained),
}

if __name__ == "__main__":
    main()
