"""Reports of the runs that the page keeps, and of the run in training.

Everything that takes time is computed in parts, between which the page answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.digits.controller import DigitsController
from dashboard.digits.models import StoredModel
from dashboard.digits.state import Origin
from dashboard.digits.training_subset import ALL, whole_of
from dashboard.evaluation.report import EvaluationReport, Progress, evaluate_network
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import OWN, PlaneData, inputs_of
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.training import StoredPlaneRun
from dashboard.report.content import RepeatCode, ReportContent, most_confident_errors
from dashboard.report.document import report_html
from dashboard.report.facts import inkling_version, setting_facts, software_facts
from dashboard.report.plane_picture import plane_picture
from dashboard.report.repeat_code import script_of_plane_run, script_of_run
from dashboard.report.weight_sheet import weight_sheet
from dashboard.runs.records import RunRecord
from dashboard.sharing.links import DIGITS, SPIRAL
from dashboard.sharing.run_links import Link, kept_digits_link, kept_spiral_link
from dashboard.training.history import History
from dashboard.training.run_state import RunState
from dashboard.training.settings import TrainingSettings
from dashboard.training.trainer import Execute
from data_cache import DATA_SETS, DataError, HttpBlockSource
from nn import Network

_LEFT_OUT = ("cache_size", "concurrency")


@dataclass(frozen=True, eq=False)
class ReportedRun:
    """A run as a report needs it.

    Attributes
    ----------
    record
        What is listed of it.
    state
        Its weights and its history, which do not change meanwhile.
    """

    record: RunRecord
    state: RunState

    @property
    def network(self) -> Network:
        """The network that is evaluated: the mean of the weights, if there is one."""
        return self.state.averaged or self.state.network

    @property
    def history(self) -> History:
        """The history of the run."""
        assert self.state.history is not None, "kept runs have their history"
        return self.state.history

    def facts(self, samples: int) -> list[tuple[str, str]]:
        """Return what the report lists beside the settings."""
        record = self.record
        return [
            (gettext("Seed"), str(record.seed)),
            (gettext("Training samples"), format_number(samples)),
            (gettext("Epochs"), format_number(record.epochs, ",.2f")),
            (gettext("Iterations"), format_number(record.iteration)),
            (gettext("Seconds of training"), format_number(record.seconds, ",.1f")),
            *software_facts(record.backend),
        ]

    def obstacles(self) -> list[str]:
        """Return why the settings alone do not repeat the run."""
        found = [
            gettext("Besides the settings there were {changes}.", changes=gettext(it))
            for it in self.history.interventions
        ]
        if self.history.divergences:
            found.append(gettext("The run diverged, and earlier weights were restored."))
        return found


class RunReports:
    """Makes the reports of one visitor's page.

    Parameters
    ----------
    address
        Returns the address of the page without its query; "" if it is not known.
    today
        Returns the date.
    execute
        Computes a part of the evaluation: in line, or in a thread.
    """

    def __init__(
        self, address: Callable[[], str], today: Callable[[], str], execute: Execute
    ) -> None:
        self._address = address
        self._today = today
        self._execute = execute

    async def make(
        self, record: RunRecord, state: RunState, controller: Any, progress: Progress
    ) -> bytes:
        """Return the report of a run as an HTML file.

        Parameters
        ----------
        record
            The run.
        state
            Its weights and its history, which must not change meanwhile.
        controller
            Of the pane that trained it, of the digits or of the plane.
        progress
            Called with the share that is done.

        Raises
        ------
        DataError
            There are no samples to evaluate the run on.
        """
        run = ReportedRun(record, state)
        if isinstance(controller, DigitsController):
            content = await self._digits(run, controller, progress)
        else:
            content = await self._plane(run, controller, progress)
        html: str = await self._execute(report_html, content)
        return html.encode()

    async def _digits(
        self, run: ReportedRun, controller: DigitsController, progress: Progress
    ) -> ReportContent:
        settings, data = run.record.settings, whole_of(controller.data)
        if settings["data_set"] != data.name:
            title = DATA_SETS[str(settings["data_set"])].title
            raise DataError(
                gettext(
                    "{name} was trained on {title}, whose test samples its report needs; "
                    "found {found} opened. Choose {title} in the digits pane first.",
                    name=run.record.name,
                    title=gettext(title),
                    found=gettext(data.title),
                )
            )
        model = run.record.model
        pretrained = controller.state.pretrained_model
        if isinstance(model, StoredModel):
            pretrained = model.pretrained_model
        samples = await data.part("test")
        evaluation = await evaluate_network(
            run.network, samples, execute=self._execute, progress=progress
        )
        obstacles = run.obstacles()
        if settings["origin"] == Origin.LOADED:
            obstacles.append(gettext("The run began with weights from a file."))
        is_tuned = settings["origin"] == Origin.FINE_TUNED
        subset = str(settings["training_samples"])
        block_size = None
        # A subset is in memory, wherever its samples came from.
        if isinstance(data.source, HttpBlockSource) and subset == ALL:
            block_size = data.source.block_size
            if block_size is None:
                obstacles.append(gettext("Its samples came in blocks of different sizes."))
        return self._content(
            run,
            settings=setting_facts(settings, TrainingSettings, _LEFT_OUT),
            samples=data.count("train") if subset == ALL else int(subset),
            link=(DIGITS, kept_digits_link(
                settings, pretrained, run.history, run.record.iteration
            )),
            evaluated_on=gettext(
                "the {count:,} test samples of {title}",
                count=len(samples),
                title=gettext(data.title),
            ),
            class_names=data.class_names,
            evaluation=evaluation,
            errors=most_confident_errors(evaluation, samples.images),
            inside=weight_sheet(run.network),
            repeat=script_of_run(
                version=inkling_version(),
                steps=run.record.iteration,
                settings=settings,
                changes=run.history.changes,
                data_set=data.name,
                training_samples=subset,
                block_size=block_size,
                pretrained_model=pretrained if is_tuned else "",
                obstacles=obstacles,
            ),
        )  # fmt: skip

    async def _plane(
        self, run: ReportedRun, controller: PlaneController, progress: Progress
    ) -> ReportContent:
        model, values, data = run.record.model, _plane_values(controller), controller.state.points
        if isinstance(model, StoredPlaneRun):
            values, data = dict(model.values), model.data
        values |= {name: it for name, it in run.record.settings.items() if name in values}
        if data.origin == OWN:  # the record has the number of points, but no shape
            values |= {name: getattr(controller.state, name) for name in ("shape", "points_count")}
        if not len(data.test):
            raise DataError(
                gettext(
                    "{name} has no test points, on which a report evaluates it; paint some.",
                    name=run.record.name,
                )
            )
        settings = PlaneSettings(**values)
        samples = inputs_of(data.test, settings.inputs)
        evaluation = await evaluate_network(
            run.network, samples, execute=self._execute, progress=progress
        )
        return self._content(
            run,
            settings=setting_facts(run.record.settings, PlaneSettings),
            samples=len(data.train),
            link=(SPIRAL, kept_spiral_link(
                settings, data, run.history, run.record.iteration
            )),
            evaluated_on=gettext("the {count:,} test points", count=len(data.test)),
            class_names=[str(number) for number in range(data.classes)],
            evaluation=evaluation,
            errors=most_confident_errors(evaluation, None),
            inside=await self._execute(plane_picture, run.network, settings.inputs),
            repeat=_plane_code(run, settings, data),
        )  # fmt: skip

    def _content(
        self,
        run: ReportedRun,
        *,
        samples: int,
        link: tuple[str, Link],
        evaluation: EvaluationReport,
        settings: Sequence[tuple[str, str]],
        **rest: Any,
    ) -> ReportContent:
        pane, found = link
        network = run.network
        return ReportContent(
            title=run.record.name,
            model=gettext(
                "{title}, {count:,} parameters",
                title=network.title,
                count=network.parameter_count,
            ),
            date=self._today(),
            facts=run.facts(samples),
            settings=settings,
            events=[text for _, text in run.history.marks()],
            link=f"{self._address()}?{_with_pane(found.query, pane)}",
            link_note=found.missing,
            curve=run.record.curve,
            evaluation=evaluation,
            **rest,
        )


def _with_pane(query: str, pane: str) -> str:
    """Return the query of a link that opens a pane; the page opens the digits by itself."""
    version, *settings = query.split("&")
    panes = [] if pane == DIGITS else [f"pane={pane}"]
    return "&".join([version, *panes, *settings])


def _plane_values(controller: PlaneController) -> dict[str, Any]:
    return {name: getattr(controller.state, name) for name in PlaneSettings.param if name != "name"}


def _plane_code(run: ReportedRun, settings: PlaneSettings, data: PlaneData) -> RepeatCode:
    obstacles = run.obstacles()
    if data.origin == OWN:
        obstacles.append(
            gettext("Its points were painted or come from a file; the link may have them.")
        )
    values: Mapping[str, Any] = {
        name: getattr(settings, name) for name in PlaneSettings.param if name != "name"
    }
    return script_of_plane_run(
        version=inkling_version(),
        steps=run.record.iteration,
        settings=values,
        changes=run.history.changes,
        obstacles=obstacles,
    )
