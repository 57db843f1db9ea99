"""The documents in force: files of a folder and the uplink bring them, a refused one changes nothing.

The last good copy of each stands in the state folder, written before it counts. Each outcome is told once as
`config.applied`; where that cannot be stored, it is tried again at the next look.
"""

import logging
import threading
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from drivers.base import LinkError
from edge.attention import Attention
from edge.catalogue.documents import ConfigApplied
from edge.documents.posts import Held
from edge.documents.reading import read
from edge.documents.shapes import KINDS, NAMES, Assignments, Document, EvaluationProfile, Roster, WindowGroups
from edge.documents.taking_over import Counts, counts, merged, objections
from edge.settings.complaints import Complaint
from edge.whole import read_kept, write_whole

LOG = logging.getLogger(__name__)
KEPT = "documents"
REFUSED = "document_refused"
ERRORS_MAX = 20
Stamp = tuple[int, int]
Tell = Callable[[ConfigApplied], None]


class Taken(NamedTuple):
    """What became of a document: taken over, or why not. counts: against the one before.

    again: it may be right; it could not be kept.
    """

    complaints: tuple[Complaint, ...]
    counts: Counts = Counts()
    again: bool = False

    @property
    def ok(self) -> bool:
        """It is in force."""
        return not self.complaints


class Kept(msgspec.Struct, frozen=True):
    """One document in force, as kept: `sha256` of the bytes that brought it, the document they made."""

    sha256: str
    document: msgspec.Raw


class Documents:
    """All of one hall. `held` is one state of all of them; `take` and `look` may come from any thread."""

    def __init__(
        self,
        folder: Path | None,
        state: Path,
        now: Callable[[], str] = lambda: "",
        today: Callable[[], date] = lambda: date.max,
        tell: Tell = lambda _told: None,
    ) -> None:
        """folder: where files are put, or None. today: days before it are over. tell: may raise LinkError."""
        self._folder, self._state, self._now, self._today, self._tell = folder, state / KEPT, now, today, tell
        self._alone = threading.Lock()
        self._documents: dict[str, Document] = {}
        self._hashes: dict[str, str] = {}
        self._seen: dict[str, Stamp] = {}
        self._refused: dict[str, Attention] = {}
        self._noted: dict[str, tuple[str, str]] = {}
        self._untold: list[ConfigApplied] = []
        self.held = Held()
        for name in NAMES:
            self._restore(name)
        self.held = _held(self._documents)

    def version(self, name: str) -> int | None:
        """The version in force."""
        document = self._documents.get(name)
        return document.version if document else None

    def attention(self) -> tuple[Attention, ...]:
        """The documents whose newest copy was refused."""
        return tuple(self._refused.values())

    def look(self) -> None:
        """Take whatever has changed in the folder; called every second, it only looks at times and sizes."""
        for name in NAMES if self._folder else ():
            path = Path(self._folder or "") / f"{name}.json"
            try:
                stat = path.stat()
                stamp = (stat.st_mtime_ns, stat.st_size)
                if self._seen.get(name) != stamp:
                    content = path.read_bytes()
                    if not self.take(name, content, str(path)).again:
                        self._seen[name] = stamp
            except OSError:
                self._seen.pop(name, None)
        with self._alone:
            self._tell_all()

    def take(self, name: str, content: bytes, file: str = "") -> Taken:
        """Put a document in force, or say why not; the one door for files and for upstream."""
        with self._alone:
            digest = sha256(content).hexdigest()
            if self._hashes.get(name) == digest:
                self._refused.pop(name, None)
                self._noted.pop(name, None)
                return Taken(())
            taken = self._taken(name, content, digest, file or name)
            outcome = (digest, str(taken.complaints[:1]))
            if self._noted.get(name) != outcome:
                self._noted[name] = outcome
                self._note(name, digest, taken)
            self._tell_all()
            return taken

    def _taken(self, name: str, content: bytes, digest: str, file: str) -> Taken:
        document, complaints = read(name, content, file)
        before = self._documents.get(name)
        if document is None:
            return Taken(tuple(complaints))
        if wrong := list(objections(before, document, self._today())):
            return Taken(
                tuple(Complaint(file, 0, "", key, f"“{value}” {told}") for key, value, told in wrong)
            )
        document = merged(before, document)
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            kept = Kept(digest, msgspec.Raw(msgspec.json.encode(document)))
            write_whole(self._state / f"{name}.json", msgspec.json.encode(kept))
        except OSError as error:
            told = f"无法保存，将自动再试 / cannot be kept; it is tried again: {error}"
            return Taken((Complaint(file, 0, "", "", told),), again=True)
        self._documents[name], self._hashes[name] = document, digest
        self.held = _held(self._documents)
        return Taken((), counts(before, document))

    def _note(self, name: str, digest: str, taken: Taken) -> None:
        """What status and upstream shall hear of it."""
        errors = tuple(map(str, taken.complaints))[:ERRORS_MAX]
        version = self.version(name) if taken.ok else None
        if taken.ok:
            self._refused.pop(name, None)
            LOG.info("document %s, version %s, is in force: %s", name, version, taken.counts)
        else:
            self._refused[name] = Attention(name, REFUSED, self._now(), errors[0])
            LOG.warning("document %s is refused: %s", name, "; ".join(errors))
        told = taken.counts._asdict()
        self._untold.append(
            ConfigApplied(doc=name, sha256=digest, ok=taken.ok, version=version, errors=errors, **told)
        )

    def _tell_all(self) -> None:
        try:
            while self._untold:
                self._tell(self._untold[0])
                self._untold.pop(0)
        except LinkError as error:
            LOG.warning("what became of a document is not stored yet: %s", error)

    def _restore(self, name: str) -> None:
        """The last good copy, if it can be read."""
        kept = read_kept(self._state / f"{name}.json", Kept, "the document must come again")
        if kept is None:
            return
        try:
            self._documents[name] = msgspec.json.decode(kept.document, type=KINDS[name])
            self._hashes[name] = kept.sha256
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            LOG.error("the kept document %s cannot be read, it must come again: %s", name, error)


def check(folder: Path) -> tuple[dict[str, int], list[Complaint]]:
    """The version of each document of a folder, and everything that is wrong with them and their names."""
    versions: dict[str, int] = {}
    complaints: list[Complaint] = []
    for path in sorted(folder.glob("*.json")):
        try:
            document, wrong = read(path.stem, path.read_bytes(), str(path))
        except OSError as error:
            wrong, document = [Complaint(str(path), 0, "", "", f"读不到 / cannot be read: {error}")], None
        complaints += wrong
        if document:
            versions[path.stem] = document.version
    return versions, complaints


def _held(documents: dict[str, Document]) -> Held:
    def of(name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - each name has its own class
        found = documents.get(name)
        return found if isinstance(found, kind) else None

    roster, groups = of("roster", Roster), of("window_groups", WindowGroups)
    assignments = of("assignments", Assignments)
    return Held(
        {each.staff_no: each for each in roster.staff} if roster else {},
        groups.groups if groups else (),
        assignments.entries if assignments else None,
        of("evaluation_profile", EvaluationProfile),
    )
