"""Makes the files beside it with PyTorch and Keras: `KERAS_BACKEND=torch python make_exports.py`.

They are committed, so that the tests need neither. `expected.npz` has the probabilities that those
programs give for the images in it.
"""

from pathlib import Path

import keras
import numpy as np
import safetensors.torch
import torch
from torch import nn

HERE = Path(__file__).parent
torch.manual_seed(1)
keras.utils.set_random_seed(2)
images = np.random.default_rng(3).random((4, 784)).astype(np.float32)
expected = {"images": images}


class Named(nn.Module):
    """Layers by name, two of them square, as in many tutorials."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(784, 5), nn.Linear(5, 5), nn.Linear(5, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return self.fc3(x)


class Convolutional(nn.Module):
    """A small LeNet: no padding, a pooling after every convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 5), nn.Conv2d(2, 3, 5)
        self.out = nn.Linear(3 * 4 * 4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.max_pool2d(torch.relu(self.conv1(x.reshape(-1, 1, 28, 28))), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.out(x.flatten(1))


sequential = nn.Sequential(nn.Flatten(), nn.Linear(784, 5), nn.ReLU(), nn.Linear(5, 10))
modules = {
    "torch_sequential": sequential,
    "torch_named": Named(),
    "torch_convolutional": Convolutional(),
}
for name, module in modules.items():
    state = module.state_dict()
    np.savez(HERE / f"{name}.npz", **{key: value.numpy() for key, value in state.items()})
    safetensors.torch.save_file(state, HERE / f"{name}.safetensors")
    with torch.no_grad():
        expected[name] = torch.softmax(module(torch.from_numpy(images)), 1).numpy()
torch.save(sequential.state_dict(), HERE / "torch_pickle.pt")

dense = keras.Sequential(
    [
        keras.layers.Input((784,)),
        keras.layers.Dense(5, "relu"),
        keras.layers.Dense(5, "relu"),
        keras.layers.Dense(10, "softmax"),
    ]
)
convolutional = keras.Sequential(
    [
        keras.layers.Input((28, 28, 1)),
        keras.layers.Conv2D(2, 3, activation="relu", padding="same"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(3, 3, activation="relu", padding="same"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(4, "relu"),
        keras.layers.Dense(10, "softmax"),
    ]
)
for name, model in {"keras_dense": dense, "keras_convolutional": convolutional}.items():
    np.savez(HERE / f"{name}.npz", *model.get_weights())
    named = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}
    np.savez(HERE / f"{name}_named.npz", **named)
    shaped = images.reshape(-1, *model.input_shape[1:])
    expected[name] = np.asarray(model.predict(shaped, verbose=0))
dense.save(HERE / "keras_model.keras")
dense.save_weights(HERE / "keras_dense.weights.h5")

np.savez(HERE / "expected.npz", **expected)
