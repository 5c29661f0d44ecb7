"""What is asked to be on the disk is: each file and folder is flushed, and none that is none of ours."""

import os

from engine.files import synchronise_tree, write_text


def test_a_folder_is_flushed_with_all_that_is_in_it(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    files = [tmp_path / "one", tmp_path / "a" / "two", tmp_path / "a" / "b" / "three"]
    for path in files:
        path.write_text("x")
    (tmp_path / "link").symlink_to("/dev/zero")
    flushed = flushes(monkeypatch)
    synchronise_tree(tmp_path)
    folders = {tmp_path, tmp_path / "a", tmp_path / "a" / "b"}
    assert set(flushed) == {*map(str, files), *map(str, folders)}
    assert flushed[-1] == str(tmp_path), "a folder's names come after what they name"


def test_a_text_is_flushed_before_it_has_its_name_and_its_folder_after(tmp_path, monkeypatch):
    flushed = flushes(monkeypatch)
    write_text(tmp_path / "run.json", "{}")
    assert not flushed
    write_text(tmp_path / "run.json", "{}", flush=True)
    assert [path.endswith(".partial") for path in flushed] == [True, False] and flushed[1] == str(tmp_path)


def flushes(monkeypatch):
    """The paths that are flushed from now on."""
    found = []

    def fsync(descriptor, fsync=os.fsync):
        found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return found
