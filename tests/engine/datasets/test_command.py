"""`python -m engine.datasets`."""

import pytest

from engine.config import load_run
from engine.datasets.__main__ import main


def test_potsdam_is_one_command(potsdam, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["potsdam", str(potsdam[0]), "--run", str(run), "--preset", "igarss2024-multitask"]) == 0
    assert load_run(run).name == "potsdam-uneven"
    output = capsys.readouterr()
    assert "4 sources, 3 truths for testing" in output.out
    assert "note: 20 of the 24 official training tiles" in output.err


def test_a_pair_recognises_its_folders(potsdam, vaihingen, tmp_path):
    assert main(["pair", str(vaihingen[0]), str(potsdam[0]), "--run", str(tmp_path / "run")]) == 0
    assert load_run(tmp_path / "run").name == "vaihingen-boxes-potsdam-areas"


def test_roadnet_is_one_command(roadnet, tmp_path):
    assert main(["roadnet", str(roadnet), "--run", str(tmp_path / "run"), "--labelled", "0.5"]) == 0
    assert load_run(tmp_path / "run").name == "roadnet-7-of-14"


def test_a_failure_is_one_sentence_and_exit_code_1(tmp_path, capsys):
    assert main(["vaihingen", str(tmp_path), "--run", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path} holds none of the ISPRS Vaihingen images")
    assert not (tmp_path / "run").exists()


def test_an_unknown_dataset_is_a_wrong_argument(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["toronto", str(tmp_path), "--run", str(tmp_path / "run")])
    assert stopped.value.code == 2
