import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.cli import main
from data_cache import frame_digit, load_digits
from nn import load_pretrained

PERCENT = re.compile(r"^  (\d) +([\d.]+) %", re.MULTILINE)


def one_stroke(side=56):
    """Draw a vertical stroke, off the middle."""
    canvas = np.zeros((side, side))
    canvas[8:40, 10:14] = 1
    return canvas


def prediction_of(capsys, *arguments):
    assert main(["predict", *arguments]) == 0
    out = capsys.readouterr().out
    return out, {int(digit): float(share) for digit, share in PERCENT.findall(out)}


def test_a_sample_gets_its_class_and_ten_probabilities(capsys):
    out, shares = prediction_of(capsys, "--data-set", "digits", "--index", "3")
    samples = load_digits().test
    expected = load_pretrained().predict_proba(samples.images[3:4] / np.float32(255))[0]
    assert out.startswith(f"sample 3, labelled {samples.labels[3]}: {expected.argmax()} (")
    assert list(shares) == list(range(10))
    np.testing.assert_allclose(list(shares.values()), 100 * expected, atol=0.006)


def test_several_samples_are_told_in_the_order_asked_for(data_folder, capsys):
    path = str(data_folder / "train.csv")
    out, _ = prediction_of(capsys, "--data-path", path, "--index", "7", "2")
    assert re.findall(r"^sample (\d)", out, re.MULTILINE) == ["7", "2"]


@pytest.mark.parametrize("form", ["npy", "bytes", "blanks", "commas"])
def test_a_drawing_is_framed_and_recognised(form, capsys):
    canvas = one_stroke()
    if form == "npy":
        np.save("drawing.npy", canvas)
    elif form == "bytes":
        np.save("drawing.npy", (255 * canvas).astype(np.uint8))
    else:
        np.savetxt("drawing.txt", canvas, fmt="%g", delimiter=" " if form == "blanks" else ",")
    name = "drawing.npy" if form in ("npy", "bytes") else "drawing.txt"
    out, shares = prediction_of(capsys, name)
    assert out.startswith(f"{name}: 1 (")
    expected = load_pretrained().predict_proba(frame_digit(canvas)[np.newaxis])[0]
    np.testing.assert_allclose(list(shares.values()), 100 * expected, atol=0.006)


def test_a_drawing_can_be_binarized(capsys):
    np.save("drawing.npy", one_stroke())
    _, shares = prediction_of(capsys, "drawing.npy", "--binarize", "127")
    framed = (frame_digit(one_stroke()) > 127 / 255).astype(np.float32)
    expected = load_pretrained().predict_proba(framed[np.newaxis])[0]
    np.testing.assert_allclose(list(shares.values()), 100 * expected, atol=0.006)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("0 1\n1 0\n", "a.txt: Canvas: expected a square shape from 28 × 28, found (2, 2)."),
        ("0 1\n1\n", "a.txt: expected a square array of numbers, as .npy or as text"),
        ("a b\n", "a.txt: expected a square array of numbers, as .npy or as text"),
        ("", "a.txt: Canvas: expected a square shape from 28 × 28, found (0,)."),
        ("0 " * 28 + "\n", "a.txt: Canvas: expected a square shape"),
        (("0 " * 28 + "\n") * 28, "a.txt: expected a drawing, found a blank image."),
        (("2 " * 28 + "\n") * 28, "a.txt: Canvas: expected values"),
    ],
)
def test_what_is_no_drawing_gets_a_sentence(tmp_path, capsys, content, sentence):
    (tmp_path / "a.txt").write_text(content)
    assert main(["predict", "a.txt"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"inkling predict: {sentence}")
    assert len(err.splitlines()) == 1


def test_a_damaged_npy_file_gets_a_sentence(tmp_path, capsys):
    np.save("a.npy", one_stroke())
    content = (tmp_path / "a.npy").read_bytes()
    for damaged in (content[:200], b"", b"rubbish"):
        (tmp_path / "a.npy").write_bytes(damaged)
        assert main(["predict", "a.npy"]) == 1
        assert "a.npy: expected a square array of numbers" in capsys.readouterr().err
    np.save("a.npy", np.array([["a", "b"]]))
    assert main(["predict", "a.npy"]) == 1
    assert "a.npy: Canvas: expected numbers" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("dark", [False, True])
def test_a_photograph_is_read_on_light_and_on_dark_paper(capsys, suffix, dark):
    sample = load_digits().validation[:1]
    ink = np.kron(sample.images[0].reshape(28, 28), np.ones((6, 6), np.uint8))
    sheet = np.pad(ink, ((20, 90), (60, 15)))
    Image.fromarray(sheet if dark else 255 - sheet).save(f"sheet{suffix}")
    assert main(["predict", f"sheet{suffix}"]) == 0
    assert capsys.readouterr().out.startswith(f"sheet{suffix}: {sample.labels[0]} (")


def test_what_is_no_picture_is_refused_by_name(capsys):
    Path("torn.png").write_bytes(b"no picture")
    assert main(["predict", "torn.png"]) == 1
    assert "torn.png: expected an intact PNG" in capsys.readouterr().err
    assert main(["predict", "missing.jpg"]) == 1
    assert "missing.jpg: " in capsys.readouterr().err


def test_an_empty_photograph_is_blank(capsys):
    Image.new("L", (60, 80), 200).save("empty.png")
    assert main(["predict", "empty.png"]) == 1
    assert "blank" in capsys.readouterr().err
