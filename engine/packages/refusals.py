"""Why onnxruntime refuses a file: its lines, prefixes and C++ signatures as one sentence, with the hint that fits."""

from __future__ import annotations

import re
from pathlib import Path

from onnxruntime.capi import onnxruntime_pybind11_state as states

from ..errors import PackageError

UNREADABLE = (
    states.Fail, states.InvalidGraph, states.InvalidProtobuf, states.NotImplemented, states.InvalidArgument,
    states.NoSuchFile, states.RuntimeException, ValueError,
)  # fmt: skip
"""What onnxruntime raises; it has no base of its own."""

POINTER = b"version https://git-lfs"
"""How a file begins that Git LFS has not fetched."""

KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"Unsupported model IR version: (\d+), max supported IR version: (\d+)",
        "is of ONNX's IR version {0}, and this onnxruntime reads none above {1}",
        "Export it with an older version of onnx, or update the engine.",
    ),
    (
        r"Opset (\d+) is under development.*? is till opset (\d+)",
        "is of opset {0}, and this onnxruntime reads none above {1}",
        "Export it again with opset {1} or a lower one.",
    ),
    (
        r'(?:External data path does not exist: "?|cannot get file size: No such file or directory \[)([^"]+?)["\]]?$',
        "keeps its weights in another file, which is not there: {0}",
        "Copy that file beside it, or export the model into one file.",
    ),
    (
        r"External initializer: .*out of bounds or can not be read in full",
        "keeps its weights in another file, which is not complete",
        "Copy both files again, or export the model into one file.",
    ),
    (
        r"Error No Op registered for (\S+) with domain_version of (\d+)",
        "has the operator {0}, which onnxruntime does not know in opset {1}",
        "Export it again, with standard operators.",
    ),
    (
        r"Fatal error: (\S+?)\(-?\d+\) is not a registered function/op",
        "has the operator {0}, which onnxruntime does not know",
        "Export it again, with standard operators.",
    ),
    (
        r"Protobuf parsing failed|No graph was found in the protobuf|ModelProto does not have a graph",
        "is no ONNX file, or not all of one",
        "Copy or export it again.",
    ),
)
"""What a message has, what it means, and what helps."""


def refused(path: Path, error: Exception) -> PackageError:
    """The error for a file that cannot be opened.

    Args:
        path: as messages name it.
        error: one of `UNREADABLE`.
    """
    if _starts_with(path, POINTER):
        return PackageError(f"{path} is only Git LFS's pointer to the model.", "Fetch it with git lfs pull.")
    message = " ".join(str(error).split())
    for pattern, sentence, hint in KNOWN:
        if found := re.search(pattern, message):
            return PackageError(f"{path} {sentence.format(*found.groups())}.", hint.format(*found.groups()))
    return PackageError(f"{path} is no ONNX file that can be run here: {reason(error)}.", "Export it again.")


def reason(error: BaseException) -> str:
    """The whole of a library's message, in one line, without where in its own code it arose."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ", "", text)
    # file.cc:12 type Class::function(arguments) before the message proper
    text = re.sub(r"\S+\.(?:cc|h|hpp|cpp):\d+ (?:[^()]*?\w+::[^()]*\((?:[^()]|\([^()]*\))*\) (?:const )?)?", "", text)
    return text.strip().rstrip(". ")


def _starts_with(path: Path, content: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(content)) == content
    except OSError:
        return False
