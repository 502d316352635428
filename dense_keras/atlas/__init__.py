"""The atlas: a run as one static page with a slider over training time, opened from disk.

``write_atlas`` computes what the page shows, with the package's own measures, and lays it beside the viewer.
``write_run`` and ``lay_out`` are its two halves.
"""

from dense_keras.atlas.export import lay_out, write_atlas, write_run

__all__ = ["lay_out", "write_atlas", "write_run"]
