/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-bidi.h"
#include "ferry-error.h"
#include "ferry-format.h"
#include "ferry-pair-layout.h"

/* Around the title and its subtitle in the header bar. */
#define TITLE_MARGINS 24

G_DEFINE_FINAL_TYPE (FerryWindow, ferry_window, ADW_TYPE_APPLICATION_WINDOW)

void
ferry_window_toast (FerryWindow *self, const char *sentence)
{
  g_autofree char *markup = g_markup_escape_text (sentence, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (markup));
}

static void
show_banner (FerryWindow *self, const char *sentence)
{
  gtk_label_set_text (self->banner_label, sentence);
  gtk_revealer_set_reveal_child (self->banner, TRUE);
}

static void
banner_dismissed_cb (FerryWindow *self)
{
  gtk_revealer_set_reveal_child (self->banner, FALSE);
}

static void
trouble_cb (FerryWindow *self, const char *sentence)
{
  show_banner (self, sentence);
}

/* What lies between the buttons of the header bar. */
static double
room_for_title (FerryWindow *self)
{
  graphene_rect_t start, end;

  if (!gtk_widget_compute_bounds (GTK_WIDGET (self->all_button), GTK_WIDGET (self), &start)
      || !gtk_widget_compute_bounds (GTK_WIDGET (self->search_button), GTK_WIDGET (self), &end))
    return G_MAXDOUBLE;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    return start.origin.x - end.origin.x - end.size.width;
  return end.origin.x - start.origin.x - start.size.width;
}

/* The first digits of a speed are worse than none. */
static gboolean
fits_title (FerryWindow *self, const char *subtitle)
{
  g_autoptr (PangoLayout) layout
      = gtk_widget_create_pango_layout (GTK_WIDGET (self->title), subtitle);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width + TITLE_MARGINS <= room_for_title (self);
}

/* (nullable) when nothing moves that way */
static char *
arrow_and_speed (const char *arrow, guint64 speed)
{
  g_autofree char *text = ferry_format_speed (speed);

  return speed > 0 ? g_strconcat (arrow, text, NULL) : NULL;
}

static void
update_title (FerryWindow *self)
{
  guint64 speed = self->engine != NULL ? ferry_engine_get_speed (self->engine) : 0;
  guint64 up = speed > 0 ? ferry_engine_get_upload_speed (self->engine) : 0;
  g_autofree char *down_text = arrow_and_speed ("↓ ", speed - up);
  g_autofree char *up_text = arrow_and_speed ("↑ ", up);
  const char *const parts[] = { down_text, up_text };
  g_autofree char *text = ferry_format_join (parts, G_N_ELEMENTS (parts));
  g_autofree char *subtitle = ferry_bidi_caption (text);

  adw_window_title_set_subtitle (self->title, fits_title (self, subtitle) ? subtitle : "");
}

/* Pauses while anything runs, resumes once everything is paused. */
static void
update_all_button (FerryWindow *self)
{
  guint active = ferry_queue_filter_get_count (self->filter, FERRY_FILTER_ACTIVE);
  guint paused = ferry_queue_filter_get_count (self->filter, FERRY_FILTER_PAUSED);
  gboolean resumes = active == 0 && paused > 0;
  const char *name = resumes ? _ ("Resume All") : _ ("Pause All");

  gtk_button_set_icon_name (self->all_button, resumes ? "media-playback-start-symbolic"
                                                      : "media-playback-pause-symbolic");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->all_button),
                                  resumes ? "win.resume-all" : "win.pause-all");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->all_button), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->all_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
}

static const char *
nothing_title (FerryFilter filter)
{
  switch (filter)
    {
    case FERRY_FILTER_DOWNLOADS:
      return _ ("No Downloads");
    case FERRY_FILTER_UPLOADS:
      return _ ("No Uploads");
    case FERRY_FILTER_ACTIVE:
      return _ ("Nothing Is Under Way");
    case FERRY_FILTER_PAUSED:
      return _ ("Nothing Is Paused");
    case FERRY_FILTER_NEEDS_YOU:
      return _ ("Nothing Needs You");
    case FERRY_FILTER_FINISHED:
      return _ ("Nothing Is Finished Yet");
    case FERRY_FILTER_ALL:
    case FERRY_N_FILTERS:
    default:
      return _ ("Nothing on Its Way");
    }
}

static void
update_nothing_page (FerryWindow *self)
{
  gboolean searches = gtk_search_bar_get_search_mode (self->search_bar)
                      && *gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) != '\0';
  FerryFilter filter = ferry_queue_filter_get_filter (self->filter);

  const char *icon
      = filter == FERRY_FILTER_UPLOADS ? "ferry-upload-symbolic" : "ferry-download-symbolic";

  adw_status_page_set_icon_name (self->nothing_page, searches ? "system-search-symbolic" : icon);
  adw_status_page_set_title (self->nothing_page,
                             searches ? _ ("Nothing Found") : nothing_title (filter));
  adw_status_page_set_description (self->nothing_page,
                                   searches ? _ ("Try other words, or another filter.") : NULL);
}

