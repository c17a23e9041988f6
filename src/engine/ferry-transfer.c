/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-transfer-private.h"

#include "ferry-address.h"
#include "ferry-error.h"
#include "ferry-file-name.h"

G_DEFINE_FINAL_TYPE (FerryTransfer, ferry_transfer, G_TYPE_OBJECT)

enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_ADDRESS,
  PROP_STATE,
  PROP_SIZE,
  PROP_RECEIVED,
  PROP_FRACTION,
  PROP_SPEED,
  PROP_CAPTION,
  PROP_RESUME,
  PROP_PATH,
  PROP_MEDIA_TYPE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static char *
choose_name (const FerryRecord *record)
{
  g_autofree char *name = NULL;

  if (record->spec->direction == FERRY_UPLOAD)
    return g_strdup (record->spec->name);
  if (record->path != NULL)
    return g_path_get_basename (record->path);
  if (record->spec->name != NULL)
    return g_strdup (record->spec->name);
  if (record->progress->name != NULL)
    return g_strdup (record->progress->name);
  name = ferry_file_name_from_address (record->spec->address);
  return name != NULL ? g_steal_pointer (&name) : ferry_address_host (record->spec->address);
}

static void
update_name (FerryTransfer *self)
{
  g_autofree char *name = choose_name (self->record);

  if (g_strcmp0 (name, self->name) == 0)
    return;
  g_free (self->name);
  self->name = g_steal_pointer (&name);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
}

static void
update_caption (FerryTransfer *self)
{
  g_autofree char *caption = ferry_transfer_describe (self);

  if (g_strcmp0 (caption, self->caption) == 0)
    return;
  g_free (self->caption);
  self->caption = g_steal_pointer (&caption);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CAPTION]);
}

static double
get_fraction (const FerryTransfer *self)
{
  if (self->shown_state == FERRY_STATE_DONE)
    return 1.0;
  if (self->size < 0)
    return self->received == 0 ? 0.0 : -1.0;
  if (self->size == 0)
    return 0.0;
  /* Full only when it is done: the last step is still to come. */
  return MIN ((double) self->received / (double) self->size, 0.999);
}

