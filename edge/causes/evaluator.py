"""What can be wrong with an evaluator: a keypad's plug and port."""

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
}
