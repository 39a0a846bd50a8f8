"""`inkling sweep`, `runs` and `compare`: what a definition means, and what is stored of it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dashboard.cli import main
from dashboard.cli.sweep import trial_name
from dashboard.cli.sweeps.definition import (
    Interval,
    SweepDefinition,
    Trial,
    parse_sweep,
    read_sweep,
)
from dashboard.cli.sweeps.trial import open_data, run_trial
from dashboard.report.facts import inkling_version
from dashboard.runs.run_database import RunDatabase
from dashboard.training.settings import SettingError

GRID = """
seeds = {seeds}
[settings]
num-epochs = 1
network-structure = [784, 8, 10]
[vary]
learning-rate = [0.001, 0.01{more}]
batch-size = [50, 100]
"""
TRIALS = int(os.environ.get("INKLING_SWEEP_TRIALS", "8"))


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_API_STATE", str(tmp_path / "state"))


def write(text: str, name: str = "rates.toml") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def grid(seeds: int | list[int] = 2, more: str = "") -> SweepDefinition:
    return read_sweep(write(GRID.format(seeds=seeds, more=more)))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def without_time(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{key: it for key, it in row.items() if key not in ("run", "seconds")} for row in rows]


def test_a_grid_has_all_combinations_with_all_seeds() -> None:
    trials = grid([3, 9]).trials()
    found = [
        (it.settings["learning_rate"], it.settings["batch_size"], it.settings["seed"])
        for it in trials
    ]
    assert found == [(r, b, s) for r in (0.001, 0.01) for b in (50, 100) for s in (3, 9)]
    assert all(it.settings["hidden_layers"] == [8] for it in trials)


def test_a_longer_random_search_begins_with_the_same_trials() -> None:
    content = {
        "search": "random",
        "trials": 20,
        "vary": {
            "learning-rate": {"from": 1e-4, "to": 1e-1, "scale": "log"},
            "batch-size": {"from": 8, "to": 64},
            "network-structure": [[784, 10], [784, 32, 10]],
            "activation-function": ["re-lu", "tanh"],
        },
    }
    long = parse_sweep(content, "x").trials()
    short = parse_sweep({**content, "trials": 5}, "x").trials()
    assert [it.settings for it in long[:5]] == [it.settings for it in short]
    rates = [it.settings["learning_rate"] for it in long]
    assert all(1e-4 <= rate <= 1e-1 for rate in rates)
    assert sum(rate < 10**-2.5 for rate in rates) in range(4, 17)
    assert all(type(it.settings["batch_size"]) is int for it in long)
    assert {it.settings["activation"] for it in long} == {"relu", "tanh"}
    other = parse_sweep({**content, "sampling-seed": 1}, "x").trials()
    assert [it.settings for it in other] != [it.settings for it in long]


def test_equal_settings_have_one_key_and_others_have_others() -> None:
    first, *others = grid(1).trials()
    key = first.key("data", "1")
    assert Trial({**first.settings, "learning_rate": 1e-3}, (), first.data).key("data", "1") == key
    assert Trial({**first.settings, "l2": 0}, (), first.data).key("data", "1") == key
    assert Trial({**first.settings, "l2": 0.0}, (), first.data).key("data", "1") == key
    keys = {it.key("data", "1") for it in others}
    keys |= {first.key("other data", "1"), first.key("data", "2")}
    assert len(keys | {key}) == 6


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({}, "vary"),
        ({"vary": {"learning-rate": []}}, "learning-rate"),
        ({"vary": {"learning-rate": [0.1, 0.1]}}, "twice"),
        ({"vary": {"learning-rate": [-1]}}, "learning-rate"),
        ({"vary": {"learning_rate": [0.1]}}, "learning-rate"),
        ({"vary": {"seed": [1, 2]}}, "seed"),
        ({"vary": {"learning-rate": {"from": 0.1, "to": 1}}}, "list"),
        ({"vary": {"l2": [0.1]}, "settings": {"l2": 0.2}}, "l2"),
        ({"vary": {"l2": [0.1]}, "seeds": 0}, "seeds"),
        ({"vary": {"l2": [0.1]}, "seeds": [1, 1]}, "seeds"),
        ({"vary": {"l2": [0.1]}, "trials": 3}, "trials"),
        ({"vary": {"l2": [0.1]}, "search": "random"}, "trials"),
        ({"vary": {"l2": [0.1]}, "search": "bayes"}, "random"),
        ({"vary": {"l2": {"from": 0, "to": 1, "scale": "log"}}, "search": "random"}, "log"),
        ({"vary": {"l2": [0.1]}, "settings": {"data-set": 3}}, "data-set"),
        ({"vary": {"l2": [True]}}, "l2"),
        ({"vary": {"network-structure": [[784, 9999, 10]]}}, "network-structure"),
        ({"vary": "l2"}, "vary"),
        ({"sweeps": 1}, "sweeps"),
    ],
)
def test_an_impossible_definition_is_refused_with_its_key(content, word) -> None:
    with pytest.raises(SettingError, match=word):
        parse_sweep(content, "x")


def test_too_many_trials_are_refused_before_they_are_made() -> None:
    values = [number / 1000 for number in range(1, 400)]
    content = {"vary": {"learning-rate": values, "l2": values, "l1": values}}
    with pytest.raises(SettingError, match="10,000"):
        parse_sweep(content, "x").trials()


def test_an_interval_reaches_its_ends_only() -> None:
    interval = Interval(1, 3, False)
    drawn = {interval.draw(np.random.default_rng(seed), True) for seed in range(50)}
    assert drawn == {1, 2, 3}


def test_a_trial_has_the_numbers_of_inkling_train(capsys) -> None:
    trial = grid(1).trials()[1]
    result = run_trial(trial, "one")
    flags = ["--learning-rate", "0.001", "--batch-size", "100", "--num-epochs", "1"]
    structure = ["--network-structure", "784", "8", "10"]
    assert main(["train", *flags, *structure, "--save-run", "mine"]) == 0
    capsys.readouterr()
    assert main(["runs", "export", "--format", "json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert result.test is not None
    assert (run["name"], run["test_accuracy"]) == ("mine", result.test.accuracy)
    assert run["last_accuracy"] == result.record.last.accuracy
    assert run["settings"] == dict(result.record.settings)


def test_training_stores_no_run_unasked(capsys, tmp_path) -> None:
    assert main(["train", "--num-epochs", "1", "--network-structure", "784", "10"]) == 0
    assert main(["runs", "list"]) == 0
    assert "0 runs" in capsys.readouterr().out
    assert not (tmp_path / "state").exists()


def test_a_diverged_trial_is_done_and_says_so() -> None:
    content = {
        "settings": {
            "num-epochs": 2,
            "schedule": "constant",
            "optimizer": "sgd",
            "augment": "none",
        },
        "vary": {"learning-rate": [10]},
    }
    result = run_trial(parse_sweep(content, "x").trials()[0], "one")
    assert "loss" in result.fault


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    paths = [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def store_unbroken(definition: SweepDefinition, folder: Path) -> None:
    """Compute all trials of a sweep in this process, in reverse order."""
    trials = definition.trials()
    fingerprint = open_data(definition.data).fingerprint()
    keys = [trial.key(fingerprint, inkling_version()) for trial in trials]
    database = RunDatabase(folder, lambda: 0.0)
    database.note_sweep(definition.name, keys)
    for key, trial in list(zip(keys, trials, strict=True))[::-1]:
        result = run_trial(trial, trial_name(trial))
        assert database.add(result.record, key=key, test=result.test)
        assert not database.add(result.record, key=key, test=result.test)


def test_a_sweep_that_was_killed_gives_the_table_of_an_unbroken_one(
    environment, tmp_path, capsys, monkeypatch
) -> None:
    definition = write(GRID.format(seeds=TRIALS // 4, more=""))
    command = [sys.executable, "-m", "dashboard.cli", "sweep", str(definition), "--workers", "2"]
    broken = {**environment, "INKLING_API_STATE": str(tmp_path / "broken")}
    for _ in range(2 if TRIALS > 8 else 1):
        process = subprocess.Popen(command, env=broken, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        next(line for line in process.stderr if "validation" in line)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
    rest = subprocess.run(command, env=broken, capture_output=True, text=True, check=True)
    assert "stored already" in rest.stderr
    assert f"{TRIALS} of {TRIALS}" in rest.stderr
    store_unbroken(read_sweep(definition), tmp_path / "unbroken")
    tables = []
    for name in ("broken", "unbroken"):
        monkeypatch.setenv("INKLING_API_STATE", str(tmp_path / name))
        assert main(["compare", "--sweep", "rates", "--means"]) == 0
        means = capsys.readouterr().out
        assert main(["runs", "export", "--sweep", "rates"]) == 0
        tables.append((means, without_time(rows_of(capsys.readouterr().out))))
    assert tables[0] == tables[1]
    assert tables[0][0] == rest.stdout
    assert len(tables[0][1]) == TRIALS

    # What the page's table says of the runs, and deleting them.
    assert main(["compare", "--sweep", "rates", "--baseline", "1", "--output", "t.csv"]) == 0
    rows = rows_of(Path("t.csv").read_text())
    assert set(rows[0]) >= {"learning_rate", "batch_size", "seed"}
    assert not set(rows[0]) & {"optimizer", "num_epochs", "data_set"}
    base = next(row for row in rows if row["run"] == "1")
    assert base["best_accuracy_delta"] == ""
    for row in rows:
        if row is not base:
            delta = float(row["best_accuracy"]) - float(base["best_accuracy"])
            assert float(row["best_accuracy_delta"]) == pytest.approx(delta)
    assert main(["runs", "delete", "1"]) == 0
    assert main(["runs", "delete", "1"]) == 1
    assert main(["runs", "delete", "--all"]) == 0
    capsys.readouterr()
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out.startswith("0 runs")
    assert main(["compare", "--sweep", "rates"]) == 1


def test_a_trial_that_another_sweep_has_stored_is_not_trained_again(capsys) -> None:
    content = "[settings]\nnum-epochs = 1\nnetwork-structure = [784, 10]\n[vary]\nl2 = {}\n"
    one = ["--workers", "1"]
    assert main(["sweep", str(write(content.format("[0.1, 0.2]"), "a.toml")), *one]) == 0
    assert "2 trials (grid)." in capsys.readouterr().err
    assert main(["sweep", str(write(content.format("[0.2, 0.3]"), "b.toml")), *one]) == 0
    out, err = capsys.readouterr()
    assert "1 of them are stored already" in err
    assert len(out.splitlines()) == 3
    assert main(["runs", "list"]) == 0
    assert "3 runs" in capsys.readouterr().out


def test_two_dask_workers_one_of_which_is_killed_give_the_same_table(
    environment, capsys, tmp_path, monkeypatch
) -> None:
    distributed = pytest.importorskip("distributed")
    definition = write(GRID.format(seeds=TRIALS // 4, more=""))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        command = [sys.executable, "-m", "dashboard.cli", "sweep", str(definition)]
        sweep = subprocess.Popen(
            [*command, "--scheduler", cluster.scheduler_address],
            env={**environment, "INKLING_API_STATE": str(tmp_path / "dask")},
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert sweep.stderr is not None
        next(line for line in sweep.stderr if "validation" in line)
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        table, told = sweep.communicate()
    assert f"{TRIALS} of {TRIALS}" in told
    store_unbroken(read_sweep(definition), tmp_path / "unbroken")
    monkeypatch.setenv("INKLING_API_STATE", str(tmp_path / "unbroken"))
    assert main(["compare", "--sweep", "rates", "--means"]) == 0
    assert capsys.readouterr().out == table
