"""What is held while Python's memory is copied, and what happens when the copy is used."""

from __future__ import annotations

import random

import numpy as np
import pytest
from panel.io.state import state

import nn.backends
from dashboard.memory_snapshot import hold_session, resume_session
from nn import backend_name
from nn.backends.numpy_backend import NumpyBackend


def test_the_work_of_a_session_is_held_until_the_copy_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = NumpyBackend("a test")
    monkeypatch.setattr(nn.backends, "current_backend", lambda: backend)
    begun: list[str] = []
    onload = type(state).onload
    hold_session()
    state.onload(lambda: begun.append("session"))
    assert begun == []

    resume_session("simd-relaxed")

    assert begun == ["session"]
    assert type(state).onload is onload
    assert backend_name() == "simd-relaxed"
    resume_session("simd")
    assert begun == ["session"]


def test_random_numbers_differ_between_uses_of_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = NumpyBackend("a test")
    monkeypatch.setattr(nn.backends, "current_backend", lambda: backend)
    drawn = set()
    for _ in range(2):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002 - the generator that is seeded anew
        resume_session("simd")
        drawn |= {random.random(), np.random.random()}  # noqa: NPY002
    assert len(drawn) == 4
