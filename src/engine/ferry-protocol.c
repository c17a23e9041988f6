/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-protocol.h"

static const FerryProtocol *const protocols[]
    = { &ferry_download_protocol, &ferry_upload_protocol };

const FerryProtocol *
ferry_protocol_find (const FerrySpec *spec)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      if (protocols[i]->accepts (spec))
        return protocols[i];
    }
  return NULL;
}
