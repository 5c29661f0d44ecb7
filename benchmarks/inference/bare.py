"""The bare forward of the benchmark's network in each library, called directly: what a pipeline can at most reach."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from common import CLASSES, TILE, Rate, make_model

IMAGES = np.random.default_rng(0).standard_normal((4, 3, TILE, TILE)).astype(np.float32)


def openvino_rate() -> Rate:
    """Asynchronous requests on as many streams as cores, OpenVINO's own settings for throughput."""
    import openvino

    core = openvino.Core()
    model = core.read_model(make_model() / "model.onnx")
    model.reshape([1, 3, TILE, TILE])
    compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
    requests = openvino.AsyncInferQueue(compiled)

    def run(count: int) -> None:
        for index in range(count):
            requests.start_async({0: IMAGES[index % 4 : index % 4 + 1]}, share_inputs=True)
        requests.wait_all()

    return _rate(run)


def onnxruntime_rate() -> Rate:
    """One window at a time on all cores."""
    import onnxruntime

    session = onnxruntime.InferenceSession(make_model() / "model.onnx", providers=["CPUExecutionProvider"])

    def run(count: int) -> None:
        for index in range(count):
            session.run(None, {"image": IMAGES[index % 4 : index % 4 + 1]})

    return _rate(run)


def torch_rate() -> Rate:
    """Batches of four on all cores, in bfloat16 where the processor has it, channels last, softmax as in the graph."""
    import torch

    from engine.models import cpu_has_bfloat16
    from engine.packages import load_package

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    network = load_package(make_model())[0].to(memory_format=torch.channels_last)
    images = torch.from_numpy(IMAGES).contiguous(memory_format=torch.channels_last)

    def run(count: int) -> None:
        for start in range(0, count, 4):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
                answer = network(images[: min(4, count - start)]).segmentation.softmax(dim=1)
        assert answer.shape[1] == CLASSES

    return _rate(run)


RATES = {"openvino": openvino_rate, "onnxruntime": onnxruntime_rate, "torch": torch_rate}


def _rate(run: Callable[[int], None]) -> Rate:
    def rate(count: int) -> float:
        started = time.perf_counter()
        run(count)
        return count * TILE**2 / 1e6 / (time.perf_counter() - started)

    rate(4)  # compiling and warming up
    return rate
