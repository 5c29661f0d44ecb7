"""Training chips a second from a compressed GeoTIFF, against plain reads of the same windows by as many processes.

    .venv/bin/python benchmarks/chips.py

The raster is one scene of the demo world repeated: 8,192 px square, three bands of bytes, tiled, deflated. Reading
processes are started fresh; the first chips (cold: blocks are still being decompressed) and as many later ones (warm:
they lie in GDAL's block cache) are counted apart. Rounds of all kinds alternate, so that all see the same machine;
medians and ratios are printed. The gate is for chips as they lie in the raster, image and mask, without augmentation;
augmented ones (half of them change scale, all turn and change colour) are said beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
import pyogrio
import rasterio
import shapely
import torch
from torch.utils.data import DataLoader, Dataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.config import Augmentation, Run
from engine.data import Draw, Prepared, prepare, training_loader
from engine.demo import scene

NONE = Augmentation(dihedral=False, scale=0, color=0)
GATE = 2000


def main() -> int:
    """Measure and print; 1 where too few chips came."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        raster, areas = mosaic(Path(folder), options.size)
        run = make_run(raster, areas, options)
        prepared = prepare(run)
        kinds = {
            "plain reads": lambda start: raw_reads(run, prepared, start),
            "training, no augmentation": lambda start: training(run, prepared, start, NONE),
            "training, augmented": lambda start: training(run, prepared, start, run.training.augmentation),
        }
        rates: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
        for index in range(options.rounds):
            for name, kind in kinds.items():
                rates[name].append(two_rates(kind(index * 10**6), options))
        return int(show(rates) < GATE)


def show(rates: dict[str, list[tuple[float, float]]]) -> float:
    """The table, with the gate; returns what is held against it."""
    medians = {name: [median(column) for column in zip(*values, strict=True)] for name, values in rates.items()}
    reads = medians["plain reads"]
    print(f"{'chips of 256 px a second, two processes':42s} {'cold':>8s} {'warm':>8s}   share of plain reads")
    for name, (cold, warm) in medians.items():
        print(f"{name:42s} {cold:8.0f} {warm:8.0f}   {cold / reads[0]:.2f} cold, {warm / reads[1]:.2f} warm")
    plain, augmented = (medians[name][1] for name in ("training, no augmentation", "training, augmented"))
    print(f"gate: {GATE} a second, warm, without augmentation: {plain:.0f}; augmented {augmented / GATE:.2f} of it")
    return plain


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=8192, help="side of the raster in pixels")
    parser.add_argument("--chip-size", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chips", type=int, default=4000, help="chips counted in a round, cold and warm each")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def mosaic(folder: Path, size: int, side: int = 1024) -> tuple[Path, Path]:
    """The raster and its areas: one scene, beside and below itself."""
    part = scene(folder, side)
    raster, areas = folder / "mosaic.tif", folder / "mosaic.gpkg"
    with rasterio.open(part.raster) as source:
        image, transform = source.read(), source.transform
        profile = source.profile | {"width": size, "height": size}
    places = [(column, row) for row in range(0, size, side) for column in range(0, size, side)]
    with rasterio.open(raster, "w", **profile) as target:
        for column, row in places:
            target.write(image, window=rasterio.windows.Window(column, row, side, side))
    meta, _, geometries, (classes,) = pyogrio.raw.read(part.areas, columns=["class"])
    shapes = shapely.from_wkb(geometries)
    moved = [
        shapely.transform(shapes, lambda xy, c=c, r=r: np.add(xy, (c * transform.a, r * transform.e)))
        for c, r in places
    ]
    pyogrio.raw.write(
        areas,
        shapely.to_wkb(np.concatenate(moved)),
        [np.tile(classes, len(places))],
        ["class"],
        geometry_type="Unknown",
        crs=meta["crs"],
        driver="GPKG",
    )
    return raster, areas


def make_run(raster: Path, areas: Path, options: argparse.Namespace) -> Run:
    """A segmentation run over the raster."""
    labels = {"path": str(areas), "field": "class"}
    return Run(
        sources=[{"raster": str(raster), "role": "segmentation", "labels": labels}],
        segmentation_classes=[{"name": "roof"}, {"name": "road"}, {"name": "water"}],
        recipe={"kind": "supervised"},
        training={"chip_size": options.chip_size, "batch_size": options.batch_size, "workers": options.workers},
    )


def training(run: Run, prepared: Prepared, start: int, augmentation: Augmentation) -> Iterator[torch.Tensor]:
    """Images of the training loader."""
    run = run.model_copy(deep=True)
    run.training.augmentation = augmentation
    return (batch.image for batch in training_loader(prepared, run, "segmentation", Draw(start=start)))


def raw_reads(run: Run, prepared: Prepared, start: int) -> Iterator[torch.Tensor]:
    """Images of windows anywhere, read by rasterio and nothing else."""
    settings, grid = run.training, prepared.sources[0].reader.grid
    windows = Windows(run.sources[0].raster, grid.width, settings.chip_size, start)
    loader = DataLoader(
        windows, settings.batch_size, num_workers=settings.workers, multiprocessing_context="forkserver",
        prefetch_factor=4,
    )  # fmt: skip
    return iter(loader)


class Windows(Dataset):
    """Window `i` of a raster, as a tensor (C, H, W)."""

    def __init__(self, path: str, size: int, side: int, seed: int) -> None:
        self.path, self.size, self.side, self.seed = path, size, side, seed
        self.dataset = None

    def __len__(self) -> int:
        """More than anyone draws."""
        return 10**6

    def __getitem__(self, index: int) -> torch.Tensor:
        """Window `index`."""
        self.dataset = self.dataset or rasterio.open(self.path)
        column, row = np.random.default_rng([self.seed, index]).integers(0, self.size - self.side, 2)
        return torch.from_numpy(self.dataset.read(window=((row, row + self.side), (column, column + self.side))))


def two_rates(images: Iterator[torch.Tensor], options: argparse.Namespace) -> tuple[float, float]:
    """Chips a second at first, and after as many chips again; starting the processes is not counted."""
    next(images)
    return tuple(rate(images, options.chips // options.batch_size, options.batch_size) for _ in range(2))


def rate(images: Iterator[torch.Tensor], batches: int, size: int) -> float:
    """Chips a second over so many batches."""
    begun = time.perf_counter()
    for _ in islice(images, batches):
        pass
    return batches * size / (time.perf_counter() - begun)


if __name__ == "__main__":
    sys.exit(main())
