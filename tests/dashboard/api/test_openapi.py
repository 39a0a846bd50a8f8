import json
import os
import re
import subprocess
import sys
from pathlib import Path

from dashboard.api.routes import ROUTE_TABLE, tornado_routes

HERE = Path(__file__).parent
EXAMPLES = 40


def test_the_document_describes_every_route(call):
    document = call("GET", "/api/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]) == [route.path for route, _ in ROUTE_TABLE]
    for route, _ in ROUTE_TABLE:
        described = document["paths"][route.path]
        assert {method.upper() for method in described} == set(route.methods) - {"OPTIONS"}
        for operation in described.values():
            assert {"summary", "description", "operationId", "responses"} <= operation.keys()
    ids = re.findall(r'"operationId": "(\w+)"', json.dumps(document))
    assert len(ids) == len(set(ids))
    assert len(tornado_routes(call.server)) == len(ROUTE_TABLE) + 3


def test_all_links_respond(call):
    links = call("GET", "/api").json["links"]
    for name, path in links.items():
        method = "POST" if name == "datablock" else "GET"
        body = {"block": 1} if name == "datablock" else None
        assert call(method, path, body).status == 200


def test_schemathesis_finds_no_difference_between_document_and_server(fresh, tmp_path):
    """Schemathesis generates valid and invalid requests, and validates the responses."""
    document = tmp_path / "openapi.json"
    document.write_bytes(fresh("GET", "/api/openapi.json").body)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml"),
        *("run", document, "--url", fresh.url, "--checks", "all"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES),
        *("--generation-deterministic", "--continue-on-failure", "--request-timeout", "60"),
        *("--warnings", "off", "--no-color"),
    ]
    found = subprocess.run(
        [str(word) for word in command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": "", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout
    generated = re.search(r"(\d+) generated", found.stdout)
    assert generated, found.stdout
    assert int(generated[1]) > 500
    assert fresh("GET", "/api/health").status == 200
