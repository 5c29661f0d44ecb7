"""What of a run goes to a server, where it goes, and that nothing is copied twice; on a real sshd."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.servers import copying
from geodistil.jobs.servers.cargo import cargo
from geodistil.jobs.servers.connection import SCRIPT, Connection
from geodistil.jobs.servers.ssh import ServerError
from osgeo import gdal

NOTHING = lambda done, total: None  # noqa: E731


@pytest.fixture
def run(make_raster, tmp_path):
    """A run with a raster, a virtual one over another folder's, and labels in its own folder."""
    image = np.random.default_rng(0).integers(0, 255, (3, 64, 64)).astype("uint8")
    north, south = tmp_path / "Bilder & Karten" / "nord.tif", tmp_path / "süd" / "süd's.tif"
    for path in (north, south):
        path.parent.mkdir()
        make_raster(path, image)
    (north.parent / "nord.tif.aux.xml").write_text("<PAMDataset/>")
    mosaic = tmp_path / "mosaik.vrt"
    gdal.BuildVRT(str(mosaic), [str(north), str(south)]).FlushCache()
    text = mosaic.read_text()
    mosaic.write_text(text.replace('relativeToVRT="1">süd/', f'relativeToVRT="0">{tmp_path}/süd/'))
    folder = tmp_path / "lauf"
    (folder / "labels").mkdir(parents=True)
    (folder / "labels" / "roofs.gpkg").write_bytes(b"labels")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "last.pt").write_bytes(b"from here")
    (folder / "cache").mkdir()
    (folder / "cache" / "roofs.labels").write_bytes(b"would be found again")
    for name in ("owner.json", "server.lock", "report.html", "stop"):
        (folder / name).write_text("{}")
    labels = {"path": "labels/roofs.gpkg", "field": "class"}
    sources = [{"raster": str(north), "role": "segmentation", "labels": labels}]
    sources += [
        {"raster": str(mosaic), "role": "unlabelled"},
        {"raster": "https://example.org/a.tif", "role": "unlabelled"},
    ]
    (folder / "run.json").write_text(json.dumps({"version": 2, "name": "lauf", "sources": sources}))
    return folder


def send(server, items):
    """Copy what is missing; the names of what was."""
    with Connection(server) as connection:
        folder = connection.ask("prepare", folder=server.folder)["folder"]
        loads = copying.missing(connection, folder, items)
        copying.send(connection, folder, loads, NOTHING)
    return sorted(Path(load.item.place).name for load in loads)


def test_all_that_a_run_needs_is_found_there(trusted, run):
    send(trusted, cargo(run, "lauf-1", new=True))
    there = Path(trusted.folder) / "runs" / "lauf-1"
    assert (there / "labels" / "roofs.gpkg").read_bytes() == b"labels"
    assert (there / "checkpoints" / "last.pt").read_bytes() == b"from here"
    assert {path.name for path in there.iterdir()} == {"run.json", "labels", "checkpoints"}
    raster, mosaic, address = [source["raster"] for source in json.loads((there / "run.json").read_text())["sources"]]
    assert address == "https://example.org/a.tif"
    copy = gdal.Open(str(there / raster)).ReadAsArray()
    assert (copy == gdal.Open(str(run.parent / "Bilder & Karten" / "nord.tif")).ReadAsArray()).all()
    assert (there / f"{raster}.aux.xml").exists()
    os.rename(run.parent / "süd", run.parent / "gone")
    assert (gdal.Open(str(there / mosaic)).ReadAsArray() == copy).all()


def test_only_what_changed_is_copied_again(trusted, run):
    assert "süd's.tif" in send(trusted, cargo(run, "lauf-1", new=True))
    assert send(trusted, cargo(run, "lauf-1", new=True)) == []
    north = run.parent / "Bilder & Karten" / "nord.tif"
    os.utime(north, (1e9, 1e9))
    (run / "labels" / "roofs.gpkg").write_bytes(b"more labels")
    (run / "checkpoints" / "last.pt").write_bytes(b"older than the server's")
    assert send(trusted, cargo(run, "lauf-1", new=False)) == ["nord.tif", "roofs.gpkg"]
    other = cargo(run, "lauf-2", new=True)  # of another run, its own files only
    assert send(trusted, other) == ["last.pt", "roofs.gpkg", "run.json"]


