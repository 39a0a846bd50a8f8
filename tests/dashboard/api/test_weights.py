import gzip
import json
import re

import numpy as np
import pytest
from api_server import api_server, api_settings

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
def test_every_form_holds_the_same_net_and_is_taken_back(call, form):
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


def test_json_of_s4_is_taken_as_plain_json_too(fresh):
    body = weights_to_bytes(a_little_else(), ".json", layout="s4")
    assert put(fresh, body, "application/json; charset=utf-8").json["version"] == 2
    assert weights(fresh, S4) == body


def test_s0s_layout_keeps_biases_and_activation_beside_the_weights(fresh):
    network = create_network((784, 8, 10), generator=np.random.default_rng(1), activation="tanh")
    network.layers[0].bias[:] = np.linspace(-1, 1, 8)
    put_anyway(fresh, network)
    content = json.loads(weights(fresh))
    assert content.keys() == {"weights", "biases", "activation"}
    assert content["activation"] == "tanh"
    for index, layer in enumerate(network.layers):
        np.testing.assert_array_equal(np.float32(content["weights"][index]), layer.weights)
        np.testing.assert_array_equal(np.float32(content["biases"][index]), layer.bias)
    assert put(fresh, weights(fresh), S0).json["version"] == newest(fresh)["version"]


def put_anyway(call, network):
    """Put a net past the judge into the store."""
    from dashboard.api.weights_store import Draft  # noqa: PLC0415

    newest(call)
    with call.server.weights._store.change() as change:
        change.add(Draft(network, "a test", 0.1, 2.0))


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
def test_accept_chooses_the_form(call, accept, form):
    answer = call("GET", "/api/weights", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == form


def test_a_form_that_there_is_not_is_406(call):
    for accept in ("text/html", f"{S0};q=0, {S4};q=0, {NPZ};q=0"):
        answer = call("GET", "/api/weights", headers={"Accept": accept})
        assert (answer.status, S4 in answer.sentence) == (406, True)
    assert call("GET", "/api", headers={"Accept": "image/png"}).status == 406


def test_what_the_client_has_already_is_304(call):
    for headers in ({}, {"Accept": NPZ}, {"Accept-Encoding": "gzip"}):
        tag = call("GET", "/api/weights", headers=headers).headers["ETag"]
        again = call("GET", "/api/weights", headers=headers | {"If-None-Match": f'"x", {tag}'})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert call("GET", "/api/weights", headers={"If-None-Match": '"x"'}).status == 200


def test_json_is_compressed_for_those_who_unpack(call):
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


def test_every_form_of_a_version_stands_for_it_in_if_match(fresh):
    for form in (S0, S4, NPZ):
        tag = fresh("GET", "/api/weights", headers={"Accept": form}).headers["ETag"]
        assert fresh("DELETE", "/api/weights", headers={"If-Match": tag}).status == 200


def test_much_worse_weights_are_409_with_both_scores(call):
    before = weights(call, NPZ)
    answer = put(call, weights_to_bytes(poor_network(), ".npz"))
    assert answer.status == 409
    content = answer.json
    assert content["accuracy"] < 0.3 < content["present_accuracy"] - content["margin"]
    assert f"{100 * content['accuracy']:.1f} %" in answer.sentence
    assert weights(call, NPZ) == before


def test_samples_with_false_labels_cannot_ruin_the_weights(call):
    before = weights(call, NPZ)
    block = call("POST", "/api/datablock?seed=2", {"block": 1000}).json["data"]
    lies = [sample | {"target": 0} for sample in block]
    with api_rate(call, 1.0):
        answer = call("PATCH", "/api/weights", {"data": lies})
    assert answer.status == 409
    assert weights(call, NPZ) == before


class api_rate:  # noqa: N801 - reads as what it does
    """Lets the server learn faster for a while."""

    def __init__(self, call, rate):
        self.service, self.rate = call.server.weights, rate

    def __enter__(self):
        self.before = self.service._settings
        from dataclasses import replace  # noqa: PLC0415

        self.service._settings = replace(self.before, learning_rate=self.rate)

    def __exit__(self, *_):
        self.service._settings = self.before


def test_the_margin_can_be_set(tmp_path):
    with api_server(api_settings(tmp_path, accuracy_margin=1.0)) as call:
        assert put(call, weights_to_bytes(poor_network(), ".npz")).json["version"] == 2
    with api_server(api_settings(tmp_path, accuracy_margin=0.0)) as call:
        assert newest(call)["version"] == 2  # kept from the server before
        assert call("DELETE", "/api/weights").json["version"] == 3
        bare = {"weights": json.loads(weights(call))["weights"]}
        assert call("POST", "/api/weights", bare).status == 409


def test_versions_are_listed_and_restored_and_the_last_ones_kept(tmp_path, samples):
    with api_server(api_settings(tmp_path, versions_kept=3)) as call:
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


def test_lessons_of_many_clients_at_once_are_all_kept(fresh, samples):
    """Each lesson is one version, and the loss goes down with each."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

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


def test_too_many_waiting_changes_are_429(tmp_path, samples):
    import threading  # noqa: PLC0415

    with api_server(api_settings(tmp_path, writes_waiting=1)) as call:
        call("GET", "/api/health")
        begun, go_on = threading.Event(), threading.Event()

        def hold():
            begun.set()
            go_on.wait()

        call.server.weights._waiting += 1
        call.server.weights._writer.submit(hold)
        begun.wait()
        answer = call("PATCH", "/api/weights", samples)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
        assert call("GET", "/api/weights").status == 200  # reading goes on
        call.server.weights._waiting -= 1
        go_on.set()
        assert call("PATCH", "/api/weights", samples).status == 200


def test_a_store_that_cannot_be_used_is_503_with_a_sentence(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "weights.sqlite3").write_bytes(b"no database" * 1000)
    with api_server(api_settings(tmp_path)) as call:
        answer = call("GET", "/api/weights")
        assert (answer.status, "INKLING_API_STATE" in answer.sentence) == (503, True)
        assert call("GET", "/api/health").status == 503
        assert call("GET", "/api/data").status == 200
