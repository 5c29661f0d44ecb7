"""Peak resident memory and speed of `predict` over raster sizes, each in a fresh process.

    python benchmarks/inference/memory.py [--sizes 4096 32768] [--backend openvino] [--network real]

The rasters are sparse (one block in ten is written; the others read as zeros, which are data). `--network none` answers
with noise at once instead of running the network, so that what is seen is reading, blending, encoding and writing. The
largest raster may take 1.1 times the memory of the smallest, and none more than 1 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time

import numpy as np
from common import BACKENDS, BUILD, CLASSES, OVERLAP, TILE, make_model, make_raster, open_backend, windows_of

GROWTH, LIMIT_MB = 1.1, 1000
WRITTEN = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096, 8192, 32768], help="sides of the rasters")
    parser.add_argument("--backend", choices=BACKENDS, default="openvino")
    parser.add_argument("--network", choices=("real", "none"), default="real")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measure(options.sizes[0], options.backend, options.network)))
        return 0
    peaks = [in_fresh_process(side, options) for side in sorted(options.sizes)]
    growth = peaks[-1] / peaks[0]
    print(f"growth {growth:.3f} (at most {GROWTH}), highest {max(peaks):.0f} MB (at most {LIMIT_MB})")
    return int(growth > GROWTH or max(peaks) > LIMIT_MB)


def in_fresh_process(side: int, options: argparse.Namespace) -> float:
    make_model()
    make_raster(side, WRITTEN)
    arguments = ["--alone", "--sizes", str(side), "--backend", options.backend, "--network", options.network]
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    row = json.loads(done.stdout.splitlines()[-1])
    print("{side:>6} x {side}: peak {peak_mb:.0f} MB, {seconds:.1f} s, {rate:.2f} MPix/s of windows".format(**row))
    sys.stdout.flush()
    return row["peak_mb"]


def measure(side: int, name: str, network: str) -> dict[str, float]:
    """Predict one raster here, and say what it took."""
    from engine.inference import Options, predict

    backend = open_backend(name)
    if network == "none":
        backend.run = _noise
    output = BUILD / "memory"
    shutil.rmtree(output, ignore_errors=True)
    started = time.perf_counter()
    predict(backend, str(make_raster(side, WRITTEN)), output, Options(overlap=OVERLAP))
    seconds = time.perf_counter() - started
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rate = windows_of(side) * TILE**2 / 1e6 / seconds
    return {"side": side, "peak_mb": kilobytes / 1024, "seconds": seconds, "rate": rate}


def _noise(images: np.ndarray) -> object:
    from engine.inference import Arrays

    coarse = np.random.default_rng(0).random((len(images), CLASSES, TILE // 16, TILE // 16), np.float32)
    return Arrays(coarse.repeat(16, axis=2).repeat(16, axis=3) / CLASSES)


if __name__ == "__main__":
    sys.exit(main())
