"""`predict` with workers of a cluster: the bytes of one process, whoever is killed; a sentence for what is wrong."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from distributed import Client, LocalCluster
from rasterio.transform import from_origin

from engine.cli.cluster import tasks
from engine.cli.cluster.prediction import Archive
from engine.cli.cluster.work import Task
from engine.cli.main import main
from engine.errors import RasterError
from engine.events import EventLog, read_events
from engine.inference.many import Ends, Item
from engine.inference.opened import Plan
from engine.inference.windows import WindowGrid
from tests import forks

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def cluster():
    """Two workers, as somebody might have started them."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        yield cluster


@pytest.fixture
def address(cluster):
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return cluster.scheduler_address


@pytest.fixture
def scheduler():
    """A scheduler without workers."""
    with LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def rasters(write_raster, tmp_path, monkeypatch):
    """A folder of rasters of several kinds, one of which is none."""
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "imagery").mkdir()
    rng = np.random.default_rng(4)
    noise = rng.integers(1, 255, (3, 900, 500), dtype=np.uint8)
    write_raster(noise, "imagery/large.tif")
    write_raster(noise[:, :30, :40], "imagery/small.tif")
    write_raster(np.where(noise[:, ::3] > 120, noise[:, ::3], 0), "imagery/holes.tif", nodata=0)
    degrees = from_origin(11, 48, 1.4e-6, 0.9e-6)
    write_raster(noise[:, :300, :90], "imagery/degrees.tif", crs="EPSG:4326", transform=degrees)
    (tmp_path / "imagery" / "bad.tif").write_text("no raster")
    return tmp_path / "imagery"


@pytest.fixture
def wide(write_raster, tmp_path, monkeypatch):
    """A raster that takes a while."""
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
    return write_raster(np.random.default_rng(5).integers(1, 255, (3, 2400, 1200), dtype=np.uint8), "wide.tif")


UNDISTURBED = {}


@pytest.fixture
def undisturbed(bright_onnx, wide, tmp_path):
    """What one process makes of it, alone; made once for all tests."""
    if not UNDISTURBED:
        assert predict(bright_onnx, wide, tmp_path / "one") == 0
        UNDISTURBED.update(files(tmp_path / "one"))
    return UNDISTURBED


def predict(model, rasters, output, *options):
    """The exit code of the command."""
    command = ["predict", model, rasters, "--output", output, "--backend", "onnxruntime", "--confidence", *options]
    return main([*map(str, command), "--json"])


