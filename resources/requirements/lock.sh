#!/usr/bin/env bash
# Makes the locked requirements of all platforms anew from pyproject.toml; needs uv, Python 3.11 and the registry.
# Another list: resources/requirements/lock.sh REQUIREMENTS.in FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${PYTHON:-.venv/bin/python}" resources/requirements/lock.py "${1:-pyproject.toml}" "${2:-resources/requirements}"
