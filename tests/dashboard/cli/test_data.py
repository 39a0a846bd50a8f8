import builtins
import sys
from pathlib import Path

from dashboard.cli import data, main
from data_cache import DATA_SETS, DataError


def test_the_list_shows_available_and_missing_data_sets(data_folder, capsys, monkeypatch, tmp_path):
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(DATA_SETS)
    assert lines[1].split() == ["digits", "4,000", "500", "500", "bundled"]
    assert lines[2].endswith("10,000  missing: inkling data fetch mnist")
    assert lines[-1] == f"Folder of the data sets: {tmp_path / 'no-data-sets'}"
    (tmp_path / "mnist").symlink_to(data_folder / "idx")
    monkeypatch.setenv("INKLING_DATA", str(tmp_path))
    main(["data", "list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].endswith("10,000  available")
    assert "missing" in lines[3]


def test_fetching_prints_the_folder(monkeypatch, capsys):
    asked = []

    def fetch(name, progress):
        asked.append(name)
        progress(5, 10, "a.gz")
        progress(10, 10, "b.gz")
        return Path("somewhere")

    monkeypatch.setattr(data, "fetch_data_set", fetch)
    assert main(["data", "fetch", "fashion-mnist"]) == 0
    out, err = capsys.readouterr()
    assert asked == ["fashion-mnist"]
    assert (out, err) == ("Fashion-MNIST is in somewhere\n", "")


def test_a_terminal_shows_the_progress_of_a_download(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    def fetch(_name, progress):
        progress(5_000, 10_000, "a.gz")
        progress(10_000, 10_000, "b.gz")
        return Path("somewhere")

    monkeypatch.setattr(data, "fetch_data_set", fetch)
    assert main(["data", "fetch", "mnist"]) == 0
    assert "b.gz: 100%" in capsys.readouterr().err


def test_a_failed_download_is_one_line(monkeypatch, capsys):
    def fetch(_name, progress):
        raise DataError("no mirror gave it\n(no connection)")

    monkeypatch.setattr(data, "fetch_data_set", fetch)
    assert main(["data", "fetch", "mnist"]) == 1
    assert capsys.readouterr().err == "inkling data fetch: no mirror gave it (no connection)\n"


def test_without_pooch_the_error_has_the_pip_command(monkeypatch, capsys):
    import_module = builtins.__import__

    def refuse(name, *arguments, **options):
        if name == "pooch":
            raise ImportError("No module named 'pooch'")
        return import_module(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert main(["data", "fetch", "mnist"]) == 1
    err = capsys.readouterr().err
    assert 'python -m pip install "inkling[download]"' in err
    assert len(err.splitlines()) == 1
