"""Dense and convolutional networks by hand on NumPy.

All that other packages use is imported here; nothing here knows of data sets or of a screen.
"""

from nn.activations import ACTIVATIONS, activation_function, activation_name
from nn.architectures import (
    ARCHITECTURES,
    DENSE,
    Architecture,
    architecture_layers,
    architecture_name,
    architecture_of,
)
from nn.backends import backend_name, backend_reason, matrix_product, scale_bytes
from nn.calibration import (
    Reliability,
    fit_temperature,
    measure_reliability,
    sureness,
    sureness_threshold,
    with_temperature,
)
from nn.evaluation import Evaluation
from nn.gradient_check import check_gradient
from nn.initializations import INITIALIZATIONS, initialization_name
from nn.layer_spec import LayerSpec, read_layer_spec
from nn.layers import Conv2D, Dense, MaxPool2D
from nn.losses import StepResult
from nn.network import Network, create_network, network_title
from nn.optimizers import (
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    create_optimizer,
    optimizer_name,
)
from nn.pretrained import (
    PRETRAINED,
    PretrainedCard,
    load_pretrained,
    pretrained_card,
    pretrained_name,
)
from nn.schedules import SCHEDULES, Schedule, create_schedule, schedule_name
from nn.training import TrainingStep
from nn.weight_average import WeightAverage
from nn.weights import (
    LAYOUTS,
    load_weights,
    save_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from nn.weights_error import WeightsError

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "DENSE",
    "INITIALIZATIONS",
    "LAYOUTS",
    "OPTIMIZERS",
    "PRETRAINED",
    "SCHEDULES",
    "SGD",
    "Adam",
    "AdamW",
    "Architecture",
    "Conv2D",
    "Dense",
    "Evaluation",
    "LayerSpec",
    "MaxPool2D",
    "Momentum",
    "Nesterov",
    "Network",
    "Optimizer",
    "PretrainedCard",
    "RMSProp",
    "Reliability",
    "Schedule",
    "StepResult",
    "TrainingStep",
    "WeightAverage",
    "WeightsError",
    "activation_function",
    "activation_name",
    "architecture_layers",
    "architecture_name",
    "architecture_of",
    "backend_name",
    "backend_reason",
    "check_gradient",
    "create_network",
    "create_optimizer",
    "create_schedule",
    "fit_temperature",
    "initialization_name",
    "load_pretrained",
    "load_weights",
    "matrix_product",
    "measure_reliability",
    "network_title",
    "optimizer_name",
    "pretrained_card",
    "pretrained_name",
    "read_layer_spec",
    "save_weights",
    "scale_bytes",
    "schedule_name",
    "sureness",
    "sureness_threshold",
    "weights_from_bytes",
    "weights_to_bytes",
    "with_temperature",
]
