"""The training steps and pictures of the plane, natively and in Pyodide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import nn
from benchmarks.cases import PLANE_L2, PLANE_RATE, Case
from dashboard.plane.surface import SurfaceEvaluator
from data_cache import PLANE_INPUTS, PointFeed, derive_inputs, make_shape

INPUTS = PLANE_INPUTS[:2]


def plane_step(case: Case) -> Callable[[], object]:
    """Prepare a full-batch step as in the app: the feed's batch, then the step."""
    points = make_shape("spiral", case.batch, case.sizes[-1], 0.25, np.random.default_rng(1))
    feed = PointFeed(
        derive_inputs(points.points, INPUTS), points.labels, generator=np.random.default_rng(1)
    )
    network = _network(case)
    step = nn.TrainingStep(
        network,
        nn.create_optimizer("sgd", network.parameters()),
        batch_capacity=case.batch,
        l2=PLANE_L2,
    )

    def train() -> object:
        batch = feed.take(0)
        return step(batch.images, batch.labels, PLANE_RATE)

    return train


def plane_picture(case: Case) -> Callable[[], object]:
    """Prepare a soft picture of the plane; the batch size is the number of its pixels."""
    network, evaluate = _network(case), SurfaceEvaluator(round(case.batch**0.5), INPUTS)
    return lambda: evaluate(network).picture("soft")


def _network(case: Case) -> nn.Network:
    return nn.create_network(
        case.sizes, generator=np.random.default_rng(0), initialization="normal"
    )


def facts() -> dict[str, object]:
    return {
        "numpy": np.__version__,
        "backend": nn.backend_name(),
        "backend_reason": nn.backend_reason(),
    }
