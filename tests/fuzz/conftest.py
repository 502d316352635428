"""Fuzzing: the same few examples each time, or thousands of new ones with ``FUZZ=long pytest tests/fuzz``."""

import os

from hypothesis import HealthCheck, settings

QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("short", max_examples=40, derandomize=True, database=None, **QUIET)
settings.register_profile("long", max_examples=2000, database=None, **QUIET)
settings.load_profile(os.environ.get("FUZZ", "short"))
