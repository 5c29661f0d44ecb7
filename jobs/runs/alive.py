"""Whether the engine that wrote `started` is still there."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

SILENCE_SECONDS = 900.0
"""How long a run on another machine may write nothing before it counts as dead."""

NAMES = ("engine", "geodistil", "afterwards")
"""One of them is in the engine's command line; another process may have got a dead engine's number."""

PROC = Path("/proc")
QUERY_LIMITED_INFORMATION = 0x1000
STILL_ACTIVE = 259


def is_alive(pid: int, host: str, last_sign: float) -> bool:
    """Whether a run's process lives: looked up on its own machine, judged by its last event elsewhere.

    Args:
        pid: process id.
        host: the machine it runs on.
        last_sign: when it last wrote something, in seconds since 1970.
    """
    if host != socket.gethostname():
        return time.time() - last_sign < SILENCE_SECONDS
    return pid > 0 and any(name in command_line(pid) for name in NAMES)


def command_line(pid: int) -> str:
    """A process's command line; empty where it has ended, whether or not someone waited for it."""
    if sys.platform == "win32":
        return _windows_program(pid)
    if (PROC / "self").exists():
        return _linux_command_line(PROC / str(pid))
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def _linux_command_line(process: Path) -> str:
    try:
        text = (process / "cmdline").read_text("utf-8", "replace")
        state = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except OSError:
        return ""
    # A child has no command line yet for a moment after it has begun: its program is only being loaded.
    return text or ("" if state in "ZX" else "engine")


def _windows_program(pid: int) -> str:
    """Windows tells other processes the program only; a Python counts as the engine."""
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32")
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = wintypes.HANDLE(kernel.OpenProcess(QUERY_LIMITED_INFORMATION, False, pid))
    if not handle:
        return ""
    try:
        code, size = wintypes.DWORD(), wintypes.DWORD(1024)
        path = ctypes.create_unicode_buffer(size.value)
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.QueryFullProcessImageNameW(handle, 0, path, ctypes.byref(size))
    finally:
        kernel.CloseHandle(handle)
    running = code.value == STILL_ACTIVE
    return path.value.lower().replace("python", "engine") if running else ""
