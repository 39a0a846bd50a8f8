"""Data sets, readers, block sources, the prefetch queue, batches, preprocessing and augmentation.

It imports NumPy alone and depends on neither networks nor the dashboard.
"""

from data_cache.augmentation import (
    AUGMENTATIONS,
    FULL,
    LIGHT,
    PERTURBATIONS,
    STRENGTH_NAMES,
    RandomAffine,
    RandomDistortion,
    Strengths,
    create_augmentation,
    crop,
    perturb,
)
from data_cache.batches import Batch, Batcher, BatchPosition
from data_cache.datasets import (
    DATA_SETS,
    DIGIT_NAMES,
    data_folder,
    data_set_available,
    load_data_set,
    load_digits,
)
from data_cache.download import fetch_data_set
from data_cache.errors import DataError, PrefetchError, SilenceError, TransientError
from data_cache.feeds import BlockFeed, Feed
from data_cache.pixels import PIXEL_SCALE, to_float
from data_cache.points.csv import (
    PointSource,
    fit_into_plane,
    fit_points,
    points_from_csv,
    points_to_csv,
    read_points,
)
from data_cache.points.feed import PointFeed, PointPosition
from data_cache.points.generators import PLANE_SHAPES, PlaneShape, make_shape
from data_cache.points.inputs import INPUT_TITLES, PLANE_INPUTS, derive_inputs
from data_cache.points.plane_points import (
    MAX_CLASSES,
    PLANE_LIMIT,
    PlanePoints,
    join_points,
    no_points,
    split_points,
)
from data_cache.prefetch_queue import PrefetchQueue
from data_cache.preprocessing import (
    change_stroke_width,
    find_ink,
    frame_digit,
    frame_digits,
    shrink_canvas,
)
from data_cache.readers.csv import read_csv
from data_cache.readers.idx import read_idx, read_idx_pair
from data_cache.readers.paths import open_samples, read_samples
from data_cache.readers.sample_file import ReadOptions, SampleFile
from data_cache.retries import exponential_backoff
from data_cache.samples import PARTS, DataSet, Samples
from data_cache.sources.block_files import decode_block, encode_block
from data_cache.sources.delayed import DelayedSource
from data_cache.sources.http import (
    HttpBlockSource,
    fetch_block_with_retries,
    load_part,
    open_manifest,
)
from data_cache.sources.manifest import BlockFile, Manifest, parse_manifest, write_blocks
from data_cache.sources.source import ArrayBlockSource, ArraySource, Block, QueuePosition, Source

__all__ = [
    "AUGMENTATIONS",
    "DATA_SETS",
    "DIGIT_NAMES",
    "FULL",
    "INPUT_TITLES",
    "LIGHT",
    "MAX_CLASSES",
    "PARTS",
    "PERTURBATIONS",
    "PIXEL_SCALE",
    "PLANE_INPUTS",
    "PLANE_LIMIT",
    "PLANE_SHAPES",
    "STRENGTH_NAMES",
    "ArrayBlockSource",
    "ArraySource",
    "Batch",
    "BatchPosition",
    "Batcher",
    "Block",
    "BlockFeed",
    "BlockFile",
    "DataError",
    "DataSet",
    "DelayedSource",
    "Feed",
    "HttpBlockSource",
    "Manifest",
    "PlanePoints",
    "PlaneShape",
    "PointFeed",
    "PointPosition",
    "PointSource",
    "PrefetchError",
    "PrefetchQueue",
    "QueuePosition",
    "RandomAffine",
    "RandomDistortion",
    "ReadOptions",
    "SampleFile",
    "Samples",
    "SilenceError",
    "Source",
    "Strengths",
    "TransientError",
    "change_stroke_width",
    "create_augmentation",
    "crop",
    "data_folder",
    "data_set_available",
    "decode_block",
    "derive_inputs",
    "encode_block",
    "exponential_backoff",
    "fetch_block_with_retries",
    "fetch_data_set",
    "find_ink",
    "fit_into_plane",
    "fit_points",
    "frame_digit",
    "frame_digits",
    "join_points",
    "load_data_set",
    "load_digits",
    "load_part",
    "make_shape",
    "no_points",
    "open_manifest",
    "open_samples",
    "parse_manifest",
    "perturb",
    "points_from_csv",
    "points_to_csv",
    "read_csv",
    "read_idx",
    "read_idx_pair",
    "read_points",
    "read_samples",
    "shrink_canvas",
    "split_points",
    "to_float",
    "write_blocks",
]
