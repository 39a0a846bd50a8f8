"""Every limit and margin of the API in one place, read from the environment and checked once.

A variable that makes no sense, or that nobody reads, is answered with a sentence at the start.
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

from dashboard.training.settings import SettingError
from data_cache import DATA_SETS, DIGIT_NAMES

MEGABYTE = 1 << 20
PREFIX = "INKLING_API_"
MIN_TOKEN = 8
DIGIT_SETS = tuple(name for name, card in DATA_SETS.items() if card.class_names == DIGIT_NAMES)


@dataclass(frozen=True)
class ApiSettings:
    """What the API allows.

    Attributes
    ----------
    token
        What a change must bring as its bearer token; None: only this machine may change anything.
    origins
        Other sites whose pages may call the API, as `https://host[:port]`.
    hosts
        Names beside localhost under which the API may be asked for.
    state_folder, cache_folder
        Where the versions of the weights are kept, and where blocks are kept once they are packed.
    data_set
        Where single samples and validation digits come from.
    body_bytes
        The largest body, also after unpacking.
    bodies_bytes
        The most that the bodies of all requests under way may hold together.
    body_seconds
        How long a body may take to arrive.
    block_size
        The most samples in one answer or one lesson.
    versions_kept
        How many versions of the weights are kept.
    accuracy_margin
        By how much worse, as a share of validation digits, new weights may be than the present.
    learning_rate, batch_size
        Of the plain gradient descent by which samples that are sent are learnt; as in S0.
    reads_per_second, writes_per_second
        How many requests one address may make in the long run, and twice as many at once. Blocks
        and the manifest are files and are not counted.
    writes_waiting
        How many changes may wait for their turn.
    """

    state_folder: Path
    cache_folder: Path
    token: str | None = field(default=None, repr=False)
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    data_set: str = "digits"
    body_bytes: int = 16 * MEGABYTE
    bodies_bytes: int = 128 * MEGABYTE
    body_seconds: float = 30.0
    block_size: int = 1000
    versions_kept: int = 20
    accuracy_margin: float = 0.1
    learning_rate: float = 0.01
    batch_size: int = 128
    reads_per_second: float = 100.0
    writes_per_second: float = 20.0
    writes_waiting: int = 32


def settings_from_environment(environment: Mapping[str, str] = os.environ) -> ApiSettings:
    """Read the settings from INKLING_TOKEN and the variables that begin with INKLING_API_.

    Raises
    ------
    SettingError
        With a sentence, when a variable has no sense or is unknown.
    """
    known = {variable for variable, _, _ in _READERS} | {"INKLING_TOKEN"}
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            raise SettingError(
                f"{name} is not a setting of the API; there are {', '.join(sorted(known))}."
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
            f"INKLING_TOKEN takes at least {MIN_TOKEN} ASCII letters, digits and signs without "
            f"spaces; {len(token)} characters were found that are not that."
        )
    return token


def _read_number(low: float, high: float, *, whole: bool = False) -> Callable[[str, str], float]:
    def read(variable: str, text: str) -> float:
        kind = "a whole number" if whole else "a number"
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise SettingError(
                f"{variable} takes {kind} from {low:g} to {high:g}; found “{text[:24]}”."
            )
        return value

    return read


def _read_megabytes(low: float, high: float) -> Callable[[str, str], int]:
    read = _read_number(low, high)
    return lambda variable, text: int(read(variable, text) * MEGABYTE)


def _read_folder(_variable: str, text: str) -> Path:
    return Path(text).expanduser()


def _read_data_set(variable: str, text: str) -> str:
    if text not in DIGIT_SETS:
        raise SettingError(f"{variable} is one of {', '.join(DIGIT_SETS)}; found “{text[:24]}”.")
    return text


def _read_origins(variable: str, text: str) -> tuple[str, ...]:
    origins = tuple(word.rstrip("/").lower() for word in text.replace(",", " ").split())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise SettingError(
                f"{variable} takes origins such as https://site.example, separated by commas; "
                f"found “{origin[:60]}”. Each site has to be named."
            )
    return origins


def _read_hosts(variable: str, text: str) -> tuple[str, ...]:
    hosts = tuple(word.lower() for word in text.replace(",", " ").split())
    for host in hosts:
        if any(sign in host for sign in "/:*@"):
            raise SettingError(
                f"{variable} takes names such as box.example without port, separated by commas; "
                f"found “{host[:60]}”."
            )
    return hosts


_READERS: tuple[tuple[str, str, Callable[[str, str], Any]], ...] = (
    ("INKLING_API_STATE", "state_folder", _read_folder),
    ("INKLING_API_CACHE", "cache_folder", _read_folder),
    ("INKLING_API_ORIGINS", "origins", _read_origins),
    ("INKLING_API_HOSTS", "hosts", _read_hosts),
    ("INKLING_API_DATA_SET", "data_set", _read_data_set),
    ("INKLING_API_BODY_MB", "body_bytes", _read_megabytes(0.01, 256)),
    ("INKLING_API_BODIES_MB", "bodies_bytes", _read_megabytes(0.01, 4096)),
    ("INKLING_API_BODY_SECONDS", "body_seconds", _read_number(0.1, 3600)),
    ("INKLING_API_BLOCK_SIZE", "block_size", _read_number(1, 10_000, whole=True)),
    ("INKLING_API_VERSIONS", "versions_kept", _read_number(1, 1000, whole=True)),
    ("INKLING_API_MARGIN", "accuracy_margin", _read_number(0, 1)),
    ("INKLING_API_LEARNING_RATE", "learning_rate", _read_number(0, 10)),
    ("INKLING_API_BATCH_SIZE", "batch_size", _read_number(1, 4096, whole=True)),
    ("INKLING_API_READS_PER_SECOND", "reads_per_second", _read_number(0.1, 1e6)),
    ("INKLING_API_WRITES_PER_SECOND", "writes_per_second", _read_number(0.1, 1e6)),
    ("INKLING_API_WRITES_WAITING", "writes_waiting", _read_number(1, 10_000, whole=True)),
)
