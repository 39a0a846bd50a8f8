"""The state of the digits pane as parameters: settings, the newest results, and what is under way.

There is no widget here; views watch the parameters, and the controller reacts to the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import param
from numpy.typing import NDArray

from dashboard.digits.training_subset import ALL, TRAINING_SAMPLES
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.notices import Notice
from dashboard.training.history import History
from dashboard.training.run_options import RunOptions
from dashboard.training.scheduled_changes import ScheduledChanges
from dashboard.training.settings import TrainingSettings
from dashboard.training.snapshot import Snapshot
from dashboard.training.stopping import StopSettings
from dashboard.training.time_travel import ShownCheckpoint
from data_cache import DATA_SETS, DIGIT_NAMES
from nn import PRETRAINED, Network, architecture_of

WELCOME = gettext_noop(
    "Draw your own digit in place of the example, or press Train to train a new model."
)
DRAWN = gettext_noop("The current model answers while you draw. Press Train to train a new one.")

ARCHITECTURE_SETTINGS = ("architecture", "hidden_layers", "activation", "biases")
"""Settings that describe a network, whatever its weights."""

ANY = -1
"""A sample of any class, or a drawing whose class is not chosen."""


class Origin(StrEnum):
    """Where the weights of the network come from."""

    PRETRAINED = gettext_noop("pretrained")
    """A network of the package, unchanged."""
    FINE_TUNED = gettext_noop("fine-tuned")
    """A network of the package after further training steps."""
    FRESH = gettext_noop("fresh")
    """Random initial weights, or weights trained from them."""
    LOADED = gettext_noop("loaded")
    """A weights file, or weights trained from it."""

    @classmethod
    def _missing_(cls, value: object) -> Origin | None:
        """Read the values that autosaves of earlier versions contain."""
        return {"ready-trained": cls.PRETRAINED, "tuned": cls.FINE_TUNED}.get(str(value))


@dataclass(frozen=True)
class Prediction:
    """What the current model predicts for the drawing; empty while nothing is drawn.

    Attributes
    ----------
    image
        The input of the model, (784,) float32 in [0, 1].
    probabilities
        Of the classes, (classes,) float32.
    is_confident
        False when the drawing is probably none of the classes.
    """

    image: NDArray[np.float32] | None = None
    probabilities: NDArray[np.float32] | None = None
    is_confident: bool = True


class DigitsState(TrainingSettings, RunOptions, StopSettings, ShownCheckpoint, ScheduledChanges):
    """Everything that the digits pane shows."""

    data_set = param.Selector(
        default="digits", objects=list(DATA_SETS), label=gettext_noop("Data set")
    )
    training_samples = param.Selector(
        default=ALL,
        objects=list(TRAINING_SAMPLES),
        label=gettext_noop("Training samples"),
        doc=gettext_noop(
            "All training samples, or a small subset, on which a network overfits: equally many of "
            "every class, the first ones in stored order, whatever the seed. Validation and test "
            "samples stay the same."
        ),
    )
    running = param.Boolean(False, doc="Whether training is wanted; setting it starts or pauses.")
    fine_tune = param.Boolean(
        False,
        label=gettext_noop("Fine-tune the pretrained model"),
        doc=gettext_noop(
            "What Train does with a pretrained model. Off: it trains a new model from scratch."
        ),
    )
    pretrained_model = param.Selector(
        default=PRETRAINED[-1],
        objects=list(PRETRAINED),
        label=gettext_noop("Pretrained model"),
        doc=gettext_noop("The one in use, or the one that fine-tuning started from."),
    )
    centre_drawing = param.Boolean(
        True,
        label=gettext_noop("Centre the drawing"),
        doc=gettext_noop(
            "Scales and centres the drawing as the training digits are. Off: it is only shrunk to "
            "28 × 28 pixels, so position and size change the answer."
        ),
    )
    latency = param.Integer(
        0,
        bounds=(0, 2000),
        label=gettext_noop("Simulated latency (ms)"),
        doc=gettext_noop(
            "Milliseconds that each block of digits takes longer to arrive. More requests at the "
            "same time, and a larger cache, make up for it."
        ),
    )
    smoothing = param.Number(
        0.9,
        bounds=(0, 0.99),
        label=gettext_noop("Smoothing"),
        doc=gettext_noop("Exponential smoothing of the curves."),
    )
    origin = param.ClassSelector(class_=Origin, default=Origin.PRETRAINED)
    snapshot = param.ClassSelector(class_=Snapshot, doc="The newest published record of the run.")
    history = param.ClassSelector(class_=History, doc="The learning curve of the run.")
    class_names = param.Tuple(tuple(str(digit) for digit in range(10)), doc="Of the data set.")
    built_settings = param.Dict(
        {}, doc="The settings that the network and the order of its batches were made with."
    )
    stored_models = param.List([], doc="`StoredModel`s that can be brought back, the newest first.")
    drawing = param.Array(default=None, doc="The drawing on the pad, (84, 84) float32 in [0, 1].")
    is_example = param.Boolean(False, doc="Whether the drawing is the example of the first view.")
    prediction = param.ClassSelector(class_=Prediction, default=Prediction(), doc="Of the drawing.")
    notice = param.ClassSelector(class_=Notice, default=Notice(WELCOME), doc="The latest message.")
    busy = param.String("", doc="What is being waited for; empty when nothing is.")

    @property
    def network(self) -> Network:
        """The current model: the network of the newest snapshot; its weights are not changed."""
        network: Network = self.snapshot.network
        return network

    @property
    def shown_network(self) -> Network:
        """The network that answers the drawing and is inspected; its weights are not changed.

        It is that of the shown checkpoint, if one is shown, else the newest one.
        """
        shown = self.shown_checkpoint
        return self.network if shown is None else shown.network

    @property
    def shown_iteration(self) -> int:
        """The iteration of the network that is shown."""
        return int((self.shown_checkpoint or self.snapshot).iteration)

    @property
    def has_digit_classes(self) -> bool:
        """Whether the data set has the classes that the pretrained models predict."""
        return bool(self.class_names == DIGIT_NAMES)

    @property
    def is_drawing_centred(self) -> bool:
        """Whether the drawing is scaled and centred as the digits of MNIST are."""
        return self.has_digit_classes and bool(self.centre_drawing)

    @property
    def network_pending(self) -> bool:
        """Whether the settings of the network differ from those of the current model.

        A fresh network was made with all of them; of another one only the architecture is known.
        """
        made = architecture_settings(self.network)
        if self.origin == Origin.FRESH:
            made |= self.built_settings
        return any(getattr(self, name) != value for name, value in made.items())


def architecture_settings(network: Network) -> dict[str, Any]:
    """Return the settings that describe the architecture of a network."""
    values = (
        architecture_of(network),
        list(network.sizes[1:-1]),
        network.activation,
        network.has_biases,
    )
    return dict(zip(ARCHITECTURE_SETTINGS, values, strict=True))


class SampleSelection(param.Parameterized):
    """Which sample is loaded, and the correct label of the drawing, to train on it."""

    part = param.Selector(
        default="test", objects={"test": "test", "training": "train"}, label=gettext_noop("Split")
    )
    label = param.Selector(default=ANY, objects={"any": ANY}, label=gettext_noop("Class"))
    index = param.String("", label=gettext_noop("Index"))
    drawing_label = param.Selector(
        default=ANY,
        objects={"choose": ANY},
        label=gettext_noop("Correct label"),
        doc=gettext_noop("Of the drawing."),
    )

    def set_classes(self, class_names: tuple[str, ...]) -> None:
        """Offer these classes, and choose none of them."""
        labels = {name: index for index, name in enumerate(class_names)}
        self.param["part"].objects = {gettext("test"): "test", gettext("training"): "train"}
        self.param["label"].objects = {gettext("any"): ANY, **labels}
        self.param["drawing_label"].objects = {gettext("choose"): ANY, **labels}
        self.param.update(label=ANY, drawing_label=ANY)
