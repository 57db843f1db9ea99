"""How the command line shows things to people: plain text, Chinese or English, every foreign byte inert."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from drivers.evaluation.levels import NAMES
from edge.contract import Event
from edge.guard import checks
from edge.probe import Probed
from edge.settings.settings import Device
from edge.snapshot import DeviceHealth, Snapshot
from edge.words import Lang, cause_text, next_step, say, word
from edge.words.text import aligned, inert, pad

if TYPE_CHECKING:  # `status` must start at once
    from edge.consume.halls import Standing
    from edge.proof.verify import EpochFound, Report

SOON_DAYS = 90
SHOWN_MAX = 20
"""Events of one commit that are shown one by one: to print each of a backlog costs more than to keep it."""
MARK = {"online": "√", "connected": "√", "degraded": "‼", "unknown": "·", "disabled": "-", "offline": "×"}


def status_lines(snapshot: Snapshot, lang: Lang) -> list[str]:
    """The whole status: conclusion last, as a technician reads upwards from the prompt."""
    return [*map(inert, _status_lines(snapshot, lang))]


def _status_lines(snapshot: Snapshot, lang: Lang) -> list[str]:
    lines = [f"{inert(snapshot.hall_name)} {snapshot.county}/{snapshot.hall}  {snapshot.at[:19]}", ""]
    lines += _table([_device_row(device, lang) for device in snapshot.devices], lang)
    lines += _settings_lines(snapshot, lang)
    lines += ["", _uplink_line(snapshot, lang), _store_line(snapshot, lang), ""]
    if not snapshot.problems:
        return [*lines, say(lang, "all_well")]
    lines.append(say(lang, "problems", n=len(snapshot.problems)))
    for problem in snapshot.problems:
        since = f"{say(lang, 'col.since')} {_clock(problem.since)}"
        lines.append(f"  {problem.subject}: {problem.text[lang]} ({since})")
        if problem.next_step[lang]:
            lines.append(f"    → {say(lang, 'next')}: {problem.next_step[lang]}")
    return lines


def clock_lines(snapshot: Snapshot, lang: Lang) -> list[str]:
    """Our time, who vouches for it, each terminal's offset, and what is wrong with that."""
    who = say(lang, f"clock.{snapshot.clock_source or 'nobody'}")
    lines = [f"{snapshot.at[:19].replace('T', ' ')}  {who}", ""]
    for device in snapshot.devices:
        offset = "-" if device.clock_offset_ms is None else f"{device.clock_offset_ms / 1000:+.1f} s"
        drift = "" if device.clock_drift is None else say(lang, "clock.drift", n=device.clock_drift)
        lines.append(f"  {pad(inert(device.name), 24)}{pad(offset, 10)}{drift}".rstrip())
    for problem in snapshot.problems:
        if problem.subject == "clock":
            lines += ["", problem.text[lang], f"  → {say(lang, 'next')}: {problem.next_step[lang]}"]
    return [*map(inert, lines)]


def event_line(event: Event, data: dict[str, object], lang: Lang) -> str:
    """One event on one line."""
    kind = event.type.removeprefix("cn.zwdt.").removesuffix(".v1")
    parts = [event.time[:19].replace("T", " "), str(data.get("device_id", ""))]
    if kind == "attendance.punch":
        who = str(data.get("staff_no") or data.get("device_user_id"))
        told = (("punch", "punch_state"), ("verify", "verify_method"), ("quality", "time_quality"))
        parts += [who, *(word(lang, group, data.get(name, "")) for group, name in told)]
        parts += [say(lang, "punch_unconfirmed")] if data.get("unconfirmed") else []
    elif kind.startswith("evaluation."):
        said = str(next((data[name] for name in ("level", "reason", "trigger") if name in data), ""))
        named = next((names for level, names in NAMES.items() if level == said), (said, said))
        parts += [kind, str(data.get("window_no", "")), named[lang == "en"]]
    else:
        state = data.get("state")
        parts += [
            kind,
            word(lang, "state", state)
            if state
            else str(
                next(
                    (
                        data[name]
                        for name in ("action", "reason", "result", "code", "time", "event_id")
                        if name in data
                    ),
                    "",
                )
            ),
        ]
    return inert("  ".join(part for part in parts if part))


