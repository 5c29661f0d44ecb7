import json

import pytest

from engine.config import (
    ClassDefinition,
    Labels,
    Run,
    Source,
    Training,
    load_run,
    preset,
    preset_names,
    save_run,
)
from engine.errors import ConfigError, OutputError

MINIMAL = {"sources": [{"raster": "a.tif", "role": "unlabelled"}], "recipe": {"kind": "supervised"}}


def written(folder, **changes):
    (folder / "run.json").write_text(json.dumps({**MINIMAL, **changes}))
    return folder


def test_a_run_survives_writing_and_reading(tmp_path):
    run = Run(
        sources=[Source(raster=str(tmp_path / "a.tif"), role="segmentation", labels=Labels(path="/elsewhere/b.gpkg"))],
        segmentation_classes=[ClassDefinition(name="roof", values=["1"])],
        recipe={"kind": "semi_supervised", "confidence": 0.7},
    )
    save_run(run, tmp_path)
    assert load_run(tmp_path) == run


def test_folders_of_teachers_are_found_from_the_run_folder(tmp_path):
    teachers = {"detection_teacher": "../cars", "segmentation_teacher": "/elsewhere/roofs"}
    run = load_run(written(tmp_path, recipe={"kind": "partial_multitask", "teachers_from": teachers}))
    assert run.recipe.teachers_from == {
        "detection_teacher": str(tmp_path / "../cars"),
        "segmentation_teacher": "/elsewhere/roofs",
    }
    alone = load_run(written(tmp_path, recipe={"kind": "semi_supervised", "teachers_from": "a"}))
    assert alone.recipe.teachers_from == str(tmp_path / "a")


def test_paths_inside_the_run_folder_move_with_it(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run = Run(sources=[Source(raster=str(first / "rasters/a.tif"), role="unlabelled")], recipe={"kind": "supervised"})
    save_run(run, first)
    first.rename(second)
    assert load_run(second).sources[0].raster == str(second / "rasters/a.tif")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"training": {"batchsize": 3}}, "unknown key 'training.batchsize'"),
        ({"recipe": {"kind": "partial_multitask", "techer": 1}}, "unknown key 'recipe.techer'"),
        ({"recipe": {"kind": "magic"}}, "recipe"),
        ({"sources": [{"raster": "a.tif", "role": "detection"}]}, "no labels"),
        ({"training": {"budget": {"steps": 5, "minutes": 3}}}, "exactly one"),
        ({"training": {"chip_size": 100}}, "training.chip_size"),
        ({"version": 99}, "version 99"),
        ({"gsd": 0}, "gsd"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_its_key(tmp_path, changes, words):
    with pytest.raises(ConfigError, match=words) as error:
        load_run(written(tmp_path, **changes))
    assert "run.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_broken_json_have_their_sentences(tmp_path):
    with pytest.raises(ConfigError, match="no run file"):
        load_run(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        load_run(tmp_path)


def test_classes_must_be_there_and_differ(tmp_path):
    labelled = {"raster": "a.tif", "role": "segmentation", "labels": {"path": "b.gpkg"}}
    with pytest.raises(ConfigError, match="no segmentation_classes"):
        load_run(written(tmp_path, sources=[labelled]))
    twice = [{"name": "roof"}, {"name": "roof"}]
    with pytest.raises(ConfigError, match="share a name"):
        load_run(written(tmp_path, sources=[labelled], segmentation_classes=twice))


def test_a_run_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        save_run(Run(**MINIMAL), tmp_path / "file" / "run")


def test_background_is_the_first_channel_where_it_is_a_class():
    run = Run(**MINIMAL, segmentation_classes=[{"name": "roof"}])
    assert [channel.name for channel in run.segmentation_channels()] == ["background", "roof"]
    run.background = False
    assert [channel.name for channel in run.segmentation_channels()] == ["roof"]


def test_a_preset_fills_what_the_file_leaves_open(tmp_path):
    changes = {"recipe": {"student": {"size": "medium"}}, "training": {"budget": {"steps": 9}, "batch_size": 4}}
    run = load_run(written(tmp_path, preset="igarss2024-multitask", **changes))
    assert run.recipe.kind == "partial_multitask"
    assert (run.recipe.student.size, run.recipe.student.encoder) == ("medium", "resnet18")
    assert run.recipe.segmentation_teacher.neck == "pafpn"
    assert not run.recipe.on_own_task, "the paper's teachers speak on the missing task only"
    assert (run.training.budget.steps, run.training.budget.epochs, run.training.batch_size) == (9, None, 4)
    assert (run.training.optimizer, run.training.ema_decay) == ("sgd", 0.9998)
    save_run(run, tmp_path / "copy")
    assert load_run(tmp_path / "copy").recipe == run.recipe


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_settings_of_their_own_that_a_caller_may_change(name):
    chosen = preset(name)
    chosen.recipe.student.width = 96
    assert preset(name).recipe.student.width is None
    assert Training(**chosen.training).budget


def test_a_wrong_preset_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="igarss2024-sslkd"):
        load_run(written(tmp_path, preset="igarss"))
    with pytest.raises(ConfigError, match="semi_supervised, not supervised"):
        load_run(written(tmp_path, preset="igarss2024-sslkd"))
