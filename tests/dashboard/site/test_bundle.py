import gzip

from dashboard.site.bundle import compress, read_bundle, write_bundle

CONTENTS = {"b/two.py": b"2" * 1000, "a.py": b"", "c.bin": bytes(range(256))}


def test_a_bundle_gives_back_what_was_packed() -> None:
    assert read_bundle(write_bundle(CONTENTS)) == CONTENTS


def test_the_same_contents_in_any_order_give_the_same_bundle() -> None:
    assert write_bundle(CONTENTS) == write_bundle(dict(reversed(CONTENTS.items())))


def test_there_is_no_date_in_what_is_compressed() -> None:
    packed = compress(b"content")

    assert packed[4:8] == bytes(4)
    assert gzip.decompress(packed) == b"content"
