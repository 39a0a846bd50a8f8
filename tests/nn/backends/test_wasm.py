"""What the WebAssembly modules compute is checked inside Pyodide, which node runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from dashboard.site.python_files import find_node
from nn.backends import choose_backend
from nn.backends.wasm import ABI_VERSION, Interface

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
MODULES = ("dense-simd.wasm", "dense-relaxed.wasm")
BUILT_WITH = "19.1.7"


def find_pyodide():
    folder = Path(os.environ.get("PYODIDE_DIST") or ROOT / "build" / "pyodide-0.28.3")
    return folder if (folder / "pyodide.mjs").is_file() else None


def find_nodes():
    """Node of this machine and playwright's own: engines of different age."""
    driver = shutil.which("node", path=playwright_folder())
    return sorted({node for node in (find_node(), driver) if node})


def playwright_folder():
    import playwright  # noqa: PLC0415

    return Path(playwright.__file__).parent / "driver"


@pytest.fixture(scope="module", params=find_nodes() or [None], ids=lambda node: node or "no node")
def report(request):
    distribution = find_pyodide()
    if request.param is None or distribution is None:
        pytest.skip("running WebAssembly takes node and a Pyodide distribution (PYODIDE_DIST)")
    command = [request.param, HERE / "pyodide_run.mjs", distribution.resolve(), ROOT]
    finished = subprocess.run(
        [*command, HERE / "kernel_checks.py"], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_inside_pyodide_all_checks_of_the_kernels_hold(report):
    failures = {name: text for name, text in report["outcomes"].items() if text}
    assert not failures, "\n\n".join(f"{name}\n{text}" for name, text in failures.items())
    assert len(report["outcomes"]) >= 17


def test_inside_pyodide_the_fastest_module_that_the_engine_takes_is_chosen(report):
    name, reason = report["chosen"]
    assert (name, reason) in (
        ("simd-relaxed", "The WebAssembly module dense-relaxed.wasm."),
        ("simd", "The WebAssembly module dense-simd.wasm."),
    )
    assert report["without_relaxed"] == ["simd", "The WebAssembly module dense-simd.wasm."]


def test_inside_pyodide_broken_modules_leave_it_to_numpy_which_says_so(report):
    name, reason = report["refused"]
    assert name == "numpy"
    assert reason.startswith("NumPy, as no module loads (dense-relaxed.wasm: ")
    assert "dense-simd.wasm: " in reason


def test_inside_pyodide_a_module_of_another_version_is_refused(report):
    name, reason = report["other_version"]
    assert name == "numpy"
    expected = f"expected version {ABI_VERSION} of its interface and found '9'"
    assert f"dense-simd.wasm: {expected}" in reason


@pytest.mark.parametrize("text", ["", "kernels, interface 0", f"kernels, interface {ABI_VERSION}1"])
def test_an_interface_of_another_version_is_refused(text):
    with pytest.raises(OSError, match=f"expected version {ABI_VERSION} of its interface"):
        Interface(text)


def test_an_interface_whose_rule_has_other_fields_is_refused():
    text = f"kernels, interface {ABI_VERSION}\nstruct rule:float rate;int kind;"
    with pytest.raises(OSError, match=r"found \('rate', 'kind'\)"):
        Interface(text)


def test_missing_modules_leave_it_to_numpy_which_says_so(tmp_path):
    chosen = choose_backend("auto", folder=tmp_path, platform="emscripten")
    assert chosen.name == "numpy"
    assert chosen.reason == (
        "NumPy, as no module loads (dense-relaxed.wasm: there is no such file; "
        "dense-simd.wasm: there is no such file)."
    )


def test_a_refused_module_gives_way_to_the_next():
    def load(path, name, reason):
        if "relaxed" in path.name:
            raise OSError("relaxed SIMD is not known here")
        return path.name, name, reason

    chosen = choose_backend("auto", platform="emscripten", load=load)
    assert chosen[:2] == ("dense-simd.wasm", "simd")


def test_inkling_backend_can_ask_for_numpy_in_a_browser():
    chosen = choose_backend("numpy", platform="emscripten", load=lambda *given: given)
    assert chosen.name == "numpy"
    assert chosen.reason == "NumPy, as INKLING_BACKEND asks."


def test_inkling_backend_can_ask_for_the_module_with_the_same_bits_everywhere():
    chosen = choose_backend("simd", platform="emscripten", load=lambda *given: given)
    assert (chosen[0].name, chosen[1]) == ("dense-simd.wasm", "simd")


def test_an_unknown_backend_means_auto_and_is_told():
    chosen = choose_backend("fast", platform="emscripten", load=lambda *given: given)
    assert chosen[1] == "simd-relaxed"
    assert "INKLING_BACKEND is 'fast'; expected one of auto, numpy, simd" in chosen[2]


def test_outside_a_browser_numpy_computes_and_no_module_is_looked_for():
    script = "import nn, sys; print(nn.backend_name(), 'nn.backends.wasm' in sys.modules)"
    environment = os.environ | {"INKLING_BACKEND": "simd"}
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert finished.stdout.split() == ["numpy", "False"]
    assert nn.backend_reason() == "NumPy with its own BLAS: this is not a browser."


def test_the_committed_modules_are_what_the_source_gives(tmp_path):
    clang = shutil.which("clang-19")
    if clang is None or shutil.which("wasm-ld-19") is None:
        pytest.skip("building the kernels takes Debian's packages clang-19 and lld-19")
    version = subprocess.run([clang, "--version"], capture_output=True, text=True, check=True)
    if BUILT_WITH not in version.stdout:
        pytest.skip(f"the modules were built with clang {BUILT_WITH}, another one is installed")
    subprocess.run(["sh", ROOT / "scripts" / "build_kernels.sh", tmp_path], check=True)
    for name in MODULES:
        committed = (ROOT / "nn" / "backends" / "kernels" / name).read_bytes()
        assert (tmp_path / name).read_bytes() == committed, f"{name} is out of date: make kernels"
