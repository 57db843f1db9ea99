"""What became of an order, or why nobody answered; what is set aside."""

ANSWERS: dict[str, tuple[str, str]] = {
    "dead": (
        "守护进程没有运行。以下是它最后一次写下的状态 ({at})",
        "the daemon is not running; its last word, {at}",
    ),
    "mute": (
        "守护进程在运行，但没有回答：请查看系统日志。以下是它最后一次写下的状态 ({at})",
        "the daemon runs but does not answer: look at the system log; its last word, {at}",
    ),
    "mute_order": (
        "守护进程在运行，但没有回答，不知命令是否执行：请查看系统日志，再看 hall-edge status",
        "the daemon runs but does not answer, it may or may not have been done: look at the system log,"
        " then at hall-edge status",
    ),
    "never_ran": ("守护进程没有运行，也没有留下状态", "the daemon is not running and left no status"),
    "not_running": ("守护进程没有运行，命令未执行", "the daemon is not running; nothing was done"),
    "done": ("已执行", "done"),
    "refused": ("未执行", "not done"),
    "aside.none": ("没有被搁置的事件", "nothing is set aside"),
    "aside.again": ("已重新排队，等待送达", "queued again, waiting to arrive"),
    "aside.next": (
        "请上级按所示原因处理，然后运行 hall-edge requeue，或 hall-edge requeue NUMBER 只发一条",
        "ask upstream to deal with the reason shown, then run hall-edge requeue, or hall-edge requeue NUMBER"
        " for one of them",
    ),
}
