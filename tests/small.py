"""Settings of a run that takes seconds: 4 steps an epoch."""

SMALL = {"exemplars": 26, "held_out": 4, "size": 28, "epochs": 2}
