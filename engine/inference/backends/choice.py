"""Which backend is fastest here, measured once and remembered for each machine and model."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...config import Card
from ...files import json_or_none
from .base import Backend, cores

PROBE_SECONDS = 1.0
LIBRARIES = {"openvino": "openvino", "onnxruntime": "onnxruntime", "torch": "torch"}
DEVICES = {"openvino": ("cpu", "xpu"), "onnxruntime": ("cpu", "cuda"), "torch": ("cpu", "cuda", "mps")}
"""What each of them can run on; what of it is here shows when it is tried."""
MEMORY_FILE = "backends.json"


class Candidate(NamedTuple):
    """A backend by name and the device that it is to run on."""

    backend: str
    device: str


def candidates(backend: str, device: str) -> list[Candidate]:
    """What may be tried for a person's wishes, the likely fastest first.

    Args:
        backend: auto, openvino, onnxruntime or torch.
        device: auto, cpu, cuda, cuda:1, mps, xpu.
    """
    names = [name for name in LIBRARIES if backend in ("auto", name) and find_spec(LIBRARIES[name])]
    if device == "auto":
        gpu = [Candidate("torch", "cuda")] if "torch" in names and gpus() else []
        return gpu + [Candidate(name, "auto" if name == "torch" else "cpu") for name in names]
    return [Candidate(name, device) for name in names if device.split(":")[0] in DEVICES[name]]


def rate(backend: Backend, card: Card) -> float:
    """Megapixels of windows that a backend runs in a second, over about `PROBE_SECONDS`.

    Args:
        backend: is called from as many threads as it asks for.
        card: says how large windows are, and what their values are like.
    """
    values = np.random.default_rng(0).normal(size=(backend.batch_size, len(card.bands), card.tile_size, card.tile_size))
    limits = np.iinfo(card.dtype) if np.issubdtype(card.dtype, np.integer) else np.finfo(np.float32)
    scale = np.reshape(card.mean, (-1, 1, 1)) + np.reshape(card.std, (-1, 1, 1)) * values
    images = scale.clip(limits.min, limits.max).astype(card.dtype if limits.dtype != np.float32 else np.float32)
    with ThreadPoolExecutor(backend.parallel) as pool:
        list(pool.map(backend.run, [images] * backend.parallel))
        count, started = 0, time.perf_counter()
        while (seconds := time.perf_counter() - started) < PROBE_SECONDS or not count:
            list(pool.map(backend.run, [images] * (2 * backend.parallel)))
            count += 2 * backend.parallel
    return count * backend.batch_size * card.tile_size**2 / 1e6 / seconds


def choose(
    wanted: list[Candidate], key: str, measure: Callable[[Candidate], float | None] | None, folder: Path
) -> Candidate:
    """The fastest candidate as remembered, or measured and remembered from now on.

    Args:
        wanted: at least one.
        key: of machine and model.
        measure: gives a candidate's rate, or none where it cannot run; none takes the first that is not remembered to
            be slower, for jobs that would be done before the measuring is.
        folder: where the memory is.
    """
    if len(wanted) == 1:
        return wanted[0]
    remembered = _remembered(folder).get(key, {})
    if measure is not None and not remembered:
        rates = {"/".join(each): measure(each) for each in wanted}
        remembered = {name: value for name, value in rates.items() if value}
        _remember(folder, key, remembered)
    return max(wanted, key=lambda each: remembered.get("/".join(each), 0.0))


def key_of(files: Iterable[Path], tile: int, wanted: list[Candidate]) -> str:
    """What a choice depends on: this machine, the libraries' versions, the model's files, windows and wishes."""
    machine = [platform.system(), platform.machine(), _processor(), cores(), *gpus()]
    parts = [*machine, *map(_version, LIBRARIES.values()), model_digest(files), tile, wanted]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def model_digest(files: Iterable[Path]) -> str:
    """A hash of a model's files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        with path.open("rb") as file:
            while part := file.read(2**20):
                digest.update(part)
    return digest.hexdigest()[:32]


def gpus() -> list[str]:
    """Names of NVIDIA GPUs, as the driver lists them; asking a library would mean loading it."""
    found = Path("/proc/driver/nvidia/gpus").glob("*/information")
    lines = [line for path in found for line in path.read_text().splitlines() if line.startswith("Model")]
    if lines or platform.system() != "Windows":
        return [line.partition(":")[2].strip() for line in lines]
    there = Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "nvcuda.dll").exists()
    return ["NVIDIA"] if there else []


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _remembered(folder: Path) -> dict[str, dict[str, float]]:
    content = json_or_none(folder / MEMORY_FILE)
    return {
        key: {name: rate for name, rate in rates.items() if isinstance(rate, int | float)}
        for key, rates in (content.items() if isinstance(content, dict) else ())
        if isinstance(rates, dict)
    }


def _remember(folder: Path, key: str, rates: dict[str, float]) -> None:
    """Losing this costs some seconds the next time, so a cache that cannot be written is no error."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{MEMORY_FILE}.{os.getpid()}"
        partial.write_text(json.dumps({**_remembered(folder), key: rates}, indent=1), encoding="utf-8")
        partial.replace(folder / MEMORY_FILE)
