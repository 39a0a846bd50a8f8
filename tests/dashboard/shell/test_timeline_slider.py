"""The slider over checkpoints: where its handle is, and what a move of it calls."""

import pytest

from dashboard.shell.theme import Theme
from dashboard.shell.timeline_slider import TimelineSlider


class Slider:
    """The slider, what it called, and the values of its handle."""

    def __init__(self):
        self.calls = []
        self.values = []
        self.view = TimelineSlider(
            Theme(),
            "ink",
            show=self.calls.append,
            show_newest=lambda: self.calls.append("newest"),
            resume=lambda: self.calls.append("resume"),
        )
        self.handle = self.view.slider
        self.handle.param.watch(lambda event: self.values.append(event.new), "value")


@pytest.fixture
def slider():
    return Slider()


def test_the_handle_stays_at_the_end_while_checkpoints_are_added(slider):
    for count in range(1, 60):
        slider.view.draw(range(count), None)
    assert slider.values == []
    assert "59" in slider.handle.label


def test_the_handle_is_not_set_where_somebody_just_moved_it(slider):
    slider.view.draw(range(0, 70, 10), None)
    slider.handle.value = 3 / 7
    slider.view.draw(range(0, 70, 10), 3)
    assert slider.values == [3 / 7]
    assert slider.handle.format.args["iterations"][3] == 30


@pytest.mark.parametrize("count", [1, 2, 7, 49, 104, 128])
def test_every_step_of_the_handle_is_one_checkpoint_or_the_newest(slider, count):
    slider.view.draw(range(count), None)
    for stop in reversed(range(count)):
        slider.handle.value = stop * slider.handle.step
    slider.handle.value = 1
    assert slider.calls == [*reversed(range(count)), "newest"]


def test_the_handle_stays_with_its_checkpoint_when_more_are_added(slider):
    slider.view.draw(range(10), None)
    slider.handle.value = 0.5
    slider.view.draw(range(20), 5)
    assert slider.handle.value == 0.25
    assert slider.calls == [5]


def test_the_buttons_are_enabled_only_at_a_checkpoint(slider):
    for position, disabled in ((None, True), (1, False)):
        slider.view.draw(range(3), position)
        assert (slider.view.live.disabled, slider.view.resume.disabled) == (disabled, disabled)
    slider.view.resume.clicks += 1
    slider.view.live.clicks += 1
    assert slider.calls == ["resume", "newest"]


def test_without_checkpoints_the_slider_is_disabled(slider):
    assert slider.handle.disabled
    slider.view.draw(range(2), None)
    assert not slider.handle.disabled
