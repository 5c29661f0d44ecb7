"""Checkpoints that were damaged, and trainings that go on from what is left of them."""

import os
import random
import shutil
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config import load_run
from engine.errors import OutputError, TrainingError, WeightsError
from engine.models.storage import load_weights, save_weights
from engine.training import checkpoint_files, loop
from engine.training.best import BestWeights
from engine.training.checkpoint_files import LAST, PREVIOUS, read_generation, write_generation
from engine.training.checkpoints import Diverged, load_last
from tests import forks

from .tiny import RECIPE, SETTINGS, train

ROLES = ("segmentation",)


def flipped(content, rng):
    content = bytearray(content)
    for _ in range(20):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


DAMAGE = {
    "flipped": flipped,
    "truncated": lambda content, rng: content[: rng.randrange(1, len(content))],
    "zeroed": lambda content, rng: bytes(len(content)),
    "partly zeroed": lambda content, rng: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
    "text": lambda content, rng: b"<html>Sign in to the network</html>\n" * 100,
    "empty": lambda content, rng: b"",
}


def damage(path, kind, seed=0):
    path.write_bytes(DAMAGE[kind](path.read_bytes(), random.Random(f"{kind} {path.name} {seed}")))


def shipped(trained):
    return {**trained.network.state_dict(), **{name: torch.tensor(score) for name, score in trained.values.items()}}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@pytest.fixture
def often(monkeypatch):
    """A checkpoint after each step."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", -1.0)


@pytest.fixture
def whole(make_run, often):
    """A folder's maker, and what an uninterrupted training ships."""
    folder = make_run(RECIPE, "whole", ROLES, **SETTINGS)
    return lambda name: make_run(RECIPE, name, ROLES, **SETTINGS), shipped(train(folder))


def metrics(events, folder):
    """Where validations were, each once."""
    found = [(event["stage"], event["network"], event["step"]) for event in events(folder, "metrics")]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("stop_at", [("teacher", 6), ("teacher", 12), ("student", 1), ("student", 7)])
def test_a_training_resumed_between_validations_validates_and_ships_as_if_nothing_had_been(
    make_run, whole, events, stop_at
):
    make, expected = whole
    folder = make("broken")
    train(folder, stop_at)
    assert_same(shipped(train(folder)), expected)
    assert metrics(events, folder) == metrics(events, folder.with_name("whole"))


@pytest.mark.parametrize(
    ("kind", "stop_at"), [("flipped", ("teacher", 6)), ("truncated", ("student", 1)), ("zeroed", ("student", 4))]
)
def test_a_training_falls_back_a_generation_and_ships_the_same(whole, events, kind, stop_at):
    """At the student's first checkpoint that is the teacher's last, whose best weights are not those of now."""
    make, expected = whole
    folder = make("broken")
    train(folder, stop_at)
    damage(folder / "checkpoints" / LAST, kind)
    assert_same(shipped(train(folder)), expected)
    (warning,) = events(folder, "warning")
    assert f"{LAST} cannot be read (it is damaged); training goes on from the one before it" in warning["message"]


@pytest.mark.parametrize("part", ["networks", "averages", "best"])
def test_a_generation_whose_weights_are_no_numbers_counts_as_damaged(whole, events, part):
    """As a fault of the memory leaves it in the moment in which it is written."""
    make, expected = whole
    folder = make("broken")
    train(folder, ("student", 7))
    values = torch.load(folder / "checkpoints" / LAST, weights_only=True)
    weight = next(each for each in values[part]["student"].values() if each.is_floating_point())
    weight[(0,) * weight.ndim] = torch.nan
    torch.save(values, folder / "checkpoints" / LAST)
    assert_same(shipped(train(folder)), expected)
    (warning,) = events(folder, "warning")
    assert f"{LAST} cannot be read (it is damaged); training goes on from the one before it" in warning["message"]


def test_what_ceases_to_be_a_number_while_it_is_written_replaces_nothing(tmp_path):
    def check():
        raise Diverged("A weight is not a number.")

    write_generation(tmp_path, {"step": 1})
    with pytest.raises(Diverged):
        write_generation(tmp_path, {"step": 2}, check)
    assert read_generation(tmp_path, dict, pytest.fail) == {"step": 1} and [*tmp_path.iterdir()] == [tmp_path / LAST]


def test_the_best_weights_are_numbers(tmp_path):
    network, best = torch.nn.Linear(2, 2), BestWeights(tmp_path)
    path = best.take("student", network)
    before, now = path.read_bytes(), best.now["student"]
    network.weight.data[0, 0] = torch.inf
    with pytest.raises(Diverged, match="weight of the student is not a number"):
        best.take("student", network)
    assert path.read_bytes() == before and best.now["student"] is now


