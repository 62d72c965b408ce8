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
 * C11 or C++11.
 *
 * Source: Microsoft's pages "Windows Data Types" and "System Error Codes".
 */
#ifndef PORTRES_WINDOWS_H
#define PORTRES_WINDOWS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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
typedef unsigned short ADDRESS_FAMILY;
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
#define __cdecl
#define __stdcall
#define __int64 long long
#define IN
#define OUT
#define OPTIONAL
#define _In_
#define _Out_
#define _Inout_
#define _In_opt_
#define _Out_opt_

#define MAKEWORD(low, high) ((WORD)((uint8_t)(low) | (WORD)(uint8_t)(high) << 8))
#define LOBYTE(word) ((BYTE)(word))
#define HIBYTE(word) ((BYTE)((WORD)(word) >> 8))

#define RtlZeroMemory(to, size) memset((to), 0, (size))
#define RtlFillMemory(to, size, byte) memset((to), (byte), (size))
#define RtlCopyMemory(to, from, size) memcpy((to), (from), (size))
#define RtlMoveMemory(to, from, size) memmove((to), (from), (size))
#define ZeroMemory RtlZeroMemory
#define FillMemory RtlFillMemory
#define CopyMemory RtlCopyMemory
#define MoveMemory RtlMoveMemory

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
 * is a number of 64 bits and %ld one of 32, as LONG and DWORD have them. They, fputws and
 * putwchar may be mixed with printf on one stream. In libportres-wmain, with the main()
 * that calls a program's wmain(). printf itself is libc's: %I64d and %ld differ there.
 */
int portres_wprintf(const wchar_t *format, ...);
int portres_fwprintf(FILE *stream, const wchar_t *format, ...);
int portres_swprintf(wchar_t *text, size_t size, const wchar_t *format, ...);
int portres_fputws(const wchar_t *text, FILE *stream);
wint_t portres_fputwc(wchar_t character, FILE *stream);
#undef wprintf /* macros of a fortifying libc */
#undef fwprintf
#undef swprintf
#undef fputws
#undef fputwc
#undef putwchar
#define wprintf portres_wprintf
#define fwprintf portres_fwprintf
#define swprintf portres_swprintf
#define fputws portres_fputws
#define fputwc portres_fputwc
#define putwchar(character) portres_fputwc((character), stdout)
#define _putws(text) (portres_fputws((text), stdout) < 0 ? -1 : (int)portres_fputwc(L'\n', stdout))

/* As there: 0 for what is no number, the nearest int for what is none. */
static inline int _wtoi(const WCHAR *text)
{
	long long number = wcstoll(text, NULL, 10);

	return number > INT32_MAX ? INT32_MAX : number < INT32_MIN ? INT32_MIN : (int)number;
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
		__extension__ struct {
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
