"""An auditor's visit to a hall that works: the log fits what upstream holds, and a touched one does not."""

import json
from contextlib import closing

from tests.consume.upstream import Wire
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.test_cli import hall_edge, online
from tests.store import forge

RECEIPT = "zwdt/v1/410421/hall-1/ack/county"


def test_the_auditor_holds_the_log_against_what_upstream_has_confirmed(hall: Hall) -> None:
    config = hall.daemon.config
    assert "没有数据库" in hall_edge("verify", config=config).stderr
    for user in ("1001", "1002", "1003", "1004"):
        hall.terminal.punch(user)
    hall.daemon.start()
    with consuming(hall.county):
        assert until(lambda: hall.held() == 4 and online(hall), 20)
    hall.terminal.punch("1005")
    assert until(lambda: (s := hall.daemon.status()) is not None and s.devices[0].stored == 5, 20)
    with closing(Wire(hall.broker)) as wire:
        assert until(lambda: wire.on(RECEIPT), 10)
        receipt = wire.on(RECEIPT)[-1].decode()
    live = hall_edge("verify", "--head", receipt, config=config)
    assert (live.returncode, "结论: 链完整" in live.stdout) == (0, True), live
    told = json.loads(hall_edge("verify", "--json", config=config).stdout)
    assert ("county", "fits") in [(each["who"], each["standing"]) for each in told["anchors"]]
    assert hall_edge("verify", "--head", "7", config=config).returncode == 2
    hall.daemon.stop()
    told = json.loads(hall_edge("verify", "--json", config=config).stdout)  # the newest is saved at the stop
    (number,) = (each["sequence"] for each in told["anchors"] if each["who"] == "county")
    forge.edit(hall.daemon.folder, 3)
    edited = hall_edge("--lang", "en", "verify", config=config)
    assert (edited.returncode, "number 3" in edited.stdout, "edited" in edited.stdout) == (1, True, True)
    forge.forge_chain(hall.daemon.folder, 3)
    forge.sql(hall.daemon.folder, "DELETE FROM receipt")
    forged = hall_edge("verify", "--head", receipt, "--json", config=config)
    bad = json.loads(forged.stdout)["bad"]
    assert (forged.returncode, bad["fault"], bad["sequence"]) == (1, "rewritten", number)
    assert "第一处异常" in hall_edge("verify", "--head", receipt, config=config).stdout


def test_a_person_is_erased_by_order_and_the_terminal_revives_nothing(hall: Hall) -> None:
    config, words = hall.daemon.config, ("erase", "--person", "1001", "--reason", "离职申请")
    assert hall_edge(*words, "--yes", config=config).returncode == 5
    for user, state in (("1001", 0), ("1002", 0), ("1001", 1)):
        hall.terminal.punch(user, state=state)
    hall.daemon.start()
    assert until(lambda: (s := hall.daemon.status()) is not None and s.devices[0].stored == 3, 20)
    early = hall_edge(*words, "--yes", config=config)
    assert (early.returncode, "2 条尚待上级确认" in early.stderr) == (1, True), "nothing unconfirmed is lost"
    with consuming(hall.county):
        assert until(lambda: hall.held() == 3 and online(hall), 20)
        asked = hall_edge(*words, config=config)
        assert (asked.returncode, "可删除 2 条" in asked.stdout) == (1, True), "no answer is a no"
        assert len(hall_edge("events", "--person", "1001", config=config).stdout.splitlines()) == 2
        done = hall_edge(*words, "--yes", config=config)
        assert (done.returncode, "已删除 2 条" in done.stdout) == (0, True), done
        assert hall_edge("events", "--person", "1001", config=config).stdout == ""
        assert hall_edge("reread", config=config).returncode == 0
        hall.terminal.punch("1003")
        assert until(lambda: hall.held() == 4 and online(hall), 20)
    assert len(hall_edge("events", "--type", "attendance.punch", config=config).stdout.splitlines()) == 2
    shown = hall_edge("events", "--type", "edge.audit", config=config).stdout
    assert ("person.erase" in shown, "1001" in shown) == (True, False)
    told = json.loads(hall_edge("verify", "--json", config=config).stdout)
    assert (told["bad"], told["epochs"][0]["erased"]) == (None, 2)
    assert hall_edge("status", config=config).returncode == 0
