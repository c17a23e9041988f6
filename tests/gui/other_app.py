#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program on the desktop: it owns the clipboard, or has something to drag. Prints “ready” once it does.

other_app.py clipboard TEXT
other_app.py clipboard-files PATH…
other_app.py clipboard-list ADDRESS…  links and files together, as a list of addresses
other_app.py read-clipboard           prints the text in it as JSON and ends
other_app.py drag MEDIA-TYPE TEXT     as browsers and editors do
other_app.py drag-files PATH…         as file managers do
"""

import json
import sys

import gi

gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, Gio, GLib, GObject, Gtk  # noqa: E402


def bytes_of(media_type, text):
    return Gdk.ContentProvider.new_for_bytes(media_type, GLib.Bytes.new(text.encode()))


def list_of(paths):
    files = Gdk.FileList.new_from_list([Gio.File.new_for_path(path) for path in paths])
    return Gdk.ContentProvider.new_for_value(GObject.Value(Gdk.FileList, files))


def clipboard():
    return Gdk.Display.get_default().get_clipboard()


def own_clipboard(content):
    if not clipboard().set_content(content):
        sys.exit("the clipboard cannot be had")
    print("ready", flush=True)


def read_clipboard():
    def read(source, result):
        print(json.dumps(source.read_text_finish(result)), flush=True)
        sys.exit()

    clipboard().read_text_async(None, read)


def offer_drag(content):
    window = Gtk.Window(title="Other", decorated=False, default_width=160, default_height=120)
    source = Gtk.DragSource(actions=Gdk.DragAction.COPY)
    source.set_content(content)
    label = Gtk.Label(label="Drag me")
    label.add_controller(source)
    window.set_child(label)
    window.connect("map", lambda *_: GLib.idle_add(print, "ready", flush=True))
    window.present()


def main():
    Gtk.init()
    what, *values = sys.argv[1:]
    if what == "clipboard":
        own_clipboard(bytes_of("text/plain;charset=utf-8", values[0]))
    elif what == "clipboard-list":
        own_clipboard(bytes_of("text/uri-list", "".join(f"{address}\r\n" for address in values)))
    elif what == "clipboard-files":
        own_clipboard(list_of(values))
    elif what == "read-clipboard":
        read_clipboard()
    elif what == "drag":
        offer_drag(bytes_of(*values))
    else:
        offer_drag(list_of(values))
    GLib.MainLoop().run()


main()
