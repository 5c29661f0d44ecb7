"""Programs of the engine, forked from a process that has its libraries loaded: loading them takes 5 s of a processor.

`run` and `start` are `subprocess.run` and `subprocess.Popen` for Python's `-m`, `-c` and scripts. They are for tests of
what a program does. Those of how it starts (which libraries it loads, what is changed before it does) start it anew, as
every test does on other systems than Linux.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
import types
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARK = "MARK"
"""The variable by which tests know the processes of theirs, with a UUID; it is also shown where the system looks."""
LOADED = (
    "engine.cli.main",
    "engine.recipes",
    "engine.training",
    "engine.inference",
    "engine.packages",
    "onnxscript.optimizer",
)
REQUEST = 1 << 20
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", MARK: 36 * "-"}
"""Of the server, before any test changed it; without threads, for a process that has some must not fork."""


class Forked(subprocess.Popen):
    """A program as `subprocess.Popen` has it, but a child of the server, which tells how it ended."""

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *more):
        _, _, _, to_read, to_write, from_read, from_write, errors_read, errors_write = more[:9]
        new_session = more[14]
        self.told, theirs = socket.socketpair()
        asked = {"arguments": [*map(os.fspath, args[1:])], "cwd": os.fspath(cwd or os.getcwd()), "session": new_session}
        asked["env"] = dict(os.environ if env is None else env)
        streams = [own if given == -1 else given for own, given in enumerate((to_read, from_write, errors_write))]
        with theirs:
            socket.send_fds(_server(), [json.dumps(asked).encode()], [*streams, theirs.fileno()])
        self._close_pipe_fds(to_read, to_write, from_read, from_write, errors_read, errors_write)
        self.pid = self._next()
        self._child_created = True

    def _next(self):
        if len(said := self.told.recv(4)) < 4:
            raise RuntimeError("the server of forks has ended")
        return struct.unpack("i", said)[0]

    def _try_wait(self, flags):
        if flags & os.WNOHANG and not select.select([self.told], [], [], 0)[0]:
            return 0, 0
        with self.told:
            return self.pid, self._next()

    def _internal_poll(self, _deadstate=None):
        if self.returncode is None and _deadstate is None:
            found, status = self._try_wait(os.WNOHANG)
            if found:
                self._handle_exitstatus(status)
        return self.returncode


start = Forked if sys.platform == "linux" else subprocess.Popen


def run(command, timeout=None, check=False, capture_output=False, **more):
    """`subprocess.run`."""
    if capture_output:
        more |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start(command, **more) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


@functools.cache
def _server():
    """The socket of this process's server, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.forks", str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=ROOT,
            env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return ours


def listening(place):
    """A server that listens at a place, for `quick_python.py`, until it is terminated.

    Args:
        place: a path that does not exist yet.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(os.fspath(place))
        listener.listen(64)
        return subprocess.Popen(
            [ROOT / ".venv" / "bin" / "python", "-m", "tests.forks", str(listener.fileno())], cwd=ROOT,
            pass_fds=[listener.fileno()], env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _serve(asking):
    """Fork for each request, until nobody can ask any more; in the children, what is to be run.

    Where it listens, each connection asks once, is told there, and who closes it, having been killed, kills all of the
    child's session; the server ends with who started it.
    """
    from engine.processes.lifetime import end_with_maker

    if listens := asking.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        end_with_maker(os.getppid())
    woken, waking = socket.socketpair()
    for each in (woken, waking):
        each.setblocking(False)
    signal.set_wakeup_fd(waking.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([asking, woken, *(running.values() if listens else ())], [], [])
        if woken in ready:
            with suppress(BlockingIOError):
                woken.recv(1000)
            _tell(running)
        for child in [child for child, told in running.items() if told in ready]:
            running.pop(child).close()
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        if asking in ready and (asked := _asked(asking, listens)):
            said, given, told = asked
            if child := os.fork():
                told.send(struct.pack("i", child))
                running[child] = told
                for each in given:
                    os.close(each)
            else:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (asking, woken, waking, told, *running.values()):
                    each.close()
                return _become(json.loads(said), given)


def _asked(asking, listens):
    """A request, its streams and the socket to tell; none of a connection that has asked nothing."""
    source = asking.accept()[0] if listens else asking
    said, given, _, _ = socket.recv_fds(source, REQUEST, 4)
    if said:
        return said, given, source if listens else socket.socket(fileno=given.pop())
    if not listens:  # nobody can ask any more
        os._exit(0)
    source.close()
    return None


def _tell(running):
    """How those have ended that have."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] in running:  # else who asked has been killed
                with running.pop(ended[0]) as told, suppress(OSError):  # nobody asks any more
                    told.send(struct.pack("i", ended[1]))


def _become(asked, streams):
    """In a child: have the streams, folder, environment and arguments of a program; gives the latter."""
    for own, given in enumerate(streams):
        os.dup2(given, own)
        os.close(given)
    if asked["session"]:
        os.setsid()
    os.chdir(asked["cwd"])
    if mark := asked["env"].get(MARK):
        _show(mark)
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.path[0] = asked["cwd"]
    return asked["arguments"]


def _show(mark):
    """Have the mark where the system shows the environment, which is what the server was started with."""
    begin = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[47])
    place = Path("/proc/self/environ").read_bytes().index(f"{MARK}={36 * '-'}".encode()) + len(MARK) + 1
    ctypes.memmove(begin + place, mark.encode(), 36)


def _program(kind, *arguments):
    """Run as Python does what is after its name."""
    if kind == "-m":
        name, *arguments = arguments
        sys.argv[:] = [name, *arguments]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        code, *arguments = arguments
        sys.argv[:] = [kind, *arguments]
        sys.modules["__main__"] = module = types.ModuleType("__main__")
        exec(code, vars(module))
    else:
        sys.argv[:] = [kind, *arguments]
        sys.path[0] = str(Path(kind).resolve().parent)
        runpy.run_path(kind, run_name="__main__")


def _live(*arguments):
    """Run a program and end as Python does, but for taking the libraries apart, which takes 2 s."""
    code = 0
    try:
        _program(*arguments)
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        if code and not isinstance(asked.code, int):
            print(asked.code, file=sys.stderr)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    from tests import graphs

    for name in LOADED:
        importlib.import_module(name)
    sys.modules["engine.cli.main"].parser()  # which loads all commands
    graphs.trace_once(graphs.kept())
    gc.freeze()  # what is loaded, so that no child copies it only to look for garbage
    _live(*_serve(socket.socket(fileno=int(sys.argv[1]))))
