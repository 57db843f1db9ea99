"""The tag dictionary in force: of the evaluation profile, else the one that comes with the release."""

from functools import cache
from pathlib import Path

import msgspec

from edge.documents.shapes import EvaluationProfile, Tag, TagDictionary

BUNDLED = Path(__file__).resolve().parents[2] / "config" / "evaluation" / "tags.json"


@cache
def bundled() -> TagDictionary:
    """The national dictionary of 2020-05."""
    return msgspec.json.decode(BUNDLED.read_bytes(), type=TagDictionary)


def in_force(profile: EvaluationProfile | None) -> TagDictionary:
    """What a page shows, and what tags are judged by."""
    return (profile.tag_dictionary if profile else None) or bundled()


def fitting(dictionary: TagDictionary, stars: int) -> tuple[Tag, ...]:
    """The tags of one level, those shown first before those that are folded."""
    own = [tag for tag in dictionary.tags if tag.code[0] == str(stars)]
    return tuple(sorted(own, key=lambda tag: not tag.first))
