"""Everything the daemon says to people, in Chinese and English; Chinese is the default.

A table of our own, not gettext: no build step, and a test sees each missing or unused translation.
What is wrong stands in `edge/causes.py`.
"""

from typing import Literal

from edge.causes import CAUSES

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


TEXTS: dict[str, tuple[str, str]] = {
    "state.online": ("正常", "online"),
    "state.degraded": ("注意", "degraded"),
    "state.offline": ("离线", "offline"),
    "state.unknown": ("未知", "unknown"),
    "state.disabled": ("停用", "disabled"),
    "state.connected": ("已连接", "connected"),
    "col.device": ("设备", "device"),
    "col.state": ("状态", "state"),
    "col.since": ("自", "since"),
    "col.last_contact": ("最近联系", "last contact"),
    "col.last_data": ("最近数据", "last data"),
    "col.complete_until": ("数据完整至", "complete until"),
    "col.counts": ("终端/已存", "on device / stored"),
    "col.offset": ("时钟差", "clock"),
    "col.next": ("说明与下一步", "cause and next step"),
    "title": ("大厅边缘机状态", "hall edge status"),
    "uplink": ("上行", "uplink"),
    "store": ("本机存储", "store"),
    "unconfirmed": ("待确认 {n} 条", "{n} unconfirmed"),
    "quarantined": ("隔离 {n} 条", "{n} quarantined"),
    "disk_free": ("磁盘剩余 {gb:.1f} GB", "{gb:.1f} GB free"),
    "set_aside": ("另存旧库 {mb:.0f} MB", "{mb:.0f} MB set aside"),
    "all_well": ("结论: 一切正常", "all is well"),
    "problems": ("结论: {n} 个问题", "{n} problem(s)"),
    "next": ("下一步", "next step"),
    "dead": (
        "守护进程没有运行。以下是它最后一次写下的状态 ({at})",
        "the daemon is not running; its last word, {at}",
    ),
    "never_ran": ("守护进程没有运行，也没有留下状态", "the daemon is not running and left no status"),
    "not_running": ("守护进程没有运行，命令未执行", "the daemon is not running; nothing was done"),
    "done": ("已执行", "done"),
    "refused": ("未执行", "not done"),
    "probe.serial": ("序列号", "serial number"),
    "probe.model": ("型号", "model"),
    "probe.firmware": ("固件", "firmware"),
    "probe.took": ("用时", "took"),
    "probe.heard": ("守护进程 {at} 询问", "asked by the daemon at {at}"),
    "clock.kernel": ("内核报告已同步", "the kernel says synchronised"),
    "clock.technician": ("由技术人员确认", "confirmed by a technician"),
    "clock.system": ("按配置视为可信", "trusted by configuration"),
    "clock.held": (
        "内核不久前报告过同步，此后未被改动",
        "the kernel said synchronised a while ago; not stepped since",
    ),
    "clock.nobody": ("未经确认", "not trusted"),
    "live": ("实时", "live"),
    "page.minutes": ("{n}\u00a0分钟", "{n}\u00a0min"),
    "page.hours": ("{n}\u00a0小时", "{n}\u00a0h"),
    "page.days": ("{n}\u00a0天", "{n}\u00a0d"),
    "page.yesterday": ("昨\u00a0{time}", "yest. {time}"),
    "page.as_of": ("状态截至", "as of"),
    "page.lost_advice": (
        "以下内容可能已过时。检查边缘机是否开机；在机上运行 hall-edge status",
        "what follows may be out of date. Is the edge machine on? Run hall-edge status there",
    ),
    "page.devices": ("设备", "devices"),
    "page.no_devices": ("没有配置任何设备", "no device is configured"),
    "page.log_used": ("终端存储", "log used"),
    "page.broker": ("服务器", "broker"),
    "page.unconfirmed": ("待确认", "unconfirmed"),
    "page.sent_to": ("已发送至序号", "sent up to"),
    "page.receipt": ("已确认至 {upto:,}，最近回执 {at}", "confirmed to {upto:,}, last receipt {at}"),
    "page.detail": ("详情", "detail"),
    "page.well": ("正常", "well"),
    "page.attention": ("注意", "attention"),
    "page.disk": ("磁盘剩余", "disk free"),
    "page.database": ("数据库", "database"),
    "page.head": ("最新序号", "newest number"),
    "page.epoch": ("账期", "epoch"),
    "page.quarantine": ("隔离记录", "quarantined"),
    "page.foot": (
        "hall-edge {version} · {county}/{hall} · 启动于 {started}",
        "hall-edge {version} · {county}/{hall} · started {started}",
    ),
    "page.other_language": ("English", "中文"),
    "lost_page": ("与守护进程的连接已断开", "connection to the daemon lost"),
    "punch.check_in": ("上班", "in"),
    "punch.check_out": ("下班", "out"),
    "punch.break_out": ("外出", "break out"),
    "punch.break_in": ("返回", "break in"),
    "punch.ot_in": ("加班上", "overtime in"),
    "punch.ot_out": ("加班下", "overtime out"),
    "punch.unspecified": ("打卡", "punch"),
    "verify.fingerprint": ("指纹", "fingerprint"),
    "verify.face": ("人脸", "face"),
    "verify.card": ("刷卡", "card"),
    "verify.pin": ("密码", "PIN"),
    "verify.palm": ("掌纹", "palm"),
    "verify.manual": ("人工", "manual"),
    "verify.other": ("其他", "other"),
    "quality.synced": ("", ""),
    "quality.corrected": ("时间已校正", "time corrected"),
    "quality.suspect": ("时间存疑", "time suspect"),
    "quality.unsynced": ("时间未同步", "clock not synchronised"),
    "count.logs": ("记录数", "logs"),
    "count.log_max": ("记录容量", "logs at most"),
    "count.users": ("人员数", "users"),
    "count.users_max": ("人员容量", "users at most"),
}


def say(lang: Lang, key: str, **values: object) -> str:
    """The text of `key`, with `values` filled in."""
    return TEXTS[key][LANGS.index(lang)].format(**values)


def word(lang: Lang, kind: str, name: object) -> str:
    """The text of `kind.name`; a name this release does not know is shown as it is."""
    key = f"{kind}.{name}"
    return say(lang, key) if key in TEXTS else str(name)


def cause_text(lang: Lang, cause: str) -> str:
    """What a cause means."""
    word = CAUSES.get(cause)
    return cause if word is None else word.zh if lang == "zh" else word.en


def next_step(lang: Lang, cause: str) -> str:
    """What to do about a cause; "" where nothing is to be done."""
    word = CAUSES.get(cause)
    return "" if word is None else word.next_zh if lang == "zh" else word.next_en


def both(cause: str) -> tuple[dict[str, str], dict[str, str]]:
    """`(text, next step)` of a cause in all languages, for messages that leave the machine."""
    return (
        {lang: cause_text(lang, cause) for lang in LANGS},
        {lang: next_step(lang, cause) for lang in LANGS},
    )


def pick_language(accept: str | None) -> Lang:
    """The language of an Accept-Language header or `LANG`; English only where it comes first."""
    for part in (accept or "").lower().split(","):
        if part.strip().startswith("zh"):
            return "zh"
        if part.strip().startswith("en"):
            return "en"
    return "zh"
