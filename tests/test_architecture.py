"""Keeps the map of ARCHITECTURE.md true: arrows between rooms, homes of libraries, what stays pure."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

ARROWS = {
    "drivers.adms": "drivers.base drivers.enrolment drivers.room drivers.tape drivers.zk",
    "drivers.base": "drivers.orders",
    "drivers.conversing": "drivers.base",
    "drivers.dahua": "drivers.base drivers.http drivers.sighting",
    "drivers.enrolment": "drivers.base",
    "drivers.evaluation": "drivers.base",
    "drivers.hikvision": "drivers.base drivers.enrolment drivers.hints drivers.http drivers.sighting",
    "drivers.hints": "drivers.base",
    "drivers.http": "drivers.base drivers.hints drivers.tape",
    "drivers.keypad": "drivers.base drivers.evaluation",
    "drivers.kiosk": "drivers.base drivers.evaluation",
    "drivers.orders": "",
    "drivers.phone": "drivers.base drivers.evaluation drivers.kiosk",
    "drivers.room": "",
    "drivers.sighting": "",
    "drivers.tablet_http": "drivers.base drivers.evaluation drivers.http",
    "drivers.tablet_ws": "drivers.base drivers.conversing drivers.evaluation",
    "drivers.tape": "drivers.base",
    "drivers.zk": "drivers.base drivers.enrolment drivers.room drivers.sighting drivers.tape",
    "edge.account": """drivers.base edge.attention edge.clock edge.commands edge.device edge.events edge.guard
        edge.payloads edge.settings edge.store edge.words""",
    "edge.attention": "",
    "edge.backoff": "",
    "edge.catalogue": "drivers.evaluation",
    "edge.causes": "",
    "edge.cli": """drivers.base drivers.evaluation drivers.keypad edge.account edge.clock edge.commands
        edge.commission edge.consume edge.contract edge.control edge.daemon edge.documents edge.duty
        edge.guard edge.office edge.payloads edge.probe edge.process edge.proof edge.settings edge.snapshot
        edge.store edge.trace edge.words""",
    "edge.clock": "edge.catalogue edge.whole",
    "edge.commands": "",
    "edge.commission": """drivers.base drivers.sighting drivers.tape edge.control edge.guard edge.settings
        edge.snapshot edge.whole edge.words""",
    "edge.consume": "edge.backoff edge.contract edge.events edge.payloads edge.store edge.uplink",
    "edge.contract": "",
    "edge.contract_examples": "edge.catalogue edge.contract edge.events edge.payloads edge.store edge.uplink",
    "edge.contract_files": "edge.contract edge.contract_examples edge.documents edge.events edge.payloads",
    "edge.control": "edge.commands edge.snapshot",
    "edge.daemon": """edge.account edge.attention edge.clock edge.commands edge.contract edge.device edge.door
        edge.duty edge.events edge.guard edge.last_word edge.payloads edge.people edge.process edge.proof
        edge.settings edge.staff edge.status edge.store edge.uplink edge.web""",
    "edge.device": """drivers.base drivers.hints drivers.tape edge.backoff edge.clock edge.events edge.guard
        edge.payloads edge.settings edge.snapshot edge.store""",
    "edge.documents": """drivers.base drivers.evaluation edge.attention edge.catalogue edge.clock
        edge.commands edge.duty edge.events edge.settings edge.store edge.whole""",
    "edge.door": """edge.attention edge.clock edge.commands edge.device edge.documents edge.evaluation
        edge.events edge.phones edge.ports edge.settings edge.snapshot edge.store edge.windows""",
    "edge.duty": """drivers.base edge.attention edge.clock edge.commands edge.contract edge.device edge.events
        edge.guard edge.payloads edge.settings edge.snapshot edge.space edge.store edge.uplink edge.whole""",
    "edge.evaluation": """drivers.base edge.attention edge.catalogue edge.clock edge.commands edge.device
        edge.documents edge.store edge.whole edge.words""",
    "edge.events": "drivers.base edge.clock edge.contract edge.payloads",
    "edge.guard": "drivers.base drivers.enrolment edge.payloads edge.store edge.whole edge.words",
    "edge.last_word": "edge.snapshot",
    "edge.office": """drivers.base drivers.evaluation drivers.kiosk edge.catalogue edge.clock edge.commands
        edge.contract edge.device edge.documents edge.events edge.pairing edge.payloads edge.settings
        edge.snapshot edge.store edge.web edge.whole edge.words""",
    "edge.pairing": """drivers.base edge.attention edge.clock edge.commands edge.device edge.duty edge.guard
        edge.payloads edge.store edge.whole""",
    "edge.payloads": "edge.catalogue",
    "edge.people": """edge.attention edge.clock edge.commands edge.documents edge.duty edge.office
        edge.settings edge.snapshot edge.store edge.uplink edge.web""",
    "edge.phones": """drivers.base drivers.kiosk edge.clock edge.commands edge.device edge.documents edge.duty
        edge.evaluation edge.settings edge.store edge.whole edge.windows""",
    "edge.ports": """drivers.base drivers.conversing drivers.hints edge.attention edge.clock edge.commands
        edge.commission edge.device edge.duty edge.pairing edge.process edge.settings edge.snapshot edge.store
        edge.whole edge.windows""",
    "edge.probe": "drivers.base drivers.tape edge.clock edge.control",
    "edge.process": "",
    "edge.proof": "edge.attention edge.clock edge.contract edge.events edge.payloads edge.store",
    "edge.settings": "drivers.base drivers.evaluation edge.contract edge.whole",
    "edge.snapshot": "edge.clock edge.contract",
    "edge.space": "",
    "edge.staff": """drivers.base edge.attention edge.causes edge.clock edge.commands edge.device edge.events
        edge.payloads edge.snapshot edge.store edge.whole""",
    "edge.status": """drivers.base edge.attention edge.clock edge.contract edge.device edge.duty edge.guard
        edge.settings edge.snapshot edge.store edge.uplink edge.words""",
    "edge.store": "drivers.base edge.contract edge.events edge.payloads edge.space edge.urgency edge.whole",
    "edge.trace": "edge.clock edge.contract edge.duty edge.payloads edge.settings edge.snapshot edge.store",
    "edge.uplink": """edge.backoff edge.clock edge.contract edge.events edge.payloads edge.settings
        edge.snapshot edge.store""",
    "edge.urgency": "drivers.evaluation",
    "edge.web": "edge.causes edge.commands edge.contract edge.duty edge.guard edge.snapshot edge.words",
    "edge.whole": "",
    "edge.windows": """drivers.base drivers.evaluation edge.clock edge.commands edge.device edge.documents
        edge.duty edge.evaluation edge.office edge.settings edge.store""",
    "edge.words": "edge.causes",
}
"""Room -> the rooms it imports: exactly these. A new arrow is added here, in a commit that says why."""

HOMES = {
    "zk": {"drivers.zk"},
    "requests": {"drivers.http"},
    "urllib3": {"drivers.http"},
    "paho": {"edge.consume", "edge.uplink.broker", "edge.uplink.paho"},
    "sqlite3": {"edge.store"},
    "pysqlite3": {"edge.store"},
    "sqlite_utils": {"edge.store"},
    "apscheduler": {"edge.daemon"},
    "starlette": {"edge.office", "edge.web"},
    "uvicorn": {"edge.web"},
    "websockets": {"edge.ports"},
    "jinja2": {"edge.office", "edge.web"},
    "click": {"edge.cli"},
    "psycopg": {"edge.consume"},
    "isal": {"edge.uplink.squeezed"},
    "nats": {"edge.consume"},
    "zeroconf": {"edge.commission"},
    "serial": {"drivers.keypad"},
    "segno": {"edge.phones"},
    "xlsxwriter": {"edge.account.statement_sheet"},
    "cv2": set[str](),
}
"""Library -> the only rooms, or files, that import it."""

PURE = [
    "drivers/adms/attlog.py",
    "drivers/adms/enrolled.py",
    "drivers/adms/hints.py",
    "drivers/adms/known.py",
    "drivers/adms/oplog.py",
    "drivers/adms/pace.py",
    "drivers/adms/people.py",
    "drivers/adms/queries.py",
    "drivers/adms/recount.py",
    "drivers/adms/speech.py",
    "drivers/adms/taping.py",
    "drivers/adms/timing.py",
    "drivers/dahua/known.py",
    "drivers/dahua/lines.py",
    "drivers/dahua/records.py",
    "drivers/dahua/walk.py",
    "drivers/enrolment.py",
    "drivers/evaluation/codes.py",
    "drivers/evaluation/comment.py",
    "drivers/evaluation/door.py",
    "drivers/evaluation/levels.py",
    "drivers/evaluation/memory.py",
    "drivers/evaluation/patterns.py",
    "drivers/evaluation/session.py",
    "drivers/evaluation/vendor.py",
    "drivers/hikvision/alarms.py",
    "drivers/hikvision/documents.py",
    "drivers/hikvision/events.py",
    "drivers/hikvision/known.py",
    "drivers/hikvision/page.py",
    "drivers/hikvision/push.py",
    "drivers/hikvision/users.py",
    "drivers/hints.py",
    "drivers/http/digest.py",
    "drivers/http/taping.py",
    "drivers/keypad/frame.py",
    "drivers/keypad/hearing.py",
    "drivers/keypad/options.py",
    "drivers/kiosk/memory.py",
    "drivers/kiosk/observed.py",
    "drivers/kiosk/said.py",
    "drivers/kiosk/waiting.py",
    "drivers/tablet_http/options.py",
    "drivers/tablet_http/walk.py",
    "drivers/tablet_ws/messages.py",
    "drivers/zk/export.py",
    "drivers/zk/frames.py",
    "drivers/zk/layout.py",
    "drivers/zk/nameless.py",
    "drivers/zk/operations.py",
    "drivers/zk/punches.py",
    "drivers/zk/records.py",
    "drivers/zk/table.py",
    "drivers/zk/taping.py",
    "edge/account/reconciliation.py",
    "edge/account/statement.py",
    "edge/account/statement_page.py",
    "edge/catalogue/carried.py",
    "edge/catalogue/documents.py",
    "edge/catalogue/evaluation.py",
    "edge/catalogue/supervision.py",
    "edge/causes/account.py",
    "edge/causes/device.py",
    "edge/causes/evaluator.py",
    "edge/causes/http.py",
    "edge/causes/machine.py",
    "edge/causes/staff.py",
    "edge/causes/trace.py",
    "edge/causes/uplink.py",
    "edge/clock/offsets.py",
    "edge/clock/trust.py",
    "edge/commission/findings.py",
    "edge/commission/ranges.py",
    "edge/commission/table.py",
    "edge/consume/ranges.py",
    "edge/contract.py",
    "edge/documents/checks.py",
    "edge/documents/posts.py",
    "edge/documents/reading.py",
    "edge/documents/shapes.py",
    "edge/documents/taking_over.py",
    "edge/duty/correction.py",
    "edge/duty/export_file.py",
    "edge/duty/retention.py",
    "edge/evaluation/flags.py",
    "edge/evaluation/hours.py",
    "edge/events.py",
    "edge/guard/checks.py",
    "edge/guard/forecast.py",
    "edge/guard/gaps.py",
    "edge/guard/guard.py",
    "edge/guard/tally.py",
    "edge/office/forms/checklist.py",
    "edge/office/forms/fields.py",
    "edge/office/forms/typed.py",
    "edge/office/forms/words.py",
    "edge/office/lines.py",
    "edge/office/waits.py",
    "edge/office/words.py",
    "edge/pairing/replays.py",
    "edge/pairing/signing.py",
    "edge/payloads.py",
    "edge/ports/wire.py",
    "edge/proof/proof.py",
    "edge/settings/complaints.py",
    "edge/settings/networks.py",
    "edge/snapshot.py",
    "edge/space.py",
    "edge/staff/asked.py",
    "edge/staff/orders.py",
    "edge/staff/telling.py",
    "edge/store/proved.py",
    "edge/trace/trace.py",
    "edge/uplink/ahead.py",
    "edge/uplink/aside.py",
    "edge/uplink/confirmations.py",
    "edge/uplink/hosts.py",
    "edge/uplink/outbox.py",
    "edge/uplink/receipts.py",
    "edge/uplink/stall.py",
    "edge/uplink/standing.py",
    "edge/uplink/window.py",
    "edge/uplink/withheld.py",
    "edge/urgency.py",
    "edge/windows/shown.py",
    "edge/words/__init__.py",
    "edge/words/account.py",
    "edge/words/commission.py",
    "edge/words/staff.py",
]
"""Files that decide: no clock, disk, network or chance."""
IMPURE_MODULES = {"time", "socket", "os", "random", "threading", "subprocess", "pathlib", "queue", "secrets"}
IMPURE_CALLS = {"now", "today", "utcnow", "uuid4", "uuid1"}


def sources() -> Iterator[Path]:
    for top in ("edge", "drivers"):
        yield from sorted((ROOT / top).rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            yield from (f"edge.{alias.name}" for alias in node.names) if base == "edge" else [base]


def arrows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sources():
        here = room(module(path))
        if here in ("edge", "drivers"):
            continue
        there = {room(name) for name in imports(path) if name.split(".")[0] in ("edge", "drivers")}
        found.setdefault(here, set()).update(there - {here})
    return found


def test_the_arrows_are_exactly_those_of_the_table() -> None:
    assert arrows() == {name: set(allowed.split()) for name, allowed in ARROWS.items()}


def test_no_arrows_lead_back() -> None:
    order = TopologicalSorter({name: allowed.split() for name, allowed in ARROWS.items()})
    order.prepare()  # CycleError names the rooms that need one another


@pytest.mark.parametrize("library", HOMES)
def test_each_library_lives_in_its_rooms_only(library: str) -> None:
    users = {module(path) for path in sources() for name in imports(path) if name.split(".")[0] == library}
    assert {user if user in HOMES[library] else room(user) for user in users} == HOMES[library]


def test_one_file_alone_imports_sqlite_and_its_errors() -> None:
    users = {
        module(path)
        for path in sources()
        if {name.split(".")[0] for name in imports(path)} & {"sqlite3", "pysqlite3"}
    }
    assert users == {"edge.store.sqlite"}


def test_the_drivers_door_needs_the_standard_library_alone() -> None:
    door = [ROOT / "drivers" / name for name in ("base.py", "orders.py")]
    names = {name for path in door for name in imports(path)} - {"drivers.orders"}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", PURE)
def test_what_decides_is_pure(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    used = {part.split(".")[0] for part in imports(ROOT / name)}
    calls = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not used & IMPURE_MODULES
    assert not calls & IMPURE_CALLS


def test_files_and_functions_stay_short() -> None:
    long = [
        f"{path.name}: {length}" for path in sources() if (length := len(path.read_text().splitlines())) > 300
    ]
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                long += [f"{path.name}:{node.name}: {length}"] if length > 50 else []
    assert long == []


def test_the_map_names_every_room_and_every_thread() -> None:
    named = set(re.findall(r"`((?:edge|drivers)/\w+)(?:\.py|/)?`", MAP))
    rooms = {name.replace(".", "/") for name in ARROWS}
    assert rooms - named == set()
    threads = {
        found
        for path in sources()
        for found in re.findall(r'name=f?"([a-z]+)[ "]', path.read_text(encoding="utf-8"))
        if "Thread(" in path.read_text(encoding="utf-8")
    }
    for thread in threads - {"consumer"}:
        assert re.search(rf"^\| {thread}\b", MAP, re.M), f"thread {thread!r} is not in the table of threads"


def test_no_driver_calls_what_fetches_templates_or_changes_a_terminal() -> None:
    forbidden = re.compile(
        r"template|^(clear|disable|enable|delete|remove|write|save|set|unlock|restart|poweroff|enroll)_"
    )
    called = {
        f"{path.name}: {node.attr}"
        for path in sources()
        if path.parts[-3] == "drivers"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and forbidden.search(node.attr)
    }
    clock = {"commands.py: set_time", "contact.py: set_clock", "rounds.py: set_clock"}
    people = {"people.py: write_user", "people.py: remove_user"}
    assert called == clock | people, "the clock and the people, on order"


def test_no_names_that_say_nothing() -> None:
    vague = {"utils", "helpers", "manager", "common", "util", "helper", "misc"}
    assert [str(path) for path in sources() if vague & set(path.with_suffix("").parts)] == []


def test_the_daemon_does_without_what_is_heavy() -> None:
    heavy = "{'sqlite_utils', 'requests', 'xlsxwriter', 'numpy', 'cv2', 'psycopg', 'nats', 'edge.consume',"
    heavy += " 'edge.office', 'websockets'}"
    look = f"import sys, edge.cli, edge.daemon, edge.store.backup; print(*({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []
