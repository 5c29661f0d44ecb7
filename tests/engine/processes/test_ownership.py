"""One process works in a folder: the second is told who, the dead are known, of many at once one is it."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import OutputError
from engine.processes import OWNER_FILE, Identity, Lost, Owner, lives, me

ROOT = Path(__file__).parents[3]
CONTENDER = """
import sys, time
from pathlib import Path
from engine.errors import OutputError
from engine.processes import Owner
folder, hold = Path(sys.argv[1]), float(sys.argv[2])
if go := sys.argv[3]:
    print("ready", flush=True)
    while not Path(go).exists():
        pass
try:
    with Owner(folder):
        print("mine", flush=True)
        sys.stdin.read() if go else time.sleep(hold)
except OutputError as error:
    print(error, flush=True)
"""


def contend(folder, hold=0.0, go=""):
    """One that wants to be the owner, at once, or all at the same moment: when the file `go` is there."""
    command = [sys.executable, "-c", CONTENDER, str(folder), str(hold), str(go)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def leave(folder, **values):
    """The file of an owner, ourselves but for some values."""
    folder.mkdir(exist_ok=True)
    (folder / OWNER_FILE).write_text(json.dumps({**me().as_dict(), "since": 0.0, "mark": "another", **values}))


def test_the_second_is_told_who_is_first_and_comes_in_when_that_has_ended(tmp_path):
    with Owner(tmp_path / "run"):
        said = contend(tmp_path / "run").communicate()[0]
        assert f"process {os.getpid()} on {me().host}" in said and "stop" in said and "sign of life" not in said
    assert not list((tmp_path / "run").iterdir())
    assert contend(tmp_path / "run").communicate()[0] == "mine\n"


def test_a_killed_owner_is_known_for_dead_at_once_whether_or_not_it_was_waited_for(tmp_path):
    owner = contend(tmp_path, hold=60)
    assert owner.stdout.readline() == "mine\n"
    with pytest.raises(OutputError, match=f"process {owner.pid}"), Owner(tmp_path):
        pass
    owner.send_signal(signal.SIGKILL)
    time.sleep(0.2)  # a zombie now
    with Owner(tmp_path):
        assert json.loads((tmp_path / OWNER_FILE).read_text())["pid"] == os.getpid()
    owner.communicate()
    assert not list(tmp_path.iterdir())


def test_whoever_has_a_dead_owners_number_is_not_taken_for_it(tmp_path):
    leave(tmp_path, started="1")
    assert lives(me()) and lives(Identity(**{**me().as_dict(), "started": "1"})) is False
    with Owner(tmp_path):
        pass


def test_an_owner_elsewhere_lives_as_long_as_it_gives_signs_of_life(tmp_path):
    for elsewhere in ({"host": "cluster7"}, {"world": "another start of a machine of this name"}):
        leave(tmp_path, **elsewhere)
        with pytest.raises(OutputError, match=r"sign of life was 0 s ago; after 60 s"), Owner(tmp_path):
            pass
        before = time.time() - 61
        os.utime(tmp_path / OWNER_FILE, (before, before))
        with Owner(tmp_path):
            pass


def test_a_file_that_is_just_being_written_counts_for_its_writer(tmp_path):
    (tmp_path / OWNER_FILE).touch()
    with pytest.raises(OutputError, match="only just come"), Owner(tmp_path):
        pass


def test_a_process_killed_when_it_comes_holds_nobody_up(tmp_path, monkeypatch):
    if not (child := os.fork()):
        os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        with Owner(tmp_path):
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    os.utime(left, (1, 1))
    with Owner(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["owner.json"]
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_second_names(tmp_path, monkeypatch):
    def link(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with Owner(tmp_path), pytest.raises(OutputError, match="in use"), Owner(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_an_answer_that_went_astray_is_no_other_owner(tmp_path, monkeypatch):
    def link(*paths, link=os.link):
        link(*paths)
        raise FileExistsError

    monkeypatch.setattr(os, "link", link)
    with Owner(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["owner.json"]


def test_of_many_that_find_a_dead_owner_at_the_same_moment_one_takes_its_place(tmp_path):
    folder, go = tmp_path / "run", tmp_path / "go"
    leave(folder, started="1")
    contenders = [contend(folder, go=go) for _ in range(6)]
    assert [each.stdout.readline() for each in contenders] == 6 * ["ready\n"]
    go.touch()
    said = [each.stdout.readline() for each in contenders]
    assert said.count("mine\n") == 1, said
    for each in contenders:
        each.communicate()
    assert not list(folder.iterdir())


def test_a_take_over_that_was_killed_in_its_moment_holds_nobody_up_for_long(tmp_path):
    leave(tmp_path, started="1")
    claim = tmp_path / f"{OWNER_FILE}.taken"
    claim.touch()
    os.utime(claim, (1, 1))
    with Owner(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [OWNER_FILE]


def test_an_owner_that_was_given_up_finds_out_and_leaves_the_file_alone(tmp_path):
    with pytest.raises(Lost, match="taken over"), Owner(tmp_path, beat=0.05) as owner:
        owner.check()
        leave(tmp_path, host="cluster7")
        time.sleep(0.3)
        owner.check()
    assert json.loads((tmp_path / OWNER_FILE).read_text())["host"] == "cluster7"


def test_signs_of_life_are_given(tmp_path):
    with Owner(tmp_path, beat=0.05):
        os.utime(tmp_path / OWNER_FILE, (1, 1))
        time.sleep(0.3)
        assert (tmp_path / OWNER_FILE).stat().st_mtime > 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"), Owner(tmp_path / "file"):
        pass