#define UPDATE(field, value, prop)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    __auto_type new_value = (value);                                                               \
    if (self->field != new_value)                                                                  \
      {                                                                                            \
        self->field = new_value;                                                                   \
        g_object_notify_by_pspec (G_OBJECT (self), props[prop]);                                   \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

void
ferry_transfer_refresh (FerryTransfer *self)
{
  const FerryProgress *progress = self->record->progress;
  FerryStage stage = self->job != NULL ? ferry_job_get_stage (self->job) : FERRY_STAGE_CONNECTING;
  gboolean moving = stage == FERRY_STAGE_RECEIVING || stage == FERRY_STAGE_SENDING;
  guint64 received = self->job != NULL ? ferry_job_get_received (self->job) : progress->confirmed;
  guint64 speed = 0;

  if (self->job != NULL)
    speed = ferry_speed_update (&self->meter, g_get_monotonic_time (),
                                received + ferry_job_get_under_way (self->job));

  g_object_freeze_notify (G_OBJECT (self));
  UPDATE (shown_state, ferry_facts_get_state (&self->facts), PROP_STATE);
  UPDATE (size, progress->size, PROP_SIZE);
  UPDATE (received, received, PROP_RECEIVED);
  UPDATE (speed, moving ? speed : 0, PROP_SPEED);
  UPDATE (resume, progress->resume, PROP_RESUME);
  UPDATE (fraction, get_fraction (self), PROP_FRACTION);
  update_name (self);
  update_caption (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
ferry_transfer_take_progress (FerryTransfer *self, FerryProgress *progress)
{
  gboolean new_type = g_strcmp0 (self->record->progress->media_type, progress->media_type) != 0;

  ferry_progress_free (self->record->progress);
  self->record->progress = progress;
  if (new_type)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MEDIA_TYPE]);
}

FerryTransfer *
ferry_transfer_new (FerryRecord *record)
{
  FerryTransfer *self = g_object_new (FERRY_TYPE_TRANSFER, NULL);

  self->record = record;
  self->facts = (FerryFacts){ .wanted = record->wanted, .outcome = record->outcome };
  self->size = -1;
  ferry_transfer_refresh (self);
  return self;
}

static void
ferry_transfer_finalize (GObject *object)
{
  FerryTransfer *self = FERRY_TRANSFER (object);

  g_clear_pointer (&self->job, ferry_job_unref);
  g_clear_pointer (&self->record, ferry_record_free);
  g_free (self->name);
  g_free (self->caption);
  G_OBJECT_CLASS (ferry_transfer_parent_class)->finalize (object);
}

static void
ferry_transfer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FerryTransfer *self = FERRY_TRANSFER (object);

  switch (id)
    {
    case PROP_ID:
      g_value_set_string (value, self->record->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, self->record->spec->address);
      break;
    case PROP_STATE:
      g_value_set_int (value, (int) self->shown_state);
      break;
    case PROP_SIZE:
      g_value_set_int64 (value, self->size);
      break;
    case PROP_RECEIVED:
      g_value_set_uint64 (value, self->received);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_SPEED:
      g_value_set_uint64 (value, self->speed);
      break;
    case PROP_CAPTION:
      g_value_set_string (value, self->caption);
      break;
    case PROP_RESUME:
      g_value_set_int (value, (int) self->resume);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->record->path);
      break;
    case PROP_MEDIA_TYPE:
      g_value_set_string (value, self->record->progress->media_type);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ferry_transfer_class_init (FerryTransferClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = ferry_transfer_finalize;
  object_class->get_property = ferry_transfer_get_property;

  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, 0, FERRY_N_STATES - 1, 0, flags);
  props[PROP_SIZE] = g_param_spec_int64 ("size", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_RECEIVED] = g_param_spec_uint64 ("received", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1, 1, 0, flags);
  props[PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_CAPTION] = g_param_spec_string ("caption", NULL, NULL, NULL, flags);
  props[PROP_RESUME] = g_param_spec_int ("resume", NULL, NULL, 0, FERRY_RESUME_NO, 0, flags);
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  props[PROP_MEDIA_TYPE] = g_param_spec_string ("media-type", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ferry_transfer_init (FerryTransfer *self)
{
  self->fraction = 0;
}

const char *
ferry_transfer_get_id (FerryTransfer *self)
{
  return self->record->id;
}

const char *
ferry_transfer_get_name (FerryTransfer *self)
{
  return self->name;
}

const char *
ferry_transfer_get_address (FerryTransfer *self)
{
  return self->record->spec->address;
}

const char *
ferry_transfer_get_folder (FerryTransfer *self)
{
  return self->record->spec->folder;
}

const char *
ferry_transfer_get_path (FerryTransfer *self)
{
  return self->record->path;
}

const char *
ferry_transfer_get_media_type (FerryTransfer *self)
{
  return self->record->progress->media_type;
}

FerryState
ferry_transfer_get_state (FerryTransfer *self)
{
  return self->shown_state;
}

gint64
ferry_transfer_get_size (FerryTransfer *self)
{
  return self->size;
}

guint64
ferry_transfer_get_received (FerryTransfer *self)
{
  return self->received;
}

double
ferry_transfer_get_fraction (FerryTransfer *self)
{
  return self->fraction;
}

guint64
ferry_transfer_get_speed (FerryTransfer *self)
{
  return self->speed;
}

const char *
ferry_transfer_get_caption (FerryTransfer *self)
{
  return self->caption != NULL ? self->caption : "";
}

FerryResume
ferry_transfer_get_resume (FerryTransfer *self)
{
  return self->resume;
}

FerryWanted
ferry_transfer_get_wanted (FerryTransfer *self)
{
  return self->facts.wanted;
}

int
ferry_transfer_get_error_code (FerryTransfer *self)
{
  return self->record->error_code;
}

const char *
ferry_transfer_get_error_message (FerryTransfer *self)
{
  return self->record->error_message;
}

gint64
ferry_transfer_get_added (FerryTransfer *self)
{
  return self->record->added;
}

gint64
ferry_transfer_get_finished (FerryTransfer *self)
{
  return self->record->finished;
}

const char *
ferry_transfer_get_sha256 (FerryTransfer *self)
{
  const FerryRecord *record = self->record;

  /* Of an upload the receiver's is known equal to the source's. */
  if (record->spec->direction == FERRY_UPLOAD)
    return record->progress->server_sha256;
  return record->spec->sha256;
}

FerryDirection
ferry_transfer_get_direction (FerryTransfer *self)
{
  return self->record->spec->direction;
}

const char *
ferry_transfer_get_source (FerryTransfer *self)
{
  return self->record->spec->source;
}

char *
ferry_transfer_get_whereto (FerryTransfer *self)
{
  const FerrySpec *spec = self->record->spec;

  if (spec->direction != FERRY_UPLOAD)
    return NULL;
  return spec->destination != NULL ? g_strdup (spec->destination)
                                   : ferry_address_host (spec->address);
}

const char *
ferry_transfer_get_link (FerryTransfer *self)
{
  if (self->record->spec->direction == FERRY_DOWNLOAD)
    return self->record->spec->address;
  return self->record->progress->final_address;
}

const char *
ferry_transfer_get_verified (FerryTransfer *self)
{
  return self->record->progress->verified;
}