def files(folder):
    """What is in a folder, but for the log."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "events.jsonl"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def refused(capsys, *arguments):
    """The sentence with which a prediction is refused."""
    capsys.readouterr()
    assert predict(*arguments) == 1
    return json.loads(capsys.readouterr().out)["error"]


@contextmanager
def worker(scheduler, *wrapped, threads=1, **environment):
    """A worker that is started as people start them."""
    command = [*wrapped, sys.executable, "-m", "dask", "worker", scheduler, "--nthreads", str(threads), "--no-nanny"]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    process = subprocess.Popen([*command, "--no-dashboard"], cwd="/tmp", env=environment, **streams)
    try:
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        yield
    finally:
        process.kill()
        process.wait()


def test_workers_give_the_bytes_of_one_process_and_name_what_failed(bright_onnx, rasters, address, tmp_path, capsys):
    assert predict(bright_onnx, rasters, tmp_path / "one") == 1
    alone = json.loads(capsys.readouterr().out)
    assert predict(bright_onnx, rasters, tmp_path / "two", "--scheduler", address) == 1
    shared = json.loads(capsys.readouterr().out)
    assert [Path(each["raster"]).name for each in shared["failed"]] == ["bad.tif"]
    assert [Path(each["classes"]).parent.name for each in shared["outputs"]] == ["degrees", "holes", "large", "small"]
    assert len(shared["outputs"]) == len(alone["outputs"])
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one.pop("prediction.done") and two.pop("prediction.done"), "for the raster that failed"
    assert len(one) == 12 and one == two
    events = list(read_events(tmp_path / "two"))
    progress = [event for event in events if event["kind"] == "progress"]
    assert progress[-1]["fraction"] == 1 and progress[-1]["step"] == progress[-1]["of"]
    assert [each["fraction"] for each in progress] == sorted(each["fraction"] for each in progress)
    assert sum("bad.tif is left out" in event.get("message", "") for event in events) == 1
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("classes.tif")}
    with rasterio.open(rasters / "small.tif") as small:
        shutil.copyfile(small.name, rasters / "bad.tif")
    assert predict(bright_onnx, rasters, tmp_path / "two", "--scheduler", address) == 0
    assert not (tmp_path / "two" / "prediction.done").exists()
    assert {path: path.stat().st_mtime_ns for path in before} == before, "the others are not done again"
    assert two["small/classes.tif"] == files(tmp_path / "two")["bad/classes.tif"]


def test_only_the_last_rasters_are_divided_so_that_workers_end_together(tmp_path):
    items = [Item(f"{number}.tif", tmp_path / str(number)) for number in range(6)]
    given = []
    client = SimpleNamespace(
        nthreads=lambda: {"a": 1, "b": 1},
        submit=lambda work, name, *arguments, key, **_: (
            given.append(arguments) or SimpleNamespace(key=key, add_done_callback=lambda call: None)
        ),
    )
    ends = Ends(items, EventLog(None))
    ends.failed(1, RasterError("torn"))
    job = SimpleNamespace(name="job", here=True)
    archive = Archive(SimpleNamespace(client=client, keep=lambda: None), job, items, ends, EventLog(None))
    plan = Plan(WindowGrid(256, 4096, 256, 0), frozenset())
    for index in ends.missing():
        archive._was_planned(Task(tasks.plan, index, ()), tasks.Planned(plan, []))
    parts = Counter(part.raster for _, part in given)
    assert parts == {0: 1, 2: 1, 3: 2, 4: 2, 5: 2}


def test_killed_workers_cost_nothing_but_time(bright_onnx, wide, undisturbed, cluster, address, tmp_path, capsys):
    killed, over, rng = [], threading.Event(), random.Random(1)

    def kill():
        while not over.wait(rng.uniform(0.1, 0.5)) and len(killed) < 3:
            pids = [each.pid for each in cluster.workers.values() if each.pid]
            if pids and (tmp_path / "two" / "prediction.partial" / "000001").exists():
                killed.append(rng.choice(pids))
                os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        assert predict(bright_onnx, wide, tmp_path / "two", "--scheduler", address) == 0, capsys.readouterr().err
    finally:
        over.set()
        thread.join()
    assert killed and files(tmp_path / "two") == undisturbed


def test_a_stop_reaches_the_workers_and_the_same_command_goes_on(
    bright_onnx, wide, undisturbed, address, tmp_path, capsys
):
    output, asked = tmp_path / "two", []

    def stop():
        while not (output / "prediction.partial" / "000001").exists():
            time.sleep(0.01)
        asked.append(time.monotonic())
        (output / "stop").touch()

    thread = threading.Thread(target=stop)
    thread.start()
    assert refused(capsys, bright_onnx, wide, output, "--scheduler", address)["code"] == "stopped"
    assert time.monotonic() - asked[0] < 10, "seconds, also on a busy machine"
    thread.join()
    rows = sorted(path.name for path in (output / "prediction.partial").iterdir() if path.name.isdecimal())
    with Client(address, set_as_default=False) as client:
        assert not any(client.processing().values())
        assert not any(name.startswith("geodistil") for names in client.run(plugins_of).values() for name in names)
    time.sleep(0.5)
    assert rows == sorted(path.name for path in (output / "prediction.partial").iterdir() if path.name.isdecimal())
    assert predict(bright_onnx, wide, output, "--scheduler", address) == 0
    assert files(output) == undisturbed


def plugins_of(dask_worker):
    return list(dask_worker.plugins)


def test_workers_that_end_with_the_command(bright_onnx, rasters, tmp_path):
    command = [sys.executable, "-m", "engine", "predict", bright_onnx, rasters, "--output", tmp_path / "out"]
    command = [*map(str, command), "--backend", "onnxruntime", "--workers", "2", "--json"]
    done = forks.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert len(json.loads(done.stdout)["outputs"]) == 4 and "Traceback" not in done.stderr


def test_no_scheduler_at_the_address(bright_onnx, rasters, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("engine.cli.cluster.connection.CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nowhere"):
        error = refused(capsys, bright_onnx, rasters, tmp_path / "out", "--scheduler", address)
        assert error["message"] == f"No Dask scheduler answers at {address}." and error["reference"] == "GD-602"


def test_dask_is_missing(bright_onnx, rasters, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    error = refused(capsys, bright_onnx, rasters, tmp_path / "out", "--workers", "2")
    assert "Dask, which is not installed here" in error["message"] and "pip install" in error["hint"]


def test_nothing_of_dask_is_loaded_unless_it_is_asked_for(bright_onnx, rasters, tmp_path):
    code = "import sys; from engine.cli.main import main; main(sys.argv[1:]); assert 'dask' not in sys.modules"
    command = ["predict", bright_onnx, rasters / "small.tif", "--output", tmp_path / "out", "--backend", "onnxruntime"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, command)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and (tmp_path / "out" / "classes.tif").exists(), done.stderr


def test_torchrun_is_told_what_to_use(bright_onnx, rasters, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    error = refused(capsys, bright_onnx, rasters, tmp_path / "out")
    assert "not by torchrun" in error["message"] and "--workers" in error["hint"]


def test_a_worker_with_another_engine(bright_onnx, rasters, scheduler, tmp_path, capsys):
    shutil.copytree(ROOT / "engine", tmp_path / "other" / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    start = tmp_path / "other" / "engine" / "__init__.py"
    start.write_text(start.read_text().replace("__version__ = ", "__version__ = '0.0.1' or "))
    with worker(scheduler, PYTHONPATH=str(tmp_path / "other")):
        error = refused(capsys, bright_onnx, rasters, tmp_path / "out", "--scheduler", scheduler)
    assert "has GeoDistil 0.0.1, and this machine has" in error["message"] and error["code"] == "cluster"
    shutil.rmtree(tmp_path / "other" / "engine" / "cli" / "cluster")
    with worker(scheduler, PYTHONPATH=str(tmp_path / "other")):
        error = refused(capsys, bright_onnx, rasters, tmp_path / "out", "--scheduler", scheduler)
    assert "has not the engine of this machine" in error["message"] and error["code"] == "cluster"


def test_a_worker_with_threads(bright_onnx, rasters, scheduler, tmp_path, capsys):
    with worker(scheduler, threads=3):
        error = refused(capsys, bright_onnx, rasters, tmp_path / "out", "--scheduler", scheduler)
    assert "has 3 threads" in error["message"] and "--nthreads 1" in error["hint"]


@pytest.fixture
def unshared(tmp_path):
    """Begins the command of a process that sees another disk at a folder."""
    hide = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs tmpfs "{tmp_path / "out"}" && exec "$@"', "sh"]
    (tmp_path / "out").mkdir()
    if not shutil.which("unshare") or subprocess.run([*hide, "true"], capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    return hide


def test_a_worker_that_does_not_see_the_folder(bright_onnx, rasters, scheduler, unshared, tmp_path, capsys):
    with worker(scheduler, *unshared):
        error = refused(capsys, bright_onnx, rasters, tmp_path / "out", "--scheduler", scheduler)
    assert f"does not see the folder {tmp_path / 'out'} of this machine" in error["message"]
    assert "under the same path" in error["hint"] and error["code"] == "cluster"


def test_a_disk_that_fills_up_is_named_and_nothing_is_lost(
    bright_onnx, wide, undisturbed, address, small_disk, tmp_path, capsys
):
    disk, enlarge = small_disk
    with Client(address, set_as_default=False) as client:
        client.run(without_check)
        try:
            error = refused(capsys, bright_onnx, wide, disk, "--scheduler", address)
            assert f"the disk of {disk}" in error["message"] and error["code"] == "output"
            assert "says the worker" in error["message"]
        finally:
            client.run(with_check)
    enlarge()
    assert predict(bright_onnx, wide, disk, "--scheduler", address) == 0
    assert files(disk) == undisturbed


def without_check():
    """In a worker: as if there had been room when it looked."""
    from engine.inference import opened

    opened.checked_space, opened.check_space = opened.check_space, lambda *arguments: None


def with_check():
    """In a worker: as it was."""
    from engine.inference import opened

    opened.check_space = getattr(opened, "checked_space", opened.check_space)  # a worker that was lost never had it
