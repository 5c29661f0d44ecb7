"""Checkpoints that were damaged or made by strangers: a training goes on from what is whole, or is one sentence.

The long form: GEODISTIL_FUZZ=400 python -m pytest tests/engine/fuzz/test_checkpoints.py
"""

import copy
import shutil

import pytest
import torch

from engine.config import load_run
from engine.training import loop
from engine.training.checkpoint_files import LAST, PREVIOUS, write_generation
from engine.training.checkpoints import load_last
from tests.engine.fuzz.mutating import cases, damaged, places, said, seeded
from tests.engine.training.tiny import RECIPE, SETTINGS, train

ROLES = ("segmentation",)
VALUES = [
    None, True, 0, -1, 1, 2**63, 10**30, 0.5, float("nan"), float("inf"), -1e300, "", "a", "../../x", [], {}, [[]],
    {"a": 1}, torch.zeros(0), torch.zeros(3), torch.full((2, 2), torch.nan), torch.zeros(1, dtype=torch.int64),
]  # fmt: skip


@pytest.fixture(scope="module")
def kept():
    """The folder of a training that was interrupted, made once."""
    return {}


@pytest.fixture
def begun(kept, make_run, tmp_path, monkeypatch):
    """A copy of an interrupted training with two generations, and the weights that it ends with if left alone."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", -1.0)
    folder = make_run(RECIPE, "run", ROLES, **SETTINGS)
    if "checkpoints" not in kept:
        train(folder, ("student", 3))
        kept["checkpoints"] = {path.name: path.read_bytes() for path in (folder / "checkpoints").iterdir()}
        kept["run"] = (folder / "run.json").read_bytes()
        whole = train(folder).network.state_dict()
        kept["weights"] = {name: value.clone() for name, value in whole.items()}
        shutil.rmtree(folder / "checkpoints")
    (folder / "checkpoints").mkdir()
    for name, content in kept["checkpoints"].items():
        (folder / "checkpoints" / name).write_bytes(content)
    (folder / "run.json").write_bytes(kept["run"])
    return folder, kept["weights"]


def goes_on(folder, expected):
    """Train on; where that ends, the weights must be those of an undisturbed training."""
    found = train(folder).network.state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items()), "other weights"


@pytest.mark.parametrize("seed", cases(12))
def test_bytes(begun, seed):
    """Of one generation, of both, or of best weights: what is whole is used, and gives the same."""
    folder, expected = begun
    rng = seeded("checkpoint", seed)
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    for name in rng.sample(names, rng.choice((1, 1, 2))):
        path = folder / "checkpoints" / name
        path.write_bytes(damaged(path.read_bytes(), rng))
    assert said(lambda: goes_on(folder, expected)) in ("ok", "TrainingError")


@pytest.mark.parametrize("seed", cases(12))
def test_values(begun, seed):
    """Sound files with values that no training writes, whose checksums are right."""
    folder, _ = begun
    rng = seeded("state", seed)
    values = torch.load(folder / "checkpoints" / LAST, weights_only=True)
    for _ in range(rng.randint(1, 3)):
        change(values, rng)
    shutil.rmtree(folder / "checkpoints")
    for _ in range(2):
        write_generation(folder / "checkpoints", values)
    assert (folder / "checkpoints" / PREVIOUS).exists()
    outcome = said(lambda: load_last(folder, load_run(folder)))
    if outcome == "ok":
        said(lambda: train(folder))


def change(values, rng):
    """Another value at a place, or none."""
    *way, last = rng.choice([place for place in places(values) if place])
    owner = values
    for key in way:
        owner = owner[key]
    if rng.random() < 0.2:
        del owner[last]
    elif isinstance(owner[last], torch.Tensor) and rng.random() < 0.4:
        owner[last] = owner[last].flatten()[:-1] if rng.random() < 0.5 else owner[last].to(torch.float64) * torch.nan
    else:
        owner[last] = copy.deepcopy(rng.choice(VALUES))
