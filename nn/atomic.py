"""A file is either the old one or the whole new one, even when the power fails in between.

The bytes go to a temporary file in the same folder, which then takes the place of the old one.
"""

import os
from pathlib import Path
from uuid import uuid4


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path`; if that fails, `path` is as before and nothing is left beside it.

    Raises `OSError`, for example when the folder does not exist or is not writable.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
