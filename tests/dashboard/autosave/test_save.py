import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.autosave import save as saving
from dashboard.autosave.save import FORMATS, MAGIC, Divider, Save, SaveError, describe_age

saves = st.builds(
    Save,
    title=st.text(),
    saved_at=st.integers(0, 2**53),
    parts=st.dictionaries(st.text(), st.binary(max_size=50), max_size=3),
    titles=st.dictionaries(st.text(), st.text(), max_size=3),
    scores=st.dictionaries(st.text(), st.text(), max_size=3),
    picture=st.text(max_size=9),
)
EXAMPLE = Save("iteration 3", 1_700_000_000_000, {"digits": bytes(range(200)), "spiral": b"xyz"})


@given(saves)
def test_a_save_comes_back_as_it_was(save):
    assert Save.from_bytes(save.to_bytes()) == save


@given(saves, st.data())
def test_a_save_that_was_cut_short_or_lengthened_is_refused(save, data):
    content = save.to_bytes()
    kept = data.draw(st.integers(0, len(content) - 1))
    for damaged in (content[:kept], content + b"x"):
        with pytest.raises(SaveError):
            Save.from_bytes(damaged)


def test_a_flipped_bit_anywhere_is_found():
    content = EXAMPLE.to_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(SaveError):
            Save.from_bytes(bytes(damaged))


def test_an_older_save_that_does_not_name_its_parts_is_read():
    header = {
        "format": 1,
        "title": EXAMPLE.title,
        "saved_at": EXAMPLE.saved_at,
        "parts": {name: len(content) for name, content in EXAMPLE.parts.items()},
    }
    text = json.dumps(header).encode()
    older = b"".join([len(text).to_bytes(4, "little"), text, *EXAMPLE.parts.values()])
    assert Save.from_bytes(MAGIC + zlib.crc32(older).to_bytes(4, "little") + older) == EXAMPLE


@given(st.binary(max_size=60))
def test_bytes_that_carry_a_right_checksum_but_no_save_are_refused(content):
    checked = MAGIC + zlib.crc32(content).to_bytes(4, "little") + content
    with pytest.raises(SaveError):
        Save.from_bytes(checked)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from("ab"),
                st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()),
            ),
            st.booleans(),
        ),
        max_size=9,
    )
)
def test_saves_that_share_pieces_come_back_as_they_were(changes):
    # Contents grow at their end, are cut, or change in the middle; some saves are not written.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving, "PIECE_BYTES", 8)
        divider, parts, stored, written = Divider(), {}, {}, []
        for number, (changed, is_written) in enumerate(changes):
            for name, (start, size, is_cut) in changed.items():
                before = parts.get(name, b"").ljust(start, b"-")
                rest = b"" if is_cut else before[start + size :]
                parts[name] = before[:start] + bytes([number]) * size + rest
            save = Save("it", number, dict(parts))
            division = divider.divide(save)
            stored |= division.new
            if is_written:
                divider.note_written(save, division)
                written.append((save, save.to_bytes(division.pieces)))
        for save, content in written:
            assert Save.from_bytes(content, stored) == save
            for piece in Save.piece_numbers(content):
                for other in (b"", stored[piece][:-1], stored[piece][:-1] + b"?"):
                    with pytest.raises(SaveError):
                        Save.from_bytes(content, {**stored, piece: other})


@pytest.mark.parametrize("version", [0, FORMATS[-1] + 1, "new"])
def test_a_save_of_another_version_says_so(version):
    header = EXAMPLE.to_bytes()[len(MAGIC) + 4 :]
    other = header.replace(b'"format": 1', f'"format": {version!r}'.replace("'", '"').encode())
    length = int.from_bytes(header[:4], "little") + len(other) - len(header)
    other = length.to_bytes(4, "little") + other[4:]
    with pytest.raises(SaveError, match=f"of format 1, 2, found one of format {version}: another"):
        Save.from_bytes(MAGIC + zlib.crc32(other).to_bytes(4, "little") + other)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59.9, "just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (7200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
    ],
)
def test_an_age_is_said_in_the_largest_unit_that_fits(seconds, words):
    assert describe_age(seconds) == words
