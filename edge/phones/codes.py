"""Which codes stand at which window. Pure.

Whose rating counts decides: where it is the province's, its issued picture, else a code of its fixed address;
where it is the hall's own, the local code of a window that phones may rate. An issued picture is shown as it
is, wherever there is one.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from edge.documents.pictures import Picture
from edge.documents.posts import Held
from edge.documents.shapes import EvaluationProfile
from edge.windows.shown import address, page

Kind = Literal["issued", "provincial", "local"]


class Code(NamedTuple):
    """One code of a window. group: the name of its unit, or "". url: what it says; "" for a picture."""

    window: str
    group: str
    kind: Kind
    url: str = ""
    picture: Picture | None = None


def codes(
    held: Held,
    local: Iterable[str],
    url: Callable[[str], str],
    picture: Callable[[str], Picture | None],
) -> list[Code]:
    """Every code of the hall. local: windows that phones may rate; url: the address of such a code."""
    profile, phones = held.profile or EvaluationProfile(version=1), tuple(local)
    groups = {window: group.name for group in held.groups for window in group.windows}
    images, urls = profile.provincial.images, profile.provincial.urls
    found: list[Code] = []
    for window in dict.fromkeys((*groups, *sorted({*phones, *images, *urls}))):
        group, fixed = groups.get(window, ""), address(profile, window)
        issued = picture(images[window]) if window in images else None
        if issued:
            found.append(Code(window, group, "issued", picture=issued))
        if page(profile, window) == "local":
            found += [Code(window, group, "local", url(window))] if window in phones else []
        elif fixed and not issued:
            found.append(Code(window, group, "provincial", fixed))
    return found
