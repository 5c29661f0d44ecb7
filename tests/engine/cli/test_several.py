"""`polygons` and `evaluate` of what `predict` has left of an archive: one result of all maps, here or by workers."""

import json
import subprocess
import sys

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from distributed import Client, LocalCluster
from rasterio.transform import from_origin
from torchmetrics.functional.classification import multiclass_confusion_matrix

from engine.cli.main import main
from engine.config import Area, Card, ClassDefinition, Labels, Network
from engine.evaluation import Truth, evaluate_detection

SIDE, METRES = 60, 0.5
LEFT, TOP = 500_000, 5_300_000
SHARED = pytest.mark.parametrize("sharing", [False, True], ids=["alone", "workers"], indirect=True)


@pytest.fixture(scope="module")
def scheduler():
    """The address of one with two workers, for all tests."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        with Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield cluster.scheduler_address


@pytest.fixture
def sharing(request):
    """Options with which the command works alone, or by the workers of a scheduler."""
    return ("--scheduler", request.getfixturevalue("scheduler")) if request.param else ()


def engine(capsys, *arguments):
    code = main([*map(str, arguments), "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.fixture
def model(tmp_path):
    """What names classes: a package's item, without its network."""
    card = Card(
        name="town", tasks=["segmentation", "detection"], gsd=METRES, bands=[1], dtype="uint8", mean=[0.0], std=[1.0],
        tile_size=64, segmentation_classes=[{"name": "roof", "color": "#ff0000"}, {"name": "road", "color": "#00ff00"}],
        detection_classes=[{"name": "car", "color": "#0000ff"}], network=Network(),
    )  # fmt: skip
    (tmp_path / "model").mkdir()
    item = {"properties": {"geodistil:card": card.model_dump(mode="json"), "geodistil:version": 1}}
    (tmp_path / "model" / "item.json").write_text(json.dumps(item))
    return tmp_path / "model"


def place(number):
    """The corner of a map; they lie in a row with gaps between them."""
    return LEFT + 2 * number * SIDE * METRES, TOP


def box(number, column, row, side=6):
    left, top = place(number)
    return shapely.box(
        left + METRES * column, top - METRES * (row + side), left + METRES * (column + side), top - METRES * row
    )


def write(path, geometries, **fields):
    columns = list(fields)
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(geometries)), [np.array(fields[name]) for name in columns], columns,
        geometry_type="Polygon", crs="EPSG:32632", layer=path.stem,
    )  # fmt: skip


@pytest.fixture
def archive(tmp_path):
    """Three predictions as `predict` leaves them, and the values of their class maps."""
    rng, maps = np.random.default_rng(1), []
    for number, name in enumerate(("east", "middle", "west")):
        values = np.kron(rng.integers(0, 3, (6, 6)), np.ones((10, 10))).astype(np.uint8)
        folder = tmp_path / "predictions" / name
        folder.mkdir(parents=True)
        for file, band in {"classes": values, "confidence": np.full_like(values, 50 + number)}.items():
            with rasterio.open(
                folder / f"{file}.tif", "w", driver="GTiff", width=SIDE, height=SIDE, count=1, dtype="uint8",
                crs="EPSG:32632", transform=from_origin(*place(number), METRES, METRES), nodata=255,
            ) as raster:  # fmt: skip
                raster.write(band, 1)
        cars = [box(number, 5, 5), box(number, 30 + number, 30)]
        write(folder / "detections.gpkg", cars, **{"class": ["car", "car"], "score": [0.9 - number / 10, 0.6]})
        maps.append(values)
    return tmp_path / "predictions", np.stack(maps)


@pytest.fixture
def truth(tmp_path):
    """Areas, and cars, of the first two maps."""
    write(tmp_path / "areas.gpkg", [box(0, 10, 10, 25), box(1, 0, 20, 35)], kind=["roof", "road"])
    write(tmp_path / "cars.gpkg", [box(0, 5, 5), box(1, 5, 5), box(1, 30, 31), box(1, 50, 3)], kind=["car"] * 4)
    true = np.zeros((2, SIDE, SIDE), np.int64)
    true[0, 10:35, 10:35] = 1
    true[1, 20:55, :35] = 2
    return tmp_path, true


def said_of(model, task, truth):
    layer = truth / {"segmentation": "areas.gpkg", "detection": "cars.gpkg"}[task]
    return ["--task", task, "--model", model, "--truth", layer, "--field", "kind"]


@SHARED
def test_polygons_of_each_map_with_the_confidence_beside_it(archive, model, sharing, capsys, tmp_path):
    folder, _ = archive
    code, result, _ = engine(capsys, "polygons", folder, "--model", model, "--output", tmp_path / "v", *sharing)
    assert code == 0 and [each["polygons"] for each in result["outputs"]] == [
        str(tmp_path / "v" / f"{name}.gpkg") for name in ("east", "middle", "west")
    ]
    for number, each in enumerate(result["outputs"]):
        alone = tmp_path / f"alone{number}.gpkg"
        name = ("east", "middle", "west")[number]
        arguments = ["--model", model, "--output", alone, "--confidence", folder / name / "confidence.tif"]
        assert engine(capsys, "polygons", folder / name / "classes.tif", *arguments)[0] == 0
        found, expected = (pyogrio.raw.read(path) for path in (each["polygons"], alone))
        assert list(found[0]["fields"]) == list(expected[0]["fields"])
        for mine, theirs in zip([found[2], *found[3]], [expected[2], *expected[3]], strict=True):
            assert (mine == theirs).all()
        assert set(found[3][list(found[0]["fields"]).index("confidence")]) == {50 + number}


