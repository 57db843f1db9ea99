"""What people read of the account of their punches: trace, reconciliation, service, import."""

ACCOUNT: dict[str, tuple[str, str]] = {
    "trace.asked": ("{person} 在 {time} 前后的打卡", "punch of {person} around {time}"),
    "trace.punch": (
        "{device}（{serial}）终端时间 {device_time}，校正后 {time} {quality}",
        "{device} ({serial}), by its clock {device_time}, true {time} {quality}",
    ),
    "trace.number": (
        "账期 {epoch} 第 {number} 号，存入 {recorded}，事件 {event_id}",
        "epoch {epoch} number {number}, stored {recorded}, event {event_id}",
    ),
    "trace.stub": ("账期内第 {number} 号，只剩存根", "number {number} of its epoch, only its stub is left"),
    "trace.aside": ("搁置原因: {why}", "set aside: {why}"),
    "trace.app": (
        "上级应用 {app} 已确认至第 {number} 号，最近回执 {at}",
        "application {app} has confirmed up to {number}, last receipt {at}",
    ),
    "trace.uplink": ("上行: {cause}（自 {since}）", "uplink: {cause} (since {since})"),
    "trace.terminal": (
        "{device}（{serial}）: {word}",
        "{device} ({serial}): {word}",
    ),
    "trace.evidence": (
        "完整读取至 {until}，最近联系 {contact}，时钟差 {offset}，状态 {state}: {cause}（自 {since}）",
        "read completely up to {until}, last contact {contact}, clock {offset}, {state}: {cause}"
        " (since {since})",
    ),
    "trace.before": ("启用日 {day}", "in service from {day}"),
    "trace.rejects": ("该时段隔离 {n} 条", "{n} quarantined of about that time"),
    "trace.others": ("此人离该时刻最近的打卡:", "this person's nearest punches:"),
    "trace.dead": (
        "注意: 守护进程没有运行，以下按其最后状态和数据库判断",
        "note: the daemon is not running; this is by its last word and the database",
    ),
    "trace.when": (
        "{text}: 时间格式为 2026-11-25 08:02 或 08:02（今天）",
        "{text}: give the time as 2026-11-25 08:02, or 08:02 for today",
    ),
    "conclusion": ("结论", "conclusion"),
    "rec.title": ("考勤对账单 {day}", "account of attendance records, {day}"),
    "rec.made": ("制表 {at}", "made {at}"),
    "rec.device": ("终端", "terminal"),
    "rec.serial": ("序列号", "serial number"),
    "rec.on_terminal": ("终端记录", "on terminal"),
    "rec.distinct": ("去重后", "distinct"),
    "rec.stored": ("本机已存", "stored"),
    "rec.before": ("启用前", "before service"),
    "rec.confirmed": ("上级已确认", "confirmed"),
    "rec.missing": ("缺", "missing"),
    "rec.more_here": ("仅本机有", "here alone"),
    "rec.unproved": ("仅推送未证实", "pushed, unproved"),
    "rec.late": ("补读", "came late"),
    "rec.quarantined": ("隔离", "quarantined"),
    "rec.result": ("结论", "result"),
    "rec.not_known": ("未知", "unknown"),
    "rec.sums": (
        "合计: 终端 {on_terminal} 条（去重后 {distinct}），本机已存 {stored}，上级已确认 {confirmed}，"
        "补读 {late}",
        "in all: {on_terminal} on the terminals ({distinct} distinct), {stored} stored, {confirmed}"
        " confirmed, {late} came late",
    ),
    "rec.explained": (
        "日期按终端自己的时钟。终端记录取自最近一次完整读取；同一人同一秒同一状态的多条算一条（去重后）；"
        "补读 = 对账时重读才补上的；仅推送未证实 = 只由推送而来、终端自己的记录没有证实，可能是伪造；"
        "未知的终端不计入合计。换机当日，换下的和换上的终端各列一行。",
        "Days are those of the terminals' own clocks. What is on a terminal is counted by the last complete"
        " look at it; records of one person, second and state are one (distinct); came late = brought only by"
        " reading again for this account; pushed, unproved = only pushed, and not shown by the terminal's own"
        " log: it may be forged; what is unknown is not in the sums. On the day of a swap the terminal that"
        " left and the one that came have a row each.",
    ),
    "rec.anchor": (
        "账目锚点: 账期 {epoch} 第 {number} 号 {head}（hall-edge verify --head 可核对此后未被改动）",
        "anchor: epoch {epoch}, number {number}, {head} (hall-edge verify --head proves nothing was altered)",
    ),
    "rec.checked_by": ("核对人", "checked by"),
    "rec.date": ("日期", "date"),
    "rec.stored_one": (
        "注意: 守护进程没有运行，以下是已存的对账结果",
        "note: the daemon is not running; this is the account as it was stored",
    ),
    "rec.none": ("{day}: 还没有对账结果", "{day}: there is no account yet"),
    "rec.written": ("已写入 {path}", "written to {path}"),
    "import.looked": (
        "文件 {first} … {last}: 新增 {new} 条，已有 {known} 条，无法辨认 {rejected} 行（将隔离）",
        "the file, {first} … {last}: {new} new, {known} known, {rejected} lines make no sense (quarantine)",
    ),
    "import.foreign": (
        "未导入: 这台终端完整读过的时段，文件中有 {n} 条，却没有一条对得上。"
        "多半是别的终端的文件，或列的含义不同；核实后可加 --force",
        "not taken: {n} of its records are of a time that was read completely, and none of them is known. It"
        " is another terminal's file, or its columns mean something else; add --force if you know better",
    ),
    "import.sure": (
        "确认 {device} 的数据完整到 {until}？此前没有记录的人会被视为没有打卡",
        "Is {device} complete up to {until}? Who has no record before it counts as not having punched.",
    ),
    "import.done": ("已导入 {n} 条，隔离 {rejected} 行", "{n} taken, {rejected} lines in quarantine"),
}
