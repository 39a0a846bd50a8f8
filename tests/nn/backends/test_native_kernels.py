"""The C sources are compiled natively with sanitizers, which see every access outside a buffer.

NumPy's arrays then lie between the red zones of AddressSanitizer's own allocator, and undefined
behaviour ends the process.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KERNELS = ROOT / "nn" / "backends" / "kernels"
FLAGS = [
    *("-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas"),
    *("-ffp-contract=off", "-fPIC", "-fvisibility=hidden", "-shared", "-DINKLING_THREADS"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    # WebAssembly loads and stores at any address, and the checks use odd ones on purpose.
    "-fno-sanitize=alignment",
]

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernels") / "kernels.so"
    sources = [KERNELS / "dense.c", KERNELS / "convolution.c"]
    subprocess.run(["gcc", *FLAGS, "-I", HERE, *sources, "-o", path], check=True)
    return path


def run_python(library, *arguments):
    sanitizer = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = os.environ | {
        "LD_PRELOAD": sanitizer,
        "ASAN_OPTIONS": "detect_leaks=0",
        "INKLING_KERNELS": str(library),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=environment
    )


@needs_compiler
def test_all_checks_of_the_kernels_hold_with_sanitizers(library):
    finished = run_python(library, HERE / "kernel_checks.py")
    assert finished.returncode == 0, finished.stderr
    outcomes = json.loads(finished.stdout.splitlines()[-1])["outcomes"]
    failures = [text for text in outcomes.values() if text]
    assert not failures, "\n\n".join(failures)
    assert len(outcomes) >= 17


WRONG_SIZE = """
import ctypes, os
import numpy as np

library = ctypes.CDLL(os.environ["INKLING_KERNELS"])
values, out = np.zeros(4096, np.uint8), np.zeros(1001, np.float32)
library.scale_bytes.argtypes = [ctypes.c_void_p, ctypes.c_float, ctypes.c_void_p, ctypes.c_int]
library.scale_bytes(values.ctypes.data, 1.0, out.ctypes.data, 1002)
"""


@needs_compiler
def test_the_sanitizers_see_a_value_written_behind_a_numpy_array(library):
    finished = run_python(library, "-c", WRONG_SIZE)
    assert finished.returncode != 0
    assert "heap-buffer-overflow" in finished.stderr
