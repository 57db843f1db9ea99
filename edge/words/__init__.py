"""Everything the daemon says to people, in Chinese and English; Chinese is the default.

A table of our own, not gettext: no build step, and a test sees each missing or unused translation.
What is wrong stands in `edge/causes/`.
"""

from typing import Literal

from edge.causes import CAUSES
from edge.words.account import ACCOUNT
from edge.words.answers import ANSWERS
from edge.words.commission import COMMISSION
from edge.words.staff import STAFF

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


TEXTS: dict[str, tuple[str, str]] = {
    **ACCOUNT,
    **ANSWERS,
    **COMMISSION,
    **STAFF,
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
    "office": ("管理网页", "pages for people"),
    "listen": ("设备上报端口", "device port"),
    "unconfirmed": ("待确认 {n} 条", "{n} unconfirmed"),
    "parked": ("搁置 {n} 条，首个 #{first}:", "{n} set aside, the first #{first}:"),
    "quarantined": ("隔离 {n} 条", "{n} quarantined"),
    "disk_free": ("磁盘剩余 {gb:.1f} GB", "{gb:.1f} GB free"),
    "set_aside": ("另存旧库 {mb:.0f} MB", "{mb:.0f} MB set aside"),
    "days_left": (
        "；按目前增长约 {n:.0f} 天后停止接收",
        "; as it grows now, intake stops in about {n:.0f} days",
    ),
    "all_well": ("结论: 一切正常", "all is well"),
    "problems": ("结论: {n} 个问题", "{n} problem(s)"),
    "next": ("下一步", "next step"),
    "probe.serial": ("序列号", "serial number"),
    "probe.model": ("型号", "model"),
    "probe.firmware": ("固件", "firmware"),
    "probe.took": ("用时", "took"),
    "probe.heard": ("守护进程 {at} 询问", "asked by the daemon at {at}"),
    "clock.drift": ("每天 {n:+.1f} 秒", "{n:+.1f} s a day"),
    "between": ("，", ", "),
    "setting.duplicate_period_s": ("重复打卡间隔 {value}", "duplicate-punch period {value}"),
    "setting.cyclic_delete": ("满后循环删除 {value}", "cyclic delete {value}"),
    "setting.unreadable": ("读不到", "not readable"),
    "setting.on": ("开", "on"),
    "setting.off": ("关", "off"),
    "account": ("对账", "account"),
    "full_soon": ("终端存储约 {n:.0f} 天后满", "its log is full in about {n:.0f} days"),
    "clock.kernel": ("内核报告已同步", "the kernel says synchronised"),
    "clock.technician": ("由技术人员确认", "confirmed by a technician"),
    "clock.system": ("按配置视为可信", "trusted by configuration"),
    "clock.held": (
        "内核不久前报告过同步，此后未被改动",
        "the kernel said synchronised a while ago; not stepped since",
    ),
    "clock.nobody": ("未经确认", "not trusted"),
    "proof.epoch": (
        "账期 {epoch}  {hash_alg}  最新第 {newest:,} 号，{rows:,} 行",
        "epoch {epoch}  {hash_alg}  newest number {newest:,}, {rows:,} rows",
    ),
    "proof.emptied": (
        "内容已清除 {purged:,} 行（保留期满），已删除 {erased:,} 行（依法删除个人信息）",
        "{purged:,} purged (kept long enough), {erased:,} erased (a person's, by law)",
    ),
    "proof.declared": ("已申明不在本库的序号: {ranges}", "numbers declared not to be here: {ranges}"),
    "proof.anchor": ("锚点 {who} 第 {sequence:,} 号: {standing}", "anchor {who} #{sequence:,}: {standing}"),
    "proof.whole": (
        "结论: 链完整，{rows:,} 行，{seconds:.1f} 秒",
        "the chain is whole: {rows:,} rows, {seconds:.1f} s",
    ),
    "proof.unanchored": (
        "注意: 没有上级的锚点，看不出尾部被截或整链重算。向上级要最新回执，用 --head 核对",
        "note: without an anchor from upstream a cut tail or a chain made anew does not show: ask there for"
        " the newest receipt and give it as --head",
    ),
    "proof.bad": (
        "结论: 第一处异常在账期 {epoch} 第 {sequence:,} 号（位置 {position}）: {what}",
        "the first bad row: epoch {epoch}, number {sequence:,} (position {position}): {what}",
    ),
    "proof.fits_up_to": (
        "与上级相符至第 {sequence:,} 号",
        "up to number {sequence:,} it fits what was seen upstream",
    ),
    "proof.next": (
        "先复制并封存数据库文件，不要重启或修改；再与上级账目逐条核对",
        "copy and seal the database files first, change nothing; then compare with the books upstream",
    ),
    "proof.no_database": ("{path}: 没有数据库", "{path}: no database"),
    "proof.cannot_read": (
        "{path}: 数据库读不了: {why}。以守护进程的用户或 root 运行",
        "{path}: the database cannot be read: {why}. Run it as the daemon's user or root",
    ),
    "proof.restored": (
        "这是刚放回、还没有启动过的备份：先启动守护进程，它会开启新账期并报告缺失的编号，然后再核对",
        "this is a restored backup that was not started yet: start the daemon, which opens a new epoch and"
        " tells what is missing, then verify",
    ),
    "proof.older": (
        "{path}: 数据库是旧版结构，先用本版本启动一次守护进程",
        "{path}: the database has an older schema; start the daemon of this release once",
    ),
    "proof.newer": (
        "{path}: 数据库版本比本程序新，未核对",
        "{path}: the database is newer than this release; it was not verified",
    ),
    "proof.no_anchor": (
        "{text}: 不是锚点。格式为 序号:哈希、账期:序号:哈希，或回执的 JSON",
        "{text}: not an anchor. Give SEQUENCE:HEX, EPOCH:SEQUENCE:HEX, or the JSON of a receipt",
    ),
    "standing.fits": ("相符", "fits"),
    "standing.reached": ("在本库中（当时未存哈希）", "is here (its head was not kept)"),
    "standing.declared": ("已申明不在本库，无从比对", "declared not to be here, nothing to compare"),
    "standing.cut": ("本库没有这么多", "is beyond what is here"),
    "standing.rewritten": ("哈希不符", "its head differs"),
    "standing.other_database": ("属于另一数据库", "is of another database"),
    "tamper.edited": ("内容被改动，与所存哈希不符", "its body was edited: it does not fit its hash"),
    "tamper.gap": ("行被删除，序号缺失", "deleted: the number is absent"),
    "tamper.foreign": ("这里放着另一行（插入或调换）", "another row stands here (inserted or reordered)"),
    "tamper.chain": (
        "哈希链在此断开（插入、替换或改动）",
        "the chain breaks here (inserted, replaced or altered)",
    ),
    "tamper.fact": ("事实键被改动，与事件编号不符", "its key was altered: it does not fit the event's id"),
    "tamper.emptied": ("不该清空的行被清空", "emptied, though rows of its kind never are"),
    "tamper.nowhere": ("多出的行，此处不应有行", "inserted: no row belongs here"),
    "tamper.unreadable": ("数据库文件损坏，读不了", "damaged: the database file cannot be read here"),
    "tamper.cut": ("尾部被截，上级确认过的行已不在", "the tail is cut: what was confirmed upstream is gone"),
    "tamper.rewritten": (
        "此号或更早的行被改写，并重算了哈希链",
        "this row or an earlier one was rewritten, and the chain made anew",
    ),
    "tamper.other_database": (
        "锚点的账期不在本库，数据库被更换",
        "the anchor's epoch is not here: the database was replaced",
    ),
    "erase.sure": ("删除后无法恢复。确定删除？", "This cannot be undone. Erase?"),
    "halls.hall": ("大厅", "hall"),
    "halls.heard": ("最近状态", "last state"),
    "halls.behind": ("未确认", "unconfirmed"),
    "halls.none": ("还没有任何大厅报告过状态", "no hall has told its state yet"),
    "halls.sum": ("共 {n} 个大厅，{wrong} 个需要处理", "{n} halls, {wrong} need attention"),
    "halls.word.lost": ("失联", "lost"),
    "halls.word.silent": ("无消息", "silent"),
    "halls.word.stopped": ("已停止", "stopped"),
    "halls.word.troubled": ("有问题", "troubled"),
    "halls.word.behind": ("落后", "behind"),
    "halls.word.well": ("正常", "well"),
    "halls.next.lost": (
        "连接未告别即中断: 检查该大厅的电源、网络和边缘机；数据保存在大厅，恢复后补传",
        "it went without a word: check the hall's power, network and machine; it keeps its data till then",
    ),
    "halls.next.silent": (
        "按期状态没有到达: 检查该大厅和服务器之间的网络、服务器上该大厅的权限",
        "its regular states do not arrive: check the network to the broker, and the hall's rights there",
    ),
    "halls.next.stopped": (
        "有人停止了守护进程: 询问大厅；在其边缘机上 systemctl start hall-edge",
        "somebody stopped its daemon: ask there; systemctl start hall-edge on its machine",
    ),
    "halls.next.behind": (
        "正在补传，等待；若数量不降，检查接收程序的日志",
        "it is catching up; if the number does not fall, look into the consumer's log",
    ),
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
    "punch_unconfirmed": ("未证实", "unconfirmed"),
    "quality.synced": ("", ""),
    "quality.corrected": ("时间已校正", "time corrected"),
    "quality.suspect": ("时间存疑", "time suspect"),
    "quality.unsynced": ("时间未同步", "clock not synchronised"),
    "count.logs": ("记录数", "logs"),
    "count.events": ("事件数", "events"),
    "taken": ("{hall}  收到 {n} 条事件", "{hall}  {n} events"),
    "count.log_max": ("记录容量", "logs at most"),
    "count.users": ("人员数", "users"),
    "count.users_max": ("人员容量", "users at most"),
    "keypad.begin": ("逐个按键，Ctrl-C 结束", "press every key; Ctrl-C ends"),
    "keypad.window": ("窗口", "window"),
    "keypad.unknown": ("未配置的键，请写入 keys", "is not in keys: add it"),
    "keypad.missing": ("没有按到", "not pressed"),
    "count.late": ("重复按键", "late presses"),
    "count.noise": ("噪声字节", "bytes of noise"),
    "count.unasked": ("未邀请的按键", "presses nobody asked for"),
    "count.unknown_keys": ("未配置的按键", "keys not in the config"),
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
