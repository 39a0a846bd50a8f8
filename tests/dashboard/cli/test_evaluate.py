import json
import re

import numpy as np
import pytest
from training_helpers import few_samples

from dashboard.cli import main
from nn import ClassificationMetrics, create_network, load_pretrained, save_weights


def expected_of(network, samples, threshold=None):
    images = samples.images / np.float32(255)
    if threshold is not None:
        images = (samples.images > threshold).astype(np.float32)
    evaluation = ClassificationMetrics(10)
    evaluation.evaluate(network, images, samples.labels)
    return evaluation


def numbers_of(capsys, *arguments):
    assert main(["evaluate", "--json", "--robustness", "0", *arguments]) == 0
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
    assert numbers["interval"] == list(expected.accuracy_interval())
    assert numbers["loss"] == pytest.approx(expected.loss, rel=1e-5)
    assert numbers["confusion"] == expected.confusion_matrix.tolist()
    np.testing.assert_allclose(numbers["recall"], expected.recall())
    assert numbers["weights"] == "w.json (784-16-10)"


def test_of_a_folder_the_test_half_is_scored_unless_another_is_named(data_folder, capsys):
    folder = ["--data-path", str(data_folder / "idx")]
    assert numbers_of(capsys, *folder)["count"] == 100
    assert numbers_of(capsys, *folder, "--part", "train")["count"] == 300


def test_the_text_has_accuracy_interval_loss_recall_and_confusion(data_folder, capsys):
    path = str(data_folder / "test.csv")
    assert main(["evaluate", "--data-path", path, "--robustness", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = expected_of(load_pretrained(), few_samples(100, 1000))
    low, high = expected.accuracy_interval()
    assert lines[0] == (
        f"the pretrained model (784-128-10) on {data_folder / 'test.csv'}: "
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
    main(["evaluate", "--data-path", "threes.csv", "--robustness", "0"])
    assert len(re.findall("–$", capsys.readouterr().out, re.MULTILINE)) == 9


def test_evaluating_the_pretrained_model_on_its_training_digits_prints_a_warning(capsys):
    main(["evaluate", "--data-set", "digits", "--robustness", "0"])
    assert "trained on these digits" in capsys.readouterr().out


def test_a_network_of_another_size_is_rejected(data_folder, capsys):
    save_weights(create_network((4, 3), generator=np.random.default_rng(1)), "w.npz")
    path = str(data_folder / "test.csv")
    assert main(["evaluate", "--weight-path", "w.npz", "--data-path", path]) == 1
    assert re.findall(r"\d+", capsys.readouterr().err) == ["784", "10", "4", "3"]


def test_the_report_is_printed_as_text_and_as_json(data_folder, capsys):
    save_weights(create_network((784, 16, 10), generator=np.random.default_rng(1)), "w.npz")
    data = ["--data-path", str(data_folder / "test.csv")]
    path = [*data, "--robustness", "20", "--weight-path", "w.npz"]
    assert main(["evaluate", *path]) == 0
    text = capsys.readouterr().out
    for sentence in (
        r"mistakes; the most confident:\n  sample \d+: true \d, predicted \d \(\d+\.\d %\)",
        r"expected calibration error 0\.\d{4} \(15 bins\)",
        r"rejected at 99 % true-positive rate:\n +\d+\.\d % of 900 synthetic non-digits",
        r"shift 0 pixels +\d+\.\d % +\d+\.\d %",
    ):
        assert re.search(sentence, text), sentence
    assert main(["evaluate", "--json", *path]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert sum(numbers["calibration"]["counts"]) == 100
    assert numbers["mistakes"][0]["label"] != numbers["mistakes"][0]["predicted"]
    assert numbers["rejection"][0].keys() == {"title", "count", "threshold", "refused"}
    assert numbers["rejection"][0]["count"] == 900
    assert numbers["robustness"][0].keys() == {"kind", "amount", "alone", "framed"}
    kinds = {point["kind"] for point in numbers["robustness"]}
    assert kinds == {"shift", "rotation", "scale", "thickness", "noise", "adversarial"}


def test_a_number_of_digits_that_is_not_a_number_is_refused(data_folder, capsys):
    path = ["--data-path", str(data_folder / "test.csv")]
    assert main(["evaluate", *path, "--robustness", "many"]) == 2
    error = capsys.readouterr().err
    assert "--robustness" in error
    assert "“many”" in error


def test_a_file_alone_is_what_is_evaluated(data_folder, capsys):
    arguments = ["evaluate", "--robustness", "0"]
    path = str(data_folder / "test.csv.gz")
    assert main([*arguments, path]) == 0
    alone = capsys.readouterr().out
    assert main([*arguments, "--data-path", path]) == 0
    assert alone == capsys.readouterr().out
    assert main([*arguments, path, "--data-set", "digits"]) == 2
    assert "either a file" in capsys.readouterr().err


def test_labels_that_count_from_1_are_noticed_with_the_pretrained_model(capsys):
    samples = few_samples(200)
    few = samples.labels < 9
    np.savez("a.npz", images=samples.images[few], labels=samples.labels[few] + 1)
    assert main(["evaluate", "a.npz", "--robustness", "0"]) == 0
    assert "count from 1" in capsys.readouterr().err
