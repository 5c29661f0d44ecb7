"""Where the time of a prediction goes: processor milliseconds a window in each stage, beside the network's own.

    python benchmarks/inference/stages.py [--size 4096] [--backend openvino] [--repeats 3]

Processor time minds little what else the machine does, so the share that the bare forward has of it tells on a busy
machine too how much of the pipeline's rate is at stake. A stage's time is that of the threads it runs in; `the rest` is
queues, progress, and memory that is handed about.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from bare import RATES
from common import BACKENDS, BUILD, OVERLAP, make_raster, median, open_backend, windows_of

Stages = dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--backend", choices=BACKENDS, default="openvino")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    raster, count = str(make_raster(options.size)), windows_of(options.size)
    backend, bare = open_backend(options.backend), RATES[options.backend]()
    stages: Stages = defaultdict(float)
    watch(stages)
    turns = [turn(lambda: bare(count), lambda: end_to_end(backend, raster), stages) for _ in range(options.repeats)]
    for name in turns[0]:
        print(f"{name:>22}: {median([each[name] for each in turns]) / count * 1000:7.2f} ms a window")
    share = median([each["bare forward"] / each["end to end"] for each in turns])
    print(f"bare forward / end to end, processor time: {share:.3f}")
    return 0


def end_to_end(backend: object, raster: str) -> None:
    from engine.inference import Options, predict

    shutil.rmtree(BUILD / "profile", ignore_errors=True)
    predict(backend, raster, BUILD / "profile", Options(overlap=OVERLAP))


def turn(bare: Callable[[], Any], pipeline: Callable[[], Any], stages: Stages) -> Stages:
    """Processor seconds of both, and of the pipeline's stages."""
    forward = processor(bare)
    stages.clear()
    whole = processor(pipeline)
    rest = whole - forward - sum(stages.values())
    return {"bare forward": forward, "end to end": whole, **stages, "the rest": rest}


def processor(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def watch(stages: Stages) -> None:
    """Have the pipeline's stages tell their threads' time."""
    from engine.data.raster import RasterReader
    from engine.inference import layers
    from engine.inference.strips import StripWriter
    from engine.inference.windows import Blender

    places = [
        (RasterReader, "read", "reading"),
        (Blender, "add", "blending"),
        (StripWriter, "write", "writing"),
        (StripWriter, "commit", "compressing, fsync"),
        (layers, "publish", "cloud-optimising"),
    ]
    for owner, function, name in places:
        setattr(owner, function, _timed(getattr(owner, function), name, stages))


def _timed(function: Callable[..., Any], name: str, stages: Stages) -> Callable[..., Any]:
    # The last stage works in threads of GDAL's own, while nothing else does: there the whole process counts.
    clock = time.process_time if name == "cloud-optimising" else time.thread_time

    def timed(*arguments: Any, **named: Any) -> Any:
        started = clock()
        try:
            return function(*arguments, **named)
        finally:
            stages[name] += clock() - started

    return timed


if __name__ == "__main__":
    sys.exit(main())
