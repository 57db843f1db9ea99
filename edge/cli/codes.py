"""`hall-edge qr`: the codes of the windows as a page to print, and a new key for the local ones."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_WRONG, actor, config, leave, load, obeyed, order

if TYPE_CHECKING:
    from edge.words import Lang


@click.command("qr")
@config
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--paper", type=click.Choice(["a4", "a5"]), default="a4", show_default=True, help="纸张 / paper"
)
@click.option("--window", default="", help="只要这个窗口 / of this window alone")
@click.option(
    "--renew",
    is_flag=True,
    help="先换密钥：已打印的本厅码全部作废 / first a new key: printed local codes are void",
)
@click.pass_obj
def qr(lang: "Lang", config: Path, file: Path | None, paper: str, window: str, renew: bool) -> None:
    """窗口二维码打印页写入 FILE (HTML) / the codes of the windows, as a page to print, into FILE (HTML)."""
    if not (file or renew):
        raise click.UsageError("FILE, --renew")
    if renew:
        order(lang, config, "qr-renew", actor=actor())
    if file:
        folder = Path(load(config).store.folder)
        sheet = obeyed(lang, folder, "qr-sheet", paper=paper, window=window)
        try:
            file.write_text(sheet, encoding="utf-8")
        except OSError as error:
            leave(EXIT_WRONG, f"{file}: {error.strerror}")
        click.echo(f"{file}: 用浏览器打开并打印 / open it in a browser and print")