def test_a_copy_that_broke_off_goes_on_and_is_whole(trusted, run, loopback):
    large = run / "labels" / "large.bin"
    large.write_bytes(os.urandom(24 << 20))
    items = [item for item in cargo(run, "lauf-1", new=True) if item.path == large]

    def cut(done, total):
        if done > 8 << 20:
            loopback.cut()

    with Connection(trusted) as connection, pytest.raises(ServerError) as raised:
        folder = connection.ask("prepare", folder=trusted.folder)["folder"]
        copying.send(connection, folder, copying.missing(connection, folder, items), cut)
    assert raised.value.passing
    copy = Path(trusted.folder) / items[0].place
    assert not copy.exists()
    with Connection(trusted) as connection:
        (load,) = copying.missing(connection, folder, items)
        assert load.done >= 8 << 20
        copying.send(connection, folder, [load], NOTHING)
    assert copy.read_bytes() == large.read_bytes()


def test_results_come_back_and_stay_in_their_folder(trusted, run, tmp_path):
    there = Path(trusted.folder)
    (there / "model").mkdir(parents=True)
    (there / "model" / "item.json").write_text("{}")
    (there / "model" / "größer.bin").write_bytes(os.urandom(3 << 20))
    (there / "report.html").write_text("report")
    order = []
    with Connection(trusted) as connection:
        wanted = copying.Wanted(str(there), ["model", "report.html", "figures"], "model/item.json")
        copying.fetch(connection, wanted, run, lambda done, total: order.append(done))
    assert (run / "model" / "größer.bin").read_bytes() == (there / "model" / "größer.bin").read_bytes()
    assert (run / "report.html").read_text() == "report"
    assert order[-1] - order[-2] == 2, "the card came before the model"


EVIL = """
import json, sys
def answer(content=b"", **values):
    sys.stdout.buffer.write(json.dumps(dict(values, bytes=len(content))).encode() + b"\\n" + content)
    sys.stdout.flush()
sys.stdin.buffer.read({script})
sys.stdout.buffer.write(b"GEODISTIL-READY\\n")
answer(python="3")
for line in sys.stdin.buffer:
    request = json.loads(line)
    names = ["../evil.txt", "{elsewhere}/evil.txt", "model/../../evil.txt", "good.txt"]
    answer(b"" if request.get("offset") else b"evil", files=[[name, 4, 0] for name in names])
"""
"""A server that gives paths out of the run folder back."""


def test_a_server_does_not_write_outside_of_the_run_folder(trusted, run, tmp_path):
    program = tmp_path / "evil.py"
    program.write_text(EVIL.format(script=len(SCRIPT.read_bytes()), elsewhere=tmp_path))
    evil = replace(trusted, python=f"/usr/bin/python3 {program}; true")
    with Connection(evil) as connection:
        copying.fetch(connection, copying.Wanted("/", ["model"], "model/item.json"), run, NOTHING)
    assert (run / "good.txt").read_text() == "evil"
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_folder_that_cannot_be_written_has_its_sentence(trusted, run):
    with pytest.raises(ServerError) as raised:
        send(replace(trusted, folder="/proc/nowhere"), cargo(run, "lauf-1", new=True))
    assert str(raised.value).startswith("On box, /proc/nowhere cannot be read or written: ")


def test_a_full_disk_has_its_sentence(trusted, run, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    (run / "labels" / "large.bin").write_bytes(bytes(24 << 20))
    try:
        with pytest.raises(ServerError) as raised:
            send(replace(trusted, folder=str(disk)), cargo(run, "lauf-1", new=True))
    finally:
        subprocess.run(["umount", disk], check=True)
    assert str(raised.value).startswith(f"The disk of box is full at {disk}/runs/lauf-1/labels/large.bin")


def test_what_is_missing_here_has_its_sentence(run):
    (run.parent / "süd" / "süd's.tif").unlink()
    with pytest.raises(GeoDistilError) as raised:
        cargo(run, "lauf-1", new=True)
    assert "mosaik.vrt names" in str(raised.value)
