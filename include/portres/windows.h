/* SPDX-License-Identifier: MIT */
/*
 * windows.h - the words of Windows' headers that port-reservation code is written in
 *
 * For programs that use portres on Linux and Winsock on Windows from one source. Only
 * what such code needs: types, and the functions of libportres-winsock (winsock2.h). Sizes
 * are those of Windows on every word size: a DWORD, a LONG and a ULONG have 32 bits, though
 * long has 64 here. WCHAR is this compiler's wchar_t, of 32 bits: text is text, but a
 * buffer of it is twice as large.
 *
 * Source: Microsoft's pages "Windows Data Types" and "System Error Codes".
 */
#ifndef PORTRES_WINDOWS_H
#define PORTRES_WINDOWS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>
#ifdef __cplusplus
#include <cwchar> /* it takes away macros of these names: not after ours */
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t INT, BOOL, LONG, INT32;
typedef uint32_t DWORD, ULONG, UINT, UINT32, DWORD32, ULONG32;
typedef int16_t SHORT, INT16;
typedef uint16_t USHORT, WORD, UINT16;
typedef char CHAR;
typedef uint8_t UCHAR, BYTE, BOOLEAN;
typedef int64_t LONGLONG, LONG64, INT64;
typedef uint64_t ULONGLONG, ULONG64, UINT64, DWORD64, DWORDLONG;
typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR;
typedef size_t SIZE_T;
typedef wchar_t WCHAR;
typedef void *PVOID, *LPVOID, *HANDLE;
typedef const void *LPCVOID;
typedef CHAR *PCHAR, *LPSTR, *PSTR;
typedef const CHAR *LPCSTR, *PCSTR;
typedef WCHAR *PWCHAR, *LPWSTR, *PWSTR;
typedef const WCHAR *LPCWSTR, *PCWSTR;
typedef INT *PINT, *LPINT;
typedef LONG *PLONG, *LPLONG;
typedef BOOL *PBOOL, *LPBOOL;
typedef BYTE *PBYTE, *LPBYTE;
typedef WORD *PWORD, *LPWORD;
typedef DWORD *PDWORD, *LPDWORD;
typedef ULONG *PULONG;
typedef USHORT *PUSHORT;
typedef ULONG64 *PULONG64;

#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif
#define TRUE 1
#define FALSE 0
#define FAR
#define NEAR
/* One calling convention. */
#define WINAPI
#define WSAAPI
#define WSPAPI
#define CALLBACK
#define APIENTRY
#define PASCAL
#define IN
#define OUT
#define OPTIONAL

#define MAKEWORD(low, high) ((WORD)((uint8_t)(low) | (WORD)(uint8_t)(high) << 8))
#define LOBYTE(word) ((BYTE)(word))
#define HIBYTE(word) ((BYTE)((WORD)(word) >> 8))

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

#ifdef UNICODE
typedef WCHAR TCHAR;
#define TEXT(literal) L##literal
#else
typedef CHAR TCHAR;
#define TEXT(literal) literal
#endif

/*
 * wprintf and fwprintf as on Windows: %s and %ws are wide text, %S and %hs narrow, %I64d
 * is a number of 64 bits and %ld one of 32, as LONG and DWORD have them. They may be
 * mixed with printf on one stream. In libportres-wmain, with the main() that calls a
 * program's wmain().
 */
int portres_wprintf(const wchar_t *format, ...);
int portres_fwprintf(FILE *stream, const wchar_t *format, ...);
#undef wprintf /* macros of a fortifying libc */
#undef fwprintf
#define wprintf portres_wprintf
#define fwprintf portres_fwprintf

static inline int _wtoi(const WCHAR *text)
{
	return (int)wcstol(text, NULL, 10);
}

/* System error codes. */
#define NO_ERROR 0
#define ERROR_SUCCESS 0
#define ERROR_TOO_MANY_OPEN_FILES 4
#define ERROR_ACCESS_DENIED 5
#define ERROR_NOT_ENOUGH_MEMORY 8
#define ERROR_GEN_FAILURE 31
#define ERROR_SHARING_VIOLATION 32
#define ERROR_NOT_SUPPORTED 50
#define ERROR_INVALID_PARAMETER 87
#define ERROR_DISK_FULL 112
#define ERROR_INSUFFICIENT_BUFFER 122
#define ERROR_BUSY 170
#define ERROR_OPERATION_ABORTED 995
#define ERROR_IO_INCOMPLETE 996
#define ERROR_IO_PENDING 997
#define ERROR_NOT_FOUND 1168

/*
 * The state of an overlapped call: Internal the result, InternalHigh the bytes. The
 * calls here complete before they return. hEvent is not touched: there are no events.
 */
typedef struct _OVERLAPPED {
	ULONG_PTR Internal;
	ULONG_PTR InternalHigh;
	union {
		struct {
			DWORD Offset;
			DWORD OffsetHigh;
		};
		PVOID Pointer;
	};
	HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

#ifdef __cplusplus
}
#endif

#endif
