"""The `data` of what upstream hears about its documents. Pure."""

from typing import Annotated

import msgspec

from edge.catalogue.carried import FromEdge


class ConfigApplied(FromEdge, frozen=True, kw_only=True, omit_defaults=True):
    """`config.applied`: a document was taken over (`ok`), or refused and the last good one kept.

    doc: its name. sha256: of its bytes. added, changed, removed: entries against the one before.
    errors: why it was refused, each naming key and value.
    """

    doc: str
    sha256: str
    ok: bool
    version: int | None = None
    added: int = 0
    changed: int = 0
    removed: int = 0
    errors: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()
