"""The slider through the checkpoints: where its handle stands, and whose hand moves it."""

import pytest

from dashboard.plane.views.timeline_slider import TimeTravel
from dashboard.shell.theme import Theme


class Slider:
    """The slider, what it asked for, and how often its handle was set."""

    def __init__(self):
        self.wishes = []
        self.set_to = []
        self.view = TimeTravel(
            Theme(),
            show=self.wishes.append,
            back_to_live=lambda: self.wishes.append("live"),
            go_on=lambda: self.wishes.append("go on"),
        )
        self.handle = self.view.slider
        self.handle.param.watch(lambda event: self.set_to.append(event.new), "value")


@pytest.fixture
def slider():
    return Slider()


def test_the_handle_is_not_set_at_the_present_while_checkpoints_come(slider):
    for count in range(1, 60):
        slider.view.draw(range(count), None)
    assert slider.set_to == []
    assert slider.handle.name == "Time travel · live, 59 stages"


def test_the_handle_is_not_set_where_somebody_just_moved_it(slider):
    slider.view.draw(range(0, 70, 10), None)
    slider.handle.value = 3 / 7
    slider.view.draw(range(0, 70, 10), 3)
    assert slider.set_to == [3 / 7]
    assert slider.handle.name == "Time travel · step 30"


@pytest.mark.parametrize("count", [1, 2, 7, 49, 104, 128])
def test_every_stop_of_the_handle_is_one_checkpoint_or_the_present(slider, count):
    slider.view.draw(range(count), None)
    for stop in reversed(range(count)):
        slider.handle.value = stop * slider.handle.step
    slider.handle.value = 1
    assert slider.wishes == [*reversed(range(count)), "live"]


def test_a_handle_in_the_past_stays_with_its_checkpoint_when_more_come(slider):
    slider.view.draw(range(10), None)
    slider.handle.value = 0.5
    slider.view.draw(range(20), 5)
    assert slider.handle.value == 0.25
    assert slider.wishes == [5]


def test_the_oldest_checkpoint_and_the_present_are_the_ends_however_many_there_are(slider):
    slider.view.draw(range(3), None)
    slider.handle.value = 0
    slider.view.draw(range(50), None)
    assert slider.wishes == [0]
    assert slider.handle.value == slider.handle.end


def test_without_checkpoints_the_slider_cannot_be_moved(slider):
    assert slider.handle.disabled
    slider.view.draw(range(2), None)
    assert not slider.handle.disabled
