"""The backend for a model on this machine: the one asked for, or the fastest, each measured in its own process."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeviceError, GeoDistilError

if TYPE_CHECKING:
    from ..config import Card
    from ..inference import Backend
    from ..inference.backends.choice import Candidate

PROBE_LIMIT_SECONDS = 60
WORTH_MEGAPIXELS = 50
"""Smaller jobs are done before all backends are measured."""


def choose_backend(folder: Path, card: Card, backend: str, device: str, megapixels: float) -> Candidate:
    """Which backend it is to be, and on which device.

    Args:
        folder: the package's folder.
        card: its card.
        backend: auto, openvino, onnxruntime or torch.
        device: auto, cpu, cuda, cuda:1, mps, xpu.
        megapixels: how much there is to predict.

    Raises:
        DeviceError: no backend has this device.
    """
    from ..inference.backends.choice import candidates, choose, key_of
    from ..packages.reader import cache_folder

    wanted = [each for each in candidates(backend, device) if _fits(each.backend, card)]
    if not wanted:
        raise DeviceError(f"The backend '{backend}' does not run on '{device}' here.", "Use --backend auto.")
    measure = (lambda each: _measured(folder, each)) if megapixels > WORTH_MEGAPIXELS else None
    key = key_of(model_files(folder), card.tile_size, wanted)
    return choose(wanted, key, measure, cache_folder())


def _fits(backend: str, card: Card) -> bool:
    """A model of another program has no weights for PyTorch; OpenVINO's half precision is too coarse for values."""
    return backend == "onnxruntime" or (
        card.network is not None if backend == "torch" else "regression" not in card.tasks
    )


def make_backend(folder: Path, card: Card, candidate: Candidate) -> Backend:
    """The backend of a candidate."""
    from .. import inference
    from ..packages import load_package

    if candidate.backend == "torch":
        network, _ = load_package(folder)
        return inference.TorchBackend(network, card, candidate.device)
    kinds = {"onnxruntime": "OnnxBackend", "openvino": "OpenVinoBackend"}
    found: Backend = getattr(inference, kinds[candidate.backend])(folder, card, candidate.device)
    return found


def model_files(folder: Path) -> list[Path]:
    """The files that make a model what it is."""
    return [path for path in folder.iterdir() if path.suffix in (".onnx", ".safetensors")]


def _measured(folder: Path, candidate: Candidate) -> float | None:
    """A candidate's rate, or none. In a process of its own: the memory of the libraries not chosen goes with it."""
    command = [sys.executable, "-m", __name__, str(folder), *candidate, str(os.getpid())]
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=PROBE_LIMIT_SECONDS)
        return float(json.loads(done.stdout.splitlines()[-1]))
    except (subprocess.TimeoutExpired, OSError, ValueError, IndexError, TypeError):
        return None


def main() -> None:
    """Measure one candidate, and print megapixels a second, or null where it does not run."""
    from ..inference.backends.choice import Candidate, rate
    from ..packages import load_card
    from ..processes import end_with_process

    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("candidate", nargs=2)
    arguments.add_argument("parent", type=int)
    options = arguments.parse_args()
    end_with_process(options.parent)
    card = load_card(options.folder)
    try:
        print(json.dumps(rate(make_backend(options.folder, card, Candidate(*options.candidate)), card)))
    except (GeoDistilError, RuntimeError, ImportError):
        print("null")


if __name__ == "__main__":
    main()
