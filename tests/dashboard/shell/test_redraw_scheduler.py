import asyncio

import param
import pytest
from cache_helpers import run, settle
from controller_helpers import until

from dashboard.runtime import SERVED
from dashboard.shell.motion import MotionPreference
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import (
    MAX_DEFERRALS,
    RedrawRate,
    RedrawScheduler,
    sleep_longer_when_busy,
)


class Naps:
    """Sleeps that last until the test ends them; the clock moves by what is slept."""

    def __init__(self):
        self.seconds, self.now = [], 0.0
        self._nap = None

    async def __call__(self, seconds):
        self.seconds.append(seconds)
        self._nap = asyncio.get_running_loop().create_future()
        await self._nap

    def end(self):
        self.now += self.seconds[-1]
        self._nap.set_result(None)


class Pane:
    """Three parts that note in `drawn` when they are drawn; drawing takes `cost` seconds."""

    def __init__(self, *, page=None, cost=0.0, slow_parts=(), max_share=1.0, motion=None):
        self.drawn, self.naps, self.cost = [], Naps(), cost
        self.is_training = False
        self.scheduler = RedrawScheduler(
            page or DirectPageWriter(),
            {name: lambda name=name: self._draw(name) for name in ("text", "chart", "map")},
            rate=(motion or MotionPreference()).limit(
                RedrawRate(0.1, max_share=max_share, sleep=self.naps)
            ),
            slow_parts=slow_parts,
            is_training=lambda: self.is_training,
            clock=lambda: self.naps.now,
        )

    def _draw(self, name):
        self.naps.now += self.cost
        self.drawn.append(name)

    async def tick(self):
        """End the nap under way; return the names of the parts drawn until the next one."""
        before, naps = len(self.drawn), len(self.naps.seconds)
        self.naps.end()
        await until(lambda: len(self.naps.seconds) > naps)
        return self.drawn[before:]


def test_a_pane_under_construction_draws_every_part_in_order():
    pane = Pane()
    pane.scheduler.draw_all()
    assert pane.drawn == ["text", "chart", "map"]


def test_stale_parts_are_drawn_once_an_interval_however_often_they_change():
    async def main():
        pane = Pane()
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.mark_stale("text")
        await until(lambda: pane.naps.seconds == [0.1])
        assert pane.drawn == ["text"]
        for _ in range(10):
            pane.scheduler.mark_stale("map", "text")
        await settle()
        assert pane.drawn == ["text"]
        assert await pane.tick() == ["text", "map"]
        task.cancel()

    run(main())


def test_without_changes_nothing_is_drawn():
    async def main():
        pane = Pane()
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.mark_stale()
        await settle()
        assert (pane.drawn, pane.naps.seconds) == ([], [])
        task.cancel()

    run(main())


@pytest.mark.parametrize(
    ("cost", "max_share", "wait"),
    [(0.02, 1.0, 0.08), (0.3, 1.0, 0.0), (0.02, 0.05, 0.38), (0.001, 0.05, 0.099)],
)
def test_the_wait_depends_on_the_cost_of_a_redraw_and_on_the_share_it_may_take(
    cost, max_share, wait
):
    async def main():
        pane = Pane(cost=cost, max_share=max_share)
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.mark_stale("text")
        await until(lambda: bool(pane.naps.seconds))
        assert pane.naps.seconds == pytest.approx([wait])
        task.cancel()

    run(main())


def test_drawing_now_needs_no_running_task_and_leaves_nothing_stale():
    pane = Pane()
    pane.scheduler.mark_stale("text")
    pane.scheduler.draw_now("map", "text")
    assert pane.drawn == ["text", "map"]
    assert not pane.scheduler.stale


def test_parts_requested_before_the_page_is_written_are_drawn_once():
    class LatePage:
        def __init__(self):
            self.waiting = {}

        def write(self, change, key=None):
            self.waiting.setdefault(key, change)

    page = LatePage()
    pane = Pane(page=page)
    pane.scheduler.draw_now("text")
    pane.scheduler.draw_now("text", "chart")
    assert len(page.waiting) == 1
    page.waiting.popitem()[1]()
    assert pane.drawn == ["text", "chart"]


def test_a_page_that_has_not_received_the_last_redraws_is_given_the_newest_state_later():
    class AsleepPage(DirectPageWriter):
        def __init__(self):
            super().__init__()
            self.awake = asyncio.Event()

        async def delivered(self):
            await self.awake.wait()

    async def main():
        page = AsleepPage()
        pane = Pane(page=page)
        task = asyncio.create_task(pane.scheduler.run())
        for _ in range(3):
            pane.scheduler.mark_stale("chart")
            await settle()
        assert pane.drawn == []
        pane.scheduler.draw_now("text")  # a person waits for it
        assert pane.drawn == ["text"]
        page.awake.set()
        await settle()
        assert pane.drawn == ["text", "chart"]
        task.cancel()

    run(main())


