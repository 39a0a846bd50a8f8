"""Dense and convolutional networks, written by hand on NumPy.

The names below are the public interface, with the modules `nn.calibration` (temperature scaling,
confidence, reliability diagrams) and `nn.serialization` (archives and weights in other programs'
layouts). Nothing here depends on data sets or on a user interface.
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
from nn.schedules import SCHEDULES, create_schedule, schedule_name
from nn.scoring import StepResult
from nn.serialization import (
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
    "create_network",
    "create_optimizer",
    "create_schedule",
    "form_title",
    "initialization_name",
    "load_pretrained",
    "load_weights",
    "loss_and_gradients",
    "measure_loss",
    "optimizer_name",
    "pretrained_card",
    "read_plan",
    "save_weights",
    "scale_bytes",
    "schedule_name",
    "stem_of",
    "weights_from_bytes",
    "weights_to_bytes",
]
