"""The spiral controller itself: what can be done in it, and what it knows, without any screen.

Every command a person can give is a method here; what comes of it is seen in the parameters of
the controller's state, which views watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboard.plane.dataset import OWN, make_data, share_out
from dashboard.plane.inspection_commands import LookingInside
from dashboard.plane.lessons import LESSONS, Scene
from dashboard.plane.point_commands import Painting
from dashboard.plane.presets import PRESETS
from dashboard.plane.resuming import RunRestoration
from dashboard.plane.settings import MAX_WEIGHTS, PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.plane.timeline_commands import TimeTravel
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import Clock, Execute, TimeBudget
from data_cache import PLANE_SHAPES

KNOBS = ("learning_rate", "batch_size", "optimizer", "l1", "l2", "dropout")
"""Settings that take effect in the middle of a run."""

NET_SETTINGS = ("hidden_layers", "activation", "initialization", "weight_noise", "biases", "inputs")
"""Settings that need a fresh net."""

DATA_SETTINGS = ("shape", "points_count", "noise", "arm_angle", "classes", "seed", "train_share")
"""Settings that the points depend on."""

_OF_SHAPES = {"shape", "points_count", "noise", "arm_angle"}


class PlaneController(Painting, TimeTravel, LookingInside, RunRestoration):
    """A small net, points of the plane, and everything that can be done with them."""

    def __init__(
        self, state: PlaneState, *, clock: Clock, execute: Execute, pace: TimeBudget | None = None
    ) -> None:
        super().__init__(state, clock=clock, execute=execute, pace=pace)
        state.param.watch(self._running_changed, "running")
        state.param.watch(self._knob_changed, list(KNOBS))
        state.param.watch(self._settings_changed, [*NET_SETTINGS, *DATA_SETTINGS])
        state.param.watch(self._position_changed, "timeline_position")

    def start(self) -> None:
        """Show where the run stands; the state's `running` begins to train."""
        self.state.snapshot = self.trainer.snapshot()

    def step(self) -> None:
        """Train on exactly one batch; while training runs, pause first."""
        self.state.running = False
        if not self._stop_without_points():
            self.training_loop.add_step()

    def reset(self) -> None:
        """Begin again with fresh weights of the same seed, on the same points."""
        self.state.running = False
        self._replace_run()
        self._tell(f"{self._describe_net()} It knows nothing yet: press Train.")

    def regenerate(self) -> None:
        """Make new points of the chosen shape, and a fresh net, by the next seed."""
        with self._without_watching():
            self.state.param.update(seed=(self.state.seed + 1) % 2**32, preset="")
        self._make_points()
        self._replace_run()
        self._tell(f"{self._describe_data()} The net begins anew, with seed {self.state.seed}.")

    def apply_preset(self, name: str) -> None:
        """Take over the settings of a preset; make its points and a fresh net."""
        if name not in PRESETS:
            self.warn(f"There are the presets {', '.join(PRESETS)}; found “{name[:24]}”.")
            return
        self._take_over(PRESETS[name].settings)
        self.state.preset = name
        self._tell(PRESETS[name].sentence)

    def begin_lesson(self, name: str) -> None:
        """Set a lesson up; `lesson_message` says what to watch, and when it has happened."""
        if name not in LESSONS:
            self.warn(f"There are the lessons {', '.join(LESSONS)}; found “{name[:24]}”.")
            return
        lesson = LESSONS[name]
        self._take_over(lesson.settings)
        self.state.param.update(lesson=name, lesson_message=lesson.watch)
        self._tell(f"{lesson.title}: press Train. {lesson.watch}")

    def end_lesson(self) -> None:
        """Leave the lesson; everything else stays as it is."""
        self.state.param.update(lesson="", lesson_message="")

    def _publish(self, snapshot: Snapshot) -> None:
        super()._publish(snapshot)
        if self._is_lesson_open and snapshot.iteration:
            self._check_lesson()

    @property
    def _is_lesson_open(self) -> bool:
        """Whether a lesson's message still says what to watch."""
        lesson = LESSONS.get(self.state.lesson)
        return lesson is not None and self.state.lesson_message == lesson.watch

    def _check_lesson(self) -> None:
        """Tell, once, when what the lesson is about has happened."""
        run = self.trainer.run
        scene = Scene(run.network, self._train_samples(), run.history)
        message = LESSONS[self.state.lesson].check(scene)
        if message is not None:
            self.state.lesson_message = message

    # What somebody at the page changes

    def _take_over(self, settings: Mapping[str, Any]) -> None:
        """Set all settings, those not named to their defaults, and begin with them."""
        defaults = {key: PlaneSettings.param[key].default for key in _SETTINGS}
        self.state.running = False
        with self._without_watching():
            self.state.param.update(
                **{**defaults, **settings}, preset="", lesson="", lesson_message=""
            )
        self._make_points()
        self._replace_run()

    def _running_changed(self, event: Any) -> None:
        if not event.new:
            self.trainer.stop()
        elif not self._stop_without_points():
            self.training_loop.ensure()

    def _knob_changed(self, *_events: Any) -> None:
        if self._quiet:
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
        if self._quiet:
            return
        changed = {event.name for event in events}
        if self.state.count_weights() > MAX_WEIGHTS:
            self._refuse_size(events)
            return
        self.state.preset = ""
        if not self.state.inputs:
            with self._without_watching():
                self.state.inputs = PlaneSettings.param["inputs"].default
            self._tell("A net needs at least one input; it has x₁ and x₂ again.", "warning")
        if changed == {"train_share"} and self.state.points.origin != OWN:
            # The points to learn from stay as they are, and so may the net.
            self._learn_from(make_data(self.state))
            self._tell(f"{len(self.state.points.test):,} points to test on.")
            return
        if changed & set(DATA_SETTINGS):
            self._change_points(changed)
        self._replace_run()
        about = self._describe_net() if changed <= set(NET_SETTINGS) else self._describe_data()
        self._tell(f"{about} The net begins anew.")

    def _refuse_size(self, events: Sequence[Any]) -> None:
        """Take changes back that would make the net too big."""
        found = self.state.count_weights()
        with self._without_watching():
            self.state.param.update(**{event.name: event.old for event in events})
        self._tell(
            f"A net in the plane has at most {MAX_WEIGHTS:,} weights, so that it can be drawn "
            f"while it trains; this one would have {found:,}.",
            "warning",
        )

    def _change_points(self, changed: set[str]) -> None:
        """Make points anew; one's own are kept wherever that makes sense."""
        state, data = self.state, self.state.points
        if data.origin != OWN or changed & _OF_SHAPES:
            self._make_points()
            return
        if "classes" in changed:
            data = data.of_classes(state.classes)
        if "train_share" in changed:
            data = share_out(data.all_points(), state)
        state.points = data

    def _make_points(self) -> None:
        state = self.state
        with self._without_watching():
            state.classes = PLANE_SHAPES[state.shape].possible(state.classes)
        state.points = make_data(state)

    def _position_changed(self, event: Any) -> None:
        if self._quiet:
            return
        if event.new is None:
            self.back_to_live()
        else:
            self.show_checkpoint(event.new)

    def _describe_net(self) -> str:
        sizes = "-".join(str(size) for size in self.network.sizes)
        return f"A fresh {sizes} net."

    def _describe_data(self) -> str:
        data = self.state.points
        title = "Own points" if data.origin == OWN else PLANE_SHAPES[data.origin].title
        return f"{title}: {len(data.train):,} points of {data.classes} classes."


_SETTINGS = [name for name in PlaneSettings.param if name != "name"]
