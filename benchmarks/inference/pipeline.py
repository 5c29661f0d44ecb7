"""Prediction end to end against the bare forward of the same network, in one process, turn by turn.

    python benchmarks/inference/pipeline.py [--sizes 4096 8192] [--backends openvino onnxruntime torch] [--repeats 3]

The size small, both tasks, 6 classes, windows of 512 pixels with 12.5 % overlap, on the CPU; a DEFLATE GeoTIFF in, a
class map as Cloud-Optimised GeoTIFF out. Rates are in MPix/s of windows: overlap counts as work. The pipeline of
the fastest backend is held against the fastest bare forward; it should reach 0.85 of it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from bare import RATES
from common import BACKENDS, BUILD, OVERLAP, TILE, Rate, make_raster, median, open_backend, windows_of

GOAL = 0.85


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096, 8192], help="sides of the rasters, in pixels")
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    rates = {name: (RATES[name](), pipeline_rate(name)) for name in options.backends}
    worst = min(measure(side, rates, options.repeats) for side in options.sizes)
    print(f"lowest ratio {worst:.3f} (goal {GOAL})")
    return int(worst < GOAL)


def pipeline_rate(name: str) -> Rate:
    """Predicts the raster that has that many windows."""
    from engine.inference import Options, predict

    backend = open_backend(name)
    output = BUILD / f"pipeline_{name}"

    def rate(side: int) -> float:
        shutil.rmtree(output, ignore_errors=True)
        raster: Path = make_raster(side)
        started = time.perf_counter()
        predict(backend, str(raster), output, Options(overlap=OVERLAP))
        return windows_of(side) * TILE**2 / 1e6 / (time.perf_counter() - started)

    rate(1024)  # compiling and warming up
    return rate


def measure(side: int, rates: dict[str, tuple[Rate, Rate]], repeats: int) -> float:
    """The pipeline's share of the fastest bare forward, median of the turns."""
    make_raster(side)
    turns = [
        {name: (bare(windows_of(side)), pipeline(side)) for name, (bare, pipeline) in rates.items()}
        for _ in range(repeats)
    ]
    for name in rates:
        bare, end_to_end = (median([turn[name][part] for turn in turns]) for part in (0, 1))
        ratio = median([turn[name][1] / turn[name][0] for turn in turns])
        print(f"{side:>6} {name:>12}: bare {bare:.2f}, end to end {end_to_end:.2f} MPix/s, ratio {ratio:.3f}")
    best = max(rates, key=lambda name: median([turn[name][0] for turn in turns]))
    ratio = median([turn[best][1] / turn[best][0] for turn in turns])
    print(f"{side:>6} fastest is {best}: ratio {ratio:.3f}", flush=True)
    return ratio


if __name__ == "__main__":
    sys.exit(main())
