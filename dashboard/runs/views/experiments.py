"""The experiments of the runs pane: repeats with seeds, the race from a checkpoint, the rate test.

Each is made when it is first opened.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import panel as pn
import param
from bokeh.models import Span
from bokeh.plotting import figure

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop, ngettext, pgettext
from dashboard.runs.controller import RunsController
from dashboard.runs.fork import Race
from dashboard.runs.rate_finder import SMOOTHING, RateTest
from dashboard.runs.seeds import SeedComparison
from dashboard.runs.state import AGAINST, SETTING, RunsState
from dashboard.runs.trials import SWITCH, label_of
from dashboard.shell.chart_parts import make_chart, make_empty_source, number_formatter
from dashboard.shell.chart_ranges import FollowingRange, bounds_of
from dashboard.shell.colors import PLAIN, SECOND, TRAINING
from dashboard.shell.fields import Field, described, menu
from dashboard.shell.layout import stack
from dashboard.shell.theme import Theme, button
from dashboard.training.history import smooth

COLORS = (TRAINING, SECOND)
DASHES = ("solid", "dashed")
"""Of the first and the second configuration."""

LINES = (gettext_noop("solid line"), gettext_noop("dashed line"))
LEGEND = (gettext_noop("solid: {title}"), gettext_noop("dashed: {title}"))
"""What is said of them."""


class Ranges:
    """The ranges of a chart, which follow what is drawn."""

    def __init__(self, x: tuple[float, float]) -> None:
        self.x, self.y = FollowingRange(*x), FollowingRange(0, 1)

    def follow(self, xs: list[Any], ys: list[Any]) -> None:
        """Show all of these places and values."""
        for followed, columns in ((self.x, xs), (self.y, ys)):
            bounds = bounds_of([np.asarray(it, float) for it in columns], ignore_outliers=False)
            if bounds is not None:
                low, high = bounds
                margin = 0.04 * (high - low or abs(high) or 1) if followed is self.y else 0.0
                followed.follow(low - margin, (high if high > low else low + 1) + margin)

    def options(self) -> dict[str, Any]:
        """Return the ranges as options of a figure."""
        return {"x_range": self.x.range, "y_range": self.y.range}


def _make_chart(x_label: str, y_label: str, name: str, **options: Any) -> figure:
    """Return an empty chart of an experiment."""
    return make_chart(
        gettext("Chart: {quantity}", quantity=name),
        sizing_mode="stretch_width",
        height=240,
        x_axis_label=x_label,
        y_axis_label=y_label,
        min_border_top=10,  # half a number of the y axis
        **options,
    )


class ChangeFields:
    """The menu of settings and the field of the value that one of them is changed to."""

    def __init__(
        self,
        controller: RunsController,
        theme: Theme,
        hook: str,
        names: tuple[str, str] = ("setting", "value"),
    ) -> None:
        self._controller = controller
        self._name, value = names
        self._setting = menu(controller.state.param[self._name], theme, f"{hook}-setting")
        self._value = pn.widgets.TextInput.from_param(
            controller.state.param[value],
            **{**described(controller.state.param[value]), "description": None},
            css_classes=[f"{hook}-value"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view = pn.GridBox(
            self._setting,
            self._value,
            ncols=2,
            stylesheets=[theme.pairs],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._setting.param.watch(lambda _event: self._hint(), "value")
        self._hint()

    def offer(self, names: tuple[str, ...]) -> None:
        """Offer these settings; "" is none."""
        state, trials = self._controller.state, self._controller.source.trials
        state.param[self._name].objects = list(names)
        if getattr(state, self._name) not in names:
            setattr(state, self._name, names[0])
        options = {
            label_of(trials, name) if name else pgettext("setting", "none"): name for name in names
        }
        if self._setting.options != options:
            self._setting.param.update(options=options, value=getattr(state, self._name))
        self._hint()

    def _hint(self) -> None:
        settings = self._controller.source.trials.controller.state
        name = getattr(self._controller.state, self._name)
        parameter = settings.param[name] if name else None
        if isinstance(parameter, param.Boolean):
            on, off = map(gettext, SWITCH)
            hint = gettext("{first} or {second}", first=on, second=off)
        elif isinstance(parameter, param.Selector):
            hint = ", ".join(parameter.objects)
        elif isinstance(parameter, param.List):
            hint = gettext("for example 64 32")
        elif isinstance(parameter, param.Number):
            hint = _range_text(parameter)
        else:
            hint = ""
        self._value.placeholder = hint


def _range_text(parameter: param.Number) -> str:
    """Return the bounds of a number in few words."""
    low, high = (format_number(bound) for bound in parameter.bounds)
    if isinstance(parameter, param.Integer):
        return gettext("a whole number from {low} to {high}", low=low, high=high)
    if parameter.inclusive_bounds[0]:
        return gettext("from {low} to {high}", low=low, high=high)
    return gettext("above {low} to {high}", low=low, high=high)


class SeedsView:
    """Repeats with several seeds: what is repeated, the mean with its band, and the verdict."""

    def __init__(
        self, controller: RunsController, theme: Theme, save: Callable[[str, bytes], None]
    ) -> None:
        self._controller = controller
        self._save = save
        self._ranges = Ranges((0, 3))
        state = controller.state
        self._change = ChangeFields(controller, theme, "ink-seeds")
        against = menu(
            state.param.against,
            theme,
            "ink-seeds-against",
            options={gettext(title): name for title, name in AGAINST.items()},
        )
        self._start = button(
            _repeat_label(state.seeds), theme, "ink-seeds-start", controller.repeat_with_seeds
        )
        self._text = theme.text("", css_classes=["ink-seeds-result"])
        chart = _make_chart(
            gettext("epoch"),
            gettext("held-out accuracy"),
            gettext("mean over seeds"),
            **self._ranges.options(),
        )
        chart.yaxis.formatter = number_formatter("0.0 %")
        chart.xaxis.ticker.desired_num_ticks = 4
        self.means = [make_empty_source("x", "y") for _ in COLORS]
        self.bands = [make_empty_source("x", "low", "high") for _ in COLORS]
        for mean, band, color, dash, line in zip(
            self.means, self.bands, COLORS, DASHES, map(gettext, LINES), strict=True
        ):
            chart.varea("x", "low", "high", source=band, fill_color=color, fill_alpha=0.2)
            chart.line(
                "x", "y", source=mean, color=color, line_dash=dash, line_width=2.5, name=line
            )
            chart.scatter("x", "y", source=mean, color=color, size=5)
        self.view = stack(
            theme,
            _quiet(
                theme,
                gettext(
                    "Trains fresh networks with the settings of the pane, each with a seed of its "
                    "own, and tests the difference."
                ),
            ),
            pn.GridBox(
                Field(state, "seeds", theme.widgets, "ink-runs").view,
                Field(state, "epochs", theme.widgets, "ink-runs").view,
                ncols=2,
                stylesheets=[theme.pairs],
                sizing_mode="stretch_width",
                margin=0,
            ),
            against,
            self._change.view,
            pn.Row(
                self._start,
                button(gettext("Export CSV"), theme, "ink-seeds-csv", self._export),
                stylesheets=[theme.bar, ":host { flex-wrap: wrap; }"],
                margin=0,
            ),
            self._text,
            pn.pane.Bokeh(chart, sizing_mode="stretch_width", margin=0),
        )

    def draw(self) -> None:
        """Show the newest result."""
        state = self._controller.state
        self._change.offer(self._controller.source.trials.changeable)
        self._change.view.visible = state.against == SETTING
        label = _repeat_label(state.seeds)
        if self._start.label != label:
            self._start.label = label
        result = state.seed_result
        for index, (mean, band) in enumerate(zip(self.means, self.bands, strict=True)):
            is_used = result is not None and index < len(result.configurations)
            x, y, spread = result.band(index) if is_used else (np.zeros(0),) * 3
            mean.data = {"x": x, "y": y}
            band.data = {"x": x, "low": y - spread, "high": y + spread}
        edges = [band.data[name] for band in self.bands for name in ("low", "high")]
        self._ranges.follow([mean.data["x"] for mean in self.means], edges)
        self._text.object = seeds_html(result, state)

    def _export(self) -> None:
        result = self._controller.state.seed_result
        if result is not None:
            self._save("inkling-seeds.csv", result.csv().encode())


def seeds_html(result: SeedComparison | None, state: RunsState) -> str:
    """Return the result of repeats in words."""
    if result is None:
        return ""
    test = result.test()
    data = "" if test is None else f' data-p="{test.p:.6g}" data-difference="{test.difference:.6g}"'
    legend = gettext("; ").join(
        gettext(text, title=escape(it.title))
        for text, it in zip(LEGEND, result.configurations, strict=False)
    )
    faults = sum(bool(run.fault) for runs in result.runs for run in runs)
    told = [
        gettext(
            "{done} of {total} runs.",
            done=format_number(result.done),
            total=format_number(result.total),
        )
    ]
    if faults:
        text = ngettext(
            "{count} diverged and fell back to earlier weights.",
            "{count} diverged and fell back to earlier weights.",
            faults,
            count=faults,
        )
        told.append(text)
    if state.running and result.done < result.total:
        told.append(gettext("So far:"))
    line = gettext("Line: mean; band: one standard deviation; {legend}.", legend=legend)
    return (
        f'<div data-state="{"running" if state.running else "done"}" '
        f'data-done="{result.done}" data-total="{result.total}"{data}>'
        f"<p>{' '.join(told)}</p>"
        f"<p><b>{escape(result.sentence())}</b></p>"
        f'<p class="quiet">{line}</p></div>'
    )


def _repeat_label(seeds: int) -> str:
    return gettext("Repeat with {count} seeds", count=seeds)


def _quiet(theme: Theme, text: str) -> pn.pane.HTML:
    """Return what an experiment does, above its fields."""
    return theme.text(f'<p class="quiet">{text}</p>')


class ForkView:
    """The race from a checkpoint."""

    def __init__(self, controller: RunsController, theme: Theme) -> None:
        self._controller = controller
        self._change = ChangeFields(controller, theme, "ink-fork")
        self._ranges = Ranges((0, 100))
        self._text = theme.text("", css_classes=["ink-fork-result"])
        chart = _make_chart(
            gettext("iteration"),
            gettext("loss, moving average"),
            gettext("loss of both runs"),
            **self._ranges.options(),
        )
        chart.xaxis.formatter = number_formatter("0,0")
        self.lines = [make_empty_source("x", "y") for _ in COLORS]
        for line, color, dash, name in zip(
            self.lines, COLORS, DASHES, map(gettext, LINES), strict=True
        ):
            chart.line("x", "y", source=line, color=color, line_dash=dash, line_width=2, name=name)
        self.view = stack(
            theme,
            _quiet(
                theme,
                gettext(
                    "Continues twice from the checkpoint that is shown on the slider of the "
                    "curves, or from the newest step: once with the present settings, once with "
                    "one of them changed. Both see the same samples in the same order. The run of "
                    "the pane is not touched; both forks are added to the table."
                ),
            ),
            self._change.view,
            pn.GridBox(
                Field(controller.state, "fork_steps", theme.widgets, "ink-runs").view,
                ncols=2,
                stylesheets=[theme.pairs],
                sizing_mode="stretch_width",
                margin=0,
            ),
            pn.Row(
                button(gettext("Fork and race"), theme, "ink-fork-start", controller.fork),
                stylesheets=[theme.bar],
                margin=0,
            ),
            self._text,
            pn.pane.Bokeh(chart, sizing_mode="stretch_width", margin=0),
        )

    def draw(self) -> None:
        """Show the newest race."""
        self._change.offer(self._controller.source.trials.live)
        race = self._controller.state.race
        for index, source in enumerate(self.lines):
            source.data = _raced(race, index)
        self._ranges.follow(*([it.data[name] for it in self.lines] for name in ("x", "y")))
        self._text.object = race_html(race)


def race_html(race: Race | None) -> str:
    """Return a race in words."""
    if race is None:
        return ""
    parts = []
    for racer, text in zip(race.racers, LEGEND, strict=False):
        scores = [it for it in racer.run.history.validation if it.iteration > race.start]
        found, loss = [], racer.run.loss.value
        if loss is not None:
            found.append(gettext("loss {number}", number=format_number(loss, ".4f")))
        if scores:
            percent = format_percent(scores[-1].accuracy, 2)
            found.append(gettext("accuracy {percent}", percent=percent))
        if racer.fault:
            found.append(gettext("diverged"))
        title = gettext(text, title=escape(racer.title))
        result = gettext(", ").join(found)
        parts.append(gettext("{title}: {result}", title=title, result=result))
    items = "".join(f"<li>{part}</li>" for part in parts)
    told = gettext(
        "From iteration {iteration}, {taken} of {steps} steps each:",
        iteration=format_number(race.start),
        taken=format_number(race.taken),
        steps=format_number(race.steps),
    )
    return f'<div data-state="raced" data-taken="{race.taken}"><p>{told}</p><ul>{items}</ul></div>'


def _raced(race: Race | None, index: int) -> dict[str, Any]:
    if race is None or index >= len(race.racers):
        return {"x": [], "y": []}
    curve = race.racers[index].run.history.loss_curve
    steps, losses = curve.points()
    smoothed = smooth(losses, 0.9, curve.stride)
    part = steps > race.start - 0.1 * max(race.start, 1)
    return {"x": steps[part].astype(np.float32), "y": smoothed[part].astype(np.float32)}


class RateView:
    """The learning rate range test."""

    def __init__(self, controller: RunsController, theme: Theme) -> None:
        self._controller = controller
        state = controller.state
        self._text = theme.text("", css_classes=["ink-rate-result"])
        self._use = button(gettext("Use"), theme, "ink-rate-use", controller.use_rate)
        self._use.disabled = True
        self._ranges = Ranges((1e-5, 1))
        chart = _make_chart(
            gettext("learning rate"),
            gettext("loss, moving average"),
            gettext("loss over the rate"),
            x_axis_type="log",
            **self._ranges.options(),
        )
        self.line = make_empty_source("x", "y")
        self.raw = make_empty_source("x", "y")
        chart.line("x", "y", source=self.raw, color=TRAINING, alpha=0.3)
        average = {"color": TRAINING, "line_width": 2.5, "name": gettext("moving average")}
        chart.line("x", "y", source=self.line, **average)
        self._mark = Span(dimension="height", line_color=PLAIN, line_dash="dashed", line_width=2)
        self._mark.visible = False
        chart.add_layout(self._mark)
        self.view = stack(
            theme,
            _quiet(
                theme,
                gettext(
                    "Trains a network of its own for some steps, with a rate that grows by the "
                    "same factor at every step (range test of Smith, 2017)."
                ),
            ),
            pn.GridBox(
                *(
                    Field(state, name, theme.widgets, "ink-runs").view
                    for name in ("rate_low", "rate_high", "rate_steps")
                ),
                ncols=3,
                stylesheets=[
                    theme.pairs,
                    ":host { grid-template-columns: repeat(3, minmax(0, 1fr)) !important; }",
                ],
                sizing_mode="stretch_width",
                margin=0,
            ),
            pn.Row(
                button(gettext("Find a rate"), theme, "ink-rate-start", controller.find_rate),
                self._use,
                stylesheets=[theme.bar],
                margin=0,
            ),
            self._text,
            pn.pane.Bokeh(chart, sizing_mode="stretch_width", margin=0),
        )

    def draw(self) -> None:
        """Show the newest test."""
        result = self._controller.state.rate_result
        rates = result.rates if result is not None else np.zeros(0)
        smoothed = result.smoothed if result is not None else np.zeros(0)
        losses = result.losses if result is not None else np.zeros(0)
        # An exploded loss would flatten the rest of the curve.
        shown = losses <= 3 * smoothed[:1].sum() if len(losses) else np.zeros(0, bool)
        self.line.data = {"x": rates, "y": smoothed}
        self.raw.data = {"x": rates[shown], "y": losses[shown]}
        self._ranges.follow([rates], [smoothed, losses[shown]])
        suggestion = None if result is None else result.suggestion
        self._mark.update(visible=suggestion is not None, location=suggestion)
        is_final = suggestion is not None and not self._controller.state.running
        label = gettext("Use")
        if suggestion is not None and is_final:
            label = gettext("Use {rate}", rate=format_number(suggestion, "g"))
        self._use.param.update(disabled=not is_final, label=label)
        self._text.object = rate_html(result)


def rate_html(result: RateTest | None) -> str:
    """Return a range test in words."""
    if result is None or not len(result.rates):
        return ""
    steps = ngettext(
        "{count} step, rates {low} to {high}.",
        "{count} steps, rates {low} to {high}.",
        len(result.rates),
        count=format_number(len(result.rates)),
        low=format_number(result.rates[0], ".2g"),
        high=format_number(result.rates[-1], ".2g"),
    )
    if result.suggestion is None:
        found = gettext("The loss did not fall: begin with a smaller rate, or take more steps.")
    else:
        found = gettext(
            "Suggested: {rate}, a tenth of the rate at which the smoothed loss is lowest (moving "
            "average, factor {factor} per step), rounded to one digit.",
            rate=format_number(result.suggestion, "g"),
            factor=format_number(SMOOTHING, "g"),
        )
    suggestion = "" if result.suggestion is None else f"{result.suggestion:g}"
    return (
        f'<div data-state="tested" data-suggestion="{suggestion}">'
        f"<p><b>{found}</b></p><p>{steps}</p></div>"
    )
