"""What the status page shows: a snapshot turned into words, in one language. Pure.

Template and script only place these texts, so that the page says the same with and without
JavaScript. Text of a device, a person or a config is cut and cleaned here; nothing reads a clock.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal

import msgspec

from edge.causes import CAUSES
from edge.contract import Problem
from edge.guard.checks import told
from edge.snapshot import DeviceHealth, Snapshot, StaffPart, UplinkHealth
from edge.web.short import NAME_MAX, NOTHING, TEXT_MAX, clock_offset, moment, plain, since
from edge.words import TEXTS, Lang, cause_text, next_step, say

Level = Literal["good", "warn", "bad", "unknown", "off"]
"""Colour and shape; the word beside it says the same."""

SOON_DAYS = 90
"""So long before a log is full it is told."""
STAFF_SHOWN = 20
LEVELS: dict[str, Level] = {
    "online": "good",
    "connected": "good",
    "degraded": "warn",
    "offline": "bad",
    "unknown": "unknown",
    "disabled": "off",
}


class ProblemView(msgspec.Struct, frozen=True):
    """One entry of the conclusion."""

    subject: str
    text: str
    since: str
    next_step: str


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `fill` is the part of the terminal's log in use, 0-100, or None where it is unknown."""

    level: Level
    state: str
    name: str
    about: str
    since: str
    last_contact: str
    last_data: str
    complete_until: str
    counts: str
    offset: str
    fill: int | None
    fill_text: str
    cause: str
    detail: str
    next_step: str


class Fact(msgspec.Struct, frozen=True):
    """One line of a panel."""

    label: str
    value: str


