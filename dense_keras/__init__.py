"""Watch a neural network come to know five things.

Importing the package is cheap and loads no backend. The parts that need Keras
(``model``, ``experiment``, ``probes``, ``callbacks``) load it when they are
imported; ``dense_keras.backend`` then says which backend is used.
"""

__version__ = "0.1.0"
