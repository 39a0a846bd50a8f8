"""The digits pane: assembles the views of one digits controller, and redraws them.

While training, the views of its progress are redrawn from the newest snapshot at a limited rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.digits.controller import DigitsController
from dashboard.digits.example_drawing import draw_example
from dashboard.digits.picture import (
    PictureDrawing,
    decode_grey,
    drawing_of,
    explain_undecodable,
)
from dashboard.digits.server_weights import ServerWeights
from dashboard.digits.state import DigitsState
from dashboard.digits.views.chart_tools import ChartTools
from dashboard.digits.views.data_controls import DataControls
from dashboard.digits.views.drawing_tools import DrawingTools
from dashboard.digits.views.framings import framings_html
from dashboard.digits.views.model_menu import ModelMenu
from dashboard.digits.views.network_controls import NetworkControls
from dashboard.digits.views.pad import SIDE, DrawingPad
from dashboard.digits.views.prediction import PredictionView
from dashboard.digits.views.queue_chart import QueueControls
from dashboard.digits.views.status import status_html
from dashboard.digits.views.training_controls import TrainingControls
from dashboard.digits.views.weights_controls import WeightsControls
from dashboard.inspection.digits_panels import PANELS
from dashboard.inspection.panels import InspectionContext, InspectionTabs
from dashboard.languages.text import gettext
from dashboard.shell import read_asset
from dashboard.shell.chart_switches import speed_menu
from dashboard.shell.charts import RunCharts
from dashboard.shell.downloads import Download
from dashboard.shell.fields import Field
from dashboard.shell.layout import card, field_pairs, quick_settings, stack
from dashboard.shell.notice_view import NoticeView
from dashboard.shell.notices import Mend, Notice
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawRate, RedrawScheduler
from dashboard.shell.theme import Theme
from dashboard.shell.timeline_slider import TimelineSlider
from dashboard.teaching.controller import TeachingController
from dashboard.teaching.state import TeachingState
from dashboard.teaching.views.correction import CorrectionView
from dashboard.training.stopping import STOP_SETTINGS
from dashboard.training.trainer import Clock
from data_cache.preprocessing import find_picture_digits

QUICK_FIELDS = ("learning_rate", "batch_size")
"""The settings in the bar at the top."""

LEARNING_FIELDS = ("optimizer", "dropout", "l1", "l2")

PROGRESS = ("status", "queue", "charts", "prediction")
"""Parts that show the progress of training."""

CHART_OPTIONS = ("smoothing", "x_axis", "log_scale", "ignore_outliers", "earlier", "pins")
"""Parameters that change how the charts are drawn."""

COUNT_SECONDS = 0.5
"""Between two counts of the blocks in the prefetch queue."""


class DigitsPane:
    """All views of one digits controller.

    Parameters
    ----------
    controller
        What is shown and commanded.
    page
        How the page is changed.
    mark_running
        Shows on the tab whether the network trains.
    rate
        How often the progress of training is redrawn.
    clock
        A monotonic clock, in seconds.
    begin_lesson
        Opens the lesson of that name.

    Attributes
    ----------
    download
        Has the browser save files.
    parts
        The contents of the slots of the pane.
    inspection
        The network from inside, in panels.
    model_menu
        The current model, in the header.
    redraws
        Its `run` redraws the progress of training.
    teaching
        The own digits, and fine-tuning on them.
    timeline
        The slider over the checkpoints of the run; None before the first one.
    """

    def __init__(
        self,
        controller: DigitsController,
        page: PageWriter,
        *,
        mark_running: Callable[[bool], None],
        rate: RedrawRate | None = None,
        clock: Clock = time.perf_counter,
        begin_lesson: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._controller = controller
        self._state = state = controller.state
        self._rate = rate or RedrawRate()
        theme = Theme()
        self.download = Download(page)
        self.model_menu = ModelMenu(controller, page, theme, self._rate)
        self._training = TrainingControls(controller, theme)
        self._page = page
        self._server: ServerWeights | None = None
        self._settings = pn.Column(
            theme.text(f'<p class="opening">{gettext("Opening all settings …")}</p>'),
            css_classes=["controls"],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._weights: WeightsControls | None = None
        self._queue: QueueControls | None = None
        self._pad = DrawingPad(
            controller.drawing.take,
            theme.widgets,
            on_picture=lambda *picture: controller.spawn(self._take_picture(*picture)),
            example=_example(state),
        )
        controller.drawing.show_on_pad = lambda picture: page.write(lambda: self._pad.show(picture))
        self._prediction = PredictionView(state, page, theme)
        self._framings = theme.text("", css_classes=["ink-framings"])
        self._framings.stylesheets = [*self._framings.stylesheets, read_asset("pictures.css")]
        self._drawing_tools = DrawingTools(controller, page, theme)
        self.teaching = TeachingController(TeachingState(), controller)
        self._correction = CorrectionView(self.teaching, state, page, theme, self.download)
        self._chart_tools = ChartTools(controller, theme, self.download)
        self._charts = RunCharts(state, theme)
        self.inspection = InspectionTabs(
            PANELS,
            InspectionContext(
                controller, page, theme, self._rate, controller.execute, begin_lesson
            ),
        )
        self.timeline: TimelineSlider | None = None
        self._theme = theme
        self._timeline_place = pn.Column(sizing_mode="stretch_width", margin=0)
        self._status = theme.text("", css_classes=["ink-status"])
        self._notice = NoticeView(theme, "ink-notice")
        self.parts = self._arrange(theme)
        self.redraws = RedrawScheduler(
            page,
            {
                "status": self._draw_status,
                "queue": self._draw_queue,
                "charts": self._draw_charts,
                "prediction": controller.drawing.update,
                "framings": self._draw_framings,
                "notice": self._draw_notice,
                "timeline": self._draw_timeline,
            },
            rate=self._rate,
            warn=controller.warn,
            clock=clock,
        )
        self.redraws.follow(
            state,
            {"snapshot": PROGRESS, "history": PROGRESS},
            at_once=lambda: not state.running or state.is_watched,
        )
        self.redraws.follow(
            state, dict.fromkeys(CHART_OPTIONS, ("charts",)), at_once=lambda: not state.running
        )
        self.redraws.follow(
            state, {"notice": ("notice",), "busy": ("notice",)}, at_once=lambda: True
        )
        self.redraws.follow(
            state, {"checkpoints": ("timeline",)}, at_once=lambda: not state.running
        )
        self.redraws.follow(state, {"shown_checkpoint": ("timeline",)}, at_once=lambda: True)
        self.redraws.follow(state, {"prediction": ("framings",), "class_names": ("framings",)})
        state.param.watch(lambda _event: self.redraws.defer(), "drawing")
        state.param.watch(lambda event: page.write(lambda: mark_running(event.new)), "running")
        self.redraws.draw_all()

    async def _take_picture(self, name: str, width: int, height: int, content: str) -> None:
        """Put the digit of a picture on the pad, or say why there is none."""
        if not width:
            self._controller.warn(explain_undecodable(name, content, height))
            return
        grey = decode_grey(width, height, content)
        found = await self._controller.execute(find_picture_digits, grey)
        picture = drawing_of(found, name)
        self._show_picture(picture)
        if not self._controller.drawing.is_sure_of(picture):
            # Perhaps ink was taken for paper.
            is_ink_light = not found.is_ink_light
            other = await self._controller.execute(find_picture_digits, grey, is_ink_light)
            self._offer_exchange(picture, drawing_of(other, name), name)

    def _show_picture(self, picture: PictureDrawing) -> None:
        if picture.canvas is not None:
            self._controller.drawing.show_picture(picture)
        if picture.sentence:
            self._controller.warn(picture.sentence)

    def _offer_exchange(self, shown: PictureDrawing, other: PictureDrawing, name: str) -> None:
        """Offer to exchange ink and paper where the model is sure of the digit then."""
        if self._controller.drawing.is_sure_of(other):
            sentence = shown.sentence or gettext(
                "{name}: ink and paper may be exchanged.", name=name
            )
            mend = Mend(gettext("Exchange ink and paper"), lambda: self._show_picture(other))
            self._controller.warn(sentence, mend)

    def show(self, is_open: bool) -> None:
        """Tell whether the pane can be seen; while it cannot, nothing of it is drawn."""
        self.redraws.set_visible(is_open)
        self.inspection.show(is_open)

    async def count_blocks(self) -> None:
        """Count the blocks of the queue regularly, because they arrive without training too."""
        while True:
            await self._rate.sleep(COUNT_SECONDS)
            self._controller.count_blocks()

    def _draw_status(self) -> None:
        state = self._state
        self._status.object = status_html(state.snapshot, is_training=state.running)
        self._training.draw_progress()

    def open_settings(self) -> None:
        """Make all settings when they are first opened, to keep the start short."""
        if self._weights is not None:
            return
        state, theme = self._state, self._theme
        self._weights = WeightsControls(self._controller, self._page, theme, self.download)
        self._queue = QueueControls(state, theme)
        data = DataControls(self._controller, self._page, theme)
        network = NetworkControls(self._controller, theme)
        learning = field_pairs(state, (*LEARNING_FIELDS, *STOP_SETTINGS), theme)
        self._settings[:] = [
            card(theme, gettext("Learning"), learning, hidden_by="learning"),
            card(theme, gettext("Data"), data.view, hidden_by="data"),
            card(theme, gettext("Network"), network.view, hidden_by="network"),
            card(theme, gettext("Weights"), self._weights.view, hidden_by="weights"),
            card(theme, "", self._queue.view, hidden_by="advanced"),
        ]
        self._draw_queue()
        if self._server is not None:
            self._weights.server.connect(self._server)

    def connect(self, server: ServerWeights) -> None:
        """Show the weights of a server among the settings; needs a running event loop."""
        self._server = server
        if self._weights is not None:
            self._weights.server.connect(server)

    def _draw_queue(self) -> None:
        if self._queue is not None:
            self._queue.draw(self._state.snapshot)

    def _draw_charts(self) -> None:
        self._charts.draw(self._state.history, self._state.smoothing)

    def _draw_framings(self) -> None:
        framings = self._controller.drawing.compare_framings()
        self._framings.object = framings_html(framings, self._state.class_names)

    def _draw_timeline(self) -> None:
        checkpoints = self._state.checkpoints
        if self.timeline is None:
            if not checkpoints:
                return
            time_travel = self._controller.time_travel
            self.timeline = TimelineSlider(
                self._theme,
                "ink-checkpoints",
                show=time_travel.show,
                show_newest=time_travel.show_newest,
                resume=time_travel.resume,
            )
            self._timeline_place.append(self.timeline.view)
        self.timeline.draw(checkpoints, self._state.timeline_position())

    def _draw_notice(self) -> None:
        notice, busy = self._state.notice, self._state.busy
        self._notice.draw(Notice(busy) if busy else notice)

    def _arrange(self, theme: Theme) -> dict[str, pn.viewable.Viewable]:
        model_input = pn.Column(
            self._prediction.caption,
            self._prediction.image,
            css_classes=["input"],
            margin=0,
        )
        draw = pn.Column(
            pn.pane.Bokeh(self._pad.figure, sizing_mode="stretch_width", margin=0),
            pn.pane.Bokeh(self._pad.tools, sizing_mode="stretch_width", margin=0),
            self._prediction.text,
            self._correction.ask,
            self._correction.panel,
            self._prediction.bars,
            model_input,
            self._drawing_tools.centring,
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[read_asset("drawing_area.css")],
        )
        watch = pn.Column(
            self._chart_tools.view,
            self._charts.view,
            self._timeline_place,
            self.download.view,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[theme.gap],
        )
        return {
            "model": self.model_menu.view,
            "run": self._training.view,
            "quick": quick_settings(
                theme,
                self._training.start,
                *(Field(self._state, name, theme.widgets).view for name in QUICK_FIELDS),
                speed_menu(self._state, theme),
            ),
            "controls": self._settings,
            "draw": draw,
            "more": stack(
                theme,
                self._framings,
                self._drawing_tools.centring_below,
                self._drawing_tools.fine_tuning,
                self._drawing_tools.samples,
            ),
            "inside": self.inspection.view,
            "watch": watch,
            "notice": self._notice.view,
            "status": self._status,
        }


def _example(state: DigitsState) -> NDArray[np.float32] | None:
    """Return the picture of the first view, if there is one."""
    return draw_example(SIDE) if state.is_example else None
