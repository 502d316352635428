"""Adam whose first steps are the same on every backend."""

from __future__ import annotations

from math import log
from typing import Any

from dense_keras.backend import keras

ops = keras.ops


@keras.saving.register_keras_serializable("dense_keras")
class Adam(keras.optimizers.Adam):
    """Keras's Adam, with its correction for the start free of cancellation.

    Keras computes ``1 - beta_2 ** step`` in float32, where a last digit of the power is 6e-5
    of the difference. Backends round powers differently, so their first updates differ by as
    much, and ten steps of training amplify that to 1e-3 of the loss. Here it is
    ``-expm1(step * log(beta_2))``, good to 1e-7. Same arguments, variables and rule as
    ``keras.optimizers.Adam`` (Kingma & Ba 2015, arXiv 1412.6980), without ``amsgrad``.
    """

    def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: Any) -> None:
        step = ops.cast(self.iterations + 1, learning_rate.dtype)
        bias_1, bias_2 = (-ops.expm1(step * log(beta)) for beta in (self.beta_1, self.beta_2))
        super()._backend_update_step(grads, trainable_variables, learning_rate * ops.sqrt(bias_2) / bias_1)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        position = self._get_variable_index(variable)
        mean, square = self._momentums[position], self._velocities[position]
        weight, new_mean, new_square = map(ops.convert_to_tensor, (variable, mean, square))
        new_mean = new_mean + (gradient - new_mean) * (1 - self.beta_1)
        new_square = new_square + (gradient * gradient - new_square) * (1 - self.beta_2)
        self.assign(mean, new_mean)
        self.assign(square, new_square)
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign(variable, weight - new_mean * rate / (new_square**0.5 + self.epsilon))
