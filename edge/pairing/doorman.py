"""Lets in at the device port who proves to hold a key; who does not may only read the page.

A request that carries a signature is checked before the driver sees it, in constant time; once it passes,
never again. Who forges or replays rings one alarm at the device and is audited once; from its address nothing
more is looked at for a while. Pairing itself is answered here; the driver never sees a code.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from hmac import compare_digest
from time import monotonic

import msgspec

from drivers.base import Reply, Request
from edge.pairing.pairings import Offer, Pairing, Pairings
from edge.pairing.replays import Replays, Verdict
from edge.pairing.signing import NONCE, SIGN, TIME, Signed, is_signed, sign, sign_reply, signed

LOG = logging.getLogger(__name__)
PAIR = "/pair"
"""A POST to a path that ends so is answered here."""
FREE, REST_S = 20, 60.0
"""So many failures of an address cost nothing; then it rests."""
ADDRESSES_MAX = 500
Tell = Callable[[str, str, str], None]
"""Told serial, action and address: a forgery, a replay, a pairing. Called in the pool; may block."""


class Doorman:
    """One port's doorman; any thread may call."""

    def __init__(self, pairings: Pairings, tell: Tell) -> None:
        self.pairings, self._tell = pairings, tell
        self._era, self._began_s = secrets.token_hex(8), monotonic()
        self._replays, self._one = Replays(), threading.Lock()
        self._failures: dict[str, tuple[int, float]] = {}

    def time(self) -> str:
        """Our time as a signature takes it."""
        return f"{self._era}.{self._now_ms()}"

    def answer(self, serial: str, request: Request, serve: Callable[[Request], Reply]) -> Reply:
        """The answer of the device's driver, or ours; to a signed request it is signed."""
        if request.method == "POST" and request.path.endswith(PAIR):
            return self._pair(serial, request)
        if not is_signed(request):
            return serve(request)
        if self._rests(request.peer):
            return _said(429, "wait")
        told = signed(request.headers)
        pairing = self.pairings.find(told.key_id) if told else None
        if told is None or pairing is None or not _fits(serial, pairing, told, request):
            return self._refused(serial, "forged", request.peer)
        key = bytes.fromhex(pairing.key)
        reply = self._fresh(serial, pairing, told, request, serve)
        sealed = {TIME: self.time(), SIGN: sign_reply(key, told.nonce, reply.status, reply.body)}
        return replace(reply, headers={**reply.headers, **sealed})

    def _fresh(
        self,
        serial: str,
        pairing: Pairing,
        told: Signed,
        request: Request,
        serve: Callable[[Request], Reply],
    ) -> Reply:
        """What follows a true signature."""
        now_ms = self._now_ms()
        verdict: Verdict = "stale"
        if told.era == self._era:
            with self._one:
                verdict = self._replays.judge(told.key_id, told.nonce, told.ms, now_ms)
        match verdict:
            case "fresh":
                return serve(replace(request, part=pairing.part))
            case "seen":
                self._tell(serial, "replayed", request.peer)
                return _said(409, "seen")
            case "busy":
                return _said(429, "wait")
        return _said(401, "time")  # the page signs again, by the time it is told with this answer

    def _pair(self, serial: str, request: Request) -> Reply:
        """Somebody says to know a code."""
        if self._rests(request.peer):
            return _said(429, "wait")
        try:
            done = self.pairings.redeem(serial, msgspec.json.decode(request.body, type=Offer))
        except (msgspec.MsgspecError, UnicodeError):
            done = None
        except OSError as error:
            LOG.error("a pairing cannot be kept: %s", error)
            return _said(503, "again")
        if done is None:
            return self._refused(serial, "unpaired", request.peer)
        accepted, code = done
        self._tell(serial, f"paired {accepted.part} {accepted.key_id} by {code.actor}", request.peer)
        return Reply(200, msgspec.json.encode(accepted), {"Content-Type": "application/json"})

    def _refused(self, serial: str, action: str, peer: str) -> Reply:
        with self._one:
            times, _ = self._failures.pop(peer, (0, 0.0))
            while len(self._failures) >= ADDRESSES_MAX:
                del self._failures[next(iter(self._failures))]
            self._failures[peer] = (times + 1, monotonic())
        self._tell(serial, action, peer)
        return _said(401, "unknown")

    def _rests(self, peer: str) -> bool:
        times, last_s = self._failures.get(peer, (0, 0.0))
        if times and monotonic() - last_s > REST_S:
            with self._one:
                self._failures.pop(peer, None)
            return False
        return times >= FREE

    def _now_ms(self) -> int:
        return round((monotonic() - self._began_s) * 1000)


def _fits(serial: str, pairing: Pairing, told: Signed, request: Request) -> bool:
    """Whether the signature is of this key and this request, of this device."""
    time, headers = f"{told.era}.{told.ms}", request.headers
    own = sign(bytes.fromhex(pairing.key), request.method, request.path, time, told.nonce, request.body)
    true = compare_digest(own, told.sign) and headers[TIME] == time and headers[NONCE] == told.nonce
    return true and pairing.serial == serial and request.whole and not request.query


def _said(status: int, why: str) -> Reply:
    body: Mapping[str, str] = {"error": why}
    return Reply(status, msgspec.json.encode(body), {"Content-Type": "application/json"})
