"""The study's modules lie beside its texts, not in the package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "studies" / "confirmatory"))
