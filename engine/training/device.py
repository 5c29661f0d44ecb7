"""Which device and arithmetic to train with."""

from __future__ import annotations

import logging
import platform

import torch
from lightning_fabric import Fabric

from ..config import Training
from ..models import choose_device, cpu_has_bfloat16


def make_fabric(settings: Training) -> Fabric:
    """Lightning Fabric on the device and precision asked for; `auto` takes the best that is there.

    Raises:
        DeviceError: the device asked for is not on this machine.
    """
    device = choose_device(settings.device)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    devices = [device.index or 0] if device.type == "cuda" else 1
    precision = choose_precision(settings.precision, device.type)
    return Fabric(accelerator=device.type, devices=devices, precision=precision)


def choose_precision(name: str, accelerator: str) -> str:
    """bfloat16 where the processor has it in hardware, else 32 bits."""
    if name != "auto":
        return name
    if accelerator == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    return "bf16-mixed" if accelerator == "cpu" and cpu_has_bfloat16() else "32-true"


def device_name(fabric: Fabric) -> str:
    """The device as people call it."""
    if fabric.device.type == "cuda":
        return torch.cuda.get_device_name(fabric.device)
    threads = torch.get_num_threads()
    return f"{platform.processor() or platform.machine()}, {threads} thread{'' if threads == 1 else 's'}"
