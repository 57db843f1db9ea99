"""The commands of the people's pages: `account` and `certificate`.

A first secret goes to a terminal, or into a new file of mode 0600, and nowhere else. With a running daemon an
account is its order, over the control socket; without one the same order is carried out here.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_WRONG, actor, config, leave, load

if TYPE_CHECKING:
    from edge.settings.settings import Settings
    from edge.words import Lang

ROLES = ["window", "supervisor", "technician", "auditor"]
_secret_file = click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    help="初始密码写入这个新文件 (0600)，不显示 / write the first secret into this new file instead",
)


@click.group()
def account() -> None:
    """管理网页的账号 / accounts of the people's pages."""


@account.command("init")
@config
@click.argument("name", default="technician")
@_secret_file
@click.pass_obj
def init(lang: "Lang", config: Path, name: str, secret_file: Path | None) -> None:
    """制作证书和第一个技术员账号 / make the certificate, where there is none, and the first technician."""
    settings = load(config)
    _certify(settings, again=False)
    _give_secret(settings, lang, "account-add", secret_file, name=name, role="technician")


@account.command("add")
@config
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="角色；window 的账号为工号 / the role")
@_secret_file
@click.pass_obj
def add(lang: "Lang", config: Path, name: str, role: str, secret_file: Path | None) -> None:
    """新建账号，显示初始密码一次 / make an account; its first secret is shown once."""
    _give_secret(load(config), lang, "account-add", secret_file, name=name, role=role)


@account.command("reset")
@config
@click.argument("name")
@_secret_file
@click.pass_obj
def reset(lang: "Lang", config: Path, name: str, secret_file: Path | None) -> None:
    """忘记密码：换成新的初始密码 / replace a forgotten password by a new first one."""
    _give_secret(load(config), lang, "account-reset", secret_file, name=name)


@account.command("remove")
@config
@click.argument("name")
@click.pass_obj
def remove(lang: "Lang", config: Path, name: str) -> None:
    """删除账号并结束其登录 / remove an account and end its sessions."""
    click.echo(_ordered(load(config), lang, "account-remove", name=name))


@account.command("list")
@config
@click.pass_obj
def listed(lang: "Lang", config: Path) -> None:
    """列出账号和角色；! = 初始密码未更换 / accounts and roles; ! = the first secret was not replaced yet."""
    click.echo(_ordered(load(config), lang, "account-list"))


@click.command()
@config
@click.option("--renew", is_flag=True, help="重新制作 / make a new one in place of the present")
def certificate(config: Path, renew: bool) -> None:
    """制作管理网页的证书，显示指纹供核对 / make the certificate of the pages; shows its fingerprint."""
    _certify(load(config), again=renew)


def _certify(settings: "Settings", again: bool) -> None:
    """Make the certificate where there is none, or again, and show its fingerprint."""
    from edge.office.certificate import FILE, CertificateError, fingerprint, make

    folder, office = Path(settings.store.folder), settings.office
    if not office.host:
        leave(EXIT_WRONG, "先在 [office] 中写 host / first give [office] a host")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if again or not (folder / FILE).exists():
            make(folder, tuple(dict.fromkeys((office.host, *office.names))))
        shown = fingerprint(folder)
    except (CertificateError, OSError, ValueError) as error:
        leave(EXIT_WRONG, str(error))
    click.echo(f"https://{office.host}:{office.port}/\n指纹 / fingerprint SHA-256:\n{shown}")


def _give_secret(
    settings: "Settings", lang: "Lang", order: str, file: Path | None, /, **arguments: str
) -> None:
    """Carry out an order that answers with a secret, and hand that over."""
    if file is None:
        if not sys.stdout.isatty():
            told = (
                "输出不是终端：请用 --secret-file 指定新文件 / no terminal: name a new file by --secret-file"
            )
            leave(EXIT_WRONG, told)
        secret = _ordered(settings, lang, order, **arguments)
        click.echo(f"{arguments['name']}: 初始密码，只显示这一次 / first secret, shown only now:\n{secret}")
        return
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        leave(EXIT_WRONG, f"{file}: {error.strerror}")
    with os.fdopen(opened, "w", encoding="ascii") as kept:
        try:
            kept.write(_ordered(settings, lang, order, **arguments) + "\n")
        except SystemExit:
            file.unlink()
            raise
    click.echo(f"{arguments['name']}: {file}")


def _ordered(settings: "Settings", lang: "Lang", order: str, /, **arguments: str) -> str:
    """What the running daemon answers, or this process where none runs."""
    import msgspec

    from edge.clock.clock import WallClock
    from edge.commands import obey
    from edge.control import command
    from edge.office import Accounts
    from edge.words import say

    folder = Path(settings.store.folder)
    told = {**arguments, "actor": actor()}
    answer = command(folder, order, **told)
    if answer is None:
        folder.mkdir(parents=True, exist_ok=True)
        now = WallClock(settings.zone(), settings.clock.trust).text
        answer = obey(Accounts(folder, now).commands, order, msgspec.json.encode(told))
    if not answer.done:
        leave(EXIT_WRONG, f"{say(lang, 'refused')}: {answer.text}")
    return answer.text
