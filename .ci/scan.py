"""Scans what is shipped, as QGIS's plugin store does: bandit, detect-secrets, and pip-audit where its data can be had.

A false alarm is answered on its line, with the reason: `# nosec B000 # reason`, `# pragma: allowlist secret`.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ["engine", "jobs", "toolbox", "ui", "__init__.py", "plugin.py"]
FILES = [*CODE, "resources", "docs/user-guide", "metadata.txt", "README.md", "CHANGELOG.md"]
LOCK = ROOT / "resources" / "requirements" / "linux" / "3.12.txt"
"""What users' environments are made of; the other platforms have nearly the same versions."""


def main() -> int:
    """Run all three; 1 where one has found something."""
    return max(insecure_code(), secrets(), vulnerable_packages())


def insecure_code() -> int:
    """Bandit's findings of medium severity and above."""
    return told(called("bandit", "-q", "-ll", "-r", *CODE))


def secrets() -> int:
    """Passwords and keys in what git knows of the shipped files."""
    listed = subprocess.run(["git", "ls-files", "-z", *FILES], cwd=ROOT, capture_output=True, text=True, check=True)
    return told(called("detect_secrets.pre_commit_hook", *filter(None, listed.stdout.split("\0"))))


def vulnerable_packages() -> int:
    """Known vulnerabilities of the locked packages."""
    done = called("pip_audit", "--no-deps", "--disable-pip", "-f", "json", "--timeout", "10", "-r", str(LOCK))
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, LookupError):
        packages = []
    audited = [each for each in packages if "skip_reason" not in each]
    if not audited:
        print("pip-audit was skipped: its data cannot be had here.")
        return 0
    found = [each for each in audited if each["vulns"]]
    for each in found:
        known = ", ".join(vulnerability["id"] for vulnerability in each["vulns"])
        print(f"{each['name']} {each['version']} has known vulnerabilities: {known}")
    print(f"pip-audit knows {len(audited)} of {len(packages)} packages; {len(found)} have known vulnerabilities.")
    return int(bool(found))


def called(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A tool of this environment, run over the repository."""
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True)


def told(done: subprocess.CompletedProcess[str]) -> int:
    """1 with a tool's words where it has found something or could not run."""
    if done.returncode:
        print(done.stdout, done.stderr, sep="")
    return int(bool(done.returncode))


if __name__ == "__main__":
    sys.exit(main())
