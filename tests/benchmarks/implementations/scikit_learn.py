"""scikit-learn's MLPClassifier, one batch per call of `partial_fit`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_info

from benchmarks.cases import LEARNING_RATE, Case, make_batches


def _make_model(case: Case) -> MLPClassifier:
    """Plain SGD without momentum or L2 penalty; the inputs make it float32."""
    return MLPClassifier(
        case.sizes[1:-1],
        solver="sgd",
        alpha=0.0,
        batch_size=case.batch,
        learning_rate_init=LEARNING_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=0,
    )


def training_step(case: Case) -> Callable[[], object]:
    model = _make_model(case)
    batches = cycle(make_batches(case))
    classes = np.arange(case.sizes[-1])
    model.partial_fit(*next(batches), classes=classes)

    def train() -> None:
        model.partial_fit(*next(batches))

    return train


def forward_pass(case: Case) -> Callable[[], object]:
    model = _make_model(case)
    x, labels = make_batches(case)[0]
    model.partial_fit(x, labels, classes=np.arange(case.sizes[-1]))
    return lambda: model.predict_proba(x)


def facts() -> dict[str, object]:
    return {
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "threads": {pool["internal_api"]: pool["num_threads"] for pool in threadpool_info()},
    }
