"""Commands of an auditor and of a data protection officer: `hall-edge verify`, `hall-edge erase`."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_NEWER, EXIT_WRONG, actor, answered, config, leave, load

if TYPE_CHECKING:
    from edge.proof.verify import Report
    from edge.words import Lang


@click.command()
@config
@click.option(
    "--head",
    "heads",
    multiple=True,
    help="上级给出的锚点 / an anchor from upstream: SEQUENCE:HEX, EPOCH:SEQUENCE:HEX, or a receipt's JSON",
)
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def verify(lang: "Lang", config: Path, heads: Sequence[str], as_json: bool) -> None:
    """核对哈希链，指出第一处异常 / walk the chain of every epoch; name the first bad row."""
    import msgspec

    from edge.cli.show import report_lines
    from edge.store import marks
    from edge.words import say

    report = _verified(lang, folder := Path(load(config).store.folder), heads)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        click.echo("\n".join(report_lines(report, lang)))
    if report.bad and marks.read_order(folder):
        click.echo(say(lang, "proof.restored"), err=True)
    raise SystemExit(EXIT_WRONG if report.bad else 0)


def _verified(lang: "Lang", folder: Path, heads: Sequence[str]) -> "Report":
    from edge.proof.verify import NewerSchema, NoAnchor, OlderSchema, brought_anchor, verify
    from edge.store import FILE, sqlite
    from edge.words import say

    path = folder / FILE
    if not path.exists():
        leave(EXIT_WRONG, say(lang, "proof.no_database", path=path))
    try:
        return verify(folder, [brought_anchor(text) for text in heads], _progress())
    except NoAnchor as error:
        leave(EXIT_CONFIG, say(lang, "proof.no_anchor", text=error))
    except OlderSchema:
        leave(EXIT_WRONG, say(lang, "proof.older", path=path))
    except NewerSchema:
        leave(EXIT_NEWER, say(lang, "proof.newer", path=path))
    except sqlite.Error as error:
        leave(EXIT_WRONG, say(lang, "proof.cannot_read", path=path, why=error))


def _progress() -> Callable[[int, int], None]:
    """A line that a person at a terminal sees growing; nothing elsewhere."""

    def show(done: int, total: int) -> None:
        end = "\n" if done >= total else ""
        click.echo(f"\r{done:,} / {total:,}{end}", err=True, nl=False)

    return show if sys.stderr.isatty() else lambda _done, _total: None


@click.command()
@config
@click.option("--person", required=True, help="工号或考勤机用户号 / staff number or device user id")
@click.option("--device", help="只在这台设备上的用户号 / this device's user id only")
@click.option(
    "--reason", required=True, help="依据，记入审计，不得写明其人 / why; goes into the audit, naming nobody"
)
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@click.pass_obj
def erase(lang: "Lang", config: Path, person: str, device: str | None, reason: str, yes: bool) -> None:
    """依法删除一个人的事件内容，保留存根 / empty a person's events by law; stubs stay."""
    from edge.words import say

    folder = Path(load(config).store.folder)
    wanted = {"person": person, "reason": reason, **({"device": device} if device else {})}
    for name in ("erasable", "erase"):
        answer = answered(lang, folder, name, actor=actor(), **wanted)
        if not answer.done:
            leave(EXIT_WRONG, answer.text)
        click.echo(answer.text)
        if name == "erasable" and not yes:
            click.confirm(say(lang, "erase.sure"), abort=True)
