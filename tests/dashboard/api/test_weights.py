import asyncio
import gzip
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from api_server import api_server, api_settings

from dashboard.api.errors import ApiError
from dashboard.api.server import Server
from dashboard.api.weights_formats import NPZ, S0, S4
from nn import create_network, load_pretrained, weights_from_bytes, weights_to_bytes


def weights(call, form=S0):
    answer = call("GET", "/api/weights", headers={"Accept": form})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == form
    return answer.body


def put(call, body, form=NPZ, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call("POST", "/api/weights", body, {"Content-Type": form} | named)


def a_little_else(scale=1.01):
    network = load_pretrained()
    return network.with_parameters([p * np.float32(scale) for p in network.parameters()])


def poor_network():
    return create_network((784, 16, 10), generator=np.random.default_rng(0))


def newest(call):
    return call("GET", "/api/weights/history").json["versions"][0]


@pytest.fixture(scope="module")
def samples(call):
    return call("POST", "/api/datablock?seed=1", {"block": 64}).json


@pytest.mark.parametrize("form", [S0, S4, NPZ])
def test_every_media_type_has_the_same_network_and_is_accepted(call, form):
    body = weights(call, form)
    if form != S0:
        name = "weights.npz" if form == NPZ else "weights.json"
        network = weights_from_bytes(body, name)
        for found, expected in zip(
            network.parameters(), load_pretrained().parameters(), strict=True
        ):
            np.testing.assert_array_equal(found, expected)
    answer = put(call, body, form)
    assert answer.status == 200
    assert answer.json == newest(call)  # the same weights are no new version
    assert answer.json["origin"] == "the pretrained model"


def test_json_of_s4_is_accepted_as_application_json(fresh):
    body = weights_to_bytes(a_little_else(), ".json", layout="s4")
    assert put(fresh, body, "application/json; charset=utf-8").json["version"] == 2
    assert weights(fresh, S4) == body


def test_the_s0_layout_has_separate_keys_for_biases_and_activation(tmp_path):
    network = create_network((784, 8, 10), generator=np.random.default_rng(1), activation="tanh")
    network.layers[0].bias[:] = np.linspace(-1, 1, 8)
    with api_server(api_settings(tmp_path, accuracy_margin=1.0)) as call:
        assert put(call, weights_to_bytes(network, ".npz")).status == 200
        content = json.loads(weights(call))
        assert content.keys() == {"weights", "biases", "activation"}
        assert content["activation"] == "tanh"
        for index, layer in enumerate(network.layers):
            np.testing.assert_array_equal(np.float32(content["weights"][index]), layer.weights)
            np.testing.assert_array_equal(np.float32(content["biases"][index]), layer.bias)
        assert put(call, weights(call), S0).json["version"] == newest(call)["version"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", S0),
        ("application/*;q=0.5, text/html", S0),
        (f"{S4}, {NPZ};q=0.9", S4),
        (f"{S0};q=0.1, {NPZ};q=0.2", NPZ),
        (f"*/*;q=0.1, {S0};q=0", S4),
    ],
)
def test_accept_selects_the_media_type(call, accept, form):
    answer = call("GET", "/api/weights", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == form


def test_an_unsupported_media_type_is_406(call):
    for accept in ("text/html", f"{S0};q=0, {S4};q=0, {NPZ};q=0"):
        answer = call("GET", "/api/weights", headers={"Accept": accept})
        assert (answer.status, S4 in answer.sentence) == (406, True)
    assert call("GET", "/api", headers={"Accept": "image/png"}).status == 406


def test_a_known_entity_tag_is_304(call):
    for headers in ({}, {"Accept": NPZ}, {"Accept-Encoding": "gzip"}):
        tag = call("GET", "/api/weights", headers=headers).headers["ETag"]
        again = call("GET", "/api/weights", headers=headers | {"If-None-Match": f'"x", {tag}'})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert call("GET", "/api/weights", headers={"If-None-Match": '"x"'}).status == 200


def test_json_is_compressed_if_the_client_accepts_gzip(call):
    plain = weights(call)
    packed = call("GET", "/api/weights", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain
    assert len(packed.body) < len(plain) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]
    refused = call("GET", "/api/weights", headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.headers["Content-Encoding"] is None


def test_a_change_for_another_version_is_412_and_changes_nothing(fresh, samples):
    tag = fresh("GET", "/api/weights").headers["ETag"]
    first = fresh("PATCH", "/api/weights", samples, {"If-Match": tag})
    assert first.status == 200
    assert first.headers["Inkling-Version"] == "2"
    body = weights(fresh, NPZ)
    for method, path, content in (
        ("PATCH", "/api/weights", samples),
        ("POST", "/api/weights", {"weights": json.loads(weights(fresh))["weights"]}),
        ("DELETE", "/api/weights", None),
        ("POST", "/api/weights/restore/1", None),
    ):
        late = fresh(method, path, content, {"If-Match": tag})
        assert (late.status, "number 2" in late.sentence) == (412, True)
    assert fresh("DELETE", "/api/weights", headers={"If-Match": "no tag"}).status == 412
    assert weights(fresh, NPZ) == body
    for tag in (f'"x", {first.headers["ETag"]}', "*"):
        answer = fresh("PATCH", "/api/weights", samples, {"If-Match": tag})
        assert answer.status == 200


def test_if_match_accepts_the_tags_of_all_media_types(fresh):
    for form in (S0, S4, NPZ):
        tag = fresh("GET", "/api/weights", headers={"Accept": form}).headers["ETag"]
        assert fresh("DELETE", "/api/weights", headers={"If-Match": tag}).status == 200


def test_much_worse_weights_are_409_with_both_scores(call):
    before = weights(call, NPZ)
    answer = put(call, weights_to_bytes(poor_network(), ".npz"))
    assert answer.status == 409
    content = answer.json
    assert content["accuracy"] < 0.3 < content["best_accuracy"] - content["margin"]
    assert f"{100 * content['accuracy']:.1f} %" in answer.sentence
    assert weights(call, NPZ) == before


def test_training_on_wrong_labels_that_lowers_the_accuracy_is_409(tmp_path):
    with api_server(api_settings(tmp_path, learning_rate=1.0)) as call:
        before = weights(call, NPZ)
        block = call("POST", "/api/datablock?seed=2", {"block": 1000}).json["data"]
        mislabelled = [sample | {"target": 0} for sample in block]
        assert call("PATCH", "/api/weights", {"data": mislabelled}).status == 409
        assert weights(call, NPZ) == before


def test_many_small_steps_down_end_at_the_margin_below_the_best_version(tmp_path):
    network = load_pretrained()
    generator = np.random.default_rng(1)
    statuses = []
    with api_server(api_settings(tmp_path, max_versions=3)) as call:
        best = newest(call)["accuracy"]
        for _ in range(11):
            noise = [0.05 * generator.standard_normal(p.shape) for p in network.parameters()]
            pairs = zip(network.parameters(), noise, strict=True)
            parameters = [(p + n).astype(p.dtype) for p, n in pairs]
            network = network.with_parameters(parameters)
            statuses.append(put(call, weights_to_bytes(network, ".npz")).status)
        assert set(statuses) == {200, 409}
        versions = call("GET", "/api/weights/history").json["versions"]
        assert versions[0]["accuracy"] >= best - 0.1
        assert max(version["accuracy"] for version in versions) == best  # it was never dropped


def test_the_margin_can_be_set(tmp_path):
    with api_server(api_settings(tmp_path, accuracy_margin=1.0)) as call:
        assert put(call, weights_to_bytes(poor_network(), ".npz")).json["version"] == 2
    with api_server(api_settings(tmp_path, accuracy_margin=0.0)) as call:
        assert newest(call)["version"] == 2  # kept from the server before
        assert call("DELETE", "/api/weights").json["version"] == 3
        bare = {"weights": json.loads(weights(call))["weights"]}
        assert call("POST", "/api/weights", bare).status == 409


def test_versions_are_listed_and_restored_and_old_ones_deleted(tmp_path, samples):
    with api_server(api_settings(tmp_path, max_versions=3)) as call:
        tags = {1: call("GET", "/api/weights").headers["ETag"]}
        for number in (2, 3):
            assert call("PATCH", "/api/weights", samples).status == 200
            tags[number] = call("GET", "/api/weights").headers["ETag"]
        versions = call("GET", "/api/weights/history").json["versions"]
        assert [version["version"] for version in versions] == [3, 2, 1]
        assert [version["origin"] for version in versions] == [
            "version 2 and 64 samples",
            "version 1 and 64 samples",
            "the pretrained model",
        ]
        restored = call("POST", "/api/weights/restore/2")
        assert restored.json | {"version": 2, "origin": versions[1]["origin"]} == versions[1] | {
            "created": restored.json["created"]
        }
        assert (restored.json["version"], restored.json["origin"]) == (4, "version 2")
        assert call("GET", "/api/weights").headers["ETag"] == tags[2]
        gone = call("POST", "/api/weights/restore/1")
        assert (gone.status, re.findall(r"\d+", gone.sentence)) == (404, ["2", "4", "1"])
        for name in ("0", "-1", "x", "9" * 30, "1.0"):
            assert call("POST", f"/api/weights/restore/{name}").status == 404


def test_no_concurrent_training_request_is_lost(fresh, samples):
    """Each request makes one version, and the loss decreases with each."""
    one = {"data": samples["data"][:1]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fresh("PATCH", "/api/weights", one), range(24)))
    assert [answer.status for answer in answers] == [200] * 24
    numbers = sorted(int(answer.headers["Inkling-Version"]) for answer in answers)
    assert numbers == list(range(2, 26))
    losses = [
        loss
        for _, loss in sorted((int(a.headers["Inkling-Version"]), a.json["loss"]) for a in answers)
    ]
    assert losses == sorted(losses, reverse=True)


def test_too_many_waiting_changes_are_429(tmp_path):
    server = Server(api_settings(tmp_path, writes_waiting=1))
    release = threading.Event()

    def read():
        release.wait()
        return load_pretrained()

    async def change_twice():
        await server.weights.current()
        first = asyncio.create_task(server.weights.replace(read, None))
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await server.weights.reset(None)
        assert len(await server.weights.history()) == 1
        release.set()
        await first
        return refused.value

    error = asyncio.run(change_twice())
    assert (error.status, error.headers) == (429, {"Retry-After": "1"})
    server.close()


def test_an_unusable_store_is_503(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "weights.sqlite3").write_bytes(b"no database" * 1000)
    with api_server(api_settings(tmp_path)) as call:
        answer = call("GET", "/api/weights")
        assert (answer.status, "INKLING_API_STATE" in answer.sentence) == (503, True)
        assert call("GET", "/api/health").status == 503
        assert call("GET", "/api/data").status == 200
