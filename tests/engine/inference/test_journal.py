"""What an interrupted prediction believes when it goes on: rows that are whole, of the same raster and model."""

import os
import shutil

import numpy as np
import pytest

from engine.errors import DeviceError
from engine.events import EventLog
from engine.inference import Options, predict

CALLS = 15
LATER = 2_000_000_000


@pytest.fixture
def broken_off(values_backend, write_raster, tmp_path):
    """A raster, its whole map, the folder of one that broke off, and a function that goes on with that."""
    raster = write_raster(np.random.default_rng(1).integers(0, 255, (3, 500, 100), dtype=np.uint8))
    whole = predict(values_backend(), raster, tmp_path / "whole", Options(overlap=0.25)).values.read_bytes()
    folder = tmp_path / "broken"
    with pytest.raises(DeviceError, match="gone"):
        predict(values_backend(CALLS), raster, folder, Options(overlap=0.25))

    def go_on(path=raster, **options):
        said, backend = [], values_backend()
        listener = EventLog(None, lambda event: said.append(event.message) if event.kind == "warning" else None)
        results = predict(backend, path, folder, Options(overlap=0.25, **options), listener)
        return results.values.read_bytes(), backend.ran, said

    return raster, whole, folder / "prediction.partial", go_on


def windows(values_backend, raster, tmp_path):
    backend = values_backend()
    predict(backend, raster, tmp_path / "count", Options(overlap=0.25))
    return backend.ran


@pytest.mark.parametrize("kind", ["flipped", "truncated", "empty", "missing", "checksums"])
def test_a_damaged_row_is_run_again(broken_off, kind):
    _, whole, journal, go_on = broken_off
    row = sorted(path for path in journal.iterdir() if path.name.isdecimal())[1]
    path = next(row.glob("*.tif"))
    content = bytearray(path.read_bytes())
    if kind == "flipped":
        content[len(content) // 2] ^= 4
    elif kind == "checksums":
        path = row / "checksums.json"
    else:
        content = content[: len(content) // 2] if kind == "truncated" else b""
    path.write_bytes(content) if kind not in ("missing", "checksums") else path.unlink()
    found, _, said = go_on()
    assert found == whole
    (sentence,) = said
    assert sentence.startswith("A finished row of the interrupted prediction in ") and "damaged" in sentence


def test_a_copied_raster_goes_on_and_a_changed_one_begins_anew(broken_off, values_backend, tmp_path):
    raster, whole, journal, go_on = broken_off
    every = windows(values_backend, raster, tmp_path)
    before = shutil.copytree(journal, tmp_path / "kept")
    os.utime(raster, (LATER, LATER))
    found, ran, said = go_on()
    assert found == whole and ran < every and not said
    shutil.copytree(before, journal)
    with open(raster, "r+b") as file:
        file.seek(-1000, os.SEEK_END)
        file.write(b"another image")
    os.utime(raster, (LATER + 1, LATER + 1))
    found, ran, said = go_on()
    assert found != whole and ran == every
    assert len(said) == 1 and f"begins anew, for the raster {raster} has changed (its content is another)" in said[0]


def test_another_model_and_other_options_begin_anew_and_say_so(broken_off, tmp_path):
    _, whole, journal, go_on = broken_off
    before = shutil.copytree(journal, tmp_path / "kept")
    found, _, said = go_on(model="another")
    assert found == whole and "begins anew, for the model is another." in said[0]
    shutil.copytree(before, journal)
    _, _, said = go_on(batch_size=2)
    assert "for it was asked for otherwise (batch_size)." in said[0]
    shutil.copytree(before, journal)
    (journal / "job.json").write_text('{"raster": [')
    found, _, said = go_on()
    assert found == whole and "its journal cannot be read" in said[0]
