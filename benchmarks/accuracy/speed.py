"""(f) Student against teachers: accuracy, size and speed of the controlled table's finished networks."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, product
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engine.data.raster import RasterReader
from engine.inference import Backend, OnnxBackend, OpenVinoBackend, TorchBackend
from engine.models.encoders import parameters
from engine.packages import load_package
from engine.packages.item import GRAPH_FILE
from engine.packages.onnx import export_joint

from .banepa import make_banepa
from .methods import BOTH, DETECTION_TEACHER, SEGMENTATION_TEACHER, VANILLA
from .mosaic import permit_mosaics
from .running import slug
from .summary import Results

ROWS = (DETECTION_TEACHER, SEGMENTATION_TEACHER, VANILLA, f"distilled, {BOTH}")
LIBRARIES = {"torch": "torch", "onnx": "onnxruntime", "openvino": "OpenVINO"}
FILE = "speed.json"
ROUNDS = 7
WINDOWS = 24
SIDE = 512
"""Of windows, in pixels: the same for all, since small windows cost more a pixel."""


def write_speed(table_folder: Path, results: Results, data: Path, gsd: float) -> str:
    """Time the networks of the first seed that has them all, taking turns; `speed.json`, `speed.md` beside the table.

    Args:
        table_folder: of the table controlled, with its run folders.
        results: the table's, of all seeds.
        data: the real imagery, of which Banepa's is predicted.
        gsd: the table's ground sampling distance, in metres.

    Raises:
        SystemExit: the table's networks are not there yet.
    """
    seeds = [
        {row: folder / slug(row) / "model" for row in ROWS}
        for folder in sorted(table_folder.glob("seed-*"))
        if all((folder / slug(row) / "model").exists() for row in ROWS)
    ]
    if not seeds:
        raise SystemExit(f"Train these rows of the table controlled first, speed compares them: {'; '.join(ROWS)}.")
    models = seeds[0]
    permit_mosaics()
    with TemporaryDirectory() as scratch:
        windows = windows_of(make_banepa(data, Path(scratch)).imagery, gsd)
        speeds = speeds_of(models, windows, Path(scratch))
    entries = [
        {
            "network": row,
            "parameters": parameters(load_package(model)[0]),
            "megabytes": round((model / "model.safetensors").stat().st_size / 1e6, 1),
            **{f"{name}_megapixels_per_second": speeds[name][row] for name in speeds},
            **accuracy(results.get(row, {})),
        }
        for row, model in models.items()
    ]
    (table_folder / FILE).write_text(json.dumps(entries, indent=2) + "\n")
    (table_folder / "speed.md").write_text(text := markdown(entries))
    return text


def keep_speed(table_folder: Path, kept: Path) -> None:
    """Copy what was measured here to the repository, and write the table of what is kept there."""
    if (table_folder / FILE).exists():
        shutil.copyfile(table_folder / FILE, kept)
    if kept.exists():
        (table_folder / "speed.md").write_text(markdown(json.loads(kept.read_text())))


def windows_of(raster: Path, gsd: float) -> np.ndarray:
    """Windows (n, 3, SIDE, SIDE) of a raster at a ground sampling distance.

    How many objects a network sees in them costs time, too, and noise is full of them.
    """
    reader = RasterReader(raster, [1, 2, 3], gsd)
    corners = product(range(0, reader.grid.height - SIDE + 1, SIDE), range(0, reader.grid.width - SIDE + 1, SIDE))
    return np.stack([reader.read(column, row, SIDE, SIDE)[0] for row, column in corners]).astype(np.float32)


def speeds_of(models: dict[str, Path], windows: np.ndarray, graphs: Path) -> dict[str, dict[str, float]]:
    """MPix/s of packages by library and row.

    Args:
        models: packages by row.
        windows: of real ground, as of `windows_of`.
        graphs: a folder for graphs that take windows of `SIDE`: a package's own takes windows of one size.
    """
    backends: dict[str, dict[str, Backend]] = {name: {} for name in LIBRARIES}
    for row, model in models.items():
        network, card = load_package(model)
        folder = graphs / slug(row)
        folder.mkdir()
        export_joint(network, card.model_copy(update={"tile_size": SIDE}), folder / GRAPH_FILE)
        backends["torch"][row] = TorchBackend(network, card)
        backends["onnx"][row] = OnnxBackend(folder, card)
        backends["openvino"][row] = OpenVinoBackend(folder, card)
    return {name: megapixels_per_second(each, windows) for name, each in backends.items()}


def megapixels_per_second(backends: dict[str, Backend], windows: np.ndarray) -> dict[str, float]:
    """Median speed of each on windows of one size; rounds are interleaved, so that noise meets all alike.

    Windows run as many at once as a prediction runs them.
    """
    batches = [window[None] for window, _ in zip(cycle(windows), range(WINDOWS), strict=False)]
    seconds: dict[str, list[float]] = {row: [] for row in backends}
    for _ in range(ROUNDS + 1):
        for row, backend in backends.items():
            seconds[row].append(_seconds(backend, batches))
    # the first round warms up
    return {row: round(WINDOWS * SIDE**2 / 1e6 / median(times[1:]), 2) for row, times in seconds.items()}


def accuracy(results: dict[int, dict[str, Any]]) -> dict[str, float]:
    """Means over a row's seeds, results as in `Results`."""
    scores = [result["scores"] for result in results.values()]
    found = {}
    for task, metric in (("segmentation", "mean_iou"), ("detection", "ap50")):
        values = [score[task][metric] for score in scores if task in score]
        if defined := [value for value in values if value is not None]:
            found[metric] = mean(defined)
    return found


def markdown(entries: list[dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "## Student against teachers (networks of the controlled pair)",
        "",
        f"| network | mean IoU | AP50 | M parameters | MB | {' | '.join(f'MPix/s {n}' for n in LIBRARIES.values())} |",
        "|---|---|---|---|---|" + "---|" * len(LIBRARIES),
    ]
    for entry in entries:
        scores = " | ".join(f"{entry[key]:.3f}" if key in entry else "" for key in ("mean_iou", "ap50"))
        speeds = " | ".join(f"{entry[f'{name}_megapixels_per_second']:.2f}" for name in LIBRARIES)
        size = f"{entry['parameters'] / 1e6:.1f} | {entry['megabytes']}"
        lines.append(f"| {entry['network']} | {scores} | {size} | {speeds} |")
    total = (
        f"{WINDOWS} windows of {SIDE} px of Banepa each, median of {ROUNDS} interleaved rounds; students do both tasks."
    )
    return "\n".join([*lines, "", total, ""])


def _seconds(backend: Backend, batches: list[np.ndarray]) -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(backend.parallel) as pool:
        list(pool.map(backend.run, batches))
    return time.perf_counter() - begun
