"""Arrays to TensorBoard: event files, the Embedding Projector, and a server to look at them.

Everything here is a pure function of NumPy arrays and needs the ``tensorboard`` package
alone. Neither TensorFlow nor PyTorch is imported, even where they are installed, so the
files of a run hold the same data whichever backend trained it.

    with EventFile("runs/first/tensorboard") as events:
        events.scalar("accuracy", 0.42, step=312)
    write_embeddings("runs/first/tensorboard", 312, {"dense": activations}, {"token": names}, thumbnails)
    serve("runs/first/tensorboard")
"""

from dense_keras.tensorboard.events import EventFile, encode_png
from dense_keras.tensorboard.projector import Thumbnails, principal_coordinates, write_embeddings
from dense_keras.tensorboard.server import serve

__all__ = ["EventFile", "Thumbnails", "encode_png", "principal_coordinates", "serve", "write_embeddings"]