def test_a_newest_generation_of_any_damage_gives_way_to_the_one_before(tmp_path):
    for step in (1, 2):
        write_generation(tmp_path / "whole", {"step": step, "weights": torch.randn(100)})
    for kind in [*DAMAGE, "missing"]:
        for seed in range(5):
            copy = shutil.copytree(tmp_path / "whole", tmp_path / f"{kind} {seed}")
            damage(copy / LAST, kind, seed) if kind != "missing" else (copy / LAST).unlink()
            said = []
            assert read_generation(copy, dict, said.append)["step"] == 1
            why = "is missing" if kind == "missing" else "is damaged"
            assert len(said) == 1 and f"{LAST} cannot be read (it {why})" in said[0]
            assert read_generation(copy, dict, pytest.fail)["step"] == 1, "for good"


def test_a_damaged_older_generation_does_not_matter(whole, events):
    make, expected = whole
    folder = make("broken")
    train(folder, ("student", 3))
    damage(folder / "checkpoints" / PREVIOUS, "flipped")
    assert_same(shipped(train(folder)), expected)
    assert not events(folder, "warning")


def test_two_damaged_generations_are_one_sentence(whole):
    make, _ = whole
    folder = make("broken")
    train(folder, ("student", 3))
    for kind in ("flipped", "text"):
        for name in (LAST, PREVIOUS):
            damage(folder / "checkpoints" / name, kind)
        with pytest.raises(TrainingError, match=rf"{LAST} cannot be read .*previous\.pt.*Put a copy .* or delete"):
            train(folder)
        assert (folder / "checkpoints" / LAST).exists(), "nothing begins anew by itself"


def test_too_little_memory_is_no_damage(tmp_path, monkeypatch):
    """Else a sound newest generation would give way to the one before it, or a person would be told to delete both."""
    for step in (1, 2):
        write_generation(tmp_path, {"step": step})
    before = [(tmp_path / name).read_bytes() for name in (LAST, PREVIOUS)]
    read, told = checkpoint_files._read, []

    def short(path):
        if path.name == LAST:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory"
            )
        return read(path)

    monkeypatch.setattr(checkpoint_files, "_read", short)
    with pytest.raises(MemoryError):
        read_generation(tmp_path, lambda values: values, told.append)
    assert [(tmp_path / name).read_bytes() for name in (LAST, PREVIOUS)] == before and not told
    monkeypatch.undo()
    assert read_generation(tmp_path, lambda values: values, told.append)["step"] == 2
    save_weights({"weights": torch.zeros(3)}, tmp_path / "weights.safetensors")
    monkeypatch.setattr("engine.models.storage.load", lambda content: short(tmp_path / LAST))
    with pytest.raises(MemoryError):
        load_weights(tmp_path / "weights.safetensors")


