"""Controller of the plane pane: all commands that a person can give, without any view.

Results of commands are seen in the parameters of its state, which views watch.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.plane.dataset import OWN, PlaneData, make_data, split_data
from dashboard.plane.inspection import Inspection
from dashboard.plane.point_editor import PointEditor
from dashboard.plane.presets import PRESETS
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.plane.training import PlaneTraining, make_run
from dashboard.training.run_state import RunState
from dashboard.training.snapshot import Snapshot
from dashboard.training.time_travel import TimeTravel
from dashboard.training.timeline import CheckpointMemory
from dashboard.training.trainer import Clock, Execute, TimeBudget
from data_cache import PLANE_SHAPES

LIVE_SETTINGS = ("learning_rate", "batch_size", "optimizer", "l1", "l2", "dropout")
"""Settings that take effect during a run."""

NETWORK_SETTINGS = (
    *("hidden_layers", "activation", "initialization", "weight_noise", "biases", "inputs"),
)
"""Settings that need a new network."""

SHAPE_SETTINGS = ("shape", "points_count", "noise", "arm_angle")
"""Settings that replace the points, including edited ones."""

DATA_SETTINGS = (*SHAPE_SETTINGS, "classes", "seed", "train_share")
"""Settings that the points depend on."""


class PlaneController:
    """A small network, points of the plane, and the commands on both.

    Parameters
    ----------
    state
        Shared with the views.
    clock
        A monotonic clock, in seconds.
    execute
        Computes a slice of training: in line, or in a thread.
    time_budget
        Length of slices and interval of snapshots; None: the trainer's default.
    checkpoint_memory
        Shared with other runs; None: with none.

    Attributes
    ----------
    trainer, training_loop
        They train the run.
    points : PointEditor
        Commands on the points.
    inspection : Inspection
        Probes of the network that is shown.
    time_travel : TimeTravel
        Commands on the checkpoints of the run.
    """

    def __init__(
        self,
        state: PlaneState,
        *,
        clock: Clock,
        execute: Execute,
        time_budget: TimeBudget | None = None,
        checkpoint_memory: CheckpointMemory | None = None,
    ) -> None:
        self.state = state
        self._training = PlaneTraining(
            state, self._publish, clock=clock, execute=execute, time_budget=time_budget
        )
        self.trainer = self._training.trainer
        self.training_loop = self._training.training_loop
        self.points = PointEditor(self._training)
        self.inspection = Inspection(self._training)
        self.time_travel = TimeTravel(self._training, checkpoint_memory)
        self._training.show_run()
        state.param.watch(self._running_changed, "running")
        state.param.watch(self._preset_changed, "preset")
        state.param.watch(self._live_setting_changed, list(LIVE_SETTINGS))
        state.param.watch(self._settings_changed, [*NETWORK_SETTINGS, *DATA_SETTINGS])

    @property
    def training(self) -> PlaneTraining:
        """The run in training, and the tasks around it."""
        return self._training

    def step(self) -> None:
        """Train on one batch; while training runs, pause first."""
        self.state.running = False
        if not self._training.stop_without_points():
            self.training_loop.add_step()

    def reset(self) -> None:
        """Begin a new run with the initial weights of the same seed, on the same points."""
        self.state.running = False
        self._training.replace_run()
        self._notify(f"{self._describe_network()} {gettext('It is untrained: press Train.')}")

    def regenerate(self) -> None:
        """Generate points and initial weights with the next seed."""
        with self._training.changing_settings():
            self.state.param.update(seed=(self.state.seed + 1) % 2**32, preset="")
        self._make_points()
        self._training.replace_run()
        restarts = gettext("Training restarts with seed {seed}.", seed=self.state.seed)
        self._notify(f"{self._describe_data()} {restarts}")

    def begin_run(self, settings: Mapping[str, Any]) -> None:
        """Begin a new run with these settings and the defaults of the others, on new points."""
        self._replace_settings(settings)
        self._notify(
            f"{self._describe_data()} {self._describe_network()} {gettext('Press Train.')}"
        )

    def run_state(self) -> RunState | None:
        """Return the state of the run, None while a change waits for the end of a slice.

        Call it only between slices.
        """
        run = self.trainer.run
        return None if run.has_pending_calls else run.state(fallback=True)

    def restore_run(
        self,
        values: Mapping[str, Any],
        data: PlaneData,
        run_state: RunState,
        ablated: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """Restore a run, paused; its checkpoints begin anew.

        Parameters
        ----------
        values
            Parameters of the pane's state by name.
        data, run_state
            The points and the state of the run at the same moment.
        ablated
            Hidden units that are ablated in the views.

        Raises
        ------
        ValueError
            If they do not fit each other; nothing is changed then.
        """
        run = make_run(PlaneState(**values), data)
        run.load_state(run_state)
        self.state.running = False
        with self._training.changing_settings():
            self.state.param.update(**values, points=data)
        run.settings = self.state
        run.apply_settings()  # so that only later changes are marked
        self._training.adopt_run(run)
        self.state.ablated = ablated
        self._notify(
            gettext(
                "Restored at iteration {iteration}, without its earlier checkpoints: they are not "
                "saved.",
                iteration=format_number(run.iteration),
            )
        )

    def warn(self, sentence: str) -> None:
        """Show a warning."""
        self._notify(sentence, "warning")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task; its failure is shown as a notice."""
        self._training.spawn(work)

    def shut(self) -> None:
        """Stop training and notices immediately; `close` follows."""
        self._training.shut()

    async def close(self) -> None:
        """Stop training and wait for the end of all tasks."""
        await self._training.close()

    def _notify(self, text: str, kind: str = "info") -> None:
        self._training.notify(text, kind)

    def _publish(self, snapshot: Snapshot) -> None:
        self.time_travel.record(snapshot)
        self.state.snapshot = snapshot

    # Effects of changed parameters

    def _replace_settings(self, settings: Mapping[str, Any], **labels: str) -> None:
        """Set the settings, those not named to their defaults, and begin a new run."""
        defaults = {
            name: PlaneSettings.param[name].default
            for name in PlaneSettings.param
            if name != "name"
        }
        labels = {"preset": "", **labels}
        self.state.running = False
        with self._training.changing_settings():
            self.state.param.update(**{**defaults, **settings, **labels})
        self._make_points()
        self._training.replace_run()

    def _preset_changed(self, event: Any) -> None:
        if event.new and not self._training.is_changing_settings:
            preset = PRESETS[event.new]
            self._replace_settings(preset.settings, preset=event.new)
            self._notify(gettext(preset.sentence))

    def _running_changed(self, event: Any) -> None:
        if not event.new:
            self.trainer.stop()
        elif not self._training.stop_without_points():
            self.training_loop.ensure()

    def _live_setting_changed(self, *_events: Any) -> None:
        if self._training.is_changing_settings:
            return
        state = self.state
        if self.training_loop.is_idle:
            self.trainer.run.apply_settings()
        state.param.update(
            preset="",
            snapshot=replace(
                state.snapshot,
                learning_rate=float(state.learning_rate),
                batch_size=state.batch_size,
                optimizer=state.optimizer,
            ),
        )

    def _settings_changed(self, *events: Any) -> None:
        if self._training.is_changing_settings:
            return
        changed = {event.name for event in events}
        if self._revert_unusable(events):
            return
        self.state.preset = ""
        if changed == {"train_share"} and self.state.points.origin != OWN:
            # The training points stay as they are, and so does the network.
            self._training.train_on(make_data(self.state))
            self._notify(
                gettext("{count} test points.", count=format_number(len(self.state.points.test)))
            )
            return
        if changed & set(DATA_SETTINGS):
            self._change_points(changed)
        self._training.replace_run()
        only_network = changed <= set(NETWORK_SETTINGS)
        about = self._describe_network() if only_network else self._describe_data()
        self._notify(f"{about} {gettext('Training restarts.')}")

    def _revert_unusable(self, events: Sequence[Any]) -> bool:
        """Revert changes after which no network could be made; return whether it was necessary."""
        if self.state.inputs:
            return False
        with self._training.changing_settings():
            self.state.param.update(**{event.name: event.old for event in events})
        self.warn(
            gettext("A network needs at least one feature; found none. Select x₁, for example.")
        )
        return True

    def _change_points(self, changed: set[str]) -> None:
        """Generate points, or adapt edited ones as far as possible."""
        state, data = self.state, self.state.points
        if data.origin != OWN or changed & set(SHAPE_SETTINGS):
            self._make_points()
            return
        if "classes" in changed:
            data = data.of_classes(state.classes)
        if "train_share" in changed:
            data = split_data(data.all_points(), state)
        state.points = data

    def _make_points(self) -> None:
        state = self.state
        with self._training.changing_settings():
            state.classes = PLANE_SHAPES[state.shape].possible(state.classes)
        state.points = make_data(state)

    def _describe_network(self) -> str:
        sizes = "-".join(str(size) for size in self.state.network.sizes)
        return gettext("New network {sizes}.", sizes=sizes)

    def _describe_data(self) -> str:
        data = self.state.points
        is_own = data.origin == OWN
        title = gettext("Own points") if is_own else gettext(PLANE_SHAPES[data.origin].title)
        return gettext(
            "{data}: {count} points of {classes} classes.",
            data=title,
            count=format_number(len(data.train)),
            classes=data.classes,
        )
