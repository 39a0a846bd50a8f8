"""Installation of the peers under build/, separate from the project's environment.

If a peer cannot be installed, the reason is reported in its rows.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.runner import BenchmarkError

BUILD = ROOT / "build"
VENV = BUILD / "bench-venv"
NODE = BUILD / "bench-node"
TIMEOUT_SECONDS = 600

# pip may choose PyTorch's larger build for GPUs, which runs on the CPU as well.
PYTHON_PACKAGES = {"pytorch": ("torch==2.13.0", "numpy>=2"), "scikit_learn": ("scikit-learn>=1.7",)}
NODE_PACKAGES = {
    "@tensorflow/tfjs": "4.22.0",
    "@tensorflow/tfjs-backend-wasm": "4.22.0",
    "convnetjs": "0.3.0",
    "@jax-js/jax": "0.1.25",
}


def python_peer(name: str) -> Path:
    """Return a Python with the packages of a peer; raise BenchmarkError if that fails."""
    python = VENV / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(VENV)], "its virtual environment")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, *PYTHON_PACKAGES[name]], " and ".join(PYTHON_PACKAGES[name]))
    return python


def node_peer(*names: str) -> None:
    """Install npm packages in `NODE` if they are missing; raise BenchmarkError on failure."""
    missing = [name for name in names if not (NODE / "node_modules" / name).exists()]
    if not missing:
        return
    NODE.mkdir(parents=True, exist_ok=True)
    wanted = [f"{name}@{NODE_PACKAGES[name]}" for name in missing]
    options = ["--prefix", str(NODE), "--no-audit", "--no-fund", "--ignore-scripts"]
    _run(["npm", "install", *options, *wanted], " and ".join(wanted))


def _run(command: Sequence[str], what: str) -> None:
    print(f"installing {what} if missing …", file=sys.stderr)  # noqa: T201
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise BenchmarkError(f"{what} could not be installed: {lines[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchmarkError(f"{what} could not be installed: {error}") from error