def test_while_training_one_slow_part_is_drawn_in_each_round_in_rotation():
    async def main():
        pane = Pane(slow_parts=("chart", "map"))
        pane.is_training = True
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.mark_stale("text", "chart", "map")
        await until(lambda: bool(pane.naps.seconds))
        assert pane.drawn == ["text", "chart"]
        pane.scheduler.mark_stale("text", "chart")
        assert await pane.tick() == ["text", "map"]
        assert await pane.tick() == ["chart"]
        pane.scheduler.mark_stale("chart", "map")
        pane.is_training = False
        assert await pane.tick() == ["chart", "map"]
        task.cancel()

    run(main())


def test_redraws_are_put_off_during_input_but_not_for_ever():
    async def main():
        pane = Pane()
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.defer()
        pane.scheduler.mark_stale("text")
        for turn in range(1, MAX_DEFERRALS + 1):
            await until(lambda turn=turn: len(pane.naps.seconds) == turn)
            assert pane.drawn == []
            pane.scheduler.defer()
            pane.naps.end()
        await until(lambda: pane.drawn == ["text"])
        task.cancel()

    run(main())


def test_a_hidden_pane_draws_nothing_and_catches_up_when_it_is_shown():
    async def main():
        pane = Pane()
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.set_visible(False)
        pane.scheduler.mark_stale("chart")
        pane.scheduler.draw_now("text")
        await settle()
        assert pane.drawn == []
        assert pane.scheduler.stale == {"chart", "text"}
        pane.scheduler.set_visible(True)
        assert pane.drawn == ["text", "chart"]
        task.cancel()

    run(main())


def test_parts_follow_the_parameters_that_they_show():
    class State(param.Parameterized):
        loss = param.Number(0.0)
        notice = param.String("")

    state, pane = State(), Pane()
    pane.scheduler.follow(state, {"loss": ("chart", "text")})
    pane.scheduler.follow(state, {"notice": ("text",)}, at_once=lambda: True)
    state.loss = 1.0
    assert pane.scheduler.stale == {"chart", "text"}
    assert pane.drawn == []
    state.notice = "Done."
    assert pane.drawn == ["text"]


def test_a_name_that_is_no_part_is_refused():
    pane = Pane()
    for request in (pane.scheduler.mark_stale, pane.scheduler.draw_now):
        with pytest.raises(KeyError, match="sound"):
            request("text", "sound")
    assert pane.drawn == []


@pytest.mark.parametrize(("lag", "more"), [(0.0, 0.0), (0.02, 0.2), (5.0, 2.0)])
def test_redraws_come_less_often_where_the_event_loop_lags(lag, more):
    waits, now = [], [0.0]

    async def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds + lag

    run(sleep_longer_when_busy(0.1, sleep=sleep, clock=lambda: now[0]))
    assert waits == pytest.approx([0.1, more])


def test_all_panes_of_a_served_page_are_redrawn_less_often_on_a_busy_server():
    for rate in (SERVED.redraw_rate, SERVED.plane_redraw_rate):
        assert rate.sleep is sleep_longer_when_busy


def test_a_part_that_fails_is_told_once_and_stops_no_other_redraw(caplog):
    async def main():
        drawn, told, broken = [], [], True

        def draw_chart():
            if broken:
                raise ZeroDivisionError("no points")
            drawn.append("chart")

        scheduler = RedrawScheduler(
            DirectPageWriter(),
            {"chart": draw_chart, "text": lambda: drawn.append("text")},
            rate=RedrawRate(0.0),
            warn=told.append,
        )
        task = asyncio.create_task(scheduler.run())
        for expected in (1, 2):
            scheduler.mark_stale("chart", "text")
            await until(lambda expected=expected: len(drawn) == expected)
        broken = False
        scheduler.mark_stale("chart")
        await until(lambda: "chart" in drawn)
        task.cancel()
        assert len(told) == 1
        assert "no points" in told[0]

    run(main())
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_limited_rate_is_never_faster_and_has_a_share_of_its_own():
    rate = RedrawRate(interval_seconds=0.25, max_share=0.05)
    assert rate.limited(1.0, 0.08) == RedrawRate(interval_seconds=1.0, max_share=0.08)
    assert rate.limited(0.1, 0.08) == RedrawRate(interval_seconds=0.25, max_share=0.08)


def test_with_reduced_motion_there_are_two_redraws_a_second_until_that_changes():
    async def main():
        motion = MotionPreference()
        carrier = motion.view[0].object
        pane = Pane(motion=motion)
        task = asyncio.create_task(pane.scheduler.run())
        pane.scheduler.mark_stale("chart")
        await until(lambda: pane.naps.seconds)
        for tags, expected in ((["reduced"], 0.5), (["full"], 0.1), (["reduced"], 0.5)):
            carrier.tags = tags
            pane.scheduler.mark_stale("chart")
            await pane.tick()
            assert pane.naps.seconds[-1] == pytest.approx(expected)
        task.cancel()

    run(main())
