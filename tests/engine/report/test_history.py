import pytest

from engine.report.history import read_history


def test_the_best_validation_is_the_one_with_the_highest_mean_of_main_metrics():
    def metrics(step, **values):
        return {"time": step, "kind": "metrics", "stage": "s", "network": "n", "step": step, "values": values}

    events = [
        metrics(10, **{"segmentation/mean_iou": 0.5, "detection/ap50": 0.5}),
        metrics(20, **{"segmentation/mean_iou": 0.9, "detection/ap50": 0.3}),
        metrics(30, **{"segmentation/mean_iou": 0.55, "detection/ap50": 0.55}),
    ]
    assert read_history(events).best()["n"][:2] == ("s", 20)


def test_steps_trained_again_after_an_interruption_count_once_and_the_pause_costs_no_time(events):
    first, rest = events[:30], events[20:]
    again = [{"time": 99_000.0, "kind": "started"}, {"time": 99_001.0, "kind": "stage", "name": "detection_teacher"}]
    later = [{**event, "time": event["time"] + 98_000} for event in rest]
    history = read_history([*first, {"time": 1295.0, "kind": "stopped"}, *again, *later])
    whole = read_history(events)
    assert [stage.losses for stage in history.stages] == [stage.losses for stage in whole.stages]
    assert history.ending is None
    worked = (1295 - 1000) + (later[-1]["time"] - 99_000)
    assert history.seconds == pytest.approx(worked)


def test_notes_count_once_however_often_a_run_began():
    note = {"time": 1, "kind": "note", "message": "Steps take 1 s."}
    assert read_history([note, note, {**note, "message": "Other."}]).notes == ["Steps take 1 s.", "Other."]


def test_a_curve_leaves_out_values_that_are_missing():
    values = [{"detection/ap50": 0.1}, {"detection/ap50": None}, {}]
    events = [
        {"time": k, "kind": "metrics", "stage": "s", "network": "n", "step": k, "values": v}
        for k, v in enumerate(values)
    ]
    assert read_history(events).stages[0].curve("n", "detection/ap50") == {0: 0.1}


def test_a_loss_that_was_not_a_number_is_left_out():
    event = {"time": 0, "kind": "progress", "stage": "s", "step": 1, "of": 2, "losses": {"box": None, "dice": 1.0}}
    assert read_history([event]).stages[0].losses == {"dice": {1: 1.0}}


def test_packaging_is_no_stage(events):
    part = {"time": 5000.0, "kind": "progress", "stage": "packaging", "part": "graph", "step": 6, "of": 7}
    packed = read_history([*events, {**part, "eta_seconds": 1.0, "fraction": 0.99}])
    assert [stage.name for stage in packed.stages] == [stage.name for stage in read_history(events).stages]
