"""Which device and arithmetic to train with."""

from __future__ import annotations

import logging
import platform

import torch
from lightning_fabric import Fabric

from ..config import Training
from ..errors import DeviceError


def make_fabric(settings: Training) -> Fabric:
    """Lightning Fabric on the device and precision asked for; `auto` takes the best that is there.

    Raises:
        DeviceError: the device asked for is not on this machine.
    """
    accelerator, index = choose_device(settings.device)
    devices = [index] if accelerator == "cuda" else 1
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    return Fabric(accelerator=accelerator, devices=devices, precision=choose_precision(settings.precision, accelerator))


def choose_device(name: str) -> tuple[str, int]:
    """The accelerator and its index for `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.

    Raises:
        DeviceError: it is not on this machine, or no such name.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or not (index or "0").isdigit():
        raise DeviceError(f"There is no device '{name}'; use auto, cpu, cuda, cuda:1 or mps.")
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}[kind]
    if int(index or 0) >= there:
        raise DeviceError(f"This machine has no device '{name}'; use auto or cpu.")
    return kind, int(index or 0)


def choose_precision(name: str, accelerator: str) -> str:
    """bfloat16 where the processor has it in hardware, else 32 bits."""
    if name != "auto":
        return name
    if accelerator == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    return "bf16-mixed" if accelerator == "cpu" and cpu_has_bfloat16() else "32-true"


def cpu_has_bfloat16() -> bool:
    """Whether this processor computes with bfloat16 in hardware."""
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def device_name(fabric: Fabric) -> str:
    """The device as people call it."""
    if fabric.device.type == "cuda":
        return torch.cuda.get_device_name(fabric.device)
    return f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
