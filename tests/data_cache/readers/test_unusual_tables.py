"""Tables as other programs and people leave them: read as the same samples, and said."""

import numpy as np
import pytest
from unusual_tables import READ, SAMPLES

from data_cache import read_samples


@pytest.mark.parametrize(("content", "words"), READ.values(), ids=READ)
def test_a_table_that_a_person_would_read_is_read_and_described(tmp_path, content, words):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    found = read_samples(path)
    assert np.array_equal(found.samples.images, SAMPLES.images)
    assert np.array_equal(found.labelled().labels, SAMPLES.labels)
    assert words in found.description
    assert found.warnings == ()
