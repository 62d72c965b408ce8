/* SPDX-License-Identifier: MIT */
/* Another spelling, one file on Windows. */
#include "windows.h"
