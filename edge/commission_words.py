"""What people read while a hall is taken into service: discover, add-device, recordings, upload."""

COMMISSION: dict[str, tuple[str, str]] = {
    "range.unreadable": (
        "{network}: 不是网段，应写作 192.168.1.0/24",
        "{network}: no network; write it as 192.168.1.0/24",
    ),
    "range.foreign": (
        "{network}: 不在内网，不扫描；确属本厅网络时写入配置 [site] device_networks",
        "{network}: not a private network, not scanned; if it is yours, add it to device_networks in [site]",
    ),
    "range.large": (
        "{network}: 地址太多，一次最多 {most} 个；写明设备所在的小网段，如 192.168.1.0/24",
        "{network}: too many addresses, {most} at most at once; name the devices' network, as 192.168.1.0/24",
    ),
    "range.skipped": (
        "未扫描 {network}: 地址太多；需要时写明其中的小网段",
        "not scanned: {network}, too many addresses; name a part of it if devices stand there",
    ),
    "range.none": (
        "不知道扫描哪里: 写明设备所在网段，如 hall-edge discover 192.168.1.0/24",
        "nothing to scan: name the devices' network, as hall-edge discover 192.168.1.0/24",
    ),
    "found.scanning": ("扫描 {networks}（{n} 个地址）", "scanning {networks} ({n} addresses)"),
    "found.asked": (
        "已询问 {n}/{all} 个地址，发现 {found} 台",
        "{n} of {all} addresses asked, {found} found",
    ),
    "found.no_mdns": (
        "未监听 mDNS: 没有安装附加组件，pip install 'hall-edge[discover]'",
        "mDNS not listened to: the extra is not installed, pip install 'hall-edge[discover]'",
    ),
    "found.mdns_failed": ("mDNS 无法使用: {why}", "mDNS cannot be used: {why}"),
    "found.nothing": (
        "没有发现设备: 检查设备电源、网线、是否在同一网段；设备可能改了端口（--port 驱动=端口）",
        "nothing found: check power and cable, and that it is the devices' network; a device may have another"
        " port (--port DRIVER=PORT)",
    ),
    "found.address": ("地址", "address"),
    "found.family": ("驱动", "driver"),
    "found.model": ("型号", "model"),
    "found.serial": ("序列号", "serial number"),
    "found.configured": ("已配置为", "configured as"),
    "found.next": ("下一步", "next step"),
    "found.in_use": ("已在使用", "in use"),
}
