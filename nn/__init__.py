"""Dense and convolutional networks, written by hand on NumPy.

The names below are the public interface, with the modules `nn.calibration` (temperature scaling,
confidence, reliability diagrams) and `nn.serialization` (archives and weights in other programs'
layouts). Nothing here depends on data sets or on a user interface.
"""

from nn.activations import ACTIVATIONS, activation_function, activation_name
from nn.architectures import (
    ARCHITECTURES,
    DENSE,
    architecture_layers,
    architecture_name,
    architecture_of,
)
from nn.backends import backend_name, backend_reason, matrix_product, scale_bytes
from nn.convolution import Conv2D, MaxPool2D
from nn.gradient_check import check_gradient
from nn.initializers import INITIALIZATIONS, initialization_name
from nn.layer_spec import LayerSpec, read_layer_spec
from nn.layers import Dense
from nn.losses import StepResult
from nn.metrics import ClassificationMetrics
from nn.network import Network, create_network, network_title
from nn.optimizers import (
    OPTIMIZERS,
    SGD,
    Adadelta,
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
)
from nn.schedules import SCHEDULES, create_schedule, schedule_name
from nn.serialization import (
    WeightsError,
    load_weights,
    save_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from nn.training import TrainingStep
from nn.weight_averaging import WeightAverage

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "DENSE",
    "INITIALIZATIONS",
    "OPTIMIZERS",
    "PRETRAINED",
    "SCHEDULES",
    "SGD",
    "Adadelta",
    "Adam",
    "AdamW",
    "ClassificationMetrics",
    "Conv2D",
    "Dense",
    "LayerSpec",
    "MaxPool2D",
    "Momentum",
    "Nesterov",
    "Network",
    "Optimizer",
    "PretrainedCard",
    "RMSProp",
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
    "initialization_name",
    "load_pretrained",
    "load_weights",
    "matrix_product",
    "network_title",
    "optimizer_name",
    "pretrained_card",
    "read_layer_spec",
    "save_weights",
    "scale_bytes",
    "schedule_name",
    "weights_from_bytes",
    "weights_to_bytes",
]
