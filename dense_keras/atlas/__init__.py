"""The atlas: a run as one static page with a slider over training time, opened from disk.

``write_atlas`` computes what the page shows, with the package's own measures, and lays it beside the viewer.
"""

from dense_keras.atlas.export import write_atlas

__all__ = ["write_atlas"]
