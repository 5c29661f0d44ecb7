"""What launchers say, and what a training alone on a machine of several cards becomes."""

import os
import sys

import pytest
import torch

from engine.cli.train import take_all_cards
from engine.config import load_run
from engine.processes import Place, place
from tests.networks import NARROW

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
STEP = {
    "SLURM_JOB_ID": "123456",
    "SLURM_STEP_NUM_TASKS": "7",
    "SLURM_STEP_TASKS_PER_NODE": "4,3",
    "SLURM_STEP_NODELIST": "gpu[03-04]",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
}


@pytest.fixture
def environment(monkeypatch):
    for name in (*NAMES, *STEP):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_process_that_nobody_has_placed_is_alone(environment):
    assert place() is None
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}.items():  # torchrun, of one process
        environment.setenv(name, value)
    assert place() is None


def test_a_step_of_slurm_is_what_torchrun_would_say(environment):
    for name, value in STEP.items():
        environment.setenv(name, value)
    with environment.context() as inside:
        for name in NAMES:  # so that what is set is taken back
            inside.setenv(name, "")
            inside.delenv(name)
        assert place() == Place(rank=5, size=7, local_rank=1, local_size=4)
        assert os.environ["MASTER_ADDR"] == "gpu03" and os.environ["MASTER_PORT"] == "18456"


def test_a_batch_script_of_slurm_is_one_process(environment):
    environment.setenv("SLURM_JOB_ID", "123456")
    environment.setenv("SLURM_PROCID", "0")
    assert place() is None


@pytest.mark.parametrize(
    ("device", "cards", "processes"), [("all", 4, 4), ("all", 8, 6), ("auto", 4, 0), ("cuda", 4, 0), ("all", 1, 0)]
)
def test_all_has_every_card_train_each_with_a_chip_at_least(make_run, monkeypatch, device, cards, processes):
    folder = make_run({"kind": "supervised", "network": NARROW}, device=device, batch_size=6)
    started = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(torch.distributed, "is_nccl_available", lambda: True)
    monkeypatch.setattr("os.execv", lambda program, command: started.append((program, command)))
    monkeypatch.setattr(sys, "argv", ["engine", "train", str(folder)])
    take_all_cards(load_run(folder))
    if not processes:
        assert not started
        return
    ((program, command),) = started
    assert program == command[0] == sys.executable
    assert command[-4:] == ["-m", "engine", "train", str(folder)]
    assert command[command.index("--nproc-per-node") + 1] == str(processes)
