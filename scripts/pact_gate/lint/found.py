"""What a rule gives: a place in an interaction, and a sentence. The rest of a finding is added for all rules alike."""

from __future__ import annotations

from typing import Any, NamedTuple

from pact_gate.lint.document import Way
from pact_gate.lint.interaction import Interaction


class Found(NamedTuple):
    """A rule's finding. `way` starts at the interaction, or at the document where no interaction is meant.

    `want` is what to match instead, a word of `suggest.instead`, and `value` the example for it; both are left out
    where there is no line to write. Whether `value` is a secret is asked for all rules alike.
    """

    rule: str
    way: Way
    message: str
    want: str = ""
    value: Any = None
    key: str = ""


Placed = tuple[Interaction | None, Found]
"""What was found, and the interaction in which; None where no single one is meant."""
