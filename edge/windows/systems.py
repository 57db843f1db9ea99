"""What a paired queue or business system may ask: `POST /api/invite`, `/api/cancel`, `/api/show`.

`show` opens a citizen's own page at the tablet of a window, now or never. Its address names a person: it
goes from this request to the tablet's line, and stands in no file, log, event, status or queue of ours. The
hall's network carries it as it is: only who calls from there is heard; tablets belong in one of their own.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec

from drivers.base import Reply, Request
from drivers.evaluation.door import Evaluator
from edge.commands import Commands, Refused
from edge.device.receiver import Receiver
from edge.documents.hall import Hall
from edge.documents.shapes import EvaluationProfile
from edge.evaluation.inviting import NOT_DONE
from edge.settings.networks import may_be_asked
from edge.windows.shown import URL_MAX, may_open

PATH = "/api/"
TTL_MAX = 120
JSON = {"Content-Type": "application/json"}
Window = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Code = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]


class Invite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`/api/invite`: a service has ended; its citizen is asked to rate it."""

    window_no: Window
    project_no: Code | None = None
    item_code: Code | None = None
    trigger: Literal["queue", "business_system"] = "business_system"
    timeout_s: Annotated[int, msgspec.Meta(ge=3, le=600)] | None = None


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`/api/cancel`: nobody is asked there any more."""

    window_no: Window


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`/api/show`: a citizen's own page, at most so many seconds."""

    window_no: Window
    url: Annotated[str, msgspec.Meta(max_length=URL_MAX)]
    ttl_s: Annotated[int, msgspec.Meta(ge=5, le=TTL_MAX)] = 60


class Systems:
    """Of one hall; any thread may call. order: commands of evaluators; networks: `edge.settings.networks`."""

    def __init__(
        self, hall: Hall, receivers: Sequence[Receiver], order: Commands, networks: Sequence[str]
    ) -> None:
        self._hall, self._order, self._networks = hall, order, networks
        self._receivers = tuple(receivers)
        self._ways: dict[str, tuple[type[Any], Callable[[Any], str]]] = {
            "invite": (Invite, self._invite),
            "cancel": (Cancel, self._cancel),
            "show": (Show, self._show),
        }

    def near(self, peer: str) -> bool:
        """Whether a request comes from the hall's networks."""
        return may_be_asked(peer.partition("%")[0], self._networks)

    def serve(self, request: Request) -> Reply:
        """The answer to a request that has passed the doorman."""
        if request.part != "system" or request.method != "POST":
            return _said(401, error="unknown")
        shape, way = self._ways.get(request.path.removeprefix(PATH), (None, None))
        if shape is None or way is None:
            return _said(404, error="not here")
        try:
            return _said(200, session_id=way(msgspec.json.decode(request.body, type=shape)))
        except Refused as refused:
            return _said(409, error=str(refused))
        except (msgspec.MsgspecError, UnicodeError) as error:
            return _said(400, error=str(error))

    def _invite(self, told: Invite) -> str:
        about = {"project_no": told.project_no, "item_code": told.item_code}
        about |= {"timeout_s": str(told.timeout_s) if told.timeout_s else None}
        given = {name: value for name, value in about.items() if value}
        return self._order["invite"]({"window": told.window_no, "trigger": told.trigger, **given})

    def _cancel(self, told: Cancel) -> str:
        return self._order["cancel"]({"window": told.window_no})

    def _show(self, told: Show) -> str:
        """At the first evaluator of the window that can; it is not tried again, and nowhere kept."""
        profile = self._hall.documents.held.profile or EvaluationProfile(version=1)
        if not may_open(told.url, profile.provincial.hosts):
            raise Refused(
                "此网址不在允许的主机名单中 / its host is not in the list of those that may be opened"
            )
        why = "此窗口没有能打开网页的平板 / no tablet that opens pages stands at this window"
        for receiver in self._receivers:
            if told.window_no not in receiver.device.windows:
                continue
            word = receiver.in_turn(
                lambda own, link: own.show(told.url, told.ttl_s, link) if isinstance(own, Evaluator) else ""
            )
            if word and word not in NOT_DONE:
                return word
            why = NOT_DONE.get(word or "not stored", why)
        raise Refused(why)


def _said(status: int, **values: str) -> Reply:
    return Reply(status, msgspec.json.encode(values), JSON)
