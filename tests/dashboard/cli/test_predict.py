import re
import subprocess
import sys
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


def test_a_sample_is_printed_with_ten_probabilities(capsys):
    out, shares = prediction_of(capsys, "--data-set", "digits", "--index", "3")
    samples = load_digits().test
    expected = load_pretrained().predict_proba(samples.images[3:4] / np.float32(255))[0]
    assert out.startswith(f"sample 3, labelled {samples.labels[3]}: {expected.argmax()} (")
    assert list(shares) == list(range(10))
    np.testing.assert_allclose(list(shares.values()), 100 * expected, atol=0.006)


def test_samples_are_printed_in_the_order_of_the_indices(data_folder, capsys):
    path = str(data_folder / "train.csv")
    out, _ = prediction_of(capsys, "--data-path", path, "--index", "7", "2")
    assert re.findall(r"^sample (\d)", out, re.MULTILINE) == ["7", "2"]


@pytest.mark.parametrize("form", ["npy", "bytes", "blanks", "commas"])
def test_a_drawing_is_framed_and_predicted(form, capsys):
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
        ("", "a.txt: expected a square array of numbers, as .npy or as text"),
        ("0 " * 28 + "\n", "a.txt: Canvas: expected a square shape"),
        (("0 " * 28 + "\n") * 28, "a.txt: expected a drawing, found a blank image."),
        (("2 " * 28 + "\n") * 28, "a.txt: Canvas: expected values"),
    ],
)
def test_an_invalid_drawing_is_one_line(tmp_path, capsys, content, sentence):
    (tmp_path / "a.txt").write_text(content)
    assert main(["predict", "a.txt"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"inkling predict: {sentence}")
    assert len(err.splitlines()) == 1


def test_a_damaged_npy_file_is_one_line(tmp_path, capsys):
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
def test_photographs_with_light_and_dark_background_are_predicted(capsys, suffix, dark):
    sample = load_digits().validation[:1]
    ink = np.kron(sample.images[0].reshape(28, 28), np.ones((6, 6), np.uint8))
    sheet = np.pad(ink, ((20, 90), (60, 15)))
    Image.fromarray(sheet if dark else 255 - sheet).save(f"sheet{suffix}")
    assert main(["predict", f"sheet{suffix}"]) == 0
    assert capsys.readouterr().out.startswith(f"sheet{suffix}: {sample.labels[0]} (")


def test_an_invalid_image_file_is_an_error_with_its_name(capsys):
    Path("torn.png").write_bytes(b"no picture")
    assert main(["predict", "torn.png"]) == 1
    assert "torn.png: expected a square array" in capsys.readouterr().err
    Image.new("L", (60, 80), 200).save("torn.png")
    Path("torn.png").write_bytes(Path("torn.png").read_bytes()[:60])
    assert main(["predict", "torn.png"]) == 1
    assert "torn.png: expected an intact picture" in capsys.readouterr().err
    assert main(["predict", "missing.jpg"]) == 1
    assert "missing.jpg: " in capsys.readouterr().err


def test_a_photograph_without_a_digit_is_blank(capsys):
    Image.new("L", (60, 80), 200).save("empty.png")
    assert main(["predict", "empty.png"]) == 1
    assert "blank" in capsys.readouterr().err


FILES = Path(__file__).parents[2] / "files" / "pictures"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("white_on_clear.png", "7"),
        ("squared_paper_scanned_black.png", "4"),
        ("small_in_a_corner_with_shadow.png", "5"),
        ("one_two.png", "12, 2 digits"),
    ],
)
def test_pictures_that_people_bring_are_answered(capsys, name, answer):
    assert main(["predict", "--weight-path", "best", str(FILES / name)]) == 0
    assert capsys.readouterr().out.startswith(f"{FILES / name}: {answer}")


@pytest.mark.parametrize(
    ("name", "words"), [("white.png", ["no digit"]), ("photo.heic", ["HEIC", "JPEG"])]
)
def test_pictures_without_an_answer_are_explained(capsys, name, words):
    assert main(["predict", str(FILES / name)]) == 1
    error = capsys.readouterr().err
    assert all(word in error for word in words)


@pytest.mark.parametrize("form", ["gif", "bmp", "webp", "tiff", "png16", "palette", "turned"])
def test_pictures_of_any_format_are_decoded_alike(capsys, form):
    sample = load_digits().validation[3:4]
    ink = np.kron(sample.images[0].reshape(28, 28), np.ones((8, 8), np.uint8))
    picture = Image.fromarray(255 - np.pad(ink, 40))
    if form == "png16":
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    elif form == "palette":
        picture = picture.convert("P")
    options = {}
    if form == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6  # to be rotated by 90 degrees clockwise
        picture, options = picture.rotate(90), {"exif": exif}
    # The name tells nothing.
    kind = {"png16": "png", "palette": "png", "turned": "jpeg"}.get(form, form)
    with Path("picture").open("wb") as file:
        picture.save(file, format=kind, **options)
    assert main(["predict", "picture"]) == 0
    assert capsys.readouterr().out.startswith(f"picture: {sample.labels[0]} (")


def test_a_digit_that_the_edge_cuts_is_not_sure(capsys):
    digits = load_digits().validation
    eight = digits.images[digits.labels == 8][0].reshape(28, 28)
    ink = np.kron(eight, np.ones((8, 8), np.uint8))[:120]
    Image.fromarray(255 - np.pad(ink, ((60, 0), (40, 40)))).save("cut.png")
    assert main(["predict", "cut.png"]) == 0
    assert "cut.png: not sure, since it is cut by the edge" in capsys.readouterr().out