static void
update_pages (FerryWindow *self)
{
  GListModel *shown = ferry_queue_filter_get_shown (self->filter);
  guint all = ferry_queue_filter_get_count (self->filter, FERRY_FILTER_ALL);
  gboolean something = all > 0;

  for (guint i = 0; i < FERRY_N_FILTERS; i++)
    ferry_sidebar_set_count (self->sidebar, i, ferry_queue_filter_get_count (self->filter, i));

  gtk_stack_set_visible_child_name (self->pages, something ? "queue" : "empty");
  if (g_list_model_get_n_items (shown) > 0)
    gtk_stack_set_visible_child_name (self->list_pages, "list");
  else
    {
      update_nothing_page (self);
      gtk_stack_set_visible_child_name (self->list_pages, "nothing");
    }

  gtk_widget_set_visible (GTK_WIDGET (self->sidebar_button), something);
  gtk_widget_set_visible (GTK_WIDGET (self->all_button), something);
  gtk_widget_set_visible (GTK_WIDGET (self->search_button), something);
  gtk_action_bar_set_revealed (
      self->finished_bar,
      ferry_queue_filter_get_filter (self->filter) == FERRY_FILTER_FINISHED
          && ferry_queue_filter_get_count (self->filter, FERRY_FILTER_FINISHED) > 0);
}

static void
update (FerryWindow *self)
{
  if (self->engine != NULL)
    {
      update_pages (self);
      update_all_button (self);
    }
  update_title (self);
  ferry_window_update_actions (self);
}

static gboolean
update_cb (gpointer user_data)
{
  FerryWindow *self = user_data;

  self->update_source = 0;
  update (self);
  return G_SOURCE_REMOVE;
}

void
ferry_window_queue_update (FerryWindow *self)
{
  if (self->update_source == 0)
    self->update_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, update_cb, self, NULL);
}

void
ferry_window_set_filter (FerryWindow *self, FerryFilter filter)
{
  ferry_sidebar_set_filter (self->sidebar, filter);
  if (self->filter != NULL)
    ferry_queue_filter_set_filter (self->filter, filter);
  g_settings_set_string (self->settings, "filter", ferry_filter_to_string (filter));
}

static void
filter_chosen_cb (FerryWindow *self, int filter)
{
  ferry_window_set_filter (self, filter);
  if (adw_flap_get_folded (self->flap))
    adw_flap_set_reveal_flap (self->flap, FALSE);
}

static void
search_changed_cb (FerryWindow *self)
{
  if (self->filter != NULL)
    ferry_queue_filter_set_search (self->filter,
                                   gtk_editable_get_text (GTK_EDITABLE (self->search_entry)));
}

static void
search_mode_changed_cb (FerryWindow *self)
{
  if (gtk_search_bar_get_search_mode (self->search_bar))
    return;
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  search_changed_cb (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static gboolean
ferry_window_close_request (GtkWindow *window)
{
  ferry_application_leave (FERRY_APPLICATION (gtk_window_get_application (window)));
  return GDK_EVENT_STOP;
}

static void
ferry_window_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  FerryWindow *self = FERRY_WINDOW (widget);

  GTK_WIDGET_CLASS (ferry_window_parent_class)->size_allocate (widget, width, height, baseline);
  if (width == self->width)
    return;
  self->width = width;
  ferry_window_queue_update (self);
}

static void
ferry_window_dispose (GObject *object)
{
  FerryWindow *self = FERRY_WINDOW (object);

  g_clear_handle_id (&self->update_source, g_source_remove);
  g_clear_weak_pointer (&self->shortcuts);
  ferry_window_forget_drop (self);
  ferry_window_dispose_uploads (self);
  if (self->engine != NULL)
    g_signal_handlers_disconnect_by_data (self->engine, self);
  if (self->filter != NULL)
    g_signal_handlers_disconnect_by_data (self->filter, self);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  if (self->list != NULL)
    gtk_list_view_set_model (self->list, NULL);
  if (self->popover != NULL)
    gtk_widget_unparent (GTK_WIDGET (g_steal_pointer (&self->popover)));
  g_clear_object (&self->selection);
  g_clear_object (&self->filter);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (ferry_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, title);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, sidebar_button);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, add_button);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, all_button);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, search_button);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, banner_label);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, drop_zone);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, error_page);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, empty_button);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, search_bar);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, list_pages);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, nothing_page);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, list);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, list_box);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, finished_bar);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, row_menu);
  gtk_widget_class_bind_template_child (widget_class, FerryWindow, toggle_section);
}

