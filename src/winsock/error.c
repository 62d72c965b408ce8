/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "portres/winsock2.h"
#include "winsock/error.h"

/* Apart from errno, which functions of libc change that have not failed. */
static __thread int last_error;

static const struct {
	int number, code;
} codes[] = {
	{EINTR, WSAEINTR},
	{EBADF, WSAENOTSOCK},
	{EACCES, WSAEACCES},
	{EPERM, WSAEACCES},
	{EFAULT, WSAEFAULT},
	{EINVAL, WSAEINVAL},
	{EMFILE, WSAENOBUFS},
	{ENFILE, WSAENOBUFS},
	{ENOBUFS, WSAENOBUFS},
	{ENOMEM, WSAENOBUFS},
	{ENOSPC, WSAENOBUFS},
	{EWOULDBLOCK, WSAEWOULDBLOCK},
	{EINPROGRESS, WSAEWOULDBLOCK}, /* what a connect that does not wait says there */
	{EALREADY, WSAEALREADY},
	{ENOTSOCK, WSAENOTSOCK},
	{EDESTADDRREQ, WSAEDESTADDRREQ},
	{EMSGSIZE, WSAEMSGSIZE},
	{EPROTOTYPE, WSAEPROTOTYPE},
	{ENOPROTOOPT, WSAENOPROTOOPT},
	{EPROTONOSUPPORT, WSAEPROTONOSUPPORT},
	{ESOCKTNOSUPPORT, WSAESOCKTNOSUPPORT},
	{EOPNOTSUPP, WSAEOPNOTSUPP},
	{ENOTTY, WSAEOPNOTSUPP}, /* the kernel does not know the call */
	{EPFNOSUPPORT, WSAEPFNOSUPPORT},
	{EAFNOSUPPORT, WSAEAFNOSUPPORT},
	{EADDRINUSE, WSAEADDRINUSE},
	{EADDRNOTAVAIL, WSAEADDRNOTAVAIL},
	{ENETDOWN, WSAENETDOWN},
	{ENETUNREACH, WSAENETUNREACH},
	{ENETRESET, WSAENETRESET},
	{ECONNABORTED, WSAECONNABORTED},
	{ECONNRESET, WSAECONNRESET},
	{EPIPE, WSAESHUTDOWN},
	{EISCONN, WSAEISCONN},
	{ENOTCONN, WSAENOTCONN},
	{ESHUTDOWN, WSAESHUTDOWN},
	{ETIMEDOUT, WSAETIMEDOUT},
	{ECONNREFUSED, WSAECONNREFUSED},
	{EHOSTDOWN, WSAEHOSTDOWN},
	{EHOSTUNREACH, WSAEHOSTUNREACH},
};

int error_code(int number)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].number == number)
			return codes[i].code;
	return WSAENETDOWN;
}

long error_note(long result)
{
	if (result < 0)
		last_error = error_code(errno);
	return result;
}

int WSAGetLastError(void)
{
	return last_error;
}

void WSASetLastError(int code)
{
	last_error = code;
}
