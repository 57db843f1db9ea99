"""`hall-edge discover`: which terminals stand in the hall's networks, and how to take each of them in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from edge.commission.announced import Ear
    from edge.commission.ranges import Network
    from edge.commission.sweep import Family, Sighted
    from edge.settings.settings import Settings
    from edge.words import Lang

TOLD_EVERY_S = 5.0


@click.command()
@config
@click.argument("networks", nargs=-1, metavar="[NETWORK]...")
@click.option(
    "--port", "ports", multiple=True, metavar="DRIVER=PORT", help="设备改过的端口，如 zk=4371 / another port"
)
@click.option("--no-mdns", is_flag=True, help="不监听 mDNS / do not listen to mDNS")
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def discover(
    lang: "Lang",
    config: Path,
    networks: tuple[str, ...],
    ports: tuple[str, ...],
    no_mdns: bool,
    as_json: bool,
) -> None:
    """查找内网中的考勤机、门禁机，不登录 / find terminals in the hall's networks; logs in nowhere."""
    from edge.commission.findings import findings, lines
    from edge.commission.ranges import addresses
    from edge.commission.tables import encoded, known
    from edge.settings.families import driver_modules
    from edge.words import say

    settings = load(config)
    families = _families(driver_modules(), ports)
    chosen = _networks(lang, settings, networks)
    there = known(config, Path(settings.store.folder))
    in_use = {table.host for table in there.tables if table.online}
    hosts = [host for host in addresses(chosen) if host not in in_use]
    with _listening(lang, no_mdns) as ear:
        _tell(lang, "found.scanning", networks=", ".join(map(str, chosen)), n=len(hosts))
        sighted = _swept(lang, hosts, families)
        announced = ear.names() if ear else {}
        others = _others(announced, {*hosts, *in_use}, settings)
        sighted += _swept(lang, others, families) if others else []
    rows = findings(sighted, there, announced)
    if as_json:
        click.echo(encoded(rows))
    elif rows:
        click.echo("\n".join(lines(rows, lang)))
    if not rows:
        leave(EXIT_WRONG, say(lang, "found.nothing"))


def _families(modules: Mapping[str, str], ports: Sequence[str]) -> "list[Family]":
    from edge.commission.sweep import families

    given: dict[str, int] = {}
    for text in ports:
        driver, _, port = text.partition("=")
        if driver not in modules or not port.isdecimal() or not 0 < int(port) < 65536:
            leave(EXIT_CONFIG, f"--port {text}: 应为 驱动=端口 / must be DRIVER=PORT ({', '.join(modules)})")
        given[driver] = int(port)
    return families(sorted(modules.items(), key=lambda item: item[0] != "zk"), given)


def _networks(lang: "Lang", settings: "Settings", texts: Sequence[str]) -> "list[Network]":
    """What to sweep; leaves where that is refused."""
    from edge.commission.ranges import ADDRESSES_MAX, RangeRefused, asked, connected, usual
    from edge.words import say

    added = settings.site.device_networks
    try:
        if texts:
            return asked(texts, added)
    except RangeRefused as refused:
        leave(EXIT_CONFIG, say(lang, refused.word, network=refused.network, most=ADDRESSES_MAX))
    route = Path("/proc/net/route")
    swept, large = usual(connected(route.read_text()) if route.exists() else [], added)
    for network in large:
        _tell(lang, "range.skipped", network=network)
    if not swept:
        leave(EXIT_CONFIG, say(lang, "range.none"))
    return swept


@contextmanager
def _listening(lang: "Lang", deaf: bool) -> "Iterator[Ear | None]":
    """An ear for mDNS, where there is one."""
    from edge.commission.announced import Ear, NoZeroconf

    ear = None
    try:
        ear = None if deaf else Ear()
    except NoZeroconf:
        _tell(lang, "found.no_mdns")
    except OSError as error:
        _tell(lang, "found.mdns_failed", why=error.strerror)
    try:
        yield ear
    finally:
        if ear:
            ear.close()


def _others(announced: Mapping[str, str], asked: set[str], settings: "Settings") -> list[str]:
    """Who announced itself from where nobody has asked yet, and may be asked."""
    from edge.settings.networks import may_be_asked

    added = settings.site.device_networks
    return [host for host in announced if host not in asked and may_be_asked(host, added)]


def _swept(lang: "Lang", hosts: Sequence[str], families: "Sequence[Family]") -> "list[Sighted]":
    """What stands there; says now and then how far it is."""
    from edge.commission.sweep import Pace, sweep

    found: list[Sighted] = []
    asked, told = 0, monotonic()

    def count(more: int) -> None:
        nonlocal asked, told
        asked += more
        if monotonic() - told >= TOLD_EVERY_S:
            told = monotonic()
            _tell(lang, "found.asked", n=asked, all=len(hosts), found=len(found))

    for each in sweep(hosts, families, Pace(), count):
        found.append(each)
    return found


def _tell(lang: "Lang", key: str, **values: object) -> None:
    from edge.words import say

    click.echo(say(lang, key, **values), err=True)
