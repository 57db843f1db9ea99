"""What a person should see to, though every part works: told by those who know, shown with the problems."""

from typing import NamedTuple


class Attention(NamedTuple):
    """One such thing. cause: a word of `edge/causes/`; about: what it concerns, the same in any language.

    command: what a person types for the next step, where there is one.
    """

    subject: str
    cause: str
    since: str
    about: str
    command: str = ""
