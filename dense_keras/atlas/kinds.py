"""What a unit may detect: a token, or a variant of a part.

Tokens are asked of the held-out exemplars, parts of the factorial probe, where all codes are equally
frequent: among the held-out faces whatever knows a token would seem to read its hair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_keras.atlas.recorded import Recorded
from dense_keras.face_looks import variant_name
from dense_keras.measures import detectors


@dataclass(frozen=True)
class Kinds:
    """Tokens first, then variants of parts.

    code: the kind of code, None where parts are unknown. token_names, part_names: as in the run. variants: (columns, 2), the part and variant of each other kind.
    members: (exemplars, kinds) bool, of the held-out probe.
    of_parts: (factorial exemplars, columns) bool, of the factorial probe.
    """

    code: str | None
    token_names: list[str]
    part_names: list[str]
    variants: np.ndarray
    members: np.ndarray
    of_parts: np.ndarray

    def described(self) -> list[dict[str, Any]]:
        tokens = [
            {"label": name, "token": token, "part": -1, "variant": -1} for token, name in enumerate(self.token_names)
        ]
        return tokens + [
            {"label": self._label(self.part_names[part], variant), "token": -1, "part": part, "variant": variant}
            for part, variant in self.variants.tolist()
        ]

    def _label(self, part: str, variant: int) -> str:
        return f"{part} {variant_name(self.code, part, variant)}"

    def auc(self, activations: np.ndarray, factorial: np.ndarray | None) -> np.ndarray:
        """How well units detect each kind, of one snapshot: (units, kinds), 0..1, .5 not at all.

        activations: (exemplars, units), factorial: (factorial exemplars, units) or None where parts are unknown.
        """
        tokens = detectors.detection_auc(activations, self.members[:, : len(self.token_names)])
        if not len(self.variants):
            return tokens
        return np.hstack([tokens, detectors.detection_auc(factorial, self.of_parts)])


def kinds_of(recorded: Recorded) -> Kinds:
    """The kinds of a run, without variants that none or all of the few exemplars wear by which couplings are measured."""
    tokens = detectors.token_membership(recorded.probe.tokens)
    nothing = np.zeros((0, 2), np.int64), tokens, np.zeros((0, 0), bool)
    variants, members, of_parts = nothing if recorded.factorial is None else _with_parts(recorded, tokens)
    code = recorded.run.description["experiment"]["code"]
    return Kinds(code, recorded.run.token_names, recorded.run.part_names, variants, members, of_parts)


def _with_parts(recorded: Recorded, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    of_parts, variants = detectors.part_membership(recorded.factorial.codes)
    worn = recorded.probe.codes[:, variants[:, 0]] == variants[:, 1]
    differs = worn[recorded.few].any(axis=0) & ~worn[recorded.few].all(axis=0)
    return variants[differs], np.hstack([tokens, worn[:, differs]]), of_parts[:, differs]
