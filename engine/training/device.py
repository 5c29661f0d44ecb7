"""Which device and arithmetic to train with."""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import torch
from lightning_fabric import Fabric

from ..config import Training
from ..errors import DeviceError
from ..malloc import keep_freed
from ..models import choose_device, cpu_has_bfloat16
from ..models.devices import out_of_memory
from ..processes import Place
from .together import shared_fabric

if TYPE_CHECKING:
    from lightning_fabric.plugins.precision.precision import _PRECISION_INPUT


def make_fabric(settings: Training, where: Place | None = None) -> Fabric:
    """Lightning Fabric on the device and precision asked for; `auto` takes the best that is there.

    On a processor this process keeps its freed memory from here on, for the steps' buffers are always the same.

    Args:
        settings: of the training.
        where: this process's place among those that train together; none: it is alone.

    Raises:
        DeviceError: the device asked for is not on this machine.
        TrainingError: the other processes do not come.
    """
    device = choose_device(settings.device)
    if device.type == "cpu":
        keep_freed()
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    precision = choose_precision(settings.precision, device.type)
    if where is not None:
        return shared_fabric(device, precision, where)
    devices = [device.index or 0] if device.type == "cuda" else 1
    return Fabric(accelerator=device.type, devices=devices, precision=cast("_PRECISION_INPUT", precision))


def choose_precision(name: str, accelerator: str) -> str:
    """bfloat16 where the processor has it in hardware, else 32 bits."""
    if name != "auto":
        return name
    if accelerator == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    return "bf16-mixed" if accelerator == "cpu" and cpu_has_bfloat16() else "32-true"


def half_precision(fabric: Fabric) -> bool:
    """Whether it computes in float16, in which large values are infinite."""
    return fabric.strategy.precision.precision == "16-mixed"


@contextmanager
def enough_memory(settings: Training, device: torch.device) -> Iterator[None]:
    """Whatever a device says when its memory is full becomes one sentence.

    Raises:
        DeviceError: it is full.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise DeviceError(
            f"{device} ran out of memory with a batch of {settings.batch_size} chips of {settings.chip_size} px; "
            "lower training.batch_size or training.chip_size."
        ) from error


def random_states(device: torch.device) -> dict[str, torch.Tensor]:
    """The state of the generator of a device that is not the CPU, by its type."""
    if device.type == "cuda":
        return {"cuda": torch.cuda.get_rng_state(device)}
    return {"mps": torch.mps.get_rng_state()} if device.type == "mps" else {}


def set_random_states(states: dict[str, torch.Tensor], device: torch.device) -> None:
    """Go on with what `random_states` gave, on a device of that type."""
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])


def device_name(fabric: Fabric) -> str:
    """The device as people call it."""
    if fabric.device.type == "cuda":
        return torch.cuda.get_device_name(fabric.device)
    threads = torch.get_num_threads()
    return f"{platform.processor() or platform.machine()}, {threads} thread{'' if threads == 1 else 's'}"
