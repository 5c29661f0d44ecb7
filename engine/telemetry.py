"""What libraries report to their makers, switched off: nothing leaves a machine unless somebody asks for it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime

SWITCHES = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""Environment variables, which processes that this one starts have, too; what somebody has set stays."""
LEFT_OUT = "openvino_telemetry"
"""`import openvino` sends an event by this package, and does without where it cannot be imported."""


def switch_off() -> None:
    """Before any of them is loaded.

    ONNX Runtime (since 1.29 on all systems) would keep a number of the machine in the person's cache and send of each
    model its name, its graph's hash and how long it ran (its Privacy.md); OpenVINO would send that it was imported;
    huggingface_hub would send with each request what is installed.
    """
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
    sys.modules.setdefault(LEFT_OUT, None)  # type: ignore[arg-type]  # none: an import of it fails


def session_options(severity: int = 3) -> onnxruntime.SessionOptions:
    """Options of a session of ONNX Runtime, which before 1.29 is silent on Windows only by a call.

    Args:
        severity: of what it logs; 3 is errors, 4 what ends it.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = severity
    return options