def test_no_damage_of_any_place_is_believed(tmp_path):
    """Two hundred places of a checkpoint with each of its parts: header, names, tensors, directory."""
    values = {"weights": torch.arange(300.0), "names": ["a", "b"], "step": 7, "more": {"x": torch.zeros(3)}}
    path = write_generation(tmp_path, values)
    content, rng = path.read_bytes(), random.Random(0)
    for _ in range(200):
        changed = bytearray(content)
        changed[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        try:
            found = read_generation(tmp_path, dict, pytest.fail)
        except TrainingError:
            continue
        assert str(found) == str(values), "what was not noticed was of no importance"


def test_the_generation_before_survives_whatever_happens_while_the_next_is_written(tmp_path, monkeypatch):
    """Every step of a write is the last one once; what a training then goes on from is one of the two."""
    for name in ("synchronise", "os.replace"):
        for count in (1, 2):
            folder = tmp_path / f"{name} {count}"
            for step in (1, 2):
                write_generation(folder, {"step": step})
            target, attribute = (checkpoint_files.os, "replace") if "." in name else (checkpoint_files, name)
            calls, real = iter(range(1, 9)), getattr(target, attribute)

            def fail(*arguments, calls=calls, count=count, real=real):
                if next(calls) == count:
                    raise KeyboardInterrupt
                return real(*arguments)

            with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
                patched.setattr(target, attribute, fail)
                write_generation(folder, {"step": 3})
            assert read_generation(folder, dict, lambda sentence: None)["step"] in (2, 3)


def test_a_checkpoint_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    write_generation(tmp_path, {"step": 1})
    done, replace = [], os.replace
    monkeypatch.setattr(checkpoint_files.os, "fsync", lambda file: done.append("flushed"))
    monkeypatch.setattr(checkpoint_files.os, "replace", lambda *paths: (done.append("moved"), replace(*paths)))
    write_generation(tmp_path, {"step": 2})
    assert done == ["flushed", "moved", "moved", "flushed"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_a_sentence_and_keeps_what_is_there(tmp_path, monkeypatch):
    write_generation(tmp_path, {"step": 1})
    (tmp_path / f"{LAST}.partial").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"last\.pt cannot be written: the disk of .* is full"):
        write_generation(tmp_path, {"weights": torch.zeros(10**6)})
    assert read_generation(tmp_path, dict, pytest.fail) == {"step": 1}


def test_damaged_weights_are_known_and_others_files_are_read(tmp_path):
    weights = {"a": torch.randn(50, 3), "b": torch.tensor(7), "c": torch.randn(9).bfloat16(), "d": torch.zeros(0, 2)}
    path = tmp_path / "weights.safetensors"
    save_weights(weights, path)
    content, rng = path.read_bytes(), random.Random(0)
    assert_same(load_weights(path), weights)
    for _ in range(200):
        changed = bytearray(content)
        changed[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        try:
            assert_same(load_weights(path), weights)  # of a space in the header, or the checksum's own name
        except WeightsError as error:
            assert str(path) in str(error) and "damaged" in str(error)
    save_file(weights, path)
    assert_same(load_weights(path), load_file(path))


@pytest.mark.parametrize("kind", ["flipped", "text"])
def test_damaged_best_weights_of_the_stage_in_progress_are_written_anew(whole, events, kind):
    make, expected = whole
    folder = make("broken")
    train(folder, ("student", 12))
    damage(folder / "checkpoints/student.safetensors", kind)
    assert_same(shipped(train(folder)), expected)
    (warning,) = events(folder, "warning")
    assert "student.safetensors is damaged; the weights that the checkpoint has" in warning["message"]


def test_damaged_weights_of_a_finished_stage_are_a_sentence(whole):
    make, _ = whole
    folder = make("broken")
    train(folder, ("student", 3))
    path = folder / "checkpoints/teacher-teacher.safetensors"
    weights, content = load_weights(path), path.read_bytes()
    for kind in DAMAGE:
        path.write_bytes(content)
        damage(path, kind)
        assert_lost(folder, path, "it is damaged")
    save_weights({name: value + 1 for name, value in weights.items()}, path)
    assert_lost(folder, path, "it is another file")
    path.unlink()
    assert_lost(folder, path, "it is missing")


def assert_lost(folder, path, why):
    best, state = BestWeights(folder), load_last(folder, load_run(folder))
    with pytest.raises(TrainingError, match=rf"{path.name} of a finished stage cannot be used \({why}.*Put a copy"):
        best.restore(state.best, state.left, pytest.fail)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for little memory")
def test_weights_that_memory_is_too_short_to_write_do_not_abort_the_process(tmp_path):
    """In safetensors' Rust an allocation that fails is an abort or a panic, after which nobody is told anything."""
    done = forks.run([sys.executable, "-c", SHORT_OF_MEMORY, tmp_path / "weights.safetensors"], capture_output=True)
    assert (done.returncode, done.stdout.split()) == (0, 4 * [b"MemoryError"]), done.stderr[-500:]


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path

import psutil
import torch

from engine.models.storage import save_weights

weights = {"weights": torch.zeros(25_000_000)}
for more in (150, 200, 250, 300):
    limit = psutil.Process().memory_info().data + more * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, -1))
    try:
        save_weights(weights, Path(sys.argv[1]))
    except MemoryError as error:
        print(type(error).__name__, flush=True)
"""


def test_a_panic_of_safetensors_is_full_memory(tmp_path, monkeypatch):
    class PanicException(BaseException):  # as PyO3 makes it: no Exception
        pass

    def panic(*given, **named):
        raise PanicException("PyObject pointer is null")

    save_weights({"weights": torch.zeros(3)}, tmp_path / "weights.safetensors")
    for name in ("save", "load"):
        monkeypatch.setattr(f"engine.models.storage.{name}", panic)
    with pytest.raises(MemoryError):
        save_weights({"weights": torch.zeros(3)}, tmp_path / "weights.safetensors")
    with pytest.raises(MemoryError):
        load_weights(tmp_path / "weights.safetensors")
