#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program on the desktop: it owns the clipboard, or has something to drag. Prints “ready” once it does.

other_app.py clipboard TEXT
other_app.py drag MEDIA-TYPE TEXT
"""

import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402


def own_clipboard(text):
    value = Gdk.ContentProvider.new_for_bytes("text/plain;charset=utf-8", GLib.Bytes.new(text.encode()))
    if not Gdk.Display.get_default().get_clipboard().set_content(value):
        sys.exit("the clipboard cannot be had")
    print("ready", flush=True)


def offer_drag(media_type, text):
    window = Gtk.Window(title="Other", decorated=False, default_width=160, default_height=120)
    source = Gtk.DragSource(actions=Gdk.DragAction.COPY)
    source.set_content(Gdk.ContentProvider.new_for_bytes(media_type, GLib.Bytes.new(text.encode())))
    label = Gtk.Label(label="Drag me")
    label.add_controller(source)
    window.set_child(label)
    window.connect("map", lambda *_: GLib.idle_add(print, "ready", flush=True))
    window.present()


def main():
    Gtk.init()
    if sys.argv[1] == "clipboard":
        own_clipboard(sys.argv[2])
    else:
        offer_drag(sys.argv[2], sys.argv[3])
    GLib.MainLoop().run()


main()
