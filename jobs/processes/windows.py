"""Processes on Windows, by its own calls; a handle holds on to one process, whatever becomes of its id.

`NtQueryInformationProcess` gives the command line from Windows 8.1 on, to everyone who may ask for the program's name.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes

from .process import Process

TERMINATE = 0x0001
QUERY_LIMITED_INFORMATION = 0x1000
STILL_ACTIVE = 259
COMMAND_LINE_INFORMATION = 60
SNAPSHOT_OF_PROCESSES = 0x2
NO_SNAPSHOT = ctypes.c_void_p(-1).value
ACCESS_DENIED = 5

FROM_1601_TO_1970 = 11_644_473_600
"""Seconds; Windows counts from 1601, in steps of 100 ns."""

STEPS_PER_SECOND = 10_000_000


class _Text(ctypes.Structure):
    """UNICODE_STRING; lengths are bytes."""

    _fields_ = (("length", wintypes.USHORT), ("most", wintypes.USHORT), ("buffer", ctypes.c_void_p))


class _Entry(ctypes.Structure):
    """PROCESSENTRY32W."""

    _fields_ = (
        ("size", wintypes.DWORD),
        ("usage", wintypes.DWORD),
        ("pid", wintypes.DWORD),
        ("heap", ctypes.c_size_t),
        ("module", wintypes.DWORD),
        ("threads", wintypes.DWORD),
        ("parent", wintypes.DWORD),
        ("priority", wintypes.LONG),
        ("flags", wintypes.DWORD),
        ("program", wintypes.WCHAR * 260),
    )


_kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]  # of Windows only, as this file
_shell = ctypes.WinDLL("shell32")  # type: ignore[attr-defined]  # likewise
_nt = ctypes.WinDLL("ntdll")  # type: ignore[attr-defined]  # likewise
_kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel.GetExitCodeProcess.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
_kernel.GetProcessTimes.argtypes = (wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4)
_kernel.TerminateProcess.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel.CreateToolhelp32Snapshot.argtypes = (wintypes.DWORD, wintypes.DWORD)
_kernel.CreateToolhelp32Snapshot.restype = wintypes.HANDLE
_kernel.Process32FirstW.argtypes = _kernel.Process32NextW.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Entry))
_kernel.LocalFree.argtypes = (ctypes.c_void_p,)
_shell.CommandLineToArgvW.argtypes = (wintypes.LPCWSTR, ctypes.POINTER(ctypes.c_int))
_shell.CommandLineToArgvW.restype = ctypes.POINTER(wintypes.LPWSTR)
_nt.NtQueryInformationProcess.argtypes = (
    wintypes.HANDLE,
    ctypes.c_int,
    ctypes.c_void_p,
    wintypes.ULONG,
    ctypes.POINTER(wintypes.ULONG),
)
_nt.NtQueryInformationProcess.restype = ctypes.c_long


def look(pid: int) -> Process | None:
    """A process; none where it has ended, or where not even its start may be asked for."""
    return _looked(pid, parents().get(pid, 0))


def everyone() -> list[Process]:
    """All processes that can be seen."""
    found = [_looked(pid, parent) for pid, parent in parents().items()]
    return [process for process in found if process is not None]


def kill(process: Process) -> None:
    """End a process at once; does nothing where its id is another's by now.

    Raises:
        PermissionError: it is another user's.
    """
    with _opened(process.pid, QUERY_LIMITED_INFORMATION | TERMINATE) as handle:
        if handle is None:
            error = ctypes.get_last_error()  # type: ignore[attr-defined]  # likewise
            if error == ACCESS_DENIED and process.is_same(look(process.pid)):
                raise PermissionError(ACCESS_DENIED, "Access is denied")
            return
        if _start(handle) == process.token:
            _kernel.TerminateProcess(handle, 1)


def parents() -> dict[int, int]:
    """Process id -> its parent's, as they were noted at the start: the parent's id may be another's by now."""
    snapshot = _kernel.CreateToolhelp32Snapshot(SNAPSHOT_OF_PROCESSES, 0)
    if snapshot in (None, NO_SNAPSHOT):
        return {}
    entry, found = _Entry(), {}
    entry.size = ctypes.sizeof(_Entry)
    try:
        more = _kernel.Process32FirstW(snapshot, ctypes.byref(entry))
        while more:
            found[entry.pid] = entry.parent
            more = _kernel.Process32NextW(snapshot, ctypes.byref(entry))
    finally:
        _kernel.CloseHandle(snapshot)
    return found


def _looked(pid: int, parent: int) -> Process | None:
    with _opened(pid, QUERY_LIMITED_INFORMATION) as handle:
        if handle is None:
            return None
        code = wintypes.DWORD()
        if not _kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != STILL_ACTIVE:
            return None
        start = _start(handle)
        return Process(pid, parent, start, start / STEPS_PER_SECOND - FROM_1601_TO_1970, _arguments(handle))


@contextmanager
def _opened(pid: int, rights: int) -> Iterator[int | None]:
    handle = _kernel.OpenProcess(rights, False, pid)
    try:
        yield handle or None
    finally:
        if handle:
            _kernel.CloseHandle(handle)


def _start(handle: int) -> int:
    times = [wintypes.FILETIME() for _ in range(4)]
    if not _kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
        return 0
    return (times[0].dwHighDateTime << 32) | times[0].dwLowDateTime


def _arguments(handle: int) -> tuple[str, ...]:
    size = wintypes.ULONG()
    _nt.NtQueryInformationProcess(handle, COMMAND_LINE_INFORMATION, None, 0, ctypes.byref(size))
    if size.value < ctypes.sizeof(_Text):
        return ()
    memory = ctypes.create_string_buffer(size.value)
    if _nt.NtQueryInformationProcess(handle, COMMAND_LINE_INFORMATION, memory, size, ctypes.byref(size)) < 0:
        return ()
    text = _Text.from_buffer(memory)  # its characters follow it in the same memory
    if not text.buffer or not text.length:
        return ()
    return _split(ctypes.wstring_at(text.buffer, text.length // ctypes.sizeof(wintypes.WCHAR)))


def _split(line: str) -> tuple[str, ...]:
    count = ctypes.c_int()
    words = _shell.CommandLineToArgvW(line, ctypes.byref(count))
    if not words:
        return ()
    try:
        return tuple(words[index] for index in range(count.value))
    finally:
        _kernel.LocalFree(words)
