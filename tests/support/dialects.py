"""The same twelve samples in any dialect of CSV: separator, quotes, encoding, header and more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from data_cache import Samples, load_digits


def twelve_samples() -> Samples:
    """Real digits, labelled 7 4 1 2 5 7 4 1 2 5 7 4."""
    digits = load_digits().train
    wanted = [7, 4, 1, 2, 5, 7, 4, 1, 2, 5, 7, 4]
    taken: list[int] = []
    for label in wanted:
        places = np.flatnonzero(digits.labels == label)
        taken.append(int(next(place for place in places if place not in taken)))
    return digits[np.array(taken)]


@dataclass(frozen=True)
class Writing:
    """How a program writes a table of samples."""

    separator: str = ","
    quote: str = ""
    encoding: str = "utf-8"
    newline: str = "\n"
    header: str = "names"
    label: str = "first"
    label_name: str = "label"
    index: str = ""
    number: str = "int"
    trailing: int = 0
    empty_rows: int = 0
    declared: bool = False
    last_newline: bool = True

    @property
    def names_labels(self) -> bool:
        """Whether the header has the name of the labels."""
        return self.header == "names"


NUMBERS = {
    "int": str,
    "point": lambda value: f"{value}.0",
    "comma": lambda value: f"{value},0",
    "exponent": lambda value: f"{value:.18e}",
    "share": lambda value: repr(value / 255),
    "padded": lambda value: f" {value}",
}


def write(samples: Samples, how: Writing) -> bytes:
    """The samples as a file written in that way."""
    number = NUMBERS[how.number]
    label_number = NUMBERS["int" if how.number == "share" else how.number]
    names = [f"pixel{column}" for column in range(784)]
    rows = [[number(value) for value in image] for image in samples.images.tolist()]
    if how.label != "none":
        at = 0 if how.label == "first" else 784
        names.insert(at, how.label_name)
        for row, label in zip(rows, samples.labels.tolist(), strict=True):
            row.insert(at, label_number(label))
    if how.header == "numbers":
        names = [str(column) for column in range(len(names))]
    if how.index:
        first = 1 if how.index == "ImageId" else 0
        names.insert(0, how.index if how.index != "unnamed" else "")
        for place, row in enumerate(rows, first):
            row.insert(0, str(place))
    if how.header == "mangled":
        names, rows = _mangle(rows[0]), rows[1:]
    lines = rows if how.header == "none" else [names, *rows]
    lines = [[how.quote + cell + how.quote for cell in line] for line in lines]
    texts = [how.separator.join([*line, *[""] * how.trailing]) for line in lines]
    texts += [how.separator * (len(lines[0]) - 1 + how.trailing)] * how.empty_rows
    if how.declared:
        texts.insert(0, f"sep={how.separator}")
    text = how.newline.join(texts) + (how.newline if how.last_newline else "")
    return text.encode(how.encoding)


def _mangle(cells: list[str]) -> list[str]:
    """Names of columns as pandas makes them of a row: the second 0 becomes 0.1."""
    seen: dict[str, int] = {}
    names = []
    for cell in cells:
        count = seen.get(cell, 0)
        names.append(cell if not count else f"{cell}.{count}")
        seen[cell] = count + 1
    return names


@st.composite
def writings(draw: st.DrawFn) -> Writing:
    """Any way in which a program may write the table."""
    separator = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    number = draw(st.sampled_from(list(NUMBERS)))
    quote = draw(st.sampled_from(["", "", '"', "'"]))
    header = draw(st.sampled_from(["names", "names", "numbers", "none", "mangled"]))
    index = draw(st.sampled_from(["", "", "", "unnamed", "id", "ImageId", "index"]))
    how = Writing(
        separator=separator,
        quote=quote,
        encoding=draw(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
        ),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        header=header,
        label=draw(st.sampled_from(["first", "first", "last", "none"])),
        label_name=draw(st.sampled_from(["label", "class", "Target", "y", "digit", "Etikett ä"])),
        index=index,
        number=number,
        trailing=draw(st.sampled_from([0, 0, 1, 3])),
        empty_rows=draw(st.sampled_from([0, 0, 1, 2])),
        declared=draw(st.booleans()),
        last_newline=draw(st.booleans()),
    )
    if separator == ",":
        how = replace(how, number="int" if number == "comma" and not quote else number)
    if separator == " ":
        # Blanks cannot show empty cells, nor separate cells that contain some.
        how = replace(how, trailing=0, empty_rows=0, declared=False)
        how = replace(how, number="int" if number == "padded" else number)
        how = replace(how, label_name=how.label_name.split()[0])
        how = replace(how, index="id" if index == "unnamed" else index)
    if header == "mangled":
        how = replace(how, number="int", index="")
    return how
