"""The engine's children of the wizard: real processes; small programs stand where the engine would take long."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from geodistil.jobs.checking import EngineCheck
from geodistil.jobs.layers.results import split_layer
from geodistil.jobs.runs.waiting import launch, predict_afterwards
from qgis.core import QgsCoordinateReferenceSystem

ROOT = Path(__file__).resolve().parents[3]
PROLOGUE = """
import json, os, pathlib, sys, time
command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
def tell(kind, **values):
    with (folder / "events.jsonl").open("a") as log:
        log.write(json.dumps({"kind": kind, **values}) + "\\n")
"""


@pytest.fixture
def engine(tmp_path):
    """Writes a program that is run as `python -m engine`; returns the folder it lies in."""

    def write(program):
        package = tmp_path / "root" / "engine"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__main__.py").write_text(PROLOGUE + textwrap.dedent(program))
        return package.parent

    return write


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def checked(folder, wait, **places):
    answers = []
    check = EngineCheck(folder, **places)
    check.passed.connect(answers.append)
    check.failed.connect(answers.append)
    check.start()
    wait(lambda: answers, 60)
    return answers[0]


def test_the_engines_answer_is_passed_on(qgis_app, engine, run, wait):
    root = engine("print(json.dumps({'asked': sys.argv[1:]}))")
    answer = checked(run, wait, python=Path(sys.executable), root=root)
    assert answer == {"asked": ["check", str(run), "--json"]}


def test_the_engines_sentence_is_the_error(qgis_app, engine, run, wait):
    root = engine("""
        print(json.dumps({"error": {"code": "raster", "message": "No such raster.", "hint": "Put it back."}}))
        sys.exit(1)
    """)
    error = checked(run, wait, python=Path(sys.executable), root=root)
    assert (error.code, str(error)) == ("raster", "No such raster. Put it back.")


def test_a_silent_death_is_told_with_its_last_words(qgis_app, engine, run, wait):
    error = checked(run, wait, python=Path(sys.executable), root=engine("sys.exit('out of patience')"))
    assert "exit code 1 and no answer. out of patience" in str(error)


def test_a_python_that_is_not_there_is_named(qgis_app, run, wait, tmp_path):
    assert "cannot be started" in str(checked(run, wait, python=tmp_path / "python", root=tmp_path))


def test_a_cancelled_check_says_nothing_and_leaves_no_process(qgis_app, engine, run, wait):
    told = []
    check = EngineCheck(run, Path(sys.executable), engine("(folder / 'here').touch(); time.sleep(60)"))
    check.passed.connect(told.append)
    check.failed.connect(told.append)
    check.start()
    wait((run / "here").exists)
    pid = check._process.processId()
    check.cancel()
    assert told == [] and not Path(f"/proc/{pid}").exists()


def test_a_training_outlives_a_qgis_that_is_killed(engine, run, wait):
    root = engine("""
        time.sleep(1)
        tell("finished", pid=os.getpid(), session=os.getsid(0), environment=dict(os.environ))
    """)
    qgis = f"""
        import os, signal, sys
        sys.path.insert(0, {str(ROOT / "build" / "plugins")!r})
        from pathlib import Path
        from geodistil.jobs.runs.waiting import launch
        print(launch(Path({str(run)!r}), Path(sys.executable), Path({str(root)!r})), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(qgis)],
        env={**os.environ, "PYTHONPATH": "/nowhere", "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == -signal.SIGKILL
    wait((run / "events.jsonl").exists)
    event = json.loads((run / "events.jsonl").read_text())
    assert event["pid"] == int(ended.stdout) and event["session"] != os.getsid(0)
    assert "PYTHONPATH" not in event["environment"]
    assert json.loads((run / "launch.json").read_text())["pid"] == int(ended.stdout)


def test_what_a_training_prints_is_added_to_its_log(qgis_app, engine, run, wait):
    (run / "log.txt").write_text("before\n")
    (run / "stop").touch()
    launch(run, Path(sys.executable), engine("print('out'); print('err', file=sys.stderr); tell('finished')"))
    wait(lambda: (run / "events.jsonl").exists() and "err" in (run / "log.txt").read_text())
    assert (run / "log.txt").read_text().startswith("before\n")
    assert "out" in (run / "log.txt").read_text() and not (run / "stop").exists()


def test_rasters_are_predicted_when_the_training_is_done(qgis_app, engine, run, wait):
    root = engine("""
        with open(os.environ["RECORD"], "a") as record:
            record.write(json.dumps(sys.argv[1:]) + "\\n")
    """)
    record = run / "record"
    predict_afterwards(run, ["/a.tif", "/b c.tif"])
    os.environ["RECORD"] = str(record)
    try:
        launch(run, Path(sys.executable), root)
    finally:
        del os.environ["RECORD"]
    wait(lambda: record.exists() and len(record.read_text().splitlines()) == 2)
    train, predict = map(json.loads, record.read_text().splitlines())
    assert train == ["train", str(run)]
    assert predict == ["predict", str(run / "model"), "/a.tif", "/b c.tif", "--output", str(run / "predictions")]


def test_a_training_that_was_stopped_is_not_followed_by_predictions(qgis_app, engine, run):
    root = engine("(folder / command).touch(); sys.exit(1)")
    predict_afterwards(run, ["/a.tif"])
    script = ROOT / "jobs" / "afterwards.py"
    assert subprocess.run([sys.executable, str(script), str(run)], cwd=root).returncode == 1
    assert (run / "train").exists() and not (run / "predict").exists()


def test_no_rasters_leave_no_note(run):
    predict_afterwards(run, ["/a.tif"])
    predict_afterwards(run, [])
    assert not (run / "afterwards.json").exists()


def test_blocks_become_a_layer_coloured_by_use(qgis_app):
    crs = QgsCoordinateReferenceSystem("EPSG:32633")

    def block(west, split):
        ring = [[west, 5000000], [west + 100, 5000000], [west + 100, 5000100], [west, 5000100], [west, 5000000]]
        polygon = {"type": "Polygon", "coordinates": [ring]}
        return {"source": "north", "crs": crs.toWkt(), "polygon": polygon, "split": split}

    layer = split_layer([block(500000, "training"), block(500100, "validation")], crs)
    assert [(f["source"], f["split"], f.geometry().area()) for f in layer.getFeatures()] == [
        ("north", "training", 10_000),
        ("north", "validation", 10_000),
    ]
    assert {category.value() for category in layer.renderer().categories()} == {"training", "validation"}
    degrees = split_layer([block(500000, "training")], QgsCoordinateReferenceSystem("EPSG:4326"))
    assert degrees.extent().xMinimum() == pytest.approx(15.0, abs=0.01)