def taken_lines(events: Sequence[Event], lang: Lang) -> list[str]:
    """What one commit of the consumer brought: each event, or of more than a person reads how many."""
    if len(events) > SHOWN_MAX:
        halls = Counter(event.source for event in events)
        return [say(lang, "taken", hall=inert(hall), n=n) for hall, n in halls.items()]
    return [event_line(event, msgspec.json.decode(event.data), lang) for event in events]


def _device_row(device: DeviceHealth, lang: Lang) -> list[str]:
    logs = device.counts.get("logs")
    offset = "" if device.clock_offset_ms is None else f"{device.clock_offset_ms / 1000:+.0f} s"
    state = f"{MARK[device.state]} {say(lang, 'state.' + device.state)}"
    told = "" if device.cause == "ok" else cause_text(lang, device.cause)
    why = inert(device.detail) if device.cause in ("out_of_service", "terminal_swapped") else ""
    what = f"{told} ({why})" if why else told
    return [
        inert(device.name),
        state,
        _clock(device.since),
        _clock(device.last_contact),
        _clock(device.last_data),
        _clock(device.complete_until),
        f"{'-' if logs is None else logs}/{device.stored}",
        offset,
        "; ".join(filter(None, (what, next_step(lang, device.cause), full_soon(device, lang)))),
    ]


def _settings_lines(snapshot: Snapshot, lang: Lang) -> list[str]:
    """The settings of each terminal that was asked for them."""
    told = [(inert(device.name), checks.told(device.settings, lang)) for device in snapshot.devices]
    return ["", *(f"  {name}: {text}" for name, text in told if text)] if any(t for _, t in told) else []


def full_soon(device: DeviceHealth, lang: Lang) -> str:
    """When its log will be full, where that is near enough to matter."""
    days = device.log_days_left
    return "" if days is None or days > SOON_DAYS else say(lang, "full_soon", n=days)


COLUMNS = (
    "device",
    "state",
    "since",
    "last_contact",
    "last_data",
    "complete_until",
    "counts",
    "offset",
    "next",
)


def _table(rows: list[list[str]], lang: Lang) -> list[str]:
    return aligned([[say(lang, f"col.{name}") for name in COLUMNS], *rows])


def _uplink_line(snapshot: Snapshot, lang: Lang) -> str:
    uplink = snapshot.uplink
    parts = [
        say(lang, "uplink"),
        f"{MARK[uplink.state]} {say(lang, 'state.' + uplink.state)}",
        uplink.broker,
        say(lang, "unconfirmed", n=uplink.unconfirmed),
        say(lang, "parked", n=uplink.parked, first=uplink.parked_first) if uplink.parked else "",
        inert(uplink.parked_why),
        "" if uplink.cause == "ok" else cause_text(lang, uplink.cause),
        inert(uplink.detail),
    ]
    return "  ".join(part for part in parts if part)


def _store_line(snapshot: Snapshot, lang: Lang) -> str:
    store = snapshot.store
    parts = [
        say(lang, "store"),
        f"#{store.seq_head}",
        say(lang, "disk_free", gb=store.disk_free_bytes / 1e9),
        say(lang, "quarantined", n=store.quarantined) if store.quarantined else "",
        say(lang, "set_aside", mb=store.set_aside_bytes / 1e6) if store.set_aside_bytes else "",
        f"SQLite {store.sqlite_version}",
        "" if store.cause == "ok" else cause_text(lang, store.cause),
    ]
    return "  ".join(part for part in parts if part)


def _clock(moment: str | None) -> str:
    """An ISO time short enough for a table: `11-22 08:25:03`."""
    return moment[5:19].replace("T", " ") if moment else "-"


