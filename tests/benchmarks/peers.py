"""Installs the peers into folders of their own under build/, apart from the project's packages.

A peer that cannot be installed is no reason to stop: the reason goes into its rows.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.rounds import ContestantError

BUILD = ROOT / "build"
VENV = BUILD / "bench-venv"
NODE = BUILD / "bench-node"
TIMEOUT_SECONDS = 600

# Where there is a choice pip takes PyTorch's big build for graphics cards, which runs as well.
PYTHON_PACKAGES = {"pytorch": ("torch==2.13.0", "numpy>=2"), "scikit_learn": ("scikit-learn>=1.7",)}
NODE_PACKAGES = {
    "@tensorflow/tfjs": "4.22.0",
    "@tensorflow/tfjs-backend-wasm": "4.22.0",
    "convnetjs": "0.3.0",
}


def python_peer(name: str) -> Path:
    """The Python that has the packages of a peer; `ContestantError` if they cannot be installed."""
    python = VENV / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(VENV)], "its virtual environment")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, *PYTHON_PACKAGES[name]], " and ".join(PYTHON_PACKAGES[name]))
    return python


def node_peer(*names: str) -> None:
    """See that packages of npm lie in `NODE`; `ContestantError` if they cannot be installed."""
    missing = [name for name in names if not (NODE / "node_modules" / name).exists()]
    if not missing:
        return
    NODE.mkdir(parents=True, exist_ok=True)
    wanted = [f"{name}@{NODE_PACKAGES[name]}" for name in missing]
    options = ["--prefix", str(NODE), "--no-audit", "--no-fund", "--ignore-scripts"]
    _run(["npm", "install", *options, *wanted], " and ".join(wanted))


def _run(command: Sequence[str], what: str) -> None:
    print(f"installing {what}, if need be …", file=sys.stderr)  # noqa: T201
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise ContestantError(f"{what} could not be installed: {lines[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ContestantError(f"{what} could not be installed: {error}") from error
