import platform
import subprocess
import sys

import pytest
import torch

from engine.config import Training
from engine.errors import DeviceError
from engine.models import choose_device
from engine.training import make_fabric


def test_training_takes_the_device_and_the_arithmetic_asked_for():
    fabric = make_fabric(Training(device="cpu", precision="32-true"))
    assert fabric.device == torch.device("cpu")
    assert fabric._precision.precision == "32-true"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_named():
    with pytest.raises(DeviceError, match="'cuda:3' is not there"):
        make_fabric(Training(device="cuda:3"))


def test_a_name_that_is_no_device_is_named():
    with pytest.raises(DeviceError, match="'gpu' is not a device"):
        choose_device("gpu")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_steps_on_a_processor_use_their_freed_memory_again():
    """Pages that went back to the system would be faults when the next step asks for them: 16,384 in 64 MiB."""
    script = """
import resource, torch
from engine.config import Training
from engine.training import make_fabric
make_fabric(Training(device="cpu"))
def faults():
    for _ in range(4):
        torch.ones(2**24)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
faults()  # after which the heap has holes of the right size, whatever lies between them
first = faults()
print(faults() - first)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000
