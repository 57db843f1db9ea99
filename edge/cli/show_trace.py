"""The answer of `hall-edge trace` as text: conclusion first, then the evidence, each foreign byte inert."""

from collections.abc import Iterator

from edge.store import sequence_of
from edge.trace.trace import Found, Hop, Standing, Trace
from edge.words import Lang, cause_text, next_step, say, word
from edge.words.text import inert


def trace_lines(trace: Trace, lang: Lang) -> list[str]:
    """What to print."""
    asked = say(lang, "trace.asked", person=inert(trace.person), time=_short(trace.time))
    lines = [asked, f"{say(lang, 'conclusion')}: {cause_text(lang, trace.word)}"]
    lines.append(f"  → {say(lang, 'next')}: {next_step(lang, trace.word)}")
    for hop in trace.hops:
        lines += ["", *_hop_lines(hop, trace, lang)]
    if trace.others:
        lines += ["", say(lang, "trace.others")]
        lines += [f"  {_punch(each, lang)}" for each in trace.others]
    return lines


def _punch(punch: Found, lang: Lang) -> str:
    return inert(
        say(
            lang,
            "trace.punch",
            device=punch.device_id,
            serial=punch.serial,
            device_time=_short(punch.device_time),
            time=_short(punch.time),
            quality=word(lang, "quality", punch.time_quality) if punch.time_quality else "",
        ).strip()
    )


def _hop_lines(hop: Hop, trace: Trace, lang: Lang) -> Iterator[str]:
    told = cause_text(lang, hop.word)
    if hop.found:
        yield f"{_punch(hop.found, lang)}  {told}"
        yield from _found_lines(hop.found, trace, lang)
    if hop.terminal:
        yield from _terminal_lines(hop.terminal, told, lang)


def _found_lines(punch: Found, trace: Trace, lang: Lang) -> Iterator[str]:
    if punch.event_id:
        about = {"epoch": punch.epoch, "number": punch.number, "event_id": punch.event_id}
        yield "  " + say(lang, "trace.number", recorded=_short(punch.recorded), **about)
    elif punch.number:
        yield "  " + say(lang, "trace.stub", number=punch.number)
    if punch.aside:
        yield "  " + inert(say(lang, "trace.aside", why=punch.aside))
    if punch.number:
        yield from ("  " + line for line in _upstream_lines(trace, lang))


def _upstream_lines(trace: Trace, lang: Lang) -> Iterator[str]:
    up = trace.upstream
    for app, upto in up.upto.items():
        yield say(lang, "trace.app", app=app, number=sequence_of(upto), at=_short(up.received[app]))
    if up.cause:
        yield say(lang, "trace.uplink", cause=cause_text(lang, up.cause), since=_short(up.since))


def _terminal_lines(terminal: Standing, told: str, lang: Lang) -> Iterator[str]:
    name = inert(f"{terminal.device_id} {terminal.name}")
    yield say(lang, "trace.terminal", device=name, serial=inert(terminal.serial) or "-", word=told)
    yield "  " + _evidence(terminal, lang)
    if terminal.before:
        yield "  " + say(lang, "trace.before", day=terminal.before)
    if terminal.rejects:
        yield "  " + say(lang, "trace.rejects", n=terminal.rejects)


def _evidence(terminal: Standing, lang: Lang) -> str:
    offset = terminal.clock_offset_ms
    return say(
        lang,
        "trace.evidence",
        until=_short(terminal.complete_until),
        contact=_short(terminal.last_contact),
        offset="-" if offset is None else f"{offset / 1000:+.1f} s",
        state=say(lang, f"state.{terminal.state}"),
        cause=cause_text(lang, terminal.cause),
        since=_short(terminal.since),
    )


def _short(moment: str | None) -> str:
    """A time without zone and fraction."""
    return moment[:19].replace("T", " ") if moment else "-"
