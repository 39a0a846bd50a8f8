"""Any dialect of CSV gives the same samples, or is refused as ambiguous: never other samples.

INKLING_DIALECTS sets the number of examples.
"""

import os

import numpy as np
from dialects import Writing, twelve_samples, write, writings
from hypothesis import given, settings

from data_cache import DataError
from data_cache.readers.csv import parse_table

SAMPLES = twelve_samples()
EXAMPLES = int(os.environ.get("INKLING_DIALECTS", "150"))


def reading(how: Writing):
    """Return what is read, or the message of the refusal."""
    try:
        return parse_table(write(SAMPLES, how), "x.csv")
    except DataError as error:
        return str(error)


@settings(max_examples=EXAMPLES)
@given(how=writings())
def test_any_writing_of_the_same_samples_is_read_as_them_or_refused_as_ambiguous(how):
    found = reading(how)
    if isinstance(found, str):
        assert "--label-column" in found
        # Only the place of unnamed labels may be in doubt.
        assert not (how.names_labels and how.label_name != "Etikett ä"), found
        return
    assert np.array_equal(found.samples.images, SAMPLES.images)
    assert found.is_labelled == (how.label != "none")
    if found.is_labelled:
        assert np.array_equal(found.samples.labels, SAMPLES.labels)
