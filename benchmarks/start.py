"""How long the package and its command take to start, beside Python itself.

    python benchmarks/start.py

Each turn is a new interpreter: one that does nothing, one that imports NumPy, one that imports ``dense_keras``,
and one that runs ``dense-keras --help``. Neither of the last two loads a backend.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from dense_keras.markdown import markdown_table
from timing import machine, taking_turns

STARTS = {
    "python": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import dense_keras": ["-c", "import dense_keras"],
    "dense-keras --help": ["-m", "dense_keras", "--help"],
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="turns of each")
    chosen = parser.parse_args(arguments)
    arms = {name: lambda _, command=command: started(command) for name, command in STARTS.items()}
    taken = taking_turns(arms, chosen.rounds)
    rows = [[name, f"{min(seconds):.3f}", f"{max(seconds):.3f}"] for name, seconds in taken.items()]
    print(markdown_table(["what is started", "seconds, fastest", "slowest"], rows))
    print(f"\n{chosen.rounds} turns of each. {machine()}")


def started(command: Sequence[str]) -> None:
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
