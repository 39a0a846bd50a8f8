"""Dense and convolutional networks by hand on NumPy: numbers in, numbers out.

This page of names is all that other packages use; nothing here knows of files of digits or
of a screen.
"""

from nn.activations import ACTIVATIONS, activation_name
from nn.architectures import (
    ARCHITECTURES,
    DENSE,
    Architecture,
    architecture_name,
    architecture_of,
    stem_of,
)
from nn.calibration import (
    ReliabilityDiagram,
    confidence,
    confidence_threshold,
    fit_temperature,
    reliability_diagram,
    with_temperature,
)
from nn.checks import NO_CLASS
from nn.gradient_check import check_gradient
from nn.gradients import Loss, loss_and_gradients, measure_loss
from nn.initializers import INITIALIZATIONS, initialization_name
from nn.kernels import backend_name, backend_reason
from nn.layers import Layer
from nn.metrics import ClassificationMetrics
from nn.network import Forward, Network, create_network, form_title
from nn.optimizers import OPTIMIZERS, Optimizer, create_optimizer, optimizer_name
from nn.pretrained import (
    PRETRAINED,
    PretrainedCard,
    load_pretrained,
    pretrained_card,
)
from nn.products import scale_bytes
from nn.schedules import SCHEDULES, Schedule, create_schedule, schedule_name
from nn.scoring import StepResult
from nn.serialization import (
    LAYOUTS,
    WeightsError,
    load_weights,
    save_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from nn.stem import Stem
from nn.stem_plan import StemPlan, read_plan
from nn.step import TrainingStep
from nn.weight_averaging import WeightAverage

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "DENSE",
    "INITIALIZATIONS",
    "LAYOUTS",
    "NO_CLASS",
    "OPTIMIZERS",
    "PRETRAINED",
    "SCHEDULES",
    "Architecture",
    "ClassificationMetrics",
    "Forward",
    "Layer",
    "Loss",
    "Network",
    "Optimizer",
    "PretrainedCard",
    "ReliabilityDiagram",
    "Schedule",
    "Stem",
    "StemPlan",
    "StepResult",
    "TrainingStep",
    "WeightAverage",
    "WeightsError",
    "activation_name",
    "architecture_name",
    "architecture_of",
    "backend_name",
    "backend_reason",
    "check_gradient",
    "confidence",
    "confidence_threshold",
    "create_network",
    "create_optimizer",
    "create_schedule",
    "fit_temperature",
    "form_title",
    "initialization_name",
    "load_pretrained",
    "load_weights",
    "loss_and_gradients",
    "measure_loss",
    "optimizer_name",
    "pretrained_card",
    "read_plan",
    "reliability_diagram",
    "save_weights",
    "scale_bytes",
    "schedule_name",
    "stem_of",
    "weights_from_bytes",
    "weights_to_bytes",
    "with_temperature",
]
