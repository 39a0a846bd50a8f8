"""JSON Schemas of all requests and responses of the API."""

from __future__ import annotations

from typing import Any

from dashboard.api.operation import Schema
from dashboard.api.payloads import CLASSES, PIXELS

NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
BYTES: Schema = {"type": "string", "format": "binary"}


def record(
    properties: dict[str, Schema], *, optional: tuple[str, ...] = (), open_: bool = False
) -> Schema:
    """Return the schema of an object; `open_` allows additional properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": open_,
    }


def items(schema: Schema, **bounds: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, **bounds}


def named(name: str) -> Schema:
    """Return a reference to a schema in `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_NAMES: Schema = {
    "type": "string",
    "enum": ["relu", "leaky-relu", "tanh", "sigmoid", "linear"],
}

SCHEMAS: dict[str, Schema] = {
    "Sample": record(
        {
            "target": {"type": "integer", "minimum": 0, "maximum": CLASSES - 1},
            "image": items(SHARE, minItems=PIXELS, maxItems=PIXELS),
        }
    ),
    "Samples": record({"data": items(named("Sample"))}),
    "BlockSize": record({"block": {"type": "integer", "minimum": 1}}),
    "Weights": record(
        {
            "weights": items(items(items(NUMBER, minItems=1), minItems=1), minItems=1),
            "biases": items(items(NUMBER, minItems=1), minItems=1),
            "activation": _NAMES,
        },
        optional=("biases", "activation"),
    ),
    "FlatWeights": {
        "type": "object",
        "properties": {
            "activation": _NAMES,
            "biases": {"type": "boolean"},
            "W0": items(NUMBER, minItems=1),
            "b0": items(NUMBER, minItems=1),
        },
        "required": ["W0", "b0"],
        "patternProperties": {r"^[Wb][0-9]+$": items(NUMBER, minItems=1)},
        "additionalProperties": False,
    },
    "Loss": record({"loss": {"type": "number", "minimum": 0}}),
    "Version": record(
        {
            "version": {"type": "integer", "minimum": 1},
            "created": {"type": "string", "format": "date-time"},
            "origin": TEXT,
            "sizes": {"type": "string", "pattern": r"^[0-9]+(-[0-9]+)+$"},
            "accuracy": SHARE,
            "loss": {"type": "number", "minimum": 0},
            "content": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        }
    ),
    "History": record({"versions": items(named("Version"), minItems=1)}),
    "About": record(
        {
            "name": {"const": "Inkling"},
            "version": TEXT,
            "data_set": record(
                {
                    "name": TEXT,
                    "title": TEXT,
                    "class_names": items(TEXT),
                    "counts": record({"train": COUNT, "validation": COUNT, "test": COUNT}),
                }
            ),
            "block_size": {"type": "integer", "minimum": 1},
            "links": {"type": "object", "additionalProperties": TEXT},
        }
    ),
    "Health": record({"status": {"const": "ok"}, "version": {"type": "integer", "minimum": 1}}),
    "BlockFile": record(
        {
            "path": TEXT,
            "count": COUNT,
            "bytes": COUNT,
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "unpacked_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        }
    ),
    "Manifest": record(
        {
            "format": {"const": 1},
            "data_sets": items(
                record(
                    {
                        "name": TEXT,
                        "title": TEXT,
                        "class_names": items(TEXT),
                        "parts": {
                            "type": "object",
                            "additionalProperties": record(
                                {"count": COUNT, "blocks": items(named("BlockFile"))}
                            ),
                        },
                    }
                )
            ),
        }
    ),
    "Document": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Error": record(
        {
            "error": {"type": "string", "minLength": 1},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "request": TEXT,
        },
        open_=True,
    ),
    "WorseWeights": record(
        {
            "error": {"type": "string", "minLength": 1},
            "status": {"const": 409},
            "request": TEXT,
            "accuracy": SHARE,
            "present_accuracy": SHARE,
            "margin": SHARE,
        }
    ),
}
