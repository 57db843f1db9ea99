"""What people read of staff orders."""

STAFF: dict[str, tuple[str, str]] = {
    "staff.title": ("人员指令", "staff orders"),
    "staff.waits": ("{n} 项待答复", "{n} not answered"),
    "staff.answered": ("均已答复", "all answered"),
    "staff.none": ("没有人员指令", "no staff orders"),
    "staff.given": ("已登记，编号 {order}", "written down, number {order}"),
    "staff.open": (
        "未全部答复；指令已保存，终端联系上后自动执行。用 hall-edge staff orders 查看",
        "not all have answered; it is kept, and goes out at the next contact: see hall-edge staff orders",
    ),
    "staff.all_done": ("全部终端已执行", "carried out by every terminal"),
    "staff.some_failed": ("有终端未能执行", "not carried out by every terminal"),
    "staff.col.order": ("编号", "number"),
    "staff.col.command": ("指令", "order"),
    "staff.col.person": ("用户号", "user"),
    "staff.col.given": ("下达", "given"),
    "staff.col.expires": ("有效至", "until"),
    "staff.col.answer": ("答复与下一步", "answer and next step"),
    "staff.staff.push": ("下发", "push"),
    "staff.staff.revoke": ("撤销", "revoke"),
    "staff.waiting": ("等待", "waiting"),
    "staff.sent": ("已下发", "sent"),
    "staff.done": ("完成", "done"),
    "staff.failed": ("失败", "failed"),
    "staff.expired": ("过期", "expired"),
}
