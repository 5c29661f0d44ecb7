"""A server on loopback, described as a person would, with this checkout as its engine."""

import shutil

import pytest

from ...desktop.loopback import Loopback, described, sshd


@pytest.fixture(scope="session")
def loopback(tmp_path_factory):
    if sshd() is None or not shutil.which("ssh"):
        pytest.skip("ssh and sshd are not installed (packages openssh-client, openssh-server)")
    server = Loopback(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def known(qgis_app, monkeypatch, tmp_path):
    """An own file of host keys."""
    from geodistil.jobs.servers import ssh

    path = tmp_path / "known hosts" / "keys"
    monkeypatch.setattr(ssh, "known_hosts", lambda: path)
    return path


@pytest.fixture
def server(loopback, known, tmp_path):
    """The server's description; its host key is not accepted yet."""
    from geodistil.jobs.servers.server import Server

    return Server(name="box", id="1", **described(loopback, tmp_path / "Ablage für 'alle' there"))


@pytest.fixture
def trusted(server):
    """The server, with its host key accepted."""
    from geodistil.jobs.servers.ssh import accept, look_at_host_key

    accept(look_at_host_key(server))
    return server


@pytest.fixture
def followers(qgis_app):
    """Who follows runs; nobody once the test is over."""
    from geodistil.jobs.runs.files import set_followed_runs
    from geodistil.jobs.servers.following import Followers

    made = Followers()
    yield made
    made.leave()
    set_followed_runs({})
