/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-destination-private.h"

struct _FerryDestination
{
  GObject parent_instance;

  char *id;
  char *name;
  char *protocol;
  char *address;
  gboolean is_default;
};

G_DEFINE_FINAL_TYPE (FerryDestination, ferry_destination, G_TYPE_OBJECT)

enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_PROTOCOL,
  PROP_ADDRESS,
  PROP_IS_DEFAULT,
  PROP_HERE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

const char *
ferry_destination_get_id (FerryDestination *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATION (self), NULL);
  return self->id;
}

const char *
ferry_destination_get_name (FerryDestination *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATION (self), NULL);
  return self->name;
}

const char *
ferry_destination_get_protocol (FerryDestination *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATION (self), NULL);
  return self->protocol;
}

const char *
ferry_destination_get_address (FerryDestination *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATION (self), NULL);
  return self->address;
}

gboolean
ferry_destination_get_is_default (FerryDestination *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATION (self), FALSE);
  return self->is_default;
}

gboolean
ferry_destination_get_here (FerryDestination *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATION (self), FALSE);
  return g_str_equal (self->id, FERRY_DESTINATION_HERE);
}

static void
set_text (FerryDestination *self, char **field, const char *text, guint prop)
{
  if (g_strcmp0 (*field, text) == 0)
    return;
  g_free (*field);
  *field = g_strdup (text);
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

void
ferry_destination_set_name (FerryDestination *self, const char *name)
{
  set_text (self, &self->name, name, PROP_NAME);
}

void
ferry_destination_set_address (FerryDestination *self, const char *address)
{
  set_text (self, &self->address, address, PROP_ADDRESS);
}

void
ferry_destination_set_is_default (FerryDestination *self, gboolean is_default)
{
  if (self->is_default == is_default)
    return;
  self->is_default = is_default;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_IS_DEFAULT]);
}

char *
ferry_destination_random_id (void)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_auto (GStrv) pieces = g_strsplit (uuid, "-", -1);

  return g_strjoinv (NULL, pieces);
}

FerryDestination *
ferry_destination_new (const char *id, const char *name, const char *protocol, const char *address)
{
  FerryDestination *self = g_object_new (FERRY_TYPE_DESTINATION, NULL);

  self->id = id != NULL ? g_strdup (id) : ferry_destination_random_id ();
  self->name = g_strdup (name);
  self->protocol = g_strdup (protocol);
  self->address = g_strdup (address);
  return self;
}

FerryDestination *
ferry_destination_copy (FerryDestination *self)
{
  FerryDestination *copy
      = ferry_destination_new (self->id, self->name, self->protocol, self->address);

  copy->is_default = self->is_default;
  return copy;
}

static void
ferry_destination_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FerryDestination *self = FERRY_DESTINATION (object);

  switch (id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_PROTOCOL:
      g_value_set_string (value, self->protocol);
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, self->address);
      break;
    case PROP_IS_DEFAULT:
      g_value_set_boolean (value, self->is_default);
      break;
    case PROP_HERE:
      g_value_set_boolean (value, ferry_destination_get_here (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ferry_destination_finalize (GObject *object)
{
  FerryDestination *self = FERRY_DESTINATION (object);

  g_free (self->id);
  g_free (self->name);
  g_free (self->protocol);
  g_free (self->address);
  G_OBJECT_CLASS (ferry_destination_parent_class)->finalize (object);
}

static void
ferry_destination_class_init (FerryDestinationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = ferry_destination_finalize;
  object_class->get_property = ferry_destination_get_property;

  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, readable);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, readable);
  props[PROP_PROTOCOL] = g_param_spec_string ("protocol", NULL, NULL, NULL, readable);
  props[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, readable);
  props[PROP_IS_DEFAULT] = g_param_spec_boolean ("is-default", NULL, NULL, FALSE, readable);
  props[PROP_HERE] = g_param_spec_boolean ("here", NULL, NULL, FALSE, readable);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ferry_destination_init (FerryDestination *self)
{
}
