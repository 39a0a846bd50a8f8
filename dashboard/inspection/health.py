"""The panel Health: how the layers of the network fare over the run, and what is wrong with them.

The records are made while the panel is open; when it is opened, they begin with the checkpoints of
the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass
from functools import partial
from html import escape
from math import isfinite
from typing import Any

import panel as pn

from dashboard.inspection.health_charts import (
    USUAL_UPDATE,
    QuantileChart,
    UpdateChart,
    make_x_range,
)
from dashboard.inspection.latest_computation import LatestComputation
from dashboard.inspection.layer_health import (
    Finding,
    HealthRecord,
    HealthRecords,
    choose_iterations,
    find_faults,
    layer_titles,
    no_ratios,
)
from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.validation_subset import ValidationSubset
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.chart_parts import ChartHeading
from dashboard.shell.charts import EMPTY_TEXT
from dashboard.shell.theme import button
from dashboard.training.snapshot import Snapshot
from data_cache import Samples
from nn import Network
from nn.interpretation.layer_statistics import LayerMeter, LayerStatistics, update_ratios

INTERVAL_SECONDS = 1.0
"""Between two records while training, at least."""

MAX_SHARE = 0.08
"""Share of the time that computing takes at most while training."""

MAX_CHECKPOINTS = 12
"""Checkpoints that are measured when the panel is opened."""

EVERY_IMAGE = 4
"""Of the chosen samples, one in so many is used where images are convolved, which takes long."""

DISTRIBUTIONS = {
    "weights": gettext_noop("Weights"),
    "activations": gettext_noop("Activations"),
    "gradients": gettext_noop("Gradients of the loss for the weights"),
}
"""The titles of the charts by the names of the statistics."""

LESSONS = {
    "dying-relu": gettext_noop("Lesson: Dying ReLUs"),
    "vanishing-gradients": gettext_noop("Lesson: Vanishing gradients"),
    "learning-rate": gettext_noop("Lesson: The learning rate"),
}
"""The titles of the buttons by the names of the lessons."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """The newest record of the shown network, and the records that it is among.

    Attributes
    ----------
    records
        Of the run.
    record
        Of the network.
    network
        The shown one.
    samples
        Number of samples that the record is of.
    """

    records: HealthRecords
    record: HealthRecord
    network: Network
    samples: int


class HealthPanel:
    """The statistics of the layers of the shown network, and of its run.

    Parameters
    ----------
    context
        What every panel is made with.

    Attributes
    ----------
    view
        The panel.
    charts, updates
        The charts of the chosen layer.
    layer
        The field in which the layer is chosen.
    records
        The statistics of the run so far.
    """

    def __init__(self, context: InspectionContext) -> None:
        self._controller = context.controller
        self._state = state = context.controller.state
        self._page = context.page
        self._execute = context.execute
        self._subset = ValidationSubset(context.controller)
        self._is_open = False
        self.records = HealthRecords()
        self._records_of: Hashable = None
        self._shown: Measurement | None = None
        self._last_steps: tuple[Snapshot, Snapshot] | None = None
        theme = context.theme
        self._text = theme.text("", css_classes=["ink-health-text"])
        self._table = theme.text("", css_classes=["ink-health-table"])
        begin = context.begin_lesson
        self._lessons = {
            name: button(gettext(title), theme, f"ink-health-{name}", partial(begin, name))
            for name, title in LESSONS.items()
        }
        for lesson in self._lessons.values():
            lesson.visible = False
        self.layer = pn.widgets.Select(
            label=gettext("Layer"),
            options={gettext("Output"): 0},
            css_classes=["ink-health-layer"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.layer.param.watch(lambda _event: self._draw_charts(), "value")
        x_range = make_x_range()
        self.charts = {name: QuantileChart(name, x_range) for name in DISTRIBUTIONS}
        self.updates = UpdateChart(x_range)
        none = gettext("No values to show")
        self._headed: list[tuple[ChartHeading, QuantileChart | UpdateChart]] = [
            *(
                (ChartHeading(gettext(DISTRIBUTIONS[name]), none, theme), chart)
                for name, chart in self.charts.items()
            ),
            (
                ChartHeading(gettext("Update ÷ weights, per step"), gettext(EMPTY_TEXT), theme),
                self.updates,
            ),
        ]
        self.view: pn.viewable.Viewable = pn.Column(
            self._text,
            pn.Row(
                *self._lessons.values(),
                sizing_mode="stretch_width",
                margin=0,
                stylesheets=[theme.gap, ":host { flex-wrap: wrap; }"],
            ),
            self._table,
            self.layer,
            *(
                pn.Column(
                    heading.view,
                    pn.pane.Bokeh(chart.figure, sizing_mode="stretch_width", margin=0),
                    sizing_mode="stretch_width",
                    margin=0,
                )
                for heading, chart in self._headed
            ),
            theme.text(f'<p class="quiet">{_legend()}</p>'),
            css_classes=["ink-health"],
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[theme.gap],
        )
        self._computation = LatestComputation(
            self._compute,
            subject=self._subject,
            deliver=lambda result: self._page.write(lambda: self._draw(result)),
            rate=context.rate.limited(INTERVAL_SECONDS, MAX_SHARE),
        )
        self._draw(gettext("Loading validation samples …"))
        state.param.watch(self._snapshot_changed, "snapshot")

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen; while it cannot, nothing is recorded."""
        self._is_open = is_open
        if is_open:
            self._last_steps = None
            self._clear_if_outdated()
            self._computation.request()

    async def run(self) -> None:
        """Record and draw what has changed, until cancelled."""
        await self._computation.run()

    def _snapshot_changed(self, event: Any) -> None:
        if not self._is_open:
            return
        self._clear_if_outdated()
        old, new, state = event.old, event.new, self._state
        if old.run == new.run and old.iteration < new.iteration:
            self._last_steps = (old, new)
        if state.running and state.shown_checkpoint is None:
            self._computation.request_in_training()
        elif self._shown is None or self._shown.network is not state.shown_network:
            self._computation.request()

    def _subject(self) -> Hashable:
        """Return what the records are of."""
        network = self._state.shown_network
        return self._state.snapshot.run, id(self._controller.data), network.title

    def _clear_if_outdated(self) -> None:
        if self._records_of != self._subject():
            self._records_of, self.records, self._shown = self._subject(), HealthRecords(), None
            self._last_steps = None
            self._page.write(lambda: self._draw(gettext("Measuring the layers …")))
        elif self.records.iterations[-1:] > (self._state.snapshot.iteration,):
            self.records.forget_after(self._state.snapshot.iteration)

    async def _compute(self) -> AsyncIterator[Measurement | str]:
        state, records = self._state, self.records
        chosen = await self._subset.fetch()
        if isinstance(chosen, str):
            yield chosen
            return
        network, iteration = state.shown_network, state.shown_iteration
        steps, ratios = self._last_steps, no_ratios(network)
        if steps is not None and steps[1].iteration == iteration:
            before, after = steps
            ratios = tuple(
                update_ratios(before.network, after.network, iteration - before.iteration)
            )
        parts = chosen.chunks(network, EVERY_IMAGE if network.convolutions else 1)
        record = HealthRecord(iteration, await self._measure(network, parts), ratios)
        records.add(record)
        measured = Measurement(records, record, network, sum(map(len, parts)))
        yield measured
        if len(records) > 1:
            return
        states = self._controller.time_travel.states
        for place in choose_iterations([earlier.iteration for earlier in states], MAX_CHECKPOINTS):
            earlier = states[place]
            if earlier.iteration not in records.iterations:
                layers = await self._measure(earlier.network, parts)
                records.add(HealthRecord(earlier.iteration, layers, no_ratios(network)))
                yield measured

    async def _measure(self, network: Network, parts: list[Samples]) -> tuple[LayerStatistics, ...]:
        meter = LayerMeter(network, sum(map(len, parts)))
        for part in parts:
            await asyncio.sleep(0)
            await self._execute(meter.add, part.images, part.labels)
        layers: tuple[LayerStatistics, ...] = await self._execute(meter.result)
        return layers

    def _draw(self, result: Measurement | str) -> None:
        if isinstance(result, str):
            self._shown = None
            self._text.object = f'<p data-state="none">{escape(result)}</p>'
            self._table.object = ""
            self._show_lessons([])
        elif result.records is not self.records:
            return  # the run was replaced after it was measured, so another result will follow
        else:
            self._shown = result
            findings = find_faults(result.record, result.network)
            self._text.object = summary_html(result.record, result.samples, findings)
            self._table.object = layers_html(result.record, result.network)
            self._show_lessons(findings)
            options = {title: index for index, title in enumerate(layer_titles(result.network))}
            if self.layer.options != options:
                self.layer.param.update(options=options, value=0)
        self._draw_charts()

    def _draw_charts(self) -> None:
        records = HealthRecords() if self._shown is None else self.records
        iterations, layer = records.iterations, int(self.layer.value or 0)
        for name, chart in self.charts.items():
            chart.draw(iterations, records.quantiles(name, layer))
        self.updates.draw(iterations, records.ratios(layer))
        for heading, drawn in self._headed:
            heading.draw(is_empty=drawn.is_empty)

    def _show_lessons(self, findings: list[Finding]) -> None:
        wanted = {finding.lesson for finding in findings}
        for name, lesson in self._lessons.items():
            lesson.visible = name in wanted


