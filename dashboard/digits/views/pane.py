"""Puts the window together: the controller's state on one side, the views on the other.

Views are redrawn from the newest snapshot at most ten times a second, however fast it trains.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import Notice
from dashboard.digits.views.controls import Controls, Workbench, progress_html
from dashboard.digits.views.pad import DrawingPad
from dashboard.digits.views.prediction import PredictionView
from dashboard.shell.asset_files import read_asset
from dashboard.shell.charts import Charts
from dashboard.shell.downloads import Download
from dashboard.shell.notices import notice_html
from dashboard.shell.restore_offer import RestoreOffer
from dashboard.shell.share_link import ShareLink
from dashboard.shell.tabs import Pane, Panes
from dashboard.shell.theme import Theme
from dashboard.training.trainer import Clock
from dashboard.upstream.template import make_template
from nn import PRETRAINED, PretrainedCard, pretrained_card

WithPage = Callable[[Callable[[], None]], None]
"""Runs a function that changes the page, in whatever way the form at hand demands."""

REDRAW_SECONDS = 0.1
COUNT_SECONDS = 0.5
REDRAW_SHARE = 0.05
"""The share of the time, at most, that redraws may take where they keep training waiting."""
PATIENCE = 5
"""So many redraws are left out, at most, one after the other, while somebody draws."""


def stand_still() -> float:
    """Show the same time always: the clock of a page whose redraws keep nobody waiting."""
    return 0.0


class DigitsPane:
    """One visitor's window.

    Parameters
    ----------
    controller
        What the window shows and commands.
    with_page
        Runs a function that changes the page, in whatever way the form at hand demands.
    redraw_seconds
        The shortest time between two redraws while training; not below 0.1.
    more_panes
        Panes beside the digits; each is made when it is first opened.
    sleep
        How to wait between two redraws; tests put in their own.
    clock
        Seconds that only go up, where training waits for redraws: slow ones then come less often.
    """

    def __init__(
        self,
        controller: DigitsController,
        with_page: WithPage,
        *,
        redraw_seconds: float = REDRAW_SECONDS,
        more_panes: Sequence[Pane] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Clock = stand_still,
    ) -> None:
        self._controller = controller
        self._state = controller.state
        self._with_page = with_page
        self._redraw_seconds = redraw_seconds
        self._sleep = sleep
        self._clock = clock
        self._is_stale = asyncio.Event()
        self._is_open = True
        self._was_drawn_on = False
        self._predicted_with = controller.network
        theme = Theme()
        download = Download(with_page)
        self._controls = Controls(controller, theme, download, with_page)
        self.connect_server = self._controls.server.connect
        self._workbench = Workbench(controller, theme, download)
        self._charts = Charts(theme)
        self._pad = DrawingPad(self._take_drawing, theme.widgets)
        self._prediction = PredictionView(self._state.class_names, theme)
        self._status = theme.text("", css_classes=["ink-status"])
        self._notice = theme.text(notice_html(self._state.notice), css_classes=["ink-notice"])
        controller.show_canvas = lambda canvas: with_page(lambda: self._pad.show(canvas))
        self.parts = self._make_parts(theme, download)
        digits = Pane("digits", "Digits", "Draw and predict", lambda _mark: self)
        self.panes = Panes([digits, *more_panes], theme)
        self.offer = RestoreOffer(theme, with_page)
        self.link = ShareLink(with_page)
        self.page = make_page(self.panes, {"offer": self.offer.view, "link": self.link.view})
        self._state.param.watch(self._mark_running, "running")
        self._state.param.watch(self._show_answer, ["answer", "class_names"])
        self._state.param.watch(self._show_notice, ["notice", "busy"])
        self._state.param.watch(self._redraw, ["snapshot", "history", "smoothing"])
        self._draw()

    def show(self, is_open: bool) -> None:
        """Hear whether the digits can be seen; while they cannot, nothing of them is drawn."""
        if is_open and not self._is_open:
            self._with_page(self._draw)
        self._is_open = is_open

    async def keep_drawn(self) -> None:
        """Redraw whenever there is something new, ten times a second at most, until cancelled."""
        while True:
            await self._is_stale.wait()
            await self._let_answers_go_first()
            self._is_stale.clear()
            began = self._clock()
            if self._is_open:
                self._with_page(self._draw)
            taken = self._clock() - began
            await self._sleep(max(self._redraw_seconds, taken / REDRAW_SHARE))

    async def _let_answers_go_first(self) -> None:
        """Put a redraw off while somebody draws: the charts take longer than the answers may."""
        for _ in range(PATIENCE):
            if not self._was_drawn_on:
                return
            self._was_drawn_on = False
            await self._sleep(self._redraw_seconds)

    def _take_drawing(self, canvas: NDArray[np.float32]) -> None:
        self._was_drawn_on = True
        self._controller.take_drawing(canvas)

    async def keep_counted(self) -> None:
        """Count the blocks of the queue twice a second, for they come in without training too."""
        while True:
            await self._sleep(COUNT_SECONDS)
            self._controller.count_blocks()

    def _redraw(self, *_events: Any) -> None:
        if self._state.running:
            self._is_stale.set()
        elif self._is_open:
            self._with_page(self._draw)  # nothing is in a hurry now but the person at the page

    def _mark_running(self, event: Any) -> None:
        self._with_page(lambda: self.panes.mark("digits", event.new))

    def _draw(self) -> None:
        snapshot, history = self._state.snapshot, self._state.history
        # Whoever compares two runs pauses them first, and training has no time for it.
        title = "" if self._state.running else f' title="Weights {snapshot.fingerprint}"'
        self._status.object = f'<div class="status"{title}>{escape(snapshot.status_line())}</div>'
        self._controls.progress.object = progress_html(snapshot.epoch, snapshot.progress)
        self._charts.queue.draw(snapshot)
        self._charts.draw(history, self._state.smoothing)
        if self._predicted_with is not snapshot.network:
            self._predicted_with = snapshot.network
            self._controller.predict()

    def _show_answer(self, *_events: Any) -> None:
        answer = self._state.answer
        self._prediction.class_names = self._state.class_names
        fits = answer.probabilities is not None and len(answer.probabilities) == len(
            self._state.class_names
        )
        self._with_page(
            lambda: self._prediction.draw(
                answer.probabilities if fits else None, answer.framed, answer.is_sure
            )
        )

    def _show_notice(self, *_events: Any) -> None:
        notice, busy = self._state.notice, self._state.busy
        html = notice_html(Notice(busy) if busy else notice)

        def show() -> None:
            self._notice.object = html

        self._with_page(show)

    def _make_parts(self, theme: Theme, download: Download) -> dict[str, pn.viewable.Viewable]:
        column = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [theme.gap]}
        seen = pn.Column(
            theme.text('<span class="quiet">What the net sees</span>'),
            self._prediction.sees,
            width=120,
            margin=0,
        )
        draw = pn.Column(
            pn.pane.Bokeh(self._pad.layout, sizing_mode="stretch_width", margin=0),
            self._prediction.answer,
            pn.Row(seen, self._prediction.bars, **column),
            self._workbench.teaching,
            **column,
        )
        watch = pn.Column(
            self._workbench.chart_tools,
            self._charts.loss.view,
            self._charts.accuracy.view,
            self._charts.queue.view,
            self._workbench.samples,
            download.view,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[theme.gap],
        )
        return {
            "run": self._controls.run,
            "controls": self._controls.view,
            "draw": draw,
            "watch": watch,
            "notice": self._notice,
            "status": self._status,
        }


def make_page(panes: Panes, more: dict[str, pn.viewable.Viewable]) -> pn.Template:
    """Put the panes, and what belongs to none of them, into the page's own frame."""
    page = make_template(read_asset("page.html"))
    page.add_variable("page_css", read_asset("page.css") + read_asset("visually_hidden.css"))
    page.add_variable("page_js", read_asset("page.js"))
    page.add_variable("icon", icon_url())
    page.add_variable("about", about_html({name: pretrained_card(name) for name in PRETRAINED}))
    page.add_variable("panes", panes.panes)
    for name, part in (panes.roots() | more).items():
        page.add_panel(name, part)
    return page


def icon_url() -> str:
    """Return the icon as a data URL, so that it needs no request."""
    content = base64.b64encode(read_asset("icon.svg").encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{content}"


def _card_html(name: str, card: PretrainedCard) -> str:
    return (
        f"<p><b>{name}</b> is a {escape(card.sizes)} net, trained on {card.digits:,} "
        f"digits of MNIST. Of the {card.test_count:,} test digits, which took no part in its "
        f"training, it reads <b>{100 * card.test_accuracy:.2f} %</b> right; moved about, scaled "
        f"and turned on a larger sheet, {100 * card.moved_accuracy:.2f} %. "
        f"This command makes it again, with the same numbers:</p>"
        f"<p><code>{escape(card.command)}</code></p>"
    )


def about_html(cards: Mapping[str, PretrainedCard]) -> str:
    """Say how the ready-trained nets were trained and what they score."""
    return (
        "".join(_card_html(name, card) for name, card in cards.items())
        + f"<p>Until you train, drawings are read by {PRETRAINED[-1]}; “Weights” at the side "
        f"changes that. What you save, test or go on from is {PRETRAINED[0]}.</p>"
        "<p>Digits: MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "
        "CC BY-SA 3.0. Everything you draw stays on your machine.</p>"
    )