def hall_lines(halls: "Sequence[Standing]", lang: Lang) -> list[str]:
    """Where every hall stands, and what to do about it; the sum last."""
    if not halls:
        return [say(lang, "halls.none")]
    names = ("halls.hall", "col.state", "col.since", "halls.heard", "halls.behind", "col.next")
    rows = [[say(lang, name) for name in names], *(_hall_row(hall, lang) for hall in halls)]
    wrong = sum(hall.word != "well" for hall in halls)
    return [*aligned(rows), "", say(lang, "halls.sum", n=len(halls), wrong=wrong)]


def _hall_row(hall: "Standing", lang: Lang) -> list[str]:
    word = say(lang, f"halls.word.{hall.word}")
    told = [f"{one.subject}: {one.text[lang]} → {one.next_step[lang]}" for one in hall.problems]
    advice = [] if hall.word in ("well", "troubled") else [say(lang, f"halls.next.{hall.word}")]
    name = inert(hall.source.removeprefix("/zwdt/"))
    moments = [_clock(hall.since), _clock(hall.heard)]
    return [name, word, *moments, str(hall.behind), inert("; ".join([*advice, *told]))]


def probed_lines(device: Device, probed: Probed, lang: Lang) -> list[str]:
    """What `probe` found out."""
    observation, offset = probed.observation, probed.clock_offset_ms
    heard = say(lang, "probe.heard", at=_clock(probed.heard)) if probed.heard else ""
    rows = [
        (say(lang, "probe.serial"), observation.serial),
        (say(lang, "probe.model"), observation.model),
        (say(lang, "probe.firmware"), observation.firmware),
        (say(lang, "col.offset"), "-" if offset is None else f"{offset / 1000:+.1f} s"),
        *((word(lang, "count", name), str(number)) for name, number in observation.counts.items()),
        *((cause_text(lang, cause), detail) for cause, detail in observation.notes.items()),
        (say(lang, "probe.took"), heard or f"{probed.took_s * 1000:.0f} ms"),
    ]
    return [
        inert(f"{device.device_id} ({device.name})"),
        *(f"  {pad(key, 14)}{inert(value)}" for key, value in rows),
    ]


def report_lines(report: "Report", lang: Lang) -> list[str]:
    """What `verify` found: the epochs, the anchors, and the conclusion last."""
    lines = [line for epoch in report.epochs for line in _epoch_lines(epoch, lang)]
    for anchor in report.anchors:
        standing = say(lang, f"standing.{anchor.standing}")
        values = {"who": inert(anchor.who), "sequence": anchor.sequence, "standing": standing}
        lines.append("  " + say(lang, "proof.anchor", **values))
    bad = report.bad
    if bad is None:
        rows = sum(epoch.rows for epoch in report.epochs)
        note = [] if any(a.standing == "fits" for a in report.anchors) else [say(lang, "proof.unanchored")]
        return [*lines, *note, say(lang, "proof.whole", rows=rows, seconds=report.seconds)]
    what = say(lang, f"tamper.{bad.fault}") + (f" [{inert(bad.detail)}]" if bad.detail else "")
    where = {"epoch": bad.epoch or "?", "sequence": bad.sequence, "position": bad.position}
    lines.append(say(lang, "proof.bad", what=what, **where))
    if bad.fault == "rewritten":
        lines.append("  " + say(lang, "proof.fits_up_to", sequence=report.fits_up_to()))
    return [*lines, f"  → {say(lang, 'next')}: {say(lang, 'proof.next')}"]


def _epoch_lines(epoch: "EpochFound", lang: Lang) -> list[str]:
    lines = [say(lang, "proof.epoch", **msgspec.structs.asdict(epoch))]
    if epoch.purged or epoch.erased:
        lines.append("  " + say(lang, "proof.emptied", purged=epoch.purged, erased=epoch.erased))
    if epoch.declared:
        ranges = ", ".join(f"{first}–{last}" for first, last in epoch.declared)
        lines.append("  " + say(lang, "proof.declared", ranges=ranges))
    return lines
