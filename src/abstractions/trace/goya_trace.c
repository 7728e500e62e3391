// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors
/*
 * The driver's trace points: TRACE_EVENT() is a macro, which Rust cannot use.
 */

#define CREATE_TRACE_POINTS
#define CREATE_RUST_TRACE_POINTS
#include "goya_trace.h"
