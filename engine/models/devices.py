"""The devices of this machine, for training and prediction alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import torch
from torch import nn

from ..errors import DeviceError
from ..malloc import has_room

MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed", "bad_alloc")
"""What MPS, PyTorch's allocators, oneDNN and CUDA's libraries say of it."""
NO_PRIMITIVE = "could not create a primitive"
"""What oneDNN says where there is no room for its code; of what it cannot do it says "a primitive descriptor"."""


Module = TypeVar("Module", bound=nn.Module)


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto`, and `all` for one process, take CUDA, then MPS, then the CPU.

    Raises:
        DeviceError: there is no such device.
    """
    if name in ("auto", "all"):
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"'{name}' is not a device.", "Use auto, cpu, cuda, cuda:1 or mps.") from error
    there: dict[str, Callable[[], bool]] = {
        "cpu": lambda: True,
        "cuda": lambda: torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available,
    }
    if not there.get(device.type, lambda: False)():
        raise DeviceError(f"The device '{name}' is not there.", "Use auto or cpu.")
    return device


def channels_last(network: Module, device: torch.device) -> Module:
    """The network on a device, its kernels in the order that convolutions are quickest in."""
    moved: Module = cast("Any", network).to(device, memory_format=torch.channels_last)  # an overload lacks in torch
    return moved


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device has no memory left: only CUDA's has a type of its own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (any(words in text for words in MEMORY_WORDS) or text == NO_PRIMITIVE)


def check_memory(error: Exception) -> None:
    """See that what came up while a file was read is the file's fault: a sound one must not count as damaged.

    Raises:
        MemoryError: there is too little memory to read it.
    """
    if out_of_memory(error) or not has_room():
        raise MemoryError(str(error)) from error


@contextlib.contextmanager
def panics_as_full_memory() -> Iterator[None]:
    """safetensors, in Rust, does not raise where it gets no memory but panics, and PyO3's panic is no Exception.

    Raises:
        MemoryError: in a panic's place.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise MemoryError(str(error)) from None


def cpu_has_bfloat16() -> bool:
    """Whether this processor computes with bfloat16 in hardware."""
    found: bool = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return found
