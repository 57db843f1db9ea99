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
}
