/* SPDX-License-Identifier: MIT */
/*
 * Included before all else, by the compiler's command line: _FORTIFY_SOURCE, wherever it
 * was asked for, would make the library ask for functions that only glibc has.
 */
#undef _FORTIFY_SOURCE