def test_a_scribble_is_not_sure(capsys):
    generator = np.random.default_rng(1)
    picture = 255 * (generator.random((9, 9)) < 0.5)
    Image.fromarray(np.pad(np.kron(picture, np.ones((20, 20))), 60).astype(np.uint8)).save("a.png")
    assert main(["predict", "--weight-path", "best", "a.png"]) == 0
    assert capsys.readouterr().out.startswith("a.png: not sure, ")


def test_samples_without_labels_are_all_answered(data_folder, capsys, tmp_path):
    rows = (data_folder / "test.csv").read_text().splitlines()[:31]
    (tmp_path / "test.csv").write_text("\n".join(row.split(",", 1)[1] for row in rows))
    assert main(["predict", "--data-path", "test.csv"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 30
    assert "no labels" in err
    assert main(["predict", "--data-path", "test.csv", "--csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ImageId,Label"
    assert [line.split(",")[0] for line in lines[1:]] == [str(n) for n in range(1, 31)]
    images = load_digits().train[1000:1030].images
    expected = load_pretrained().predict_proba(images).argmax(axis=1)
    assert [int(line.split(",")[1]) for line in lines[1:]] == expected.tolist()
    for command in ("evaluate", "train"):
        flag = "--data-path" if command == "evaluate" else "--train-path"
        assert main([command, flag, "test.csv"]) == 1
        assert "no labels" in capsys.readouterr().err


def test_an_index_alone_is_one_of_the_bundled_digits(capsys):
    alone, _ = prediction_of(capsys, "--index", "3")
    named, _ = prediction_of(capsys, "--data-set", "digits", "--index", "3")
    assert alone == named


ROW = re.compile(r"^sample (\d+)(?:, labelled (\d))?: (\d) \(([\d.]+) %\)$", re.MULTILINE)


def test_a_file_of_samples_is_answered_by_its_content_row_by_row(data_folder, capsys):
    """A table, idx, .npz, .npy and a folder, with labels or without."""
    samples = load_digits().test[:6]
    expected = load_pretrained().predict_proba(samples.images / np.float32(255)).argmax(axis=1)
    table = np.column_stack([samples.labels, samples.images])
    np.savetxt("rows", table, fmt="%d", delimiter=";")
    np.savetxt("pixels.txt", samples.images, fmt="%d", delimiter=",")
    np.savez("arrays.png", x_test=samples.images.reshape(-1, 28, 28), y_test=samples.labels)
    Path("arrays.png.npz").rename("arrays.png")
    np.save("cube.npy", samples.images.reshape(-1, 28, 28))
    Path("idx").write_bytes(
        bytes((0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 28, 0, 0, 0, 28)) + samples.images.tobytes()
    )
    for name, is_labelled in (
        ("rows", True),
        ("pixels.txt", False),
        ("arrays.png", True),
        ("cube.npy", False),
        ("idx", False),
    ):
        out, _ = prediction_of(capsys, name)
        rows = ROW.findall(out)
        assert [int(row[0]) for row in rows] == list(range(6))
        assert [int(row[2]) for row in rows] == expected.tolist()
        assert [row[1] for row in rows] == [str(n) if is_labelled else "" for n in samples.labels]
        out, _ = prediction_of(capsys, name, "--csv")
        answers = [f"{n},{label}" for n, label in enumerate(expected, 1)]
        assert out.splitlines() == ["ImageId,Label", *answers]
    out, _ = prediction_of(capsys, str(data_folder / "idx-gz"))
    assert len(ROW.findall(out)) == 100


def test_a_folder_of_pictures_is_answered_in_a_line_each(capsys):
    samples = load_digits().validation[:3]
    Path("pictures").mkdir()
    for number, image in enumerate(samples.images):
        ink = np.pad(np.kron(image.reshape(28, 28), np.ones((8, 8), np.uint8)), 40)
        Image.fromarray(255 - ink).save(f"pictures/{number}", "png")
    Image.new("L", (90, 90), 255).save("pictures/white.png")
    out, _ = prediction_of(capsys, "pictures", "--weight-path", "best")
    lines = out.splitlines()
    assert [line.split(": ")[1][0] for line in lines[:3]] == [str(n) for n in samples.labels]
    assert "no digit" in lines[3]
    Path("pictures/white.png").unlink()
    out, _ = prediction_of(capsys, "pictures", "--weight-path", "best", "--csv")
    assert out.split() == [
        "ImageId,Label",
        *(f"{n},{it}" for n, it in enumerate(samples.labels, 1)),
    ]


def test_what_only_samples_have_is_refused_for_a_drawing(capsys):
    np.save("drawing.npy", one_stroke())
    assert main(["predict", "drawing.npy", "--index", "3"]) == 2
    assert "--index: expected samples" in capsys.readouterr().err
    out, _ = prediction_of(capsys, "drawing.npy", "--csv")
    assert out == "ImageId,Label\n1,1\n"


def test_a_pipe_is_read_once(environment):
    path = Path("pixels.csv")
    np.savetxt(path, load_digits().test.images[:3], fmt="%d", delimiter=",")
    command = [sys.executable, "-m", "dashboard.cli", "predict", "-", "--csv"]
    found = subprocess.run(
        command, input=path.read_bytes(), capture_output=True, env=environment, check=False
    )
    assert (found.returncode, len(found.stdout.split())) == (0, 4), found.stderr
