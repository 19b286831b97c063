// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * placement.c - the module's own placement, see placement.h
 */
#include "placement.h"

#include "place/layout.c"
#include "place/layout_divide.c"
#include "place/layout_memory.c"
