"""No terminal of any family is ever disabled, cleared, restarted or asked for templates, whatever happens.

ZKTeco by pull: `test_zk_beside.py`.
"""

import re
from typing import Any

import pytest

from drivers.base import Link, Order
from tests.drivers import adms_site
from tests.drivers.dahua_site import driver as dahua
from tests.drivers.hikvision_site import driver as hikvision
from tests.drivers.hikvision_site import past
from tests.drivers.memory_link import MemoryLink, running
from tests.sim import dahua as dahua_sim
from tests.sim import isapi
from tests.sim.isapi.terminal import CLOCK_SET

READS = {
    "hikvision": re.compile(
        r"GET /ISAPI/(System/(deviceInfo|time)|AccessControl/(CardReaderCfg/1|AcsEvent/StorageCfg))\b.*"
        r"|POST /ISAPI/AccessControl/(AcsEvent|AcsEventTotalNum|UserInfo/Search)\?format=json"
        r"|GET /ISAPI/AccessControl/UserInfo/Count\?format=json"
    ),
    "dahua": re.compile(
        r"GET /cgi-bin/(magicBox\.cgi\?action=get\w+|global\.cgi\?action=getCurrentTime"
        r"|recordFinder\.cgi\?action=find&name=AccessControlCardRec&.*)"
    ),
}
SETS_CLOCK = re.compile(r"PUT /ISAPI/System/time|GET /cgi-bin/global\.cgi\?action=setCurrentTime.*")
ASKS = re.compile(r"C:\w+:(DATA QUERY ATTLOG|VERIFY SUM ATTLOG) [^\n]*")


@pytest.mark.parametrize("family", sorted(READS))
@pytest.mark.parametrize("trouble", ["", "unauthorized", "cut", "truncate"])
def test_a_terminal_that_is_asked_is_only_read(family: str, trouble: str) -> None:
    kind, make = (isapi.Terminal, hikvision) if family == "hikvision" else (dahua_sim.Terminal, dahua)
    terminal: Any = kind()
    terminal.load(past(60))
    before = list(terminal.log)
    if trouble:
        setattr(terminal.http, trouble, 2)
    link, done = MemoryLink(), list[str]()
    with terminal:
        for clock in (None, terminal.true_time().isoformat(timespec="seconds")):
            link.waiting += [
                Order("reread", done.append),
                Order("set_time", done.append, lambda clock=clock: clock),  # type: ignore[misc]
                Order("dance", done.append),
            ]
            with running(make(terminal, poll_s=0.05), link) as work:
                work.until(lambda work=work: not link.waiting or work.error)  # type: ignore[misc]
                work.until(lambda work=work: link.completes or work.error)  # type: ignore[misc]
    odd = [path for path in terminal.paths if not READS[family].fullmatch(path)]
    assert [path for path in odd if not SETS_CLOCK.fullmatch(path)] == []
    assert terminal.log[: len(before)] == before
    added = [(each.major, each.minor) for each in terminal.log[len(before) :]]
    assert set(added) <= {CLOCK_SET}, "its own word on its clock, which it was told, alone"


def test_a_terminal_that_pushes_is_only_asked_for_its_log() -> None:
    listener, link = adms_site.driver(), MemoryLink()
    holder: Link = link
    link.waiting.append(Order("reread", lambda _result: None))
    said = b""
    for target in ("cdata?options=all", "getrequest", "getrequest?INFO=v,1,2,3", "ping", "getrequest"):
        said += listener.handle(adms_site.request(target), holder).body + b"\n"
        listener.ordered(holder)
    listener.handle(adms_site.upload(adms_site.records(1, 5)), holder)
    said += listener.handle(adms_site.request("getrequest"), holder).body
    commands = [line for line in said.decode().splitlines() if line.startswith("C:")]
    assert commands
    assert [line for line in commands if not ASKS.fullmatch(line)] == []
