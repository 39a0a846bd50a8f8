"""Implementations in processes, of which one works at a time while the others wait for input.

The number of threads is passed through the environment, which libraries read when they are loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.benchmark import Implementation
from benchmarks.runner import BenchmarkError

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerProcess(Implementation):
    """A module of `benchmarks.implementations` in a process, which the first request starts.

    `python` is the interpreter whose environment has the packages of the implementation.
    """

    def __init__(self, python: Path, module: str, threads: int) -> None:
        self._command = [str(python), "-m", "benchmarks.implementations.worker", module]
        # The project's root comes first, so that its packages are not mistaken for their tests.
        paths = os.pathsep.join((str(ROOT), str(TESTS)))
        threading = dict.fromkeys(THREAD_VARIABLES, str(threads))
        self._environment = os.environ | threading | {"PYTHONPATH": paths}
        self._process: subprocess.Popen[str] | None = None
        # Closed with the process.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._errors.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise BenchmarkError(self._exit_reason()) from error
        line = process.stdout.readline()
        if not line:
            raise BenchmarkError(self._exit_reason())
        response: dict[str, Any] = json.loads(line)
        if "error" in response:
            raise BenchmarkError(str(response["error"]))
        return response

    def _start(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
            )
        except OSError as error:
            raise BenchmarkError(f"its process did not start: {error}") from error

    def _exit_reason(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().splitlines() if line.strip()]
        return f"its process ended: {lines[-1] if lines else 'without output'}"
