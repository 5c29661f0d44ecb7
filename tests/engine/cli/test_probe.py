"""`check --probe`: a few real steps of each stage."""

import json

from engine.cli.main import main
from engine.config import PartialMultitask, Supervised
from tests.networks import TINY


def checked(capsys, *arguments):
    assert main(["check", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_stage_is_timed_and_the_memory_measured(make_run, capsys):
    recipe = PartialMultitask(student=TINY, detection_teacher=TINY, segmentation_teacher=TINY)
    folder = make_run(recipe, batch_size=2)
    before = sorted(folder.rglob("*"))
    result = checked(capsys, folder, "--probe")
    stages = result["estimate"]["stages"]
    assert [stage["name"] for stage in stages] == [stage["name"] for stage in result["stages"]]
    assert all(0 < stage["seconds_per_step"] < 30 and stage["steps_per_epoch"] >= 1 for stage in stages)
    assert 1e8 < result["estimate"]["memory_bytes"] < 1e11
    kept = folder / "cache"  # what training would read again
    assert sorted(path for path in folder.rglob("*") if path != kept and kept not in path.parents) == before


def test_a_larger_batch_takes_longer_and_fewer_steps_an_epoch(make_run, capsys):
    def stage(batch_size):
        folder = make_run(Supervised(network=TINY), f"run{batch_size}", batch_size=batch_size)
        return checked(capsys, folder, "--probe")["estimate"]["stages"][0]

    few, many = stage(1), stage(16)
    assert many["seconds_per_step"] > few["seconds_per_step"]
    assert many["steps_per_epoch"] < few["steps_per_epoch"]


def test_a_check_tells_the_blocks_and_times_nothing_unasked(make_run, capsys):
    result = checked(capsys, make_run(Supervised(network=TINY)))
    assert result["estimate"] is None
    assert {block["split"] for block in result["blocks"]} == {"training", "validation"}
    assert all(block["polygon"]["type"] in ("Polygon", "MultiPolygon") and block["crs"] for block in result["blocks"])
