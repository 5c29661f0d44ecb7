"""A training under torchrun, with the real commands: one job owns the folder, and a signal stops all of it in order."""

import signal
import subprocess
import sys
import time

from engine.cli.main import main
from engine.config import load_run, save_run
from engine.training.checkpoints import load_last
from tests.networks import NARROW

from .launching import ROOT
from .train import alone, train

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "engine", "train"]


def launched(folder, family, events):
    """A torchrun whose ranks have begun to train."""
    environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    before = steps(folder, events)
    launcher = family.start([sys.executable, *TORCHRUN, str(folder)], env=environment, cwd=ROOT, **pipes)
    deadline = time.monotonic() + 600
    while steps(folder, events) == before:
        assert launcher.poll() is None and time.monotonic() < deadline, launcher.communicate()
        time.sleep(0.05)
    return launcher


def steps(folder, events):
    return len(events(folder, "progress")) if (folder / "events.jsonl").exists() else 0


def test_torchrun_trains_keeps_others_out_stops_in_order_and_one_process_goes_on(make_run, family, events, capsys):
    settings = {"budget": {"steps": 100_000}, "device": "cpu", "precision": "32-true"}
    folder = make_run({"kind": "supervised", "network": NARROW}, roles=("segmentation",), **settings)
    launcher = launched(folder, family, events)
    launcher.kill()
    family.wait(10)  # nobody could stop those that it has started
    launcher = launched(folder, family, events)
    assert main(["train", str(folder)]) == 1
    assert "in use" in capsys.readouterr().err
    assert all(started["device"].startswith("2 x ") for started in events(folder, "started"))
    launcher.send_signal(signal.SIGTERM)
    _, said = launcher.communicate(timeout=120)
    family.wait(10)
    assert launcher.returncode and said.count("error: Training stopped as asked") == 1, said
    assert [event["kind"] for event in events(folder)][-2:] == ["checkpoint", "stopped"]
    assert not (folder / "stop").exists() and not (folder / "owner.json").exists()
    run = load_run(folder)
    step = load_last(folder, run).step
    run.training.budget.steps = step + 2
    save_run(run, folder)
    train(folder, alone())
    assert load_last(folder, run).step == step + 2
    assert events(folder, "progress")[-1]["fraction"] == 1.0
