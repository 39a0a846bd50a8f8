from dataclasses import replace

from training_helpers import make_run, make_trainer, train

from dashboard.training.snapshot import Snapshot


def snapshot_of(**settings) -> Snapshot:
    run = make_run(**settings)
    train(run, steps=3)
    return make_trainer(run).snapshot()


def test_the_same_weights_have_the_same_fingerprint_and_others_another_one():
    one, same, other = snapshot_of(), snapshot_of(), snapshot_of(seed=2)
    assert one.fingerprint == same.fingerprint == replace(one, iteration=9).fingerprint
    assert one.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 8
    one.network.layers[-1].bias[0] += 1
    assert replace(one).fingerprint != same.fingerprint
