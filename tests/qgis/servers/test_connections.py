"""A server that is tested: what it has, and each thing that may be wrong with it, on a real sshd."""

import subprocess
from dataclasses import replace

import pytest

from ...desktop.loopback import Loopback


def refused(server):
    from geodistil.jobs.errors import GeoDistilError
    from geodistil.jobs.servers.connection import probe

    with pytest.raises(GeoDistilError) as raised:
        probe(server)
    return str(raised.value)


def test_what_a_server_has_is_told(trusted):
    from geodistil.jobs.servers.connection import probe

    found = probe(trusted)
    assert (found.python.split(".")[0], found.device) == ("3", "CPU")
    assert found.engine[0].isdigit()
    assert found.folder == trusted.folder
    assert found.free > 1e6


def test_a_host_key_is_shown_and_known_only_once_it_is_accepted(server, known, loopback):
    from geodistil.jobs.servers.connection import Connection
    from geodistil.jobs.servers.ssh import accept, look_at_host_key

    assert "The host key of box is not known here yet." in refused(server)
    key = look_at_host_key(server)
    assert not known.exists()
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", loopback.folder / "host_key.pub"], capture_output=True, text=True, check=True
    )
    assert key.fingerprint == f"ED25519 {listed.stdout.split()[1]}"
    accept(key)
    with Connection(server) as connection:
        assert connection.hello["python"]


def test_a_host_key_that_changed_is_refused(known, server, tmp_path):
    from geodistil.jobs.servers.ssh import accept, look_at_host_key

    loopback = Loopback(tmp_path / "sshd")
    there = replace(server, port=loopback.port, key=str(loopback.key))
    loopback.start()
    try:
        accept(look_at_host_key(there))
        loopback.stop()
        loopback.change_host_key()
        loopback.start()
        sentence = refused(there)
    finally:
        loopback.stop()
    assert "The host key of box is not the one that was accepted, so nothing was sent there." in sentence
    assert f"remove line 1 of {known}" in sentence


def test_each_thing_that_is_wrong_has_its_sentence(trusted, tmp_path):
    assert "There is no host no-such-host.invalid" in refused(replace(trusted, host="no-such-host.invalid"))
    assert "does not answer at 127.0.0.1" in refused(replace(trusted, port=1))
    assert "has no Python that starts with /nowhere/python" in refused(replace(trusted, python="/nowhere/python"))
    assert "has no engine: " in refused(replace(trusted, python="cd / && /usr/bin/python3"))
    assert "cannot be read or written" in refused(replace(trusted, folder="/proc/geodistil"))
    assert "The key file /nowhere/key cannot be used" in refused(replace(trusted, key="/nowhere/key"))
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    assert "The server box accepts no key of" in refused(replace(trusted, key=str(other)))


def test_what_is_cancelled_ends_at_once(trusted):
    from geodistil.jobs.errors import CancelledError
    from geodistil.jobs.servers.connection import probe

    with pytest.raises(CancelledError):
        probe(replace(trusted, python="sleep 60; python"), lambda: True)


def test_a_client_that_is_not_installed_has_its_sentence(trusted, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "The program ssh is not installed." in refused(trusted)
