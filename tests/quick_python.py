#!/usr/bin/python3 -IS
"""The engine's Python for QGIS's tests: a program of the engine is forked from a server that has its libraries loaded.

`tests.forks` is the server; the fixture `quick_engine` starts it and names this file as the engine's Python. What is no
program of this checkout's engine is run by the engine's own Python, in the place of this one.
"""

import json
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
PLACE = "GEODISTIL_FORKS"
"""The variable that says where the server listens."""
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main():
    """Become the program that is asked for, or stand for it until it ends."""
    if not _is_ours(sys.argv[1:]):
        os.execv(PYTHON, [str(PYTHON), *sys.argv[1:]])
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(os.environ[PLACE])
        asked = {"arguments": sys.argv[1:], "cwd": os.getcwd(), "session": True, "env": dict(os.environ)}
        socket.send_fds(server, [json.dumps(asked).encode()], [0, 1, 2])
        child = _next(server)
        for number in PASSED_ON:
            signal.signal(number, lambda number, frame: _send(child, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        status = _next(server)
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


def _is_ours(arguments):
    if PLACE not in os.environ or Path.cwd().resolve() != ROOT or not arguments:
        return False
    return arguments[:2] == ["-m", "engine"] or Path(arguments[0]).suffix == ".py"


def _next(server):
    if len(said := server.recv(4)) < 4:
        sys.exit("The server of forks has ended.")
    return struct.unpack("i", said)[0]


def _send(process, number):
    with suppress(ProcessLookupError):
        os.kill(process, number)


if __name__ == "__main__":
    main()
