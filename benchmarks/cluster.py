"""What a large map costs on several cards: a simulation of workers that take rasters from one storage.

    .venv/bin/python benchmarks/cluster.py --rate 14.3 --workers 1 8 64

Every worker reads a raster, with its share of what the storage gives, runs the network on it meanwhile, and writes the
map. Workers are lost at random and do their raster again. Nothing is measured here: rates are what is said.
"""

from __future__ import annotations

import argparse
import heapq
import json

import numpy as np

KM2 = 1e6
"""Square metres."""
DAY = 86_400.0


def main() -> None:
    """Print a row of the table in docs/cluster.md for each number of workers."""
    options = arguments()
    for workers in options.workers:
        print(json.dumps(row(options, workers)))


def arguments() -> argparse.Namespace:
    """Ground, rates and prices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--area", type=float, default=1e6, help="square kilometres")
    parser.add_argument("--gsd", type=float, default=0.2, help="metres")
    parser.add_argument("--raster", type=float, default=100.0, help="square kilometres of a raster")
    parser.add_argument("--rate", type=float, required=True, help="MPix/s of a worker")
    parser.add_argument("--window", type=int, default=512, help="side of a window in pixels")
    parser.add_argument("--overlap", type=float, default=0.25, help="share of a window's side")
    parser.add_argument("--bytes", type=float, default=0.3, help="of a pixel as it is stored (3.0: not compressed)")
    parser.add_argument("--map-bytes", type=float, default=0.02, help="of a pixel of the map")
    parser.add_argument("--storage", type=float, default=1e9, help="bytes a second that the storage gives to all")
    parser.add_argument("--days-between-losses", type=float, default=10.0, help="of a worker")
    parser.add_argument("--price", type=float, default=1.0, help="of a worker's hour")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def row(options: argparse.Namespace, workers: int) -> dict[str, float]:
    """Hours, money and what was lost, with so many workers."""
    pixels = options.raster * KM2 / options.gsd**2
    rasters = round(options.area / options.raster)
    computing = pixels / 1e6 / options.rate
    moving = pixels * (options.bytes + options.map_bytes) / (options.storage / workers)
    seconds, lost = simulated(rasters, max(computing, moving), workers, options)
    return {
        "workers": workers,
        "pixels": pixels * rasters,
        "windows": round(pixels * rasters / (options.window * (1 - options.overlap)) ** 2),
        "terabytes_read": round(pixels * rasters * options.bytes / 1e12, 1),
        "terabytes_written": round(pixels * rasters * options.map_bytes / 1e12, 2),
        "hours": round(seconds / 3600, 1),
        "worker_hours": round(workers * seconds / 3600),
        "price": round(workers * seconds / 3600 * options.price),
        "workers_lost": lost,
        "storage_holds_up": moving > computing,
        "workers_that_storage_feeds": int(options.storage / (options.rate * 1e6 * (options.bytes + options.map_bytes))),
    }


def simulated(rasters: int, seconds: float, workers: int, options: argparse.Namespace) -> tuple[float, int]:
    """Seconds until the last raster is done, and how many workers were lost.

    A lost worker's raster is taken up where its rows were kept (`journal`), by itself or another: half a row of windows
    is lost, which is nothing beside a raster, and a minute until somebody notices.
    """
    rng = np.random.default_rng(options.seed)
    free, lost, end = [0.0] * workers, 0, 0.0
    for _ in range(rasters):
        begun = heapq.heappop(free)
        losses = rng.poisson(seconds / (options.days_between_losses * DAY))
        lost += losses
        end = max(end, begun + seconds + 60.0 * losses)
        heapq.heappush(free, begun + seconds + 60.0 * losses)
    return end, lost


if __name__ == "__main__":
    main()