@pytest.mark.parametrize(("kind", "chosen"), [("lines", ["--class", "road"]), ("boxes", ["--minimum", 1])])
def test_lines_and_boxes_of_each_map_too(archive, model, kind, chosen, scheduler, capsys, tmp_path):
    folder, _ = archive
    arguments = ["--model", model, *chosen]
    workers = ["--scheduler", scheduler] if kind == "lines" else ["--workers", 1]
    code, result, _ = engine(capsys, kind, folder, *arguments, "--output", tmp_path / "v", *workers)
    assert code == 0 and len(result["outputs"]) == 3
    alone = engine(capsys, kind, folder / "west" / "classes.tif", *arguments, "--output", tmp_path / "west.gpkg")[1]
    assert result["outputs"][2] == {kind: str(tmp_path / "v" / "west.gpkg"), "count": alone["count"]}
    assert alone["count"] == pyogrio.read_info(tmp_path / "v" / "west.gpkg")["features"] > 0


@SHARED
def test_scores_of_an_archive_are_those_of_all_its_pixels(archive, model, truth, sharing, capsys, tmp_path):
    folder, values = archive
    errors = tmp_path / "errors"
    arguments = [*said_of(model, "segmentation", truth[0]), "--errors", errors, *sharing]
    code, scores, _ = engine(capsys, "evaluate", folder, *arguments)
    assert code == 0 and scores["maps"] == 2
    assert scores["elsewhere"] == [str(folder / "west" / "classes.tif")]
    import torch

    matrix = multiclass_confusion_matrix(torch.tensor(values[:2]).long().flatten(), torch.tensor(truth[1]).flatten(), 3)
    assert scores["confusion"]["matrix"] == matrix.tolist()
    assert sorted(path.name for path in errors.glob("*.tif")) == ["east.tif", "middle.tif"]
    assert sum(scores["errors"].values()) == 2 * SIDE**2 and scores["errors"]["right"] == matrix.trace()


def test_areas_are_scored_without_pytorch(archive, model, truth):
    code = (
        "import sys; from engine.cli.main import main; code = main(sys.argv[1:]);"
        "sys.exit(code or ('torch' in sys.modules and 3))"
    )
    command = ["evaluate", archive[0] / "east" / "classes.tif", *said_of(model, "segmentation", truth[0])]
    done = subprocess.run([sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0 and "mean_iou" in done.stdout, done.stderr


def test_detections_of_an_archive_are_ranked_together(archive, model, truth, capsys, tmp_path):
    folder, _ = archive
    (folder / "broken").mkdir()
    (folder / "broken" / "detections.gpkg").write_text("no layer")
    code, scores, _ = engine(capsys, "evaluate", folder, *said_of(model, "detection", truth[0]))
    assert (code, scores["maps"], scores["objects"], len(scores["failed"])) == (1, 3, 4, 1)
    both = [pyogrio.raw.read(folder / name / "detections.gpkg") for name in ("east", "middle", "west")]
    geometries = np.concatenate([shapely.from_wkb(each[2]) for each in both])
    score = np.concatenate([each[3][list(each[0]["fields"]).index("score")] for each in both])
    write(tmp_path / "one.gpkg", geometries, **{"class": ["car"] * len(score), "score": score})
    labels = Labels(path=str(truth[0] / "cars.gpkg"), field="kind")
    cars = [ClassDefinition(name="car", color="#0000ff", values=["car"])]
    expected = evaluate_detection(
        tmp_path / "one.gpkg", Truth(labels, cars, Area(kind="raster")), scores["score_threshold"]
    )
    for name in ("ap", "ap50", "precision", "recall", "f1"):
        assert scores[name] == pytest.approx(expected[name]), name


@SHARED
def test_a_broken_map_is_named_and_the_others_count(archive, model, truth, sharing, capsys, tmp_path):
    folder, _ = archive
    (folder / "middle" / "classes.tif").write_text("no raster")
    arguments = ["--model", model, "--output", tmp_path / "v", *sharing]
    code, result, err = engine(capsys, "polygons", folder, *arguments)
    assert code == 1 and [each["raster"] for each in result["failed"]] == [str(folder / "middle" / "classes.tif")]
    assert sorted(path.name for path in (tmp_path / "v").glob("*.gpkg")) == ["east.gpkg", "west.gpkg"]
    assert "middle/classes.tif is left out" in err
    code, scores, _ = engine(capsys, "evaluate", folder, *said_of(model, "segmentation", truth[0]), *sharing)
    assert (code, scores["maps"], len(scores["failed"])) == (1, 1, 1)


def test_what_cannot_be_done_of_any_is_one_sentence(archive, model, truth, capsys, tmp_path):
    folder, _ = archive
    (tmp_path / "empty").mkdir()
    code, result, _ = engine(capsys, "polygons", tmp_path / "empty", "--output", tmp_path / "v")
    assert code == 1 and "There is no classes.tif in" in result["error"]["message"]
    write(tmp_path / "areas.gpkg", [box(40, 0, 0)], kind=["roof"])
    code, result, _ = engine(capsys, "evaluate", folder, *said_of(model, "segmentation", truth[0]))
    assert code == 1 and "None of the 3 predictions can be scored" in result["error"]["message"]
    code, result, _ = engine(capsys, "polygons", folder, "--output", tmp_path / "v", "--class", "lake")
    assert code == 1 and "'lake'" in result["error"]["message"]
    assert not list((tmp_path / "v").glob("*.gpkg"))
