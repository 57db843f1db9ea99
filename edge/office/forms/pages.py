"""The forms as pages: asked for by a browser with our script they answer in JSON, else as a page.

Nothing typed is lost: what is wrong comes back beside its field, and «saved» is said only of what is on
disk. The id comes with the page, so that a second click, a reload or the way back is the same entry.
"""

import secrets
from collections.abc import Callable, Mapping
from functools import partial

import anyio.to_thread
import msgspec
from starlette.responses import Response

from drivers.base import LinkError
from drivers.evaluation.levels import STARS
from edge.documents.posts import Held
from edge.office.accounts import Role
from edge.office.forms.checklist import checklist
from edge.office.forms.entries import Entries
from edge.office.forms.fields import WORD_MAX, Known
from edge.office.forms.typed import (
    CATEGORIES,
    CONTENT_MAX,
    FORMS,
    INSPECTORS,
    MODES,
    NOTE_MAX,
    RESULTS,
    VIAS,
    Entry,
    Form,
    read,
)
from edge.office.visit import Frame, Page, Visit, away
from edge.office.words import told

FORM_MAX, FIELDS_MAX = 512 << 10, 800
"""The whole checklist, with notes of 500 characters, in a form's encoding."""
PLACE = "大厅"
"""What an inspection looks at where nothing else is said; data, so in one language."""
CHOICES = {
    "categories": CATEGORIES,
    "vias": VIAS,
    "inspectors": INSPECTORS,
    "modes": MODES,
    "results": RESULTS,
    "content_max": CONTENT_MAX,
    "note_max": NOTE_MAX,
    "word_max": WORD_MAX,
    "stars_of": STARS,
}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a page is told of one entry. state: `saved`, `wrong`, `closed`; faults: field -> plain words."""

    state: str
    id: str
    number: str = ""
    text: str = ""
    faults: dict[str, str] = {}


class Forms:
    """The pages `/forms/{form}` and `/forms/session`. held: what the documents say; None: there are none."""

    def __init__(self, frame: Frame, entries: Entries, held: Callable[[], Held | None]) -> None:
        self._frame, self._entries, self._held = frame, entries, held

    async def show(self, form: Form, visit: Visit) -> Response:
        """An empty form under a fresh id."""
        today = self._entries.now().date().isoformat()
        fresh = {"id": secrets.token_hex(16), **dict.fromkeys(DAYS, today), "place": PLACE}
        return self._page(form, visit, fresh, {})

    async def session(self, visit: Visit) -> Response:
        """Who is logged in here, and what this person's forms bring back."""
        token = self._frame.sessions.form_token(visit.token)
        return _json({"name": visit.who.name, "token": token})

    async def take(self, form: Form, visit: Visit) -> Response:
        """Somebody has typed one."""
        entry = read(form, visit.form, visit.who.name, self._entries.today(), known(self._held()))
        made_by = visit.form.get("id", "")
        if not isinstance(entry, Entry):
            faults = {field: told(visit.lang, f"typed.{why}") for field, why in entry.items()}
            return self._answer(form, visit, 422, Answer("wrong", made_by, faults=faults))
        try:
            saved = await anyio.to_thread.run_sync(self._entries.save, entry)
        except LinkError as error:
            text = told(visit.lang, "form.closed", why=error)
            return self._answer(form, visit, 503, Answer("closed", made_by, text=text))
        text = told(visit.lang, "form.again" if saved.again else "form.saved", number=saved.number)
        return self._answer(form, visit, 200, Answer("saved", made_by, saved.number, text))

    def _answer(self, form: Form, visit: Visit, status: int, answer: Answer) -> Response:
        if "application/json" in visit.request.headers.get("accept", ""):
            return _json(answer, status)
        if status == 200:
            visit.who.notice, visit.who.notice_good = answer.text, True
            return away(f"/forms/{form}")
        return self._page(form, visit, visit.form, answer.faults, status, answer.text)

    def _page(
        self,
        form: Form,
        visit: Visit,
        values: Mapping[str, str],
        faults: Mapping[str, str],
        status: int = 200,
        trouble: str = "",
    ) -> Response:
        shown = {"form": form, "values": values, "faults": faults, "trouble": trouble}
        offered = choices(self._held())
        groups = checklist(visit.lang) if form == "inspection" else ()
        template = f"form_{form}.html"
        return self._frame.shown(visit, template, status, **shown, **CHOICES, **offered, groups=groups)


DAYS = ("written_on", "received_on", "inspected_on")


def form_pages(forms: Forms, roles: frozenset[Role]) -> tuple[Page, ...]:
    """One for each form, and what the script asks."""
    limits = (False, FORM_MAX, FIELDS_MAX)
    typed = [
        Page(f"/forms/{form}", roles, partial(forms.show, form), partial(forms.take, form), *limits)
        for form in FORMS
    ]
    return (*typed, Page("/forms/session", roles, forms.session))


def known(held: Held | None) -> Known:
    """What may be named in a form."""
    if held is None:
        return Known()
    windows = frozenset(window for group in held.groups for window in group.windows)
    return Known(windows, frozenset(held.staff))


def choices(held: Held | None) -> dict[str, object]:
    """What a form offers: windows; staff with their names; departments."""
    staff = sorted(held.staff.values(), key=lambda each: each.staff_no) if held else []
    return {
        "windows": sorted(known(held).windows),
        "staff": [(each.staff_no, each.name) for each in staff if each.active],
        "departments": sorted({each.dept_code for each in staff if each.dept_code}),
    }


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
