/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-monitor.h"

struct _FerryTestMonitor
{
  GObject parent_instance;
  gboolean available;
};

enum
{
  PROP_0,
  PROP_AVAILABLE,
  PROP_METERED,
  PROP_CONNECTIVITY
};

static gboolean
init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
initable_iface_init (GInitableIface *iface)
{
  iface->init = init;
}

static gboolean
can_reach (GNetworkMonitor *monitor,
           GSocketConnectable *connectable,
           GCancellable *cancellable,
           GError **error)
{
  if (FERRY_TEST_MONITOR (monitor)->available)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, "Offline");
  return FALSE;
}

static void
monitor_iface_init (GNetworkMonitorInterface *iface)
{
  iface->can_reach = can_reach;
}

G_DEFINE_TYPE_WITH_CODE (FerryTestMonitor,
                         ferry_test_monitor,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_iface_init)
                             G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, monitor_iface_init))

static void
ferry_test_monitor_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FerryTestMonitor *self = FERRY_TEST_MONITOR (object);

  if (id == PROP_AVAILABLE)
    g_value_set_boolean (value, self->available);
  else if (id == PROP_METERED)
    g_value_set_boolean (value, FALSE);
  else if (id == PROP_CONNECTIVITY)
    g_value_set_enum (value,
                      self->available ? G_NETWORK_CONNECTIVITY_FULL : G_NETWORK_CONNECTIVITY_LOCAL);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ferry_test_monitor_class_init (FerryTestMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = ferry_test_monitor_get_property;
  g_object_class_override_property (object_class, PROP_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

static void
ferry_test_monitor_init (FerryTestMonitor *self)
{
  self->available = TRUE;
}

FerryTestMonitor *
ferry_test_monitor_new (gboolean available)
{
  FerryTestMonitor *self = g_object_new (FERRY_TYPE_TEST_MONITOR, NULL);

  self->available = available;
  return self;
}

void
ferry_test_monitor_set_available (FerryTestMonitor *self, gboolean available)
{
  if (self->available == available)
    return;
  self->available = available;
  g_object_notify (G_OBJECT (self), "network-available");
  g_object_notify (G_OBJECT (self), "connectivity");
  g_signal_emit_by_name (self, "network-changed", available);
}
