"""`hall-edge import-punches`: a terminal's own USB export, looked at whole before anything of it is taken."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_WRONG, actor, answered, config, leave, load, obeyed

if TYPE_CHECKING:
    from edge.duty.export_file import Looked
    from edge.words import Lang


@click.command("import-punches")
@config
@click.argument("device")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只看会新增多少，不写入 / only say what would be new")
@click.option(
    "--complete-until",
    "until",
    help="由人确认：文件完整到这一时刻 / a person confirms: the file is complete up to then",
)
@click.option(
    "--serial",
    help="终端序列号：从未联系过或已换下时必填 / its serial number, if never in contact or replaced",
)
@click.option("--force", is_flag=True, help="已知记录全对不上也导入 / also where none of its past is known")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@click.pass_obj
def import_punches(
    lang: "Lang",
    config: Path,
    device: str,
    file: Path,
    dry_run: bool,
    until: str | None,
    serial: str | None,
    force: bool,
    yes: bool,
) -> None:
    """导入终端的 U 盘导出文件 *_attlog.dat，不重复计数 / take in a terminal's USB export."""
    from edge.duty.export_file import serial_in
    from edge.words import say

    folder = Path(load(config).store.folder)
    try:
        lines = file.read_bytes().splitlines(keepends=True)
    except OSError as error:
        leave(EXIT_CONFIG, f"{file}: {error.strerror}")
    whose = {"device": device, **({"serial": said} if (said := serial or serial_in(file.name)) else {})}
    moment = {"until": until} if until else {}
    looked = _all(lang, folder, "import-look", {**whose, **moment}, lines)
    click.echo("\n".join(_lines(lang, looked)))
    if looked.foreign and not force:
        leave(EXIT_WRONG, say(lang, "import.foreign", n=looked.settled))
    if dry_run:
        return
    if until and not yes:
        click.confirm(say(lang, "import.sure", device=device, until=until), abort=True)
    taken = _all(lang, folder, "import-lines", whose, lines)
    counts = f"new={taken.new} known={taken.known} rejected={taken.rejected}"
    about = {"file": file.name, "counts": counts, "actor": actor(), **moment}
    _end(lang, folder, {**whose, **about}, taken.new)
    click.echo(say(lang, "import.done", n=taken.new, rejected=taken.rejected))


def _all(lang: "Lang", folder: Path, name: str, whose: dict[str, str], lines: Sequence[bytes]) -> "Looked":
    """One order for the whole file, in bearable pieces."""
    import msgspec

    from edge.duty.export_file import Looked, batches, together

    parts = []
    for batch in batches(lines):
        text = b"".join(batch).decode("latin-1")
        parts.append(obeyed(lang, folder, name, **whose, lines=text))
    return together(msgspec.json.decode(part, type=Looked) for part in parts)


def _end(lang: "Lang", folder: Path, arguments: dict[str, str], taken: int) -> None:
    """Have it audited; where the moment cannot be any more, what was taken is told all the same."""
    from edge.words import say

    answer = answered(lang, folder, "import-end", **arguments)
    if not answer.done:
        leave(EXIT_WRONG, say(lang, "upload.kept", n=taken, why=answer.text))


def _lines(lang: "Lang", looked: "Looked") -> list[str]:
    from edge.words import say
    from edge.words.text import inert

    told = say(lang, "import.looked", **looked.counts())
    return [told, *(f"  ? {inert(line)}" for line in looked.odd)]
