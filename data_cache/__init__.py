"""Where samples come from and wait: data sets, readers, sources, the prefetch queue, batches.

It imports NumPy alone and knows neither nets nor screens.
"""

from data_cache.batches import Batch, BatchCutter, BatchPosition
from data_cache.bundled import load_digits
from data_cache.catalogue import DATA_SETS, DIGIT_NAMES, FASHION_NAMES, DataSetCard
from data_cache.errors import DataError
from data_cache.frame import frame_digit
from data_cache.idx import read_idx, read_idx_pair
from data_cache.pixels import to_float
from data_cache.prefetch_queue import PrefetchError, PrefetchQueue
from data_cache.samples import DataSet, Samples
from data_cache.sources import ArraySource, Block, QueuePosition, Source

__all__ = [
    "DATA_SETS",
    "DIGIT_NAMES",
    "FASHION_NAMES",
    "ArraySource",
    "Batch",
    "BatchCutter",
    "BatchPosition",
    "Block",
    "DataError",
    "DataSet",
    "DataSetCard",
    "PrefetchError",
    "PrefetchQueue",
    "QueuePosition",
    "Samples",
    "Source",
    "frame_digit",
    "load_digits",
    "read_idx",
    "read_idx_pair",
    "to_float",
]
