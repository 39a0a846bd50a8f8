"""Bytes of a kept spiral that are damaged, older, or contradict themselves do no harm."""

import asyncio
import copy
from dataclasses import replace

import numpy as np
import pytest
from plane_helpers import make_plane_laboratory, train_laboratory

from dashboard.autosave import SaveError
from dashboard.autosave.plane import SavedPlane
from dashboard.autosave.plane_record import KIND, SpiralRecord


@pytest.fixture(scope="module")
def content():
    controller = make_plane_laboratory(batch_size=7, optimizer="adam", learning_rate=0.01)
    asyncio.run(train_laboratory(controller, 12))
    return SavedPlane(controller).capture()


def changed(content, change):
    header, arrays = KIND.unpack(content)
    header = copy.deepcopy(header)
    change(header, arrays)
    return KIND.pack(header, arrays)


def setting(**values):
    return lambda header, _arrays: header["values"].update(values)


def heading(**values):
    return lambda header, _arrays: header.update(values)


def with_array(name, change):
    def apply(_header, arrays):
        arrays[name] = change(arrays[name].copy())

    return apply


def poisoned(array):
    array.flat[0] = np.nan
    return array


DAMAGES = {
    "unknown setting": (setting(speed=3), "other settings"),
    "missing setting": (lambda header, _: header["values"].pop("inputs"), "other settings"),
    "no settings": (heading(values=None), "NoneType"),
    "setting out of range": (setting(batch_size=-1), "batch_size"),
    "setting of another type": (setting(activation=3), "activation"),
    "infinite setting": (setting(noise=float("nan")), "noise"),
    "no inputs": (setting(inputs=[]), "without inputs"),
    "unknown input": (setting(inputs=["x9"]), "x9"),
    "no width": (setting(hidden_layers=[0]), "hidden layers"),
    "too wide": (setting(hidden_layers=[10**9]), "hidden layers"),
    "too many weights": (setting(hidden_layers=[2000, 2000]), "weights"),
    "another net": (setting(hidden_layers=[9]), "shape"),
    "more layers": (setting(hidden_layers=[8, 8]), "arrays of weights"),
    "without biases": (setting(biases=False), "arrays of weights"),
    "unknown preset": (setting(preset="cats"), "no preset"),
    "unknown lesson": (setting(lesson="cats"), "no lesson"),
    "looks out of range": (setting(surface_side=9000), "surface_side"),
    "unknown origin": (heading(origin="heaven"), "'heaven'"),
    "other classes": (heading(classes=4), "shape"),
    "too many classes": (heading(classes=11), "classes"),
    "too few classes": (heading(classes=2), "expected labels"),
    "another optimiser": (heading(optimizer="sgd"), "optimizer state"),
    "unknown optimiser": (heading(optimizer="magic"), "optimizer and found 'magic'"),
    "unit that is not": (heading(ablated=[[0, 8]]), "hidden unit"),
    "layer that is not": (heading(ablated=[[1, 0]]), "range"),
    "place behind the points": (heading(consumed=60), "behind the 60 points"),
    "place before the points": (heading(consumed=-1), "whole number"),
    "epoch of half": (heading(epoch=0.5), "whole number"),
    "no position": (heading(position={}), "epoch"),
    "no dropout": (heading(dropout_state={"bit_generator": "PCG64"}), "state"),
    "no guard": (heading(starting_loss=float("inf")), "expected a number"),
    "no next score": (heading(next_score=None), "whole number"),
    "no mark": (heading(place=3), "subscriptable"),
    "fewer steps": (lambda header, _: header["place"].update(iteration=11), "curves"),
    "newer good weights": (lambda header, _: header["good"].update(iteration=13), "newer"),
    "bad average": (lambda header, _: header["good"].update(loss={"total": 1}), "weight"),
    "short curve": (with_array("losses", lambda array: array[:-1]), "curves"),
    "bad weight": (with_array("place.parameter.0", poisoned), "NaN"),
    "bad good weight": (with_array("good.parameter.1", poisoned), "NaN"),
    "bad moment": (with_array("place.optimizer.first.0", poisoned), "NaN"),
    "moment of another shape": (
        with_array("good.optimizer.first.0", lambda array: array[:1]),
        "optimizer|first",
    ),
    "weights of another type": (
        with_array("place.parameter.0", lambda array: array.astype(np.float64)),
        "weights",
    ),
    "missing weights": (lambda _, arrays: arrays.pop("good.parameter.1"), "arrays of weights"),
    "missing points": (lambda _, arrays: arrays.pop("train.points"), "points"),
    "points without labels": (with_array("train.labels", lambda array: array[:-1]), "shape"),
    "labels of another type": (
        with_array("test.labels", lambda array: array.astype(float)),
        "labels",
    ),
    "infinite point": (with_array("test.points", poisoned), "finite"),
    "points in space": (
        with_array("train.points", lambda array: np.c_[array, array]),
        "shape",
    ),
    "too many points": (
        lambda _, arrays: arrays.update(
            {"test.points": np.zeros((25_000, 2)), "test.labels": np.zeros(25_000, np.uint8)}
        ),
        "25,060 points",
    ),
    "scores of another shape": (
        with_array("validation", lambda array: array[:, :3]),
        "unpack",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_bytes_that_make_no_sense_are_refused_and_change_nothing(content, damage):
    change, reason = DAMAGES[damage]
    refuse(changed(content, change), reason)


def refuse(damaged, reason):
    controller = make_plane_laboratory(hidden_layers=[5])
    run, state = controller.trainer.run, controller.state
    before = state.param.values()
    with pytest.raises(SaveError, match=reason):
        asyncio.run(SavedPlane(controller).restore(damaged))
    assert controller.trainer.run is run
    assert state.param.values() == before


@pytest.mark.parametrize("kept", [0, 100, -20])
def test_bytes_that_were_cut_short_are_refused(content, kept):
    refuse(content[:kept], "expected a whole kept spiral")


def test_a_record_of_another_version_is_refused(content):
    header, arrays = KIND.unpack(content)
    other = replace(KIND, version=2)
    refuse(other.pack({**header, "format": 2}, arrays), "of format 1 and found inkling spiral of f")


def test_the_same_moment_gives_the_same_bytes(content):
    assert SpiralRecord.from_bytes(content).to_bytes() == content
