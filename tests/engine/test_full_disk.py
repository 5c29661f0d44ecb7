"""A disk that is really full: one sentence that names it and what to do, and nothing that is half of something."""

import errno
import os
import shutil
from pathlib import Path

import pytest
import torch

from engine.cli.main import main
from engine.config import Card, CardClass, Network
from engine.errors import OutputError, cannot_write, on_disk
from engine.models import build_from_card
from engine.packages import write_package, zip_package
from engine.training.checkpoint_files import atomically

NARROW = {"encoder": "mobilenet_v2", "width": 32, "weights": "none", "light": False, "detection_strides": [8]}


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def model():
    """A network of 9 MB, and its card."""
    card = Card(
        name="tiny", tasks=["segmentation"], gsd=0.5, bands=[1, 2, 3], dtype="uint8", mean=[0.0] * 3, std=[1.0] * 3,
        tile_size=64, segmentation_classes=[CardClass(name="roof", color="#ff0000")], detection_classes=[],
        network=Network(encoder="mobilenet_v2", width=32, weights="none", light=False),
    )  # fmt: skip
    return build_from_card(card).eval(), card


def test_a_package_that_does_not_fit_is_not_there_and_says_what_it_needs(model, small_disk):
    disk, _ = small_disk
    with pytest.raises(OutputError, match=r"model cannot be written: the disk of \S+disk is full, .* it needs about"):
        write_package(disk / "model", *model)
    assert not list(disk.iterdir())


def test_an_archive_that_does_not_fit_is_not_there_and_says_what_it_needs(small_disk, tmp_path):
    disk, _ = small_disk
    (tmp_path / "item.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(bytes(10 * 2**20))
    with pytest.raises(OutputError, match=r"model\.zip cannot be written: .* is full, .* it needs about 10\.0 MB"):
        zip_package(tmp_path, disk / "model.zip")
    assert not list(disk.iterdir())


def test_a_checkpoint_that_does_not_fit_is_named_and_the_one_before_stays(small_disk):
    disk, _ = small_disk
    path = atomically(disk / "last.pt", lambda partial: torch.save({"step": 1}, partial))
    with pytest.raises(OutputError, match=r"last\.pt cannot be written: the disk of \S+disk is full") as error:
        atomically(path, lambda partial: torch.save({"weights": torch.rand(4_000_000)}, partial))
    assert "enforce" not in str(error.value) and "Free some space" in error.value.hint
    assert torch.load(path, weights_only=True) == {"step": 1} and left(disk) == ["last.pt"]


def test_a_training_whose_disk_is_full_ends_with_one_sentence(make_run, small_disk, capsys, events):
    disk, _ = small_disk
    run = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 1}, validations=1)
    folder = Path(shutil.copytree(run, disk / "run"))
    assert main(["train", str(folder)]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: The checkpoint ") and f"the disk of {folder}" in said and "is full" in said
    assert events(folder, "failed")[0]["code"] == "output"
    assert not [name for name in left(folder) if "partial" in name or "owner" in name]


def test_what_is_wrong_with_a_disk_is_told_from_what_is_wrong_with_a_library(tmp_path):
    with pytest.raises(ValueError, match="broken"), on_disk("It", tmp_path):
        raise ValueError("broken")
    with pytest.raises(OutputError, match=r"^It cannot be written: Permission denied\. See"), on_disk("It", tmp_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    full = cannot_write("It", tmp_path / "new" / "file", OSError(errno.ENOSPC, "x"), 2**21)
    assert full.message == f"It cannot be written: the disk of {tmp_path} is full, and it needs about 2.0 MB."
    too_much = cannot_write("It", tmp_path, RuntimeError("[enforce fail at inline_container.cc:671] ."), 2**60)
    assert "is full" in too_much.message and "enforce" not in too_much.message
