/* SPDX-License-Identifier: MIT */
/* print.h - Windows' wprintf; the public names are in portres/windows.h */
#ifndef WINSOCK_PROGRAM_PRINT_H
#define WINSOCK_PROGRAM_PRINT_H

#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

int portres_wprintf(const wchar_t *format, ...);
int portres_fwprintf(FILE *stream, const wchar_t *format, ...);
int portres_swprintf(wchar_t *text, size_t size, const wchar_t *format, ...);
int portres_fputws(const wchar_t *text, FILE *stream);
wint_t portres_fputwc(wchar_t character, FILE *stream);
int portres_vfwprintf(FILE *stream, const wchar_t *format, va_list arguments);

/* A format of Windows in glibc's terms, for the caller to free; NULL: no memory. */
wchar_t *print_format(const wchar_t *format);

#endif
