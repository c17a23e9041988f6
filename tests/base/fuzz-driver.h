/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls; the driver calls it as an ordinary test. It asserts what must hold whatever the bytes. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What the target knows to be right, and what is worth putting in. NULL at the end; NULL: nothing. */
extern const char *const *const fuzz_seeds;
extern const char *const *const fuzz_pieces;
