import gzip
import zipfile
from io import BytesIO

import pytest

from dashboard.site.archives import (
    compress,
    read_archive,
    read_bundle,
    write_archive,
    write_bundle,
)

CONTENTS = {"b/two.py": b"2" * 1000, "a.py": b"", "c.bin": bytes(range(256))}


@pytest.mark.parametrize(
    ("write", "read"), [(write_archive, read_archive), (write_bundle, read_bundle)]
)
def test_files_are_packed_reproducibly_and_read_back(write, read) -> None:
    packed = write(CONTENTS)

    assert read(packed) == CONTENTS
    assert write(dict(reversed(CONTENTS.items()))) == packed


def test_an_archive_lists_its_files_in_sorted_order() -> None:
    with zipfile.ZipFile(BytesIO(write_archive(CONTENTS))) as archive:
        assert archive.namelist() == sorted(CONTENTS)


def test_there_is_no_date_in_what_is_compressed() -> None:
    packed = compress(b"content")

    assert packed[4:8] == bytes(4)
    assert gzip.decompress(packed) == b"content"
