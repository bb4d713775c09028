"""A panel and a notification daemon (python3-dbusmock) on the session bus, driven by one JSON command a line on stdin.

Each is answered by one line: {"ok": VALUE} or {"error": TEXT}. All ends with stdin.
"""

import json
import subprocess
import sys
import time

import dbus
import dbusmock

WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
DAEMON = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
MENU = "com.canonical.dbusmenu"

bus = dbus.SessionBus()
servers = {}


def serve(name, *args):
    servers[name] = subprocess.Popen(
        [sys.executable, "-m", "dbusmock", "--session", *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while not bus.name_has_owner(name):
        if servers[name].poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not come up")
        time.sleep(0.02)


def end(name):
    server = servers.pop(name)
    server.terminate()
    server.wait(10)


def mock(of):
    return dbus.Interface(bus.get_object(*of), dbusmock.MOCK_IFACE)


def start_panel():
    name, path = WATCHER
    serve(name, name, path, name)
    panel = mock(WATCHER)
    panel.AddMethod(name, "RegisterStatusNotifierItem", "s", "", "")
    panel.AddProperty(name, "IsStatusNotifierHostRegistered", dbus.Boolean(True))
    panel.AddProperty(name, "RegisteredStatusNotifierItems", dbus.Array([], signature="s"))
    panel.EmitSignal(name, "StatusNotifierHostRegistered", "", [])


def items():
    """The bus names of the icons that were registered, the oldest first."""
    return [str(args[0]) for _, args in mock(WATCHER).GetMethodCalls("RegisterStatusNotifierItem")]


def item(path="/StatusNotifierItem"):
    found = items()
    if not found:
        raise RuntimeError("No icon is registered")
    name = found[-1]
    if name.startswith("/"):
        raise RuntimeError(f"An icon at {name}")
    return bus.get_object(name, path)


def of_item(key):
    return item().Get("org.kde.StatusNotifierItem", key, dbus_interface=dbus.PROPERTIES_IFACE)


def menu_object():
    return dbus.Interface(item(str(of_item("Menu"))), MENU)


def entry(node):
    number, properties, children = node
    return {
        "id": int(number),
        "label": str(properties.get("label", "")),
        "enabled": bool(properties.get("enabled", True)),
        "separator": str(properties.get("type", "")) == "separator",
        "entries": [entry(child) for child in children],
    }


def menu():
    _, root = menu_object().GetLayout(0, -1, dbus.Array([], signature="s"))
    return entry(root)["entries"]


def click(number):
    menu_object().Event(dbus.Int32(number), "clicked", dbus.Int32(0, variant_level=1), dbus.UInt32(0))


def activate():
    dbus.Interface(item(), "org.kde.StatusNotifierItem").Activate(0, 0)


def icon():
    """[width, height, how many of its pixels are not clear] of every size."""
    return [[int(w), int(h), sum(1 for at in range(0, len(data), 4) if data[at])] for w, h, data in of_item("IconPixmap")]


def tool_tip():
    return str(of_item("ToolTip")[2])


def start_daemon():
    name, _ = DAEMON
    serve(name, "--template", "notification_daemon", "--parameters", json.dumps({"capabilities": "actions body"}))


def notifications():
    """Those that were shown, the oldest first. The template counts their ids from 1."""
    calls = mock(DAEMON).GetMethodCalls("Notify")
    return [
        {"id": number, "app": str(args[0]), "title": str(args[3]), "text": str(args[4]), "actions": [str(a) for a in args[5]]}
        for number, (_, args) in enumerate(calls, 1)
    ]


def click_notification(number):
    daemon = mock(DAEMON)
    values = dbus.Array([dbus.UInt32(number), dbus.String("default")], signature="v")
    daemon.EmitSignal(DAEMON[0], "ActionInvoked", "us", values)


COMMANDS = {
    "startPanel": start_panel,
    "endPanel": lambda: end(WATCHER[0]),
    "startDaemon": start_daemon,
    "endDaemon": lambda: end(DAEMON[0]),
    "items": items,
    "menu": menu,
    "click": click,
    "activate": activate,
    "icon": icon,
    "toolTip": tool_tip,
    "notifications": notifications,
    "clickNotification": click_notification,
}

try:
    for line in sys.stdin:
        try:
            name, *args = json.loads(line)
            answer = {"ok": COMMANDS[name](*args)}
        except Exception as error:  # told to the test, which fails by it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
finally:
    for server in servers.values():
        server.terminate()
