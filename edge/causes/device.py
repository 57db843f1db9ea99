"""What can be wrong with a device, or between it and us."""

from edge.causes.cause import Cause

DEVICE: dict[str, Cause] = {
    "ok": Cause("正常", "working", "", ""),
    "starting": Cause("正在首次联系", "first contact under way", "等待一分钟", "wait a minute"),
    "no_answer": Cause(
        "设备没有应答",
        "the device does not answer",
        "检查电源、网线和 IP 地址；在本机 ping 设备",
        "check power, cable and IP address; ping the device from this machine",
    ),
    "connection_lost": Cause(
        "连接中断，正在重连",
        "the connection broke, reconnecting",
        "若反复出现，检查网线和交换机端口，或是否有其他软件同时连接",
        "if it keeps happening check cable and switch port, or other software connected to the device",
    ),
    "garbled": Cause(
        "收到的数据校验不符",
        "what arrives fails its checksum",
        "检查网线和交换机；重启设备",
        "check cable and switch; restart the device",
    ),
    "foreign_device": Cause(
        "该地址上的设备说的不是这种协议",
        "what answers at this address speaks another protocol",
        "核对 IP、端口和驱动名称",
        "check IP, port and driver name",
    ),
    "encrypted_firmware": Cause(
        "新固件加密了 4370 端口，无法拉取",
        "this firmware encrypts port 4370 and cannot be polled",
        "在设备上改用 PUSH (ADMS) 方式，并配置 adms 驱动",
        "switch the device to PUSH (ADMS) and configure the adms driver",
    ),
    "wrong_key": Cause(
        "通信密码不对",
        "the comm key is wrong",
        "在设备菜单中查看通信密码，写入 comm_key_file 指定的文件",
        "read the comm key in the device menu and write it to the file named by comm_key_file",
    ),
    "comm_key_unreadable": Cause(
        "读不到通信密码文件",
        "the comm key file cannot be read",
        "检查 comm_key_file 的路径、权限，内容应为一个数字",
        "check path and permissions of comm_key_file; it holds one number",
    ),
    "no_serial": Cause(
        "设备不报告序列号，记录无法唯一标识",
        "the device reports no serial number, so its records cannot be named",
        "更新固件或更换设备",
        "update the firmware or replace the device",
    ),
    "layout_unknown": Cause(
        "考勤记录格式无法识别，未导入任何记录",
        "the log's record layout is unknown; nothing was imported",
        "运行 hall-edge probe 并把结果交给支持人员；已知格式时可在配置中写 layout",
        "run hall-edge probe and send the result to support; set layout in the config if you know it",
    ),
    "layout_changed": Cause(
        "考勤记录格式变了（固件升级？），为防止重复计数已停止读取",
        "the record layout changed (firmware update?); reading stopped so that nothing counts twice",
        "核实升级情况后在配置中写明 layout",
        "confirm the update, then set layout in the config",
    ),
    "counter_disagrees": Cause(
        "设备自报条数多于实际读到的条数，数据完整性待定",
        "the device claims more records than it hands out; completeness stays pending",
        "在设备菜单中核对记录数；持续出现请联系厂家",
        "compare the count in the device menu; if it stays, call the vendor",
    ),
    "clock_off": Cause(
        "设备时钟偏差超过 60 秒，时间已校正并标记",
        "the device clock is off by more than 60 s; times are corrected and flagged",
        "在上下班时段之外运行 hall-edge set-time，或在设备菜单中校准",
        "outside duty hours run hall-edge set-time, or set it in the device menu",
    ),
    "terminal_swapped": Cause(
        "该地址上换了一台终端（序列号或型号变了），已停止读取",
        "another terminal answers at this address (serial number or model changed); it is not read",
        "核实是否换机；是则运行 hall-edge accept，否则检查 IP 地址冲突",
        "was it replaced? then run hall-edge accept; if not, look for a clash of IP addresses",
    ),
    "out_of_service": Cause(
        "已由人停用，不读取",
        "taken out of service by a person; it is not read",
        "恢复启用：hall-edge service DEVICE in",
        "to put it back: hall-edge service DEVICE in",
    ),
    "log_nearly_full": Cause(
        "终端存储已用八成以上，满后可能不再记录",
        "the terminal's log is filled by more than 80 %; once full it may record no more",
        "先对账（hall-edge reconcile）确认全部已由上级收到，再在设备菜单中清除旧记录",
        "first hall-edge reconcile shows that upstream has all; then clear old records in the device menu",
    ),
    "no_data": Cause(
        "连接正常，但尚无任何记录",
        "connected, but there is no record yet",
        "打一次卡试试",
        "make a test punch",
    ),
    "hung": Cause(
        "驱动超时无响应，已重新启动该驱动",
        "the driver hung and was started afresh",
        "若反复出现，导出日志并联系支持人员",
        "if it keeps happening, export the log and call support",
    ),
    "bug": Cause(
        "程序出错，正在重新开始",
        "a fault in the program; it begins anew",
        "把日志中的错误信息交给支持人员",
        "send the traceback in the log to support",
    ),
    "config_error": Cause(
        "该设备配置有误，已停用",
        "this device's configuration is wrong; it is disabled",
        "运行 hall-edge check-config 并按提示修改",
        "run hall-edge check-config and mend what it names",
    ),
    "disabled": Cause("已在配置中停用", "disabled in the config", "", ""),
}
