"""Children end with their parent, which is really killed; however they were started, and in whatever they do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKERS = """
import multiprocessing, os, sys, threading, time
from engine.processes import FORKSERVER_GUARD, end_with_parent

def work(queue):
    if "UNGUARDED" not in os.environ:
        end_with_parent()
    while True:
        queue.put(os.getpid())

def start(method):
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([FORKSERVER_GUARD, "slow_to_import"])
    queue = context.Queue(2)
    for _ in range(2):
        context.Process(target=work, args=(queue,)).start()
    return queue

if __name__ == "__main__":
    method, starter = sys.argv[1:]
    queues = []
    thread = threading.Thread(target=lambda: queues.append(start(method)), daemon=True)
    thread.run() if starter == "main" else thread.start()
    if starter == "thread":
        thread.join()
    if starter != "main":
        time.sleep(1)
    if starter != "at once":
        seen = set()
        while len(seen) < 2:
            seen.add(queues[0].get(timeout=20))
    print("reading", flush=True)
    threading.Event().wait()
"""
PROGRAM = """
import os, subprocess, sys
child = "import sys, time; from engine.processes import end_with_process; end_with_process(int(sys.argv[1]))"
busy = "\\nprint('reading', flush=True)\\nwhile True: sum(range(10**6))"
subprocess.run([sys.executable, "-c", child + busy, str(os.getpid())])
"""


@pytest.fixture
def start(family, tmp_path):
    """A function that starts a program of two modules, and the function that finds its processes."""
    (tmp_path / "slow_to_import.py").write_text("import os, time; time.sleep(8 * ('SLOW' in os.environ))")

    def start(program, *arguments, **environment):
        (tmp_path / "program.py").write_text(program)
        paths = {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
        command = [sys.executable, str(tmp_path / "program.py"), *arguments]
        return family.start(command, stdout=subprocess.PIPE, env=paths | environment)

    return start


def killed_and_gone(family, parent, least):
    assert parent.stdout.readline() == "reading\n"
    assert len(family.members()) >= least
    family.kill_and_wait(parent)


@pytest.mark.parametrize(("method", "least"), [("fork", 3), ("forkserver", 4), ("spawn", 3)])
def test_workers_end_with_a_killed_parent(family, start, method, least):
    killed_and_gone(family, start(WORKERS, method, "main"), least)


def test_workers_that_a_thread_has_started_do_not_end_with_the_thread(family, start):
    killed_and_gone(family, start(WORKERS, "forkserver", "thread"), 4)


def test_a_server_that_still_imports_what_workers_need_ends_too(family, start):
    killed_and_gone(family, start(WORKERS, "forkserver", "at once", SLOW="1"), 2)


def test_workers_that_have_not_begun_end_with_their_server(family, start):
    killed_and_gone(family, start(WORKERS, "forkserver", "main", UNGUARDED="1"), 4)


def test_a_child_program_ends_with_a_killed_parent(family, start):
    killed_and_gone(family, start(PROGRAM), 2)
