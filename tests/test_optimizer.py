import numpy as np

from dense_keras.backend import keras
from dense_keras.optimizer import Adam


def updates(optimizer, gradients):
    """What each of a row of gradients changes a weight by."""
    weight = keras.Variable(np.zeros(1, np.float32))
    optimizer.build([weight])
    values = [0.0]
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(np.float32([gradient]))], [weight])
        values.append(float(keras.ops.convert_to_numpy(weight)[0]))
    return np.diff(values)


def exact_updates(gradients, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """Algorithm 1 of Kingma & Ba 2015 in float64, with epsilon where their section 2 puts it for efficiency."""
    mean = square = 0.0
    found = []
    for step, gradient in enumerate(np.float32(gradients).astype(float), start=1):
        mean = beta_1 * mean + (1 - beta_1) * gradient
        square = beta_2 * square + (1 - beta_2) * gradient**2
        corrected = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        found.append(-corrected * mean / (np.sqrt(square) + epsilon))
    return np.array(found)


def test_first_updates_are_adams_to_the_last_digits_of_float32():
    gradients = np.random.default_rng(0).normal(size=12)
    np.testing.assert_allclose(updates(Adam(0.01), gradients), exact_updates(gradients, 0.01), rtol=2e-6, atol=1e-8)


def test_it_is_kerass_rule():
    gradients = np.random.default_rng(1).normal(size=12)
    np.testing.assert_allclose(
        updates(Adam(0.01), gradients), updates(keras.optimizers.Adam(0.01), gradients), rtol=1e-3, atol=1e-7
    )


def test_a_saved_model_comes_back_with_it(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(Adam(0.01), "mse")
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    model.save(tmp_path / "saved.keras")
    assert type(keras.saving.load_model(tmp_path / "saved.keras").optimizer) is Adam