class PanelView(msgspec.Struct, frozen=True, kw_only=True):
    """Uplink or store."""

    title: str
    level: Level
    state: str
    cause: str
    next_step: str
    facts: tuple[Fact, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page; `level` and `headline` are the conclusion."""

    level: Level
    headline: str
    title: str
    hall: str
    at: str
    problems: tuple[ProblemView, ...]
    devices: tuple[DeviceView, ...]
    panels: tuple[PanelView, ...]
    foot: str


def page(snapshot: Snapshot, lang: Lang) -> Page:
    """All that the page shows of `snapshot`."""
    count = len(snapshot.problems)
    headline = say(lang, "problems", n=count) if count else say(lang, "all_well")
    headline = headline[0].upper() + headline[1:]
    hall = plain(snapshot.hall_name, NAME_MAX) or snapshot.hall
    names = {device.device_id: plain(device.name, NAME_MAX) for device in snapshot.devices}
    at = snapshot.at
    return Page(
        level=conclusion(snapshot),
        headline=headline,
        title=f"{headline} · {hall}",
        hall=hall,
        at=moment(at, at, lang),
        problems=tuple(_problem(problem, names, at, lang) for problem in snapshot.problems),
        devices=tuple(_device(device, at, lang) for device in snapshot.devices),
        panels=(_uplink(snapshot.uplink, at, lang), _store(snapshot, lang), *_staff(snapshot, names, lang)),
        foot=say(
            lang,
            "page.foot",
            version=snapshot.version,
            county=snapshot.county,
            hall=snapshot.hall,
            started=moment(snapshot.started, at, lang),
        ),
    )


def conclusion(snapshot: Snapshot) -> Level:
    """Good without problems; bad when a device or the uplink is gone; else warn."""
    if not snapshot.problems:
        return "good"
    gone = any(device.state == "offline" for device in snapshot.devices)
    return "bad" if gone or snapshot.uplink.state == "offline" else "warn"


def _cause(cause: str, lang: Lang) -> tuple[str, str]:
    """Text and next step; a cause that a plug-in made up is shown as it is."""
    if cause not in CAUSES:
        return plain(cause, TEXT_MAX), ""
    return cause_text(lang, cause), next_step(lang, cause)


def _problem(problem: Problem, names: dict[str, str], at: str, lang: Lang) -> ProblemView:
    subject = names.get(problem.subject) or plain(problem.subject, NAME_MAX)
    return ProblemView(
        subject=say(lang, problem.subject) if problem.subject in TEXTS else subject,
        text=plain(problem.text.get(lang, problem.cause), TEXT_MAX),
        since=since(problem.since, at, lang),
        next_step=plain(problem.next_step.get(lang, ""), TEXT_MAX),
    )


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def _device(device: DeviceHealth, at: str, lang: Lang) -> DeviceView:
    text, step = _cause(device.cause, lang)
    logs, log_max = device.counts.get("logs"), device.counts.get("log_max")
    full = None if logs is None or not log_max else max(0, min(100, round(100 * logs / log_max)))
    quarantined = say(lang, "quarantined", n=device.quarantined) if device.quarantined else ""
    return DeviceView(
        level=LEVELS[device.state],
        state=say(lang, f"state.{device.state}"),
        name=plain(device.name, NAME_MAX) or device.device_id,
        about=_joined(plain(part, NAME_MAX) for part in (device.model, device.serial, device.driver)),
        since=since(device.since, at, lang),
        last_contact=moment(device.last_contact, at, lang),
        last_data=moment(device.last_data, at, lang),
        complete_until=moment(device.complete_until, at, lang),
        counts=f"{NOTHING if logs is None else f'{logs:,}'} / {device.stored:,}",
        offset=clock_offset(device.clock_offset_ms),
        fill=full,
        fill_text=NOTHING if full is None else f"{full} %",
        cause="" if device.cause == "ok" else text,
        detail=_joined(
            [
                plain(device.detail, TEXT_MAX),
                quarantined,
                _full_soon(device, lang),
                told(device.settings, lang),
            ]
        ),
        next_step=step,
    )


def _full_soon(device: DeviceHealth, lang: Lang) -> str:
    days = device.log_days_left
    return "" if days is None or days > SOON_DAYS else say(lang, "full_soon", n=days)


def _uplink(uplink: UplinkHealth, at: str, lang: Lang) -> PanelView:
    text, step = _cause(uplink.cause, lang)
    level = LEVELS[uplink.state]
    facts = [
        Fact(say(lang, "col.since"), since(uplink.since, at, lang)),
        Fact(say(lang, "page.broker"), plain(uplink.broker, NAME_MAX) or NOTHING),
        Fact(say(lang, "page.unconfirmed"), f"{uplink.unconfirmed:,}"),
        Fact(say(lang, "page.sent_to"), f"{uplink.sent_to:,}"),
    ]
    for name, app in uplink.apps.items():
        receipt = moment(app.last_receipt, at, lang)
        facts.append(Fact(plain(name, NAME_MAX), say(lang, "page.receipt", upto=app.upto, at=receipt)))
    if uplink.detail:
        facts.append(Fact(say(lang, "page.detail"), plain(uplink.detail, TEXT_MAX)))
    return PanelView(
        title=say(lang, "uplink"),
        level="warn" if level == "good" and uplink.cause != "ok" else level,
        state=say(lang, f"state.{uplink.state}"),
        cause="" if uplink.cause == "ok" else text,
        next_step=step,
        facts=tuple(facts),
    )


def _staff(snapshot: Snapshot, names: dict[str, str], lang: Lang) -> Iterator[PanelView]:
    """The orders about people, open ones first; no panel where there is none."""
    parts = snapshot.staff
    waiting = [part for part in parts if part.state in ("waiting", "sent")]
    failed = [part for part in parts if part.state in ("failed", "expired")]
    if parts:
        yield PanelView(
            title=say(lang, "staff.title"),
            level="warn" if failed else "unknown" if waiting else "good",
            state=say(lang, "staff.waits", n=len(waiting)) if waiting else say(lang, "staff.answered"),
            cause="",
            next_step="",
            facts=tuple(_staff_fact(part, names, snapshot.at, lang) for part in parts[:STAFF_SHOWN]),
        )


def _staff_fact(part: StaffPart, names: dict[str, str], at: str, lang: Lang) -> Fact:
    device = names.get(part.device_id) or plain(part.device_id, NAME_MAX)
    text, step = _cause(part.cause, lang)
    when = f"{say(lang, 'col.since')} {since(part.since, at, lang)}"
    told = [say(lang, f"staff.{part.state}"), text, plain(part.detail, TEXT_MAX), when]
    told += [f"{say(lang, 'next')}: {step}"] if part.state != "done" and step else []
    return Fact(
        _joined([say(lang, f"staff.{part.command}"), plain(part.user, NAME_MAX), device]), _joined(told)
    )


def _store(snapshot: Snapshot, lang: Lang) -> PanelView:
    words, store = partial(say, lang), snapshot.store
    mebibytes = (store.db_bytes + store.wal_bytes) / 2**20
    causes = {problem.cause for problem in snapshot.problems}
    clock = "clock_suspected" if "clock_suspected" in causes else "ok"
    word = store.cause if store.cause != "ok" else clock if snapshot.clock_trusted else "clock_untrusted"
    well = word == "ok" and not any(problem.subject == "store" for problem in snapshot.problems)
    cause = ("", "") if word == "ok" else _cause(word, lang)
    facts = [
        Fact(words("page.disk"), f"{store.disk_free_bytes / 1e9:.1f} GB"),
        Fact(words("page.database"), f"{mebibytes:.1f} MiB"),
        Fact(words("page.head"), f"{store.seq_head:,}"),
        Fact(words("page.epoch"), plain(store.epoch, NAME_MAX)),
        Fact(words("page.quarantine"), f"{store.quarantined:,}"),
        Fact("SQLite", plain(store.sqlite_version, NAME_MAX)),
    ]
    return PanelView(
        title=words("store"),
        level="good" if well else "warn",
        state=words("page.well" if well else "page.attention"),
        cause=cause[0],
        next_step=cause[1],
        facts=tuple(facts),
    )
