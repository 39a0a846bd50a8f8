"""Puts the window together: the controller's state on one side, the views on the other.

Views are redrawn from the newest snapshot at most ten times a second, however fast it trains.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
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
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawPace, RedrawScheduler
from dashboard.shell.restore_offer import RestoreOffer
from dashboard.shell.share_link import ShareLink
from dashboard.shell.tabs import Pane, Panes
from dashboard.shell.theme import Theme
from dashboard.training.trainer import Clock
from dashboard.upstream.template import QuickTemplate
from nn import PRETRAINED, PretrainedCard, pretrained_card

COUNT_SECONDS = 0.5
PROGRESS = ("status", "queue", "charts", "answer")
"""Parts that show how far training has come."""


class DigitsPane:
    """All views of one digits controller, and the page around them.

    Parameters
    ----------
    controller
        What is shown and commanded.
    page
        How the page is changed.
    pace
        How often the pane is redrawn while training.
    more_panes
        Panes beside the digits; each is made when it is first opened.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self,
        controller: DigitsController,
        page: PageWriter,
        *,
        pace: RedrawPace | None = None,
        more_panes: Sequence[Pane] = (),
        clock: Clock = time.perf_counter,
    ) -> None:
        self._controller = controller
        self._state = controller.state
        self._page = page
        self._pace = pace or RedrawPace()
        self._predicted_with = controller.network
        theme = Theme()
        download = Download(page)
        self._controls = Controls(controller, theme, download, page)
        self.connect_server = self._controls.server.connect
        self._workbench = Workbench(controller, theme, download)
        self._charts = Charts(theme)
        self._pad = DrawingPad(self._take_drawing, theme.widgets)
        self._prediction = PredictionView(self._state.class_names, theme)
        self._status = theme.text("", css_classes=["ink-status"])
        self._notice = theme.text("", css_classes=["ink-notice"])
        controller.show_canvas = lambda canvas: page.write(lambda: self._pad.show(canvas))
        self.redraws = RedrawScheduler(
            page,
            {
                "status": self._draw_status,
                "queue": lambda: self._charts.queue.draw(self._state.snapshot),
                "charts": self._draw_charts,
                "answer": self._predict_again,
                "prediction": self._draw_prediction,
                "notice": self._draw_notice,
            },
            pace=self._pace,
            clock=clock,
        )
        self.parts = self._make_parts(theme, download)
        digits = Pane("digits", "Digits", "Draw and predict", lambda _mark: self)
        self.panes = Panes([digits, *more_panes], theme)
        self.offer = RestoreOffer(theme, page)
        self.link = ShareLink(page)
        self.page = make_page(self.panes, {"offer": self.offer.view, "link": self.link.view})
        self._follow_state()
        self.redraws.draw_all()

    def show(self, is_open: bool) -> None:
        """Tell whether the digits can be seen; while they cannot, nothing of them is drawn."""
        self.redraws.set_visible(is_open)

    async def count_blocks(self) -> None:
        """Count the blocks of the queue twice a second, for they come in without training too."""
        while True:
            await self._pace.sleep(COUNT_SECONDS)
            self._controller.count_blocks()

    def _follow_state(self) -> None:
        state = self._state
        self.redraws.follow(
            state,
            {"snapshot": PROGRESS, "history": PROGRESS, "smoothing": ("charts",)},
            at_once=lambda: not state.running,
        )
        self.redraws.follow(
            state,
            {
                "answer": ("prediction",),
                "class_names": ("prediction",),
                "notice": ("notice",),
                "busy": ("notice",),
            },
            at_once=lambda: True,
        )
        state.param.watch(self._mark_tab, "running")

    def _take_drawing(self, canvas: NDArray[np.float32]) -> None:
        self.redraws.defer()
        self._controller.take_drawing(canvas)

    def _mark_tab(self, event: Any) -> None:
        self._page.write(lambda: self.panes.mark("digits", event.new))

    def _draw_status(self) -> None:
        snapshot = self._state.snapshot
        # The fingerprint takes time that training lacks; runs are compared when they are paused.
        title = "" if self._state.running else f' title="Weights {snapshot.fingerprint}"'
        self._status.object = f'<div class="status"{title}>{escape(snapshot.status_line())}</div>'
        self._controls.progress.object = progress_html(snapshot.epoch, snapshot.progress)

    def _draw_charts(self) -> None:
        self._charts.draw(self._state.history, self._state.smoothing)

    def _predict_again(self) -> None:
        network = self._state.snapshot.network
        if self._predicted_with is not network:
            self._predicted_with = network
            self._controller.predict()

    def _draw_prediction(self) -> None:
        answer, names = self._state.answer, self._state.class_names
        self._prediction.class_names = names
        fits = answer.probabilities is not None and len(answer.probabilities) == len(names)
        self._prediction.draw(answer.probabilities if fits else None, answer.framed, answer.is_sure)

    def _draw_notice(self) -> None:
        notice, busy = self._state.notice, self._state.busy
        self._notice.object = notice_html(Notice(busy) if busy else notice)

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
    page = QuickTemplate(read_asset("page.html"))
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
