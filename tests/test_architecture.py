"""Keeps the map of ARCHITECTURE.md true: arrows between rooms, homes of libraries, what stays pure."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli import ELSEWHERE

ROOT = Path(__file__).parent.parent
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

ARROWS = {
    "drivers.base": "drivers.orders",
    "drivers.orders": "",
    "drivers.adms": "drivers.base drivers.enrolment drivers.room drivers.tape drivers.zk",
    "drivers.dahua": "drivers.base drivers.http drivers.sighting",
    "drivers.evaluation": "drivers.base",
    "drivers.http": "drivers.base drivers.hints drivers.tape",
    "drivers.hikvision": "drivers.base drivers.enrolment drivers.hints drivers.http drivers.sighting",
    "drivers.kiosk": "drivers.base drivers.evaluation",
    "drivers.phone": "drivers.base drivers.evaluation drivers.kiosk",
    "drivers.conversing": "drivers.base",
    "drivers.tablet_ws": "drivers.base drivers.conversing drivers.evaluation",
    "drivers.tablet_http": "drivers.base drivers.evaluation drivers.http",
    "drivers.zk": "drivers.base drivers.enrolment drivers.room drivers.sighting drivers.tape",
    "drivers.room": "",
    "drivers.sighting": "",
    "drivers.tape": "drivers.base",
    "edge.commission": """drivers.base drivers.sighting drivers.tape edge.cli_base edge.complaints edge.config
        edge.control edge.families edge.networks edge.probe edge.register edge.settings edge.show
        edge.snapshot edge.version edge.whole edge.words""",
    "edge.commission_words": "",
    "edge.ahead": "",
    "edge.backoff": "",
    "edge.causes": "",
    "edge.trust": "",
    "edge.offsets": "edge.catalogue edge.trust",
    "edge.clock": "edge.trust edge.whole",
    "edge.clocks": """drivers.base edge.clock edge.commands edge.events edge.offsets edge.payloads
        edge.runner edge.settings edge.store edge.trust""",
    "edge.correction": "edge.contract edge.events edge.offsets edge.payloads edge.trust",
    "edge.correcting": "edge.clock edge.correction edge.events edge.store",
    "edge.commands": "",
    "edge.version": "",
    "edge.families": "drivers.base",
    "edge.farewell": "",
    "edge.phones": """drivers.base drivers.kiosk edge.clock edge.clocks edge.commands edge.documents
        edge.evaluation edge.receiver edge.runner edge.settings edge.store edge.whole edge.windows""",
    "edge.cli_codes": "edge.cli_base edge.control edge.words",
    "edge.cli_windows": "edge.cli_base edge.words",
    "edge.door": """edge.attention edge.clock edge.commands edge.documents edge.evaluation edge.events
        edge.phones edge.ports edge.receiver edge.runner edge.settings edge.snapshot edge.store
        edge.windows""",
    "edge.health": "drivers.base edge.forecast edge.link edge.offsets edge.payloads edge.snapshot",
    "edge.heap": "",
    "edge.pulse": "",
    "edge.whole": "",
    "edge.contract": "",
    "edge.account_words": "",
    "edge.staff_words": "",
    "edge.words": "edge.account_words edge.causes edge.commission_words edge.staff_words",
    "edge.settings": "drivers.base edge.contract",
    "edge.complaints": "",
    "edge.approved": "edge.whole",
    "edge.config": """drivers.base drivers.evaluation edge.approved edge.complaints edge.families
        edge.networks edge.settings""",
    "edge.networks": "",
    "edge.payloads": "edge.catalogue",
    "edge.events": "drivers.base edge.contract edge.offsets edge.payloads edge.trust",
    "edge.catalogue": "drivers.evaluation",
    "edge.contract_examples": """edge.catalogue edge.contract edge.events edge.payloads edge.store
        edge.withheld""",
    "edge.contract_files": """edge.contract edge.contract_examples edge.documents edge.events
        edge.payloads""",
    "edge.documents": """drivers.base drivers.evaluation edge.attention edge.catalogue edge.clock edge.clocks
        edge.commands edge.complaints edge.events edge.store edge.whole""",
    "edge.urgency": "drivers.evaluation",
    "edge.store": "drivers.base edge.contract edge.events edge.payloads edge.space edge.urgency edge.whole",
    "edge.space": "",
    "edge.volume": "edge.space",
    "edge.disk": "drivers.base edge.clock edge.snapshot edge.space edge.store edge.volume",
    "edge.logs": "",
    "edge.last_word": "edge.snapshot",
    "edge.snapshot": "edge.contract edge.trust",
    "edge.proof": "edge.contract edge.events edge.payloads edge.store",
    "edge.verify": "edge.contract edge.payloads edge.proof edge.store",
    "edge.retention": "",
    "edge.erasure": "drivers.base edge.commands edge.payloads edge.store",
    "edge.fading": "drivers.base edge.clock edge.settings edge.store",
    "edge.keeping": "edge.clock edge.retention edge.settings edge.store edge.whole",
    "edge.tally": "",
    "edge.gaps": "edge.payloads edge.tally",
    "edge.forecast": "",
    "edge.attention": "",
    "edge.checks": "edge.words",
    "edge.enrolled": "drivers.base drivers.enrolment edge.store",
    "edge.export_file": "",
    "edge.importing": """drivers.base edge.clock edge.clocks edge.commands edge.events edge.export_file
        edge.offsets edge.runner edge.store""",
    "edge.cli_import": "edge.cli_base edge.control edge.export_file edge.show edge.words",
    "edge.guard": "drivers.base edge.gaps edge.tally",
    "edge.register": "drivers.base edge.whole",
    "edge.guardian": """drivers.base edge.attention edge.checks edge.clock edge.clocks edge.commands
        edge.events edge.gaps edge.guard edge.payloads edge.register edge.runner edge.store
        edge.tally""",
    "edge.cli_terminals": "edge.cli_base edge.words",
    "edge.staff": """drivers.base edge.attention edge.causes edge.clock edge.commands edge.events edge.link
        edge.payloads edge.runner edge.snapshot edge.store edge.whole""",
    "edge.cli_staff": "edge.cli_base edge.control edge.show_staff edge.snapshot edge.words",
    "edge.show_staff": "edge.show edge.snapshot edge.words",
    "edge.reconciliation": "edge.payloads edge.tally",
    "edge.account": """edge.attention edge.clock edge.payloads edge.reconciliation edge.settings
        edge.statement edge.statement_page edge.statement_sheet edge.store edge.tally""",
    "edge.reconciling": """drivers.base edge.account edge.attention edge.clock edge.commands edge.events
        edge.link edge.payloads edge.reconciliation edge.register edge.runner edge.store edge.tally""",
    "edge.statement": "edge.payloads edge.words",
    "edge.statement_page": "edge.show edge.statement edge.words",
    "edge.statement_sheet": "edge.show edge.statement edge.words",
    "edge.orders": "edge.commands edge.runner edge.uplink",
    "edge.link": """drivers.base drivers.tape edge.clock edge.enrolled edge.events edge.gaps edge.guard
        edge.offsets edge.settings edge.store edge.tally edge.trust""",
    "edge.runner": """drivers.base drivers.hints edge.backoff edge.clock edge.events edge.guard edge.health
        edge.link edge.payloads edge.settings edge.snapshot edge.store""",
    "edge.notify": "",
    "edge.claims": "edge.payloads",
    "edge.receiver": """drivers.base edge.claims edge.clock edge.events edge.guard edge.link edge.payloads
        edge.runner edge.settings edge.store""",
    "edge.ports": """drivers.base drivers.conversing drivers.hints edge.approved edge.attention edge.clock
        edge.clocks edge.commands edge.commission edge.families edge.link edge.pairing edge.receiver
        edge.runner edge.settings edge.snapshot edge.store edge.version edge.whole edge.windows""",
    "edge.confirmations": "",
    "edge.aside": "edge.confirmations",
    "edge.stall": "",
    "edge.window": "edge.store",
    "edge.standing": "edge.store",
    "edge.outbox": "edge.ahead edge.aside edge.confirmations edge.stall edge.store edge.window",
    "edge.receipts": "edge.confirmations edge.contract edge.store",
    "edge.hosts": "edge.contract",
    "edge.squeezed": "",
    "edge.withheld": "edge.contract edge.events edge.payloads edge.store",
    "edge.messages": """edge.confirmations edge.contract edge.events edge.outbox edge.payloads edge.squeezed
        edge.store edge.withheld""",
    "edge.paho": "",
    "edge.certificates": "",
    "edge.broker": "edge.certificates edge.paho edge.settings",
    "edge.exchange": """edge.broker edge.certificates edge.clock edge.confirmations edge.contract edge.hosts
        edge.messages edge.outbox edge.receipts edge.standing edge.store edge.window""",
    "edge.uplink": """edge.backoff edge.broker edge.clock edge.contract edge.events edge.exchange
        edge.messages edge.outbox edge.settings edge.snapshot edge.store""",
    "edge.status": """drivers.base edge.attention edge.clock edge.clocks edge.confirmations edge.contract
        edge.forecast edge.runner edge.settings edge.snapshot edge.store edge.trust edge.uplink edge.words""",
    "edge.office": """drivers.base drivers.evaluation drivers.kiosk edge.catalogue edge.clock edge.commands
        edge.contract edge.documents edge.events edge.link edge.pairing edge.payloads edge.settings
        edge.snapshot edge.store edge.web edge.whole edge.words""",
    "edge.pairing": """drivers.base edge.attention edge.claims edge.clock edge.clocks edge.commands
        edge.payloads edge.receiver edge.runner edge.store edge.whole""",
    "edge.windows": """drivers.base drivers.evaluation edge.clock edge.clocks edge.commands edge.documents
        edge.evaluation edge.networks edge.office edge.receiver edge.store""",
    "edge.people": """edge.attention edge.certificates edge.clock edge.commands edge.documents edge.fading
        edge.office edge.settings edge.snapshot edge.store edge.web""",
    "edge.cli_office": """edge.cli_base edge.clock edge.commands edge.control edge.office edge.settings
        edge.words""",
    "edge.web": """edge.causes edge.checks edge.commands edge.contract edge.export_file
        edge.snapshot edge.words""",
    "edge.control": "edge.commands edge.snapshot",
    "edge.probe": "drivers.base drivers.tape edge.control edge.offsets",
    "edge.show": """drivers.evaluation edge.checks edge.consume edge.contract edge.probe edge.settings
        edge.snapshot edge.verify edge.words""",
    "edge.consume": "edge.backoff edge.contract edge.events edge.paho edge.payloads edge.store",
    "edge.daemon": """edge.account edge.attention edge.clock edge.clocks edge.commands edge.contract
        edge.correcting edge.disk edge.door edge.erasure edge.events edge.farewell edge.guardian
        edge.heap edge.importing edge.keeping edge.last_word edge.notify edge.orders edge.payloads edge.people
        edge.pulse edge.receiver edge.reconciling edge.register edge.runner edge.settings edge.staff
        edge.status edge.store edge.uplink edge.version edge.volume edge.web""",
    "edge.cli_base": """edge.complaints edge.config edge.control edge.settings edge.show edge.snapshot
        edge.words""",
    "edge.trace": "edge.offsets",
    "edge.tracing": """edge.contract edge.erasure edge.offsets edge.payloads edge.settings edge.snapshot
        edge.store edge.trace""",
    "edge.show_trace": "edge.show edge.store edge.trace edge.words",
    "edge.cli_account": """edge.account edge.cli_base edge.control edge.payloads edge.reconciliation
        edge.settings edge.show edge.show_trace edge.statement edge.statement_page edge.statement_sheet
        edge.store edge.trace edge.tracing edge.words""",
    "edge.cli_clock": "edge.cli_base edge.control edge.show edge.words",
    "edge.cli": """edge.cli_account edge.cli_base edge.cli_clock edge.cli_codes edge.cli_import
        edge.cli_keypad edge.cli_office edge.cli_proof edge.cli_staff edge.cli_terminals edge.cli_upstream
        edge.cli_windows edge.commission edge.daemon edge.documents edge.heap edge.listing edge.logs edge.show
        edge.snapshot edge.store edge.version edge.words""",
    "edge.cli_proof": "edge.cli_base edge.control edge.show edge.store edge.verify edge.words",
    "edge.cli_upstream": """edge.cli_base edge.consume edge.contract edge.farewell edge.logs edge.show
        edge.words""",
    "edge.listing": "edge.show edge.store edge.words",
    "drivers.hints": "drivers.base",
    "drivers.enrolment": "drivers.base",
    "drivers.keypad": "drivers.base drivers.evaluation",
    "edge.evaluation": """drivers.base edge.attention edge.catalogue edge.clock edge.commands edge.documents
        edge.runner edge.store edge.whole edge.words""",
    "edge.cli_keypad": "drivers.base drivers.evaluation drivers.keypad edge.cli_base edge.words",
}
"""Room -> the rooms it imports: exactly these. A new arrow is added here, in a commit that says why."""

HOMES = {
    "zk": {"drivers.zk"},
    "requests": {"drivers.http"},
    "urllib3": {"drivers.http"},
    "paho": {"edge.broker", "edge.consume", "edge.paho"},
    "sqlite3": {"edge.store"},
    "pysqlite3": {"edge.store"},
    "sqlite_utils": {"edge.store"},
    "apscheduler": {"edge.daemon"},
    "starlette": {"edge.office", "edge.web"},
    "uvicorn": {"edge.web"},
    "websockets": {"edge.ports"},
    "jinja2": {"edge.office", "edge.web"},
    "click": {
        "edge.cli",
        "edge.cli_account",
        "edge.cli_base",
        "edge.cli_clock",
        "edge.cli_codes",
        "edge.cli_import",
        "edge.cli_keypad",
        "edge.cli_office",
        "edge.cli_proof",
        "edge.cli_staff",
        "edge.cli_terminals",
        "edge.cli_upstream",
        "edge.cli_windows",
        "edge.commission",
    },
    "psycopg": {"edge.consume"},
    "isal": {"edge.squeezed"},
    "nats": {"edge.consume"},
    "zeroconf": {"edge.commission"},
    "serial": {"drivers.keypad"},
    "segno": {"edge.phones"},
    "xlsxwriter": {"edge.statement_sheet"},
    "cv2": set[str](),
}
"""Library -> the only rooms that import it."""

PURE = [
    "edge/ahead.py",
    "edge/aside.py",
    "edge/catalogue/carried.py",
    "edge/catalogue/documents.py",
    "edge/catalogue/evaluation.py",
    "edge/catalogue/supervision.py",
    "edge/complaints.py",
    "edge/documents/checks.py",
    "edge/documents/posts.py",
    "edge/documents/reading.py",
    "edge/documents/shapes.py",
    "edge/documents/taking_over.py",
    "edge/confirmations.py",
    "edge/contract.py",
    "edge/correction.py",
    "edge/events.py",
    "edge/hosts.py",
    "edge/networks.py",
    "edge/offsets.py",
    "edge/outbox.py",
    "edge/payloads.py",
    "edge/proof.py",
    "edge/receipts.py",
    "edge/retention.py",
    "edge/snapshot.py",
    "edge/trust.py",
    "edge/stall.py",
    "edge/standing.py",
    "edge/store/proved.py",
    "edge/urgency.py",
    "edge/window.py",
    "edge/withheld.py",
    "edge/space.py",
    "edge/causes/device.py",
    "edge/causes/http.py",
    "edge/causes/account.py",
    "edge/causes/machine.py",
    "edge/causes/staff.py",
    "edge/causes/trace.py",
    "edge/staff/asked.py",
    "edge/staff/orders.py",
    "edge/staff/telling.py",
    "edge/staff_words.py",
    "edge/account_words.py",
    "edge/commission/findings.py",
    "edge/commission/ranges.py",
    "edge/commission/table.py",
    "edge/commission_words.py",
    "edge/export_file.py",
    "edge/forecast.py",
    "drivers/zk/export.py",
    "edge/gaps.py",
    "edge/guard.py",
    "edge/reconciliation.py",
    "edge/statement.py",
    "edge/statement_page.py",
    "edge/tally.py",
    "edge/trace.py",
    "edge/causes/uplink.py",
    "edge/words.py",
    "edge/consume/ranges.py",
    "drivers/hints.py",
    "drivers/enrolment.py",
    "drivers/zk/operations.py",
    "drivers/adms/enrolled.py",
    "drivers/hikvision/users.py",
    "edge/checks.py",
    "drivers/dahua/known.py",
    "drivers/evaluation/codes.py",
    "drivers/evaluation/comment.py",
    "drivers/evaluation/levels.py",
    "drivers/evaluation/door.py",
    "drivers/evaluation/session.py",
    "drivers/evaluation/patterns.py",
    "drivers/evaluation/vendor.py",
    "drivers/tablet_http/walk.py",
    "drivers/tablet_http/options.py",
    "drivers/keypad/frame.py",
    "drivers/keypad/hearing.py",
    "drivers/keypad/options.py",
    "edge/evaluation/flags.py",
    "edge/evaluation/hours.py",
    "edge/causes/evaluator.py",
    "drivers/dahua/lines.py",
    "drivers/dahua/records.py",
    "drivers/dahua/walk.py",
    "drivers/hikvision/documents.py",
    "drivers/hikvision/events.py",
    "drivers/hikvision/known.py",
    "drivers/hikvision/page.py",
    "drivers/hikvision/push.py",
    "drivers/http/digest.py",
    "drivers/http/taping.py",
    "drivers/zk/nameless.py",
    "drivers/zk/taping.py",
    "drivers/zk/frames.py",
    "drivers/zk/records.py",
    "drivers/zk/table.py",
    "drivers/zk/layout.py",
    "drivers/zk/punches.py",
    "drivers/adms/attlog.py",
    "drivers/adms/oplog.py",
    "drivers/adms/speech.py",
    "drivers/adms/known.py",
    "drivers/adms/people.py",
    "drivers/adms/queries.py",
    "drivers/adms/hints.py",
    "drivers/adms/pace.py",
    "drivers/adms/recount.py",
    "drivers/adms/taping.py",
    "drivers/adms/timing.py",
    "edge/ports/wire.py",
    "edge/office/forms/checklist.py",
    "edge/office/forms/fields.py",
    "edge/office/forms/typed.py",
    "edge/office/forms/words.py",
    "edge/office/lines.py",
    "edge/office/waits.py",
    "edge/pairing/replays.py",
    "edge/windows/shown.py",
    "drivers/evaluation/memory.py",
    "drivers/tablet_ws/messages.py",
    "drivers/kiosk/observed.py",
    "drivers/kiosk/said.py",
    "drivers/kiosk/memory.py",
    "drivers/kiosk/waiting.py",
    "edge/pairing/signing.py",
    "edge/office/words.py",
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
    found["edge.cli"] |= {room(name) for name in ELSEWHERE.values()}
    return found


def test_the_arrows_are_exactly_those_of_the_table() -> None:
    assert arrows() == {name: set(allowed.split()) for name, allowed in ARROWS.items()}


@pytest.mark.parametrize("library", HOMES)
def test_each_library_lives_in_its_rooms_only(library: str) -> None:
    users = {
        room(module(path)) for path in sources() for name in imports(path) if name.split(".")[0] == library
    }
    assert users == HOMES[library]


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
