import json
import re

import numpy as np
import pytest
from training_helpers import few_samples

from dashboard.commands import main
from nn import Evaluation, create_network, load_pretrained, save_weights


def expected_of(network, samples, threshold=None):
    images = samples.images / np.float32(255)
    if threshold is not None:
        images = (samples.images > threshold).astype(np.float32)
    evaluation = Evaluation(10)
    evaluation.add(network, images, samples.labels)
    return evaluation


def numbers_of(capsys, *arguments):
    assert main(["evaluate", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("flags", "threshold"), [([], None), (["--binarize", "127"], 127)])
def test_the_numbers_are_those_of_an_independent_count(data_folder, capsys, flags, threshold):
    network = create_network((784, 16, 10), generator=np.random.default_rng(1))
    save_weights(network, "w.json")
    numbers = numbers_of(
        capsys, "--weight-path", "w.json", "--data-path", str(data_folder / "test.csv"), *flags
    )
    expected = expected_of(network, few_samples(100, 1000), threshold)
    assert numbers["count"] == 100
    assert numbers["correct"] == expected.correct
    assert numbers["accuracy"] == expected.accuracy
    assert numbers["interval"] == list(expected.interval())
    assert numbers["loss"] == pytest.approx(expected.loss, rel=1e-5)
    assert numbers["confusion"] == expected.confusion.tolist()
    np.testing.assert_allclose(numbers["recall"], expected.recall())
    assert numbers["weights"] == "w.json (784-16-10)"


def test_of_a_folder_the_test_half_is_scored_unless_another_is_named(data_folder, capsys):
    folder = ["--data-path", str(data_folder / "idx")]
    assert numbers_of(capsys, *folder)["count"] == 100
    assert numbers_of(capsys, *folder, "--part", "train")["count"] == 300


def test_the_text_has_accuracy_interval_loss_recall_and_confusion(data_folder, capsys):
    assert main(["evaluate", "--data-path", str(data_folder / "test.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = expected_of(load_pretrained(), few_samples(100, 1000))
    low, high = expected.interval()
    assert lines[0] == (
        f"the ready-trained net (784-128-10) on {data_folder / 'test.csv'}: "
        f"accuracy {100 * expected.accuracy:.2f} % ({expected.correct} of 100; "
        f"95 % interval {100 * low:.2f} to {100 * high:.2f} %), loss {expected.loss:.4f}"
    )
    recalls = [line.split()[-2] for line in lines if re.match(r"\d  ", line)]
    assert recalls == [f"{100 * share:.1f}" for share in expected.recall()]


def test_a_class_without_samples_has_no_recall(data_folder, capsys, tmp_path):
    rows = (data_folder / "test.csv").read_text().splitlines()
    kept = [rows[0], *(row for row in rows[1:] if row.startswith("3,"))]
    (tmp_path / "threes.csv").write_text("\n".join(kept))
    numbers = numbers_of(capsys, "--data-path", "threes.csv")
    assert [share is None for share in numbers["recall"]] == [digit != 3 for digit in range(10)]
    main(["evaluate", "--data-path", "threes.csv"])
    assert len(re.findall("–$", capsys.readouterr().out, re.MULTILINE)) == 9


def test_scoring_the_ready_trained_net_on_its_own_digits_is_called_no_test(capsys):
    main(["evaluate", "--data-set", "digits"])
    assert "learnt from these digits, so this is no test of it" in capsys.readouterr().out


def test_a_net_of_another_size_is_refused(data_folder, capsys):
    save_weights(create_network((4, 3), generator=np.random.default_rng(1)), "w.npz")
    path = str(data_folder / "test.csv")
    assert main(["evaluate", "--weight-path", "w.npz", "--data-path", path]) == 1
    assert capsys.readouterr().err == (
        "inkling evaluate: w.npz: a net of 784 inputs and 10 outputs was expected, "
        "and one of 4 inputs and 3 outputs was found.\n"
    )
