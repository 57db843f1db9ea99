"""What can be wrong with an evaluator: a keypad's plug and port, a vendor tablet's list and codes."""

from edge.causes.cause import Cause

EVALUATOR: dict[str, Cause] = {
    "not_plugged_in": Cause(
        "评价器（串口）没有插上",
        "the keypad's serial port is not there",
        "检查 USB 插头和线缆；插回后自动恢复。核对 port 与 /dev/serial/by-id/ 中的名称",
        "check plug and cable; it works again by itself. Compare port with /dev/serial/by-id/",
    ),
    "port_unusable": Cause(
        "串口或串口服务器打不开",
        "the serial port or its converter cannot be opened",
        "检查是否被其他软件占用、权限（dialout 组），或串口服务器的 IP、端口和电源",
        "look for other software using it, permissions (group dialout), the converter's IP and power",
    ),
    "line_down": Cause(
        "评价平板的连接断了",
        "the line to the tablet is down",
        "检查平板的电源、无线网络和评价软件；连上后自动恢复。断开期间平板上的评价留在平板，恢复后送来",
        "check its power, Wi-Fi and app; it works again by itself, and brings what was rated meanwhile",
    ),
    "line_never_up": Cause(
        "评价平板还没有连上过本机，或登录未通过",
        "the tablet has never connected, or its login was wrong",
        "核对平板上的服务器地址（[listen] 的地址、端口和 path）、工号和通讯密钥，以及表中的 address",
        "compare server address (that of [listen], and path), login and key on the tablet, and address here",
    ),
    "path_unknown": Cause(
        "平板上没有所配的接口地址",
        "the tablet has no such address as path in the config",
        "按厂家文档核对 path 和 port；确认平板上已打开该接口",
        "compare path and port with the vendor's document; see that the interface is switched on",
    ),
    "level_unknown": Cause(
        "评价器发来等级表里没有的代码；这些评价在隔离区，没有猜测等级",
        "it sends codes that are not in its map of levels; they are in quarantine, no level was guessed",
        "按厂家文档核对，把代码写入 levels，重启后运行 hall-edge reread，它们就会计入",
        "compare with the vendor's document, add the code to levels, restart, then run hall-edge reread",
    ),
    "cursor_ignored": Cause(
        "平板不理会游标，总是返回同一页；这一页之外的评价收不到",
        "the tablet disregards the cursor and tells the same page again; what lies beyond it is not heard",
        "核对 path、first 和 record 中的 {cursor}；或把 limit 调大到超过它保存的条数",
        "check path, first and {cursor} in record; or raise limit above the number it keeps",
    ),
    "newest_first": Cause(
        "平板从最新的评价开始返回，满页时更早的可能收不到",
        "the tablet begins with the newest ratings; where a page is full, older ones may not be heard",
        "在 path 中加上厂家的升序参数，或把 limit 调大到超过它保存的条数",
        "add the vendor's parameter for ascending order to path, or raise limit above the number it keeps",
    ),
    "list_reset": Cause(
        "平板的评价列表被清空或重置过；其间的评价可能丢失，已上报 device.data_gap",
        "the tablet's list was cleared or reset; ratings of that time may be lost (device.data_gap)",
        "问清谁在何时恢复出厂或清理过平板；此后的评价照常接收",
        "find out who reset or cleaned the tablet, and when; ratings since then are taken as usual",
    ),
}