static void
ferry_window_class_init (FerryWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_window_dispose;
  widget_class->size_allocate = ferry_window_size_allocate;
  GTK_WINDOW_CLASS (klass)->close_request = ferry_window_close_request;

  g_type_ensure (FERRY_TYPE_DROP_ZONE);
  g_type_ensure (FERRY_TYPE_PAIR_LAYOUT);
  g_type_ensure (FERRY_TYPE_SIDEBAR);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-window.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, banner_dismissed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_chosen_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_mode_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, ferry_window_queue_update);
  ferry_window_install_actions (widget_class);
}

static void
set_name (GtkWidget *widget, const char *name)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

/* libadwaita 1.2 gives the two halves no names. */
static void
name_add_button (FerryWindow *self)
{
  for (GtkWidget *half = gtk_widget_get_first_child (GTK_WIDGET (self->add_button)); half != NULL;
       half = gtk_widget_get_next_sibling (half))
    if (GTK_IS_MENU_BUTTON (half))
      {
        set_name (half, _ ("Download or Upload"));
        set_name (gtk_widget_get_first_child (half), _ ("Download or Upload"));
      }
    else if (GTK_IS_BUTTON (half))
      set_name (half, _ ("New Download"));
}

static void
ferry_window_init (FerryWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  name_add_button (self);

  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self->list));
  ferry_window_init_list (self);
  ferry_window_init_drop (self);
  ferry_window_update_actions (self);
}

FerryWindow *
ferry_window_new (FerryApplication *application, GSettings *settings)
{
  g_return_val_if_fail (FERRY_IS_APPLICATION (application), NULL);
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);

  FerryWindow *self = g_object_new (FERRY_TYPE_WINDOW, "application", application, NULL);
  g_autofree char *filter = g_settings_get_string (settings, "filter");

  self->settings = g_object_ref (settings);
  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  ferry_window_set_filter (self, ferry_filter_from_string (filter));
  return self;
}

void
ferry_window_save (FerryWindow *self)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));

  int width, height;
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_settings_set_int (self->settings, "window-width", width);
  g_settings_set_int (self->settings, "window-height", height);
  g_settings_set_boolean (self->settings, "window-maximized",
                          gtk_window_is_maximized (GTK_WINDOW (self)));
}

/* The first thing a person would use, not a button of the header bar. */
static void
focus_first (FerryWindow *self)
{
  gboolean empty = ferry_queue_filter_get_count (self->filter, FERRY_FILTER_ALL) == 0;

  gtk_widget_grab_focus (empty ? GTK_WIDGET (self->empty_button) : GTK_WIDGET (self->list));
}

static void
say_what_was_set_apart (FerryWindow *self)
{
  const char *path = ferry_engine_get_set_apart (self->engine);

  if (path == NULL)
    return;
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *sentence = g_strdup_printf (
      _ ("The list was damaged, so Ferry started a new one. The old one is kept as “%s”. Files "
         "that were downloaded are where they were."),
      shown);
  show_banner (self, sentence);
}

void
ferry_window_set_engine (FerryWindow *self, FerryEngine *engine)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));
  g_return_if_fail (FERRY_IS_ENGINE (engine));
  g_return_if_fail (self->engine == NULL);

  g_autofree char *filter = g_settings_get_string (self->settings, "filter");

  self->engine = g_object_ref (engine);
  self->filter = ferry_queue_filter_new (G_LIST_MODEL (engine));
  ferry_queue_filter_set_filter (self->filter, ferry_filter_from_string (filter));
  g_signal_connect_swapped (self->filter, "changed", G_CALLBACK (ferry_window_queue_update), self);
  g_signal_connect_swapped (engine, "notify::speed", G_CALLBACK (update_title), self);
  g_signal_connect_swapped (engine, "trouble", G_CALLBACK (trouble_cb), self);

  self->selection
      = gtk_multi_selection_new (g_object_ref (ferry_queue_filter_get_shown (self->filter)));
  g_signal_connect_swapped (self->selection, "selection-changed",
                            G_CALLBACK (ferry_window_queue_update), self);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));

  update (self);
  focus_first (self);
  say_what_was_set_apart (self);
}

void
ferry_window_show_opening (FerryWindow *self)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));

  gtk_stack_set_visible_child_name (self->pages, "opening");
}

static const char *
error_title (const GError *error)
{
  switch (ferry_error_get_code (error))
    {
    case FERRY_ERROR_STORE_BUSY:
      return _ ("The List Is in Use Elsewhere");
    case FERRY_ERROR_STORE_NEWER:
      return _ ("Made by a Newer Ferry");
    default:
      return _ ("The List Cannot Be Opened");
    }
}

void
ferry_window_show_error (FerryWindow *self, const GError *error)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));
  g_return_if_fail (error != NULL);

  g_autofree char *description = g_markup_escape_text (error->message, -1);

  adw_status_page_set_title (self->error_page, error_title (error));
  adw_status_page_set_description (self->error_page, description);
  gtk_stack_set_visible_child_name (self->pages, "error");
  gtk_widget_grab_focus (adw_status_page_get_child (self->error_page));
}
