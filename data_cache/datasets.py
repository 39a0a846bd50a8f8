"""The table of data sets that Inkling knows by name.

It holds facts alone; reading and fetching them is the work of other modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data_cache.errors import DataError

DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True)
class DataSetCard:
    """What is known of a data set before it is read.

    Attributes
    ----------
    name, title : str
        The name to ask for it by, and the name to show.
    class_names : tuple of str
        What each label means, in the order of the labels.
    counts : tuple of int
        How many samples the parts train, validation and test hold.
    bundled : bool
        Whether it comes with the package; the others are fetched or read from a folder.
    credit : str
        Who made it, and its licence.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    counts: tuple[int, int, int]
    bundled: bool
    credit: str


_MNIST_CREDIT = "Yann LeCun, Corinna Cortes, Christopher J. C. Burges; CC BY-SA 3.0"
_CARDS = (
    DataSetCard("digits", "MNIST 5,000", DIGIT_NAMES, (4000, 500, 500), True, _MNIST_CREDIT),
    DataSetCard("mnist", "MNIST 60,000", DIGIT_NAMES, (55000, 5000, 10000), False, _MNIST_CREDIT),
    DataSetCard(
        "fashion-mnist",
        "Fashion-MNIST",
        FASHION_NAMES,
        (55000, 5000, 10000),
        False,
        "Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando SE); MIT",
    ),
)

DATA_SETS: Mapping[str, DataSetCard] = MappingProxyType({card.name: card for card in _CARDS})


def data_set_card(name: str) -> DataSetCard:
    """Return the card of the data set `name`.

    Raises
    ------
    DataError
        If there is no such data set; the text lists those that there are.
    """
    if name not in DATA_SETS:
        raise DataError(f'There is no data set "{name}"; choose one of {", ".join(DATA_SETS)}.')
    return DATA_SETS[name]
