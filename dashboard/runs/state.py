"""The state of the runs pane as parameters: what is shown, the experiments, their results."""

from __future__ import annotations

import param

from dashboard.languages.text import gettext_noop
from dashboard.runs.comparison import RunComparison
from dashboard.runs.fork import Race
from dashboard.runs.rate_finder import RateTest
from dashboard.runs.search import GRID, MAX_CONFIGURATIONS, SEARCHES, Search
from dashboard.runs.seeds import FEWEST_SEEDS, MOST_SEEDS, SeedComparison
from dashboard.shell.notices import Notice
from dashboard.training.settings import TypedSettings

WELCOME = gettext_noop(
    "Every run is kept here when the next one begins: train, press Reset, train again."
)

EXPERIMENTS = {
    gettext_noop("Compare"): "compare",
    gettext_noop("Seeds"): "seeds",
    gettext_noop("Fork"): "fork",
    gettext_noop("Rate"): "rate",
    gettext_noop("Search"): "search",
}
"""The titles of the parts of the pane, and their names."""

SETTING, SEEDS, NOTHING = "setting", "seeds", "nothing"
AGAINST = {
    gettext_noop("one changed setting"): SETTING,
    gettext_noop("the same, other seeds"): SEEDS,
    gettext_noop("nothing"): NOTHING,
}
"""What repeats are compared with."""


class RunsState(TypedSettings):
    """Everything that the runs pane shows, but the runs themselves."""

    source = param.Selector(
        default="digits", objects=["digits", "spiral"], label=gettext_noop("Runs of")
    )
    experiment = param.Selector(default="compare", objects=list(EXPERIMENTS.values()))
    selected = param.Integer(0, doc="Number of the run whose name can be changed.")
    running = param.Boolean(False, doc="Whether an experiment is under way.")
    progress = param.String("", doc="How far it is.")
    notice = param.ClassSelector(class_=Notice, default=Notice(WELCOME), doc="The last message.")

    setting = param.Selector(
        default="learning_rate",
        objects=["learning_rate"],
        label=gettext_noop("Changed setting"),
        doc=gettext_noop("The one setting that is different."),
    )
    value = param.String(
        "",
        label=gettext_noop("Its value"),
        doc=gettext_noop("Typed as in the field of the setting."),
    )
    seeds = param.Integer(
        5,
        bounds=(FEWEST_SEEDS, MOST_SEEDS),
        label=gettext_noop("Seeds"),
        doc=gettext_noop(
            "Runs of every configuration; each has a seed of its own, from that of the settings."
        ),
    )
    epochs = param.Integer(
        3,
        bounds=(1, 10_000),
        label=gettext_noop("Epochs per run"),
        doc=gettext_noop("The length of every run."),
    )
    against = param.Selector(
        default=SETTING,
        objects=list(AGAINST.values()),
        label=gettext_noop("Compare with"),
        doc=gettext_noop(
            "Changed settings are compared on the same seeds, by a paired t-test; the same "
            "settings with other seeds by Welch’s t-test."
        ),
    )
    search = param.Selector(
        default=GRID, objects=list(SEARCHES.values()), label=gettext_noop("Configurations")
    )
    search_count = param.Integer(
        8,
        bounds=(1, MAX_CONFIGURATIONS),
        label=gettext_noop("At random"),
        doc=gettext_noop("How many of all combinations."),
    )
    first_setting = param.Selector(
        default="learning_rate", objects=["learning_rate"], label=gettext_noop("Setting")
    )
    first_values = param.String(
        "",
        label=gettext_noop("Its values"),
        doc=gettext_noop("Between semicolons, for example 0.001; 0.003; 0.01."),
    )
    second_setting = param.Selector(default="", objects=[""], label=gettext_noop("Second setting"))
    second_values = param.String(
        "", label=gettext_noop("Its values"), doc=gettext_noop("Between semicolons.")
    )
    fork_steps = param.Integer(
        200,
        bounds=(1, 100_000),
        label=gettext_noop("Steps"),
        doc=gettext_noop("Training steps of each of both runs."),
    )
    rate_low = param.Number(
        1e-5,
        bounds=(0, 10),
        inclusive_bounds=(False, True),
        label=gettext_noop("From"),
        doc=gettext_noop("Learning rate of the first step."),
    )
    rate_high = param.Number(
        1.0,
        bounds=(0, 10),
        inclusive_bounds=(False, True),
        label=gettext_noop("To"),
        doc=gettext_noop("Learning rate of the last step."),
    )
    rate_steps = param.Integer(
        100, bounds=(20, 2000), label=gettext_noop("Steps"), doc=gettext_noop("Training steps.")
    )

    report = param.ClassSelector(
        class_=tuple, doc="Name and content of the newest report of a run, a file to save."
    )
    comparison = param.ClassSelector(class_=RunComparison, doc="Of the two chosen runs.")
    seed_result = param.ClassSelector(class_=SeedComparison, doc="Of the newest repeats.")
    search_result = param.ClassSelector(class_=Search, doc="Of the newest search.")
    race = param.ClassSelector(class_=Race, doc="The newest race.")
    rate_result = param.ClassSelector(class_=RateTest, doc="Of the newest range test.")
