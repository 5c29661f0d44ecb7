import pytest
import torch

from engine.config import Training
from engine.errors import DeviceError
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
        make_fabric(Training(device="gpu"))
