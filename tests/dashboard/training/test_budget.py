"""What networks and steps cost, and that settings beyond the budget are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.digits.state import DigitsState
from dashboard.training.budget import DIGITS_BUDGET, Budget, NetworkCost, network_cost
from dashboard.training.settings import SettingError, TrainingSettings
from nn import ARCHITECTURES, architecture_layers, create_network

generator = np.random.default_rng(1)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("hidden", [(), (7,), (30, 20)])
def test_the_weights_are_those_of_the_network(name, hidden):
    spec = architecture_layers(name)
    network = create_network((784, *hidden, 10), generator=generator, layer_spec=spec)
    cost = network_cost(784, hidden, 10, spec, 28)
    assert cost.weights == sum(layer.weights.size for layer in network.layers)


def test_a_convolution_multiplies_its_kernel_at_every_place():
    spec = architecture_layers("conv5x8 pool2")
    cost = network_cost(784, (), 10, spec, 28)
    assert cost.multiplications == 28 * 28 * 25 * 8 + 14 * 14 * 8 * 10
    assert network_cost(784, (), 10, None, 28).multiplications == 7840


@given(st.integers(1, 10**6), st.integers(1, 10**9), st.integers(1, 10**4))
def test_a_budget_allows_what_fits_and_names_what_would_fit(weights, multiplications, batch):
    budget = Budget(weights=500_000, step_multiplications=10**9)
    fault = budget.fault(NetworkCost(weights, multiplications), batch)
    assert (not fault) == (weights <= 500_000 and multiplications * batch <= 10**9)
    if fault and weights <= 500_000:
        assert f"{10**9 // multiplications:,}" in fault


def test_the_largest_network_of_two_full_layers_fits_and_a_third_does_not():
    settings = TrainingSettings(hidden_layers=[2048, 2048])
    with pytest.raises(SettingError, match=f"{DIGITS_BUDGET.weights:,}"):
        settings.hidden_layers = [2048, 2048, 2048]
    assert settings.hidden_layers == [2048, 2048]


def test_settings_beyond_the_budget_cannot_be_made():
    with pytest.raises(SettingError):
        DigitsState(hidden_layers=[2048] * 8)


def test_a_refused_change_reaches_no_watcher_and_undoes_all_changes_that_came_with_it():
    state, seen = DigitsState(), []
    state.param.watch(seen.append, ["hidden_layers", "seed"])
    with pytest.raises(SettingError):
        state.param.update(hidden_layers=[2048] * 3, batch_size=64)
    assert (state.hidden_layers, state.batch_size) == ([128], 32)
    assert not seen
    state.hidden_layers = [64]
    assert [event.new for event in seen] == [[64]]


def test_a_batch_that_is_too_large_for_the_network_is_refused_with_the_one_that_fits():
    state = DigitsState(architecture="best", hidden_layers=[128], batch_size=64)
    with pytest.raises(SettingError) as refused:
        state.batch_size = 4096
    cost = network_cost(784, [128], 10, architecture_layers("best"), 28)
    largest = DIGITS_BUDGET.step_multiplications // cost.multiplications
    assert f"{largest:,}" in str(refused.value)
    state.batch_size = largest
    assert state.batch_size == largest
