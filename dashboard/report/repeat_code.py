"""Code that repeats a run: a Python script for a run of the page, a command for `inkling train`.

Both are run as they are, and print the accuracy on the test samples.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.languages.text import gettext, gettext_noop
from dashboard.report.content import RepeatCode
from dashboard.training.marks import SettingChange
from dashboard.training.scheduled_changes import values_at_start
from dashboard.training.settings import TrainingSettings, setting_names
from data_cache import DATA_SETS

MAX_CHANGES = 40
"""Most changes of settings during a run that the code repeats, so that a report stays short."""

_IDLE_SETTINGS = ("cache_size", "concurrency")
"""Settings that change no number."""

_SCRIPT = '''\
"""Repeats a run of {inkling}."""

import asyncio
import time

from dashboard.blas import limit_blas_threads
from dashboard.digits.datasets import InMemoryDataSet
from dashboard.digits.training_subset import with_training_samples
from dashboard.training.block_run import BlockRun
from dashboard.training.marks import SettingChange
from dashboard.training.scheduled_changes import ScheduledChanges
from dashboard.training.settings import TrainingSettings
from dashboard.training.trainer import Trainer, evaluate
from data_cache import {data_imports}
{imports}
STEPS = {steps}
SETTINGS = {settings}
CHANGES = {changes}


class Settings(ScheduledChanges, TrainingSettings):
    """The settings, and their changes during the run."""


async def main():
    data = InMemoryDataSet(load_data_set({data_set!r}))
    data = await with_training_samples(data, {training_samples!r})
    changes = [SettingChange(*change) for change in CHANGES]
    settings = Settings(**SETTINGS, scheduled_changes=changes)
    run = BlockRun(settings, {source}, {network})
    trainer = Trainer(
        run, validation=None, publish=lambda snapshot: None, clock=time.perf_counter
    )
    await trainer.train(steps=STEPS)
    scores = await evaluate(run.evaluated_network, await data.part("test"))
    print(f"test accuracy: {{scores.accuracy:.6f}}")
    await run.close()


with limit_blas_threads():
    asyncio.run(main())
'''


_PLANE_SCRIPT = '''\
"""Repeats a run of {inkling}."""

import asyncio
import time

from dashboard.blas import limit_blas_threads
from dashboard.plane.dataset import inputs_of, make_data
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.training import make_run
from dashboard.training.marks import SettingChange
from dashboard.training.scheduled_changes import ScheduledChanges
from dashboard.training.trainer import Trainer, evaluate

STEPS = {steps}
SETTINGS = {settings}
CHANGES = {changes}


class Settings(ScheduledChanges, PlaneSettings):
    """The settings, and their changes during the run."""


async def main():
    changes = [SettingChange(*change) for change in CHANGES]
    settings = Settings(**SETTINGS, scheduled_changes=changes)
    data = make_data(settings)
    run = make_run(settings, data)
    trainer = Trainer(
        run, validation=None, publish=lambda snapshot: None, clock=time.perf_counter
    )
    await trainer.train(steps=STEPS)
    scores = await evaluate(run.evaluated_network, inputs_of(data.test, settings.inputs))
    print(f"test accuracy: {{scores.accuracy:.6f}}")
    await run.close()


with limit_blas_threads():
    asyncio.run(main())
'''


def script_of_run(
    *,
    version: str,
    steps: int,
    settings: Mapping[str, Any],
    changes: Sequence[SettingChange],
    data_set: str,
    training_samples: str,
    block_size: int | None = None,
    pretrained_model: str = "",
    obstacles: Sequence[str] = (),
) -> RepeatCode:
    """Return the script that repeats a run of the digits pane.

    Parameters
    ----------
    version
        Of Inkling; "" if it is not known.
    steps
        Training steps of the run.
    settings
        Values at the end of the run, by name; others than those of training are left out.
    changes
        Changes of settings during the run.
    data_set, training_samples
        As the parameters of the page's state.
    block_size
        Samples in a block of those that came from a site in blocks; None: they were in memory.
    pretrained_model
        The model that was fine-tuned; "" for fresh weights.
    obstacles
        What stands against repeating the run, in sentences.
    """
    reasons = _reasons(changes, obstacles)
    if reasons:
        return RepeatCode("", "", reasons)
    first = values_at_start(settings, changes)
    names = [it for it in setting_names(TrainingSettings) if it not in _IDLE_SETTINGS]
    network = "classes=len(data.class_names)"
    if pretrained_model:
        network = f"network=load_pretrained({pretrained_model!r})"
    code = _SCRIPT.format(
        inkling=_inkling(version),
        data_imports="load_data_set" if block_size is None else "ArrayBlockSource, load_data_set",
        imports="from nn import load_pretrained\n" if pretrained_model else "",
        steps=steps,
        settings=_dictionary({name: first[name] for name in names if name in first}),
        changes=_list([(it.iteration, it.name, it.old, it.new) for it in changes]),
        data_set=data_set,
        training_samples=training_samples,
        source=(
            "data.source"
            if block_size is None
            else f'ArrayBlockSource(await data.part("train"), {block_size})'
        ),
        network=network,
    )
    return RepeatCode(code, _how(version) + _fetching(data_set))


def script_of_plane_run(
    *,
    version: str,
    steps: int,
    settings: Mapping[str, Any],
    changes: Sequence[SettingChange],
    obstacles: Sequence[str] = (),
) -> RepeatCode:
    """Return the script that repeats a run on generated points; see `script_of_run`."""
    reasons = _reasons(changes, obstacles)
    if reasons:
        return RepeatCode("", "", reasons)
    code = _PLANE_SCRIPT.format(
        inkling=_inkling(version),
        steps=steps,
        settings=_dictionary(values_at_start(settings, changes)),
        changes=_list([(it.iteration, it.name, it.old, it.new) for it in changes]),
    )
    return RepeatCode(code, _how(version))


def _reasons(changes: Sequence[SettingChange], obstacles: Sequence[str]) -> list[str]:
    if len(changes) <= MAX_CHANGES:
        return list(obstacles)
    return [
        *obstacles,
        gettext("Settings changed {count} times during the run.", count=len(changes)),
    ]


def _inkling(version: str) -> str:
    return f"Inkling {version}" if version else gettext_noop("this version of Inkling")


def _how(version: str) -> str:
    return gettext(
        "Save it as repeat.py and run “python repeat.py” where {inkling} is "
        "installed. On a machine whose sums are rounded in the same order the numbers "
        "are the same to the bit; a browser and a server may differ in the last "
        "digits, and a few samples with them.",
        inkling=gettext(_inkling(version)),
    )


def _fetching(data_set: str) -> str:
    card = DATA_SETS[data_set]
    if card.bundled:
        return ""
    return gettext(
        " It reads {title}, which “inkling data fetch {data_set}” downloads.",
        title=card.title,
        data_set=data_set,
    )


def _dictionary(values: Mapping[str, Any]) -> str:
    lines = "".join(f"    {name!r}: {value!r},\n" for name, value in values.items())
    return f"{{\n{lines}}}"


def _list(values: Sequence[tuple[Any, ...]]) -> str:
    if not values:
        return "[]"
    text = ", ".join(map(repr, values))
    lines = textwrap.wrap(text, 92, break_on_hyphens=False)
    return "[\n" + "\n".join(f"    {line}" for line in lines) + ",\n]"


def command_of_training(
    words: Sequence[str], *, version: str, obstacles: Sequence[str] = ()
) -> RepeatCode:
    """Return the command that repeats a run of `inkling train`.

    Parameters
    ----------
    words
        The command and its arguments.
    version
        Of Inkling.
    obstacles
        What stands against repeating the run, in sentences.
    """
    if obstacles:
        return RepeatCode("", "", list(obstacles))
    lines: list[str] = []
    for word in words:
        if word.startswith("--") or not lines:
            lines.append(shlex.quote(word))
        else:
            lines[-1] += f" {shlex.quote(word)}"
    return RepeatCode(
        " \\\n  ".join(lines) + "\n",
        gettext(
            "Run it where Inkling {version} is installed; it prints the accuracy on the "
            "same samples.",
            version=version,
        ),
    )
