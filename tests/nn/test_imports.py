import subprocess
import sys

SCRIPT = """
import sys

def packages():
    return {name.partition(".")[0] for name in sys.modules}

import numpy.random
before = packages()
import nn
print(sorted(packages() - before - set(sys.stdlib_module_names)))
"""


def test_nn_imports_nothing_but_numpy():
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['nn']"
