"""A tiny labelled world that networks can learn in seconds: two rasters, red cars in boxes, white roofs as areas."""

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import numpy as np
import psutil
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from engine.config import Run, save_run
from tests import forks, graphs

KILL_SECONDS = 3.0
"""Within which everything that a killed process has started is to be gone."""
SIDE = 256
GSD = 0.5


def write_world(folder: Path, east: float, seed: int) -> dict[str, Path]:
    """One raster with `cars.gpkg` and `roofs.gpkg` beside it."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    image = rng.normal(90, 12, (3, SIDE, SIDE))
    cars, roofs = [], []
    for column in range(8, SIDE - 40, 48):
        for row in range(8, SIDE - 40, 48):
            x, y = column + rng.integers(0, 8), row + rng.integers(0, 8)
            if rng.random() < 0.5:
                image[:, y : y + 24, x : x + 28] = rng.normal(210, 8, (3, 24, 28))
                roofs.append(shapely.box(x, y, x + 28, y + 24))
            else:
                image[:, y : y + 10, x : x + 18] = rng.normal(60, 8, (3, 10, 18))
                image[0, y : y + 10, x : x + 18] += 140
                cars.append(shapely.box(x, y, x + 18, y + 10))
    transform = from_origin(east, 5_300_000, GSD, GSD)
    with rasterio.open(
        folder / "image.tif", "w", driver="GTiff", width=SIDE, height=SIDE, count=3, dtype="uint8", tiled=True,
        blockxsize=128, blockysize=128, crs="EPSG:32632", transform=transform,
    ) as raster:  # fmt: skip
        raster.write(image.clip(0, 255).astype("uint8"))
    for name, shapes, value in (("cars", cars, "car"), ("roofs", roofs, "roof")):
        ground = shapely.transform(np.array(shapes), lambda xy: np.column_stack(transform * (xy[:, 0], xy[:, 1])))
        pyogrio.raw.write(
            folder / f"{name}.gpkg", shapely.to_wkb(ground), [np.array([value] * len(shapes), dtype=object)], ["kind"],
            geometry_type="Polygon", crs="EPSG:32632", driver="GPKG",
        )  # fmt: skip
    return {"raster": folder / "image.tif", "cars": folder / "cars.gpkg", "roofs": folder / "roofs.gpkg"}


@pytest.fixture(scope="session", autouse=True)
def traced_by():
    """What traces graphs in truth: in tests those of networks of one structure are traced once."""
    return graphs.trace_once(graphs.kept())


@pytest.fixture(scope="module")
def traced_anew(traced_by):
    """Each graph of a module's tests is traced: for tests of exports themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.packages.onnx._traced", traced_by)
        yield


@pytest.fixture(scope="session")
def worlds(tmp_path_factory):
    """Three places: one for boxes, one for areas, one without labels."""
    folder = tmp_path_factory.mktemp("worlds")
    return [write_world(folder / str(index), 500_000 + 1000 * index, index) for index in range(3)]


@pytest.fixture
def make_run(worlds, tmp_path):
    """A function that writes a run folder: `make_run(recipe, name, roles, **training)`."""
    detection, segmentation, unlabelled = worlds
    every = {
        "detection": {
            "raster": str(detection["raster"]),
            "role": "detection",
            "labels": {"path": str(detection["cars"]), "field": "kind"},
        },
        "segmentation": {
            "raster": str(segmentation["raster"]),
            "role": "segmentation",
            "labels": {"path": str(segmentation["roofs"]), "field": "kind"},
        },
        "unlabelled": {"raster": str(unlabelled["raster"]), "role": "unlabelled"},
    }

    def make(recipe, name="run", roles=("detection", "segmentation"), **training):
        settings = {"budget": {"steps": 6}, "batch_size": 4, "chip_size": 64, "workers": 0, "validations": 2}
        run = Run(
            sources=[every[role] for role in roles],
            detection_classes=[{"name": "car", "color": "#ff0000"}] if "detection" in roles else [],
            segmentation_classes=[{"name": "roof", "color": "#0000ff"}] if "segmentation" in roles else [],
            recipe=recipe,
            training=settings | training,
        )
        folder = tmp_path / name
        save_run(run, folder)
        return folder

    return make


@pytest.fixture
def events():
    """A function that reads the events of a folder, all or of one kind."""

    def read(folder: Path, kind: str | None = None):
        lines = (folder / "events.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if kind in (None, event["kind"])]

    return read


class Family:
    """Processes and all that they start, whoever is their parent meanwhile: all have a mark in their environment."""

    def __init__(self) -> None:
        self._mark = str(uuid.uuid4())

    def start(self, command, env=None, **more):
        return subprocess.Popen(command, env=self._environment(env), text=True, **more)

    def fork(self, command, env=None, **more):
        """Start what loads the engine's libraries, with them loaded."""
        return forks.start(command, env=self._environment(env), text=True, **more)

    def members(self):
        return [process for process in psutil.process_iter() if self._has(process)]

    def kill_and_wait(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.wait()

    def wait(self, seconds=KILL_SECONDS):
        deadline = time.monotonic() + seconds
        while left := self.members():
            assert time.monotonic() < deadline, [each.cmdline() for each in left]
            time.sleep(0.05)

    def _environment(self, more):
        return {**os.environ, **(more or {}), forks.MARK: self._mark}

    def _has(self, process):
        try:
            return process.environ().get(forks.MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


@pytest.fixture
def family():
    """Starts processes, and knows theirs; none is left after the test."""
    found = Family()
    yield found
    for process in found.members():
        process.kill()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 8 MB of its own, and what gives it more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True).returncode
    ):
        pytest.skip("file systems cannot be mounted here")
    yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=256m", folder], check=True)
    subprocess.run(["umount", "-l", folder], check=True)