def _legend() -> str:
    return gettext(
        "Areas: from the {low} to the {high} and from the {lower} to the {upper} quantile; line: "
        "the median. Update ÷ weights is the change of the weights between two snapshots, divided "
        "by their norm and by the number of steps; steps in opposite directions make it smaller. "
        "About {usual} (dashed) is usual.",
        low=format_percent(0.05, 0),
        high=format_percent(0.95, 0),
        lower=format_percent(0.25, 0),
        upper=format_percent(0.75, 0),
        usual=format_number(USUAL_UPDATE, "g"),
    )


def summary_html(record: HealthRecord, samples: int, findings: list[Finding]) -> str:
    """Return what is wrong, or that nothing was found."""
    kinds = " ".join(dict.fromkeys(finding.kind for finding in findings))
    where = {"iteration": format_number(record.iteration), "count": format_number(samples)}
    if not findings:
        text = gettext(
            "At iteration {iteration}, on {count} validation samples: no vanishing or exploding "
            "gradients, no layer of dead units.",
            **where,
        )
        found = f"<p>{text}</p>"
    else:
        text = gettext("At iteration {iteration}, on {count} validation samples:", **where)
        items = "".join(f"<li>{escape(finding.sentence)}</li>" for finding in findings)
        found = f'<p>{text}</p><ul class="findings">{items}</ul>'
    return f'<div data-state="measured" data-findings="{kinds}">{found}</div>'


def layers_html(record: HealthRecord, network: Network) -> str:
    """Return a table with the shares and sizes of every layer."""
    rows = "".join(
        f'<tr><th scope="row">{title}</th><td>{_percent(layer.dead)}</td>'
        f"<td>{_percent(layer.saturated)}</td><td>{_number(layer.gradient_norm)}</td>"
        f"<td>{_number(ratio)}</td></tr>"
        for title, layer, ratio in zip(
            layer_titles(network), record.layers, record.update_ratios, strict=True
        )
    )
    heads = (
        *(gettext("Layer"), gettext("Dead units"), gettext("Saturated")),
        *(gettext("Gradient norm"), gettext("Update ÷ weights")),
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{gettext("Table of layers")}">'
        f'<table class="layers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else format_percent(share, 0)


def _number(value: float) -> str:
    return format_number(value, ".2g") if isfinite(value) else "–"
