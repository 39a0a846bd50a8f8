"""The limits of the API, read from environment variables and validated once.

Invalid and unknown variables are errors when the server starts.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dashboard.languages.text import gettext
from dashboard.training.settings import SettingError
from data_cache import DATA_SETS, DIGIT_NAMES

MEGABYTE = 1 << 20
PREFIX = "INKLING_API_"
MIN_TOKEN = 8
DIGIT_SETS = tuple(name for name, card in DATA_SETS.items() if card.class_names == DIGIT_NAMES)


@dataclass(frozen=True)
class ApiSettings:
    """The limits of the API.

    Attributes
    ----------
    token
        The bearer token that changes require; None: the API is read-only.
    is_open
        Whether anybody may change the weights, without a token.
    origins
        Other origins whose pages may call the API, as `https://host[:port]`.
    hosts
        Host names under which the API may be requested, beside localhost.
    state_folder, cache_folder
        Folders of the weights' versions and of the packed blocks.
    data_set
        The data set of the samples and of the validation digits.
    body_bytes
        Maximum size of a request body in bytes, also after decompression.
    bodies_bytes
        Maximum size of all current request bodies together, in bytes.
    body_seconds
        Maximum time for a body to arrive, in seconds.
    block_size
        Maximum number of samples in a response or a training request.
    max_versions
        Maximum number of stored versions of the weights.
    accuracy_margin
        How far, as a fraction, the validation accuracy of new weights may be below the present one.
    learning_rate, batch_size
        Of the gradient descent on the samples of a training request.
    reads_per_second, writes_per_second
        Requests per second and address in the long run; bursts of twice as many. Block files and
        the manifest are not counted.
    writes_waiting
        Maximum number of waiting changes.
    max_sessions
        Maximum number of visitors of the page at the same time.
    pages_per_second
        Pages per second and address in the long run; bursts of twice as many.
    max_training
        Maximum number of networks that are trained on the page at the same time.
    log_format
        "text" or "json".
    saves_bytes, saves_days
        What the saved work of all visitors may take, in bytes, and how long it is kept after its
        last change; 0 bytes: nothing is saved.
    idle_minutes
        After which the session of a page that nobody uses ends; its work stays saved.
    """

    state_folder: Path
    cache_folder: Path
    token: str | None = field(default=None, repr=False)
    is_open: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    data_set: str = "digits"
    body_bytes: int = 16 * MEGABYTE
    bodies_bytes: int = 128 * MEGABYTE
    body_seconds: float = 30.0
    block_size: int = 1000
    max_versions: int = 20
    accuracy_margin: float = 0.1
    learning_rate: float = 0.01
    batch_size: int = 128
    reads_per_second: float = 100.0
    writes_per_second: float = 20.0
    writes_waiting: int = 32
    max_sessions: int = 100
    pages_per_second: float = 5.0
    max_training: int = 32
    log_format: str = "text"
    saves_bytes: int = 1024 * MEGABYTE
    saves_days: float = 30.0
    idle_minutes: float = 60.0


def settings_from_environment(environment: Mapping[str, str] = os.environ) -> ApiSettings:
    """Return the settings in INKLING_TOKEN and the variables that begin with INKLING_API_.

    Raises
    ------
    SettingError
        If a variable is invalid or unknown.
    """
    known = {variable for variable, _, _ in _READERS} | {"INKLING_TOKEN"}
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            raise SettingError(
                gettext(
                    "Expected one of the API's variables {names}; found {name}.",
                    names=", ".join(sorted(known)),
                    name=name,
                )
            )
    values: dict[str, Any] = {
        "state_folder": _user_folder("state", environment) / "api",
        "cache_folder": _user_folder("cache", environment) / "api",
    }
    for variable, attribute, read in _READERS:
        text = environment.get(variable, "").strip()
        if text:
            values[attribute] = read(variable, text)
    return ApiSettings(token=_read_token(environment.get("INKLING_TOKEN", "")), **values)


def _user_folder(kind: str, environment: Mapping[str, str]) -> Path:
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = home / "Library" / ("Caches" if kind == "cache" else "Application Support")
    else:
        default = home / (".cache" if kind == "cache" else ".local/state")
        folder = Path(environment.get(f"XDG_{kind.upper()}_HOME") or default)
    return folder / "inkling"


def _read_token(text: str) -> str | None:
    token = text.strip()
    if not token:
        return None
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingError(
            gettext(
                "Expected at least {least} printable ASCII characters without spaces as "
                "INKLING_TOKEN, found {count} characters that do not fit.",
                least=MIN_TOKEN,
                count=len(token),
            )
        )
    return token


def _read_number(low: float, high: float, *, whole: bool = False) -> Callable[[str, str], float]:
    def read(variable: str, text: str) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            limits = {"low": f"{low:g}", "high": f"{high:g}"}
            values = {**limits, "variable": variable, "text": text[:24]}
            if whole:
                raise SettingError(
                    gettext(
                        "Expected an integer from {low} to {high} as {variable}, found “{text}”.",
                        **values,
                    )
                )
            raise SettingError(
                gettext(
                    "Expected a number from {low} to {high} as {variable}, found “{text}”.",
                    **values,
                )
            )
        return value

    return read


def _read_megabytes(low: float, high: float) -> Callable[[str, str], int]:
    read = _read_number(low, high)
    return lambda variable, text: int(read(variable, text) * MEGABYTE)


def _read_folder(_variable: str, text: str) -> Path:
    return Path(text).expanduser()


def _read_yes_or_no(variable: str, text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise SettingError(
            gettext(
                "Expected yes or no as {variable}, found “{text}”.",
                variable=variable,
                text=text[:24],
            )
        )
    return text.lower() == "yes"


def _read_log_format(variable: str, text: str) -> str:
    if text not in ("text", "json"):
        raise SettingError(
            gettext(
                "Expected text or json as {variable}, found “{text}”.",
                variable=variable,
                text=text[:24],
            )
        )
    return text


def _read_data_set(variable: str, text: str) -> str:
    if text not in DIGIT_SETS:
        raise SettingError(
            gettext(
                "Expected one of {names} as {variable}, found “{text}”.",
                names=", ".join(DIGIT_SETS),
                variable=variable,
                text=text[:24],
            )
        )
    return text


def _read_origins(variable: str, text: str) -> tuple[str, ...]:
    origins = tuple(word.rstrip("/").lower() for word in text.replace(",", " ").split())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise SettingError(
                gettext(
                    "Expected origins such as https://site.example, separated by commas, as "
                    "{variable}; found “{text}”. List each origin.",
                    variable=variable,
                    text=origin[:60],
                )
            )
    return origins


def _read_hosts(variable: str, text: str) -> tuple[str, ...]:
    hosts = tuple(word.lower() for word in text.replace(",", " ").split())
    for host in hosts:
        if any(sign in host for sign in "/:*@"):
            raise SettingError(
                gettext(
                    "Expected host names such as box.example without port, separated by commas, as "
                    "{variable}; found “{text}”.",
                    variable=variable,
                    text=host[:60],
                )
            )
    return hosts


_READERS: tuple[tuple[str, str, Callable[[str, str], Any]], ...] = (
    ("INKLING_API_STATE", "state_folder", _read_folder),
    ("INKLING_API_CACHE", "cache_folder", _read_folder),
    ("INKLING_API_OPEN", "is_open", _read_yes_or_no),
    ("INKLING_API_ORIGINS", "origins", _read_origins),
    ("INKLING_API_HOSTS", "hosts", _read_hosts),
    ("INKLING_API_DATA_SET", "data_set", _read_data_set),
    ("INKLING_API_BODY_MB", "body_bytes", _read_megabytes(0.01, 256)),
    ("INKLING_API_BODIES_MB", "bodies_bytes", _read_megabytes(0.01, 4096)),
    ("INKLING_API_BODY_SECONDS", "body_seconds", _read_number(0.1, 3600)),
    ("INKLING_API_BLOCK_SIZE", "block_size", _read_number(1, 10_000, whole=True)),
    ("INKLING_API_VERSIONS", "max_versions", _read_number(1, 1000, whole=True)),
    ("INKLING_API_MARGIN", "accuracy_margin", _read_number(0, 1)),
    ("INKLING_API_LEARNING_RATE", "learning_rate", _read_number(0, 10)),
    ("INKLING_API_BATCH_SIZE", "batch_size", _read_number(1, 4096, whole=True)),
    ("INKLING_API_READS_PER_SECOND", "reads_per_second", _read_number(0.1, 1e6)),
    ("INKLING_API_WRITES_PER_SECOND", "writes_per_second", _read_number(0.1, 1e6)),
    ("INKLING_API_WRITES_WAITING", "writes_waiting", _read_number(1, 10_000, whole=True)),
    ("INKLING_MAX_SESSIONS", "max_sessions", _read_number(1, 100_000, whole=True)),
    ("INKLING_LOG_FORMAT", "log_format", _read_log_format),
    ("INKLING_MAX_TRAINING", "max_training", _read_number(1, 100_000, whole=True)),
    ("INKLING_PAGES_PER_SECOND", "pages_per_second", _read_number(0.1, 1e6)),
    ("INKLING_SAVES_MB", "saves_bytes", _read_megabytes(0, 1e6)),
    ("INKLING_SAVES_DAYS", "saves_days", _read_number(0.01, 3650)),
    ("INKLING_IDLE_MINUTES", "idle_minutes", _read_number(0.01, 1e6)),
)
