"""Hours of training never end without a model because of a log, a report, or another run."""

from engine.cli.train import train_run
from engine.packages import load_card

from ...damage.logs import LINES


def test_neither_a_damaged_log_nor_a_report_that_cannot_be_written_costs_the_model(make_run, tmp_path, capsys):
    folder = make_run({"kind": "supervised"}, roles=("segmentation",), budget={"steps": 1}, validations=1)
    (folder / "events.jsonl").write_bytes(b"\n".join([*LINES.values(), LINES["torn"]]))
    (folder / "report.html").mkdir()
    other = tmp_path / "other"
    other.mkdir()
    for name in ("run.json", "events.jsonl", "validation.json"):
        (other / name).write_bytes(LINES["torn"])
    told = []
    result = train_run(folder, told.append)
    assert load_card(result["model"]).tasks == ["segmentation"]
    warnings = [event["message"] for event in told if event["kind"] == "warning"]
    assert f"python -m engine report {folder}" in warnings[-1] and "report.html cannot be written" in warnings[-1]
    assert told[-1]["kind"] == "finished" and "The report is left out" in capsys.readouterr().err
    assert (folder / "events.jsonl").read_bytes().splitlines()[len(LINES)] == LINES["torn"]
