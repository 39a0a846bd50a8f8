import asyncio
import gzip

import numpy as np
import pytest

from data_cache import (
    DataSet,
    HttpBlockSource,
    load_digits,
    load_part,
    open_manifest,
    to_float,
    write_blocks,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """What the static site has under `data/`."""
    folder = tmp_path_factory.mktemp("data")
    write_blocks([load_digits()], folder)
    return folder


def sample(call, query=""):
    [found] = call("GET", f"/api/data?{query}").json["data"]
    return found


def test_a_sample_can_be_chosen(call):
    digits: DataSet = load_digits()
    found = sample(call, "index=3&split=test")
    assert found["target"] == digits.test.labels[3]
    np.testing.assert_array_equal(np.float32(found["image"]), to_float(digits.test.images[3:4])[0])
    assert sample(call, "label=4")["target"] == 4
    assert sample(call, "seed=1") == sample(call, "seed=1") != sample(call, "seed=2")
    block = call("POST", "/api/datablock?label=9&split=validation&seed=1", {"block": 20}).json
    assert {found["target"] for found in block["data"]} == {9}


def test_a_block_has_no_sample_twice_while_there_are_enough(call):
    block = call("POST", "/api/datablock?split=test", {"block": 500}).json["data"]
    assert len({tuple(found["image"]) for found in block}) == 500
    more = call("POST", "/api/datablock?split=test", {"block": 501})
    assert len(more.json["data"]) == 501


@pytest.mark.parametrize(
    ("query", "status", "key_value"),
    [
        ("index=4000", 404, "0 to 3,999"),
        ("index=0&label=5", 404, "label 5"),
        ("index=-1", 400, "“-1”"),
        ("index=1.5", 400, "“1.5”"),
        ("index=", 400, "“index”"),
        ("index=" + "9" * 5000, 400, "“index”"),
        ("label=10", 400, "9"),
        ("split=all", 400, "train, validation, test"),
        ("lable=3", 400, "“lable”"),
        ("label=3&label=4", 400, "“label”"),
        ("%ff=1", 400, "query"),
        ("&".join(f"a{i}=1" for i in range(50)), 400, "query"),
    ],
)
def test_an_invalid_query_is_refused_with_the_name_of_the_parameter(call, query, status, key_value):
    answer = call("GET", f"/api/data?{query}")
    assert (answer.status, key_value in answer.sentence) == (status, True)


@pytest.mark.parametrize("block", [0, -1, 1001, 1e9, 1.5, "3", True, None, [], 10**400])
def test_a_block_of_no_sensible_size_is_422(call, block):
    answer = call("POST", "/api/datablock", {"block": block})
    assert answer.status == 422
    assert "block" in answer.sentence
    assert "1,000" in answer.sentence


def test_manifest_and_blocks_are_the_bytes_of_the_site(call, site):
    assert call("GET", "/api/manifest").body == (site / "manifest.json").read_bytes()
    for number, path in enumerate(sorted((site / "blocks").iterdir())):
        for name in (str(number), path.name):
            answer = call("GET", f"/api/blocks/{name}")
            assert answer.body == path.read_bytes()
            assert answer.headers["Content-Encoding"] is None
            assert answer.headers["Content-Type"] == "application/gzip"
    for name in ("10", "x", "-1", "0000.bin", "9" * 40, "0000.bin.gz.gz"):
        answer = call("GET", f"/api/blocks/{name}")
        assert (answer.status, "0 to 9" in answer.sentence) == (404, True)


@pytest.mark.parametrize("path", ["/api/manifest", "/api/blocks/3"])
def test_files_are_kept_by_caches_and_asked_for_again_by_their_tag(call, path):
    answer = call("GET", path)
    assert answer.headers["Cache-Control"].startswith("public")
    again = call("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    head = call("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.body))
    assert head.headers["ETag"] == answer.headers["ETag"]


def test_the_manifest_is_compressed_for_those_who_unpack(call, site):
    answer = call("GET", "/api/manifest", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.body) == (site / "manifest.json").read_bytes()
    assert answer.headers["ETag"] != call("GET", "/api/manifest").headers["ETag"]


def test_the_blocks_are_a_source_like_those_of_a_site(call):
    async def load():
        manifest = await open_manifest(f"{call.url}/api/manifest")
        assert HttpBlockSource(manifest, "digits").sample_count == 4000
        return await load_part(manifest, "digits", "validation")

    validation = asyncio.run(load())
    np.testing.assert_array_equal(validation.images, load_digits().validation.images)


def test_packed_blocks_are_found_again_and_mended(call):
    from dashboard.api.block_folder import packed_blocks  # noqa: PLC0415

    cache = call.server.settings.cache_folder
    call("GET", "/api/manifest")
    [folder] = cache.iterdir()
    block = folder / "blocks" / "0004.bin.gz"
    content, stamp = block.read_bytes(), block.stat().st_mtime_ns
    assert packed_blocks([load_digits()], cache) == folder
    assert block.stat().st_mtime_ns == stamp
    block.write_bytes(content[:-1])
    packed_blocks([load_digits()], cache)
    assert block.read_bytes() == content
    assert list(cache.iterdir()) == [folder]
