/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryTestMonitor:
 *
 * A GNetworkMonitor that says what a test tells it to.
 */
#define FERRY_TYPE_TEST_MONITOR (ferry_test_monitor_get_type ())
G_DECLARE_FINAL_TYPE (FerryTestMonitor, ferry_test_monitor, FERRY, TEST_MONITOR, GObject)

FerryTestMonitor *ferry_test_monitor_new (gboolean available);

/* Emits "network-changed" and the notifications when that is a change. */
void ferry_test_monitor_set_available (FerryTestMonitor *self, gboolean available);

G_END_DECLS
