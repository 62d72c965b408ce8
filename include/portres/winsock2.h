/* SPDX-License-Identifier: MIT */
/*
 * winsock2.h - Winsock's face of the calls of portres.h
 *
 * A socket is a descriptor, and socket(), bind(), connect() and so on are libc's, with
 * one addition: in a file that includes this one, before inline functions that call any of
 * them, a failure also sets this thread's last error, which WSAGetLastError() gives.
 *
 * All functions may be called from any thread, none from a signal handler. Source:
 * Microsoft's pages "WSAIoctl function (winsock2.h)", "LPWSPIOCTL callback function
 * (ws2spi.h)", "WSAGetOverlappedResult", "WSASocketW", "WSAStartup", "Windows Sockets
 * Error Codes".
 */
#ifndef PORTRES_WINSOCK2_H
#define PORTRES_WINSOCK2_H

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "windows.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int SOCKET;
typedef unsigned int GROUP;
#define INVALID_SOCKET ((SOCKET)-1)
#define SOCKET_ERROR (-1)

#ifndef PORTRES_BSD_TYPES
#define PORTRES_BSD_TYPES
typedef struct sockaddr SOCKADDR, *PSOCKADDR, *LPSOCKADDR;
typedef struct sockaddr_in SOCKADDR_IN, *PSOCKADDR_IN, *LPSOCKADDR_IN;
typedef struct sockaddr_storage SOCKADDR_STORAGE, *PSOCKADDR_STORAGE, *LPSOCKADDR_STORAGE;
typedef struct in_addr IN_ADDR, *PIN_ADDR, *LPIN_ADDR;
#endif

/* Error codes of Winsock. */
#define WSABASEERR 10000
#define WSAEINTR 10004
#define WSAEBADF 10009
#define WSAEACCES 10013
#define WSAEFAULT 10014
#define WSAEINVAL 10022
#define WSAEMFILE 10024
#define WSAEWOULDBLOCK 10035
#define WSAEINPROGRESS 10036
#define WSAEALREADY 10037
#define WSAENOTSOCK 10038
#define WSAEDESTADDRREQ 10039
#define WSAEMSGSIZE 10040
#define WSAEPROTOTYPE 10041
#define WSAENOPROTOOPT 10042
#define WSAEPROTONOSUPPORT 10043
#define WSAESOCKTNOSUPPORT 10044
#define WSAEOPNOTSUPP 10045
#define WSAEPFNOSUPPORT 10046
#define WSAEAFNOSUPPORT 10047
#define WSAEADDRINUSE 10048
#define WSAEADDRNOTAVAIL 10049
#define WSAENETDOWN 10050
#define WSAENETUNREACH 10051
#define WSAENETRESET 10052
#define WSAECONNABORTED 10053
#define WSAECONNRESET 10054
#define WSAENOBUFS 10055
#define WSAEISCONN 10056
#define WSAENOTCONN 10057
#define WSAESHUTDOWN 10058
#define WSAETIMEDOUT 10060
#define WSAECONNREFUSED 10061
#define WSAEHOSTDOWN 10064
#define WSAEHOSTUNREACH 10065
#define WSASYSNOTREADY 10091
#define WSAVERNOTSUPPORTED 10092
#define WSANOTINITIALISED 10093
#define WSA_IO_PENDING ERROR_IO_PENDING
#define WSA_IO_INCOMPLETE ERROR_IO_INCOMPLETE
#define WSA_OPERATION_ABORTED ERROR_OPERATION_ABORTED
#define WSA_INVALID_PARAMETER ERROR_INVALID_PARAMETER
#define WSA_NOT_ENOUGH_MEMORY ERROR_NOT_ENOUGH_MEMORY

#define WSA_FLAG_OVERLAPPED 0x01
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80

/* ioctlsocket's and WSAIoctl's codes are the kernel's here; portres.h has the three. */
#define SD_RECEIVE SHUT_RD
#define SD_SEND SHUT_WR
#define SD_BOTH SHUT_RDWR

#define WSADESCRIPTION_LEN 256
#define WSASYS_STATUS_LEN 128

typedef struct WSAData {
	WORD wVersion;
	WORD wHighVersion;
	unsigned short iMaxSockets;
	unsigned short iMaxUdpDg;
	char *lpVendorInfo;
	char szDescription[WSADESCRIPTION_LEN + 1];
	char szSystemStatus[WSASYS_STATUS_LEN + 1];
} WSADATA, *LPWSADATA;

typedef OVERLAPPED WSAOVERLAPPED, *LPWSAOVERLAPPED;
typedef HANDLE WSAEVENT;
typedef void(CALLBACK *LPWSAOVERLAPPED_COMPLETION_ROUTINE)(DWORD error, DWORD transferred,
							   LPWSAOVERLAPPED overlapped, DWORD flags);

/* Only NULL may be given for it. */
typedef struct _WSAPROTOCOL_INFOA WSAPROTOCOL_INFOA, *LPWSAPROTOCOL_INFOA;
typedef struct _WSAPROTOCOL_INFOW WSAPROTOCOL_INFOW, *LPWSAPROTOCOL_INFOW;

/* A thread in the terms of a service provider. Nothing here reads it. */
typedef struct _WSATHREADID {
	HANDLE ThreadHandle;
	DWORD_PTR Reserved;
} WSATHREADID, *LPWSATHREADID;

/*
 * There is nothing to start: fills *data with the version, which is the one asked for, at
 * most 2.2. 0; WSAVERNOTSUPPORTED below 1.0; WSAEFAULT where data is NULL. WSACleanup
 * gives 0, without a WSAStartup before it SOCKET_ERROR and WSANOTINITIALISED. Other
 * functions do not insist on WSAStartup.
 */
int WSAStartup(WORD version, LPWSADATA data);
int WSACleanup(void);

/*
 * The code of this thread's last failure: of a function of this file, of a socket call
 * (see above), or what WSASetLastError said; 0 where nothing has failed. It is kept apart
 * from errno, and no success changes it. Other functions of libc, close() among them,
 * leave it alone.
 */
int WSAGetLastError(void);
void WSASetLastError(int code);

/*
 * Makes a socket. protocol_info must be NULL and group 0 (else INVALID_SOCKET and
 * WSAEINVAL). WSA_FLAG_OVERLAPPED: calls on it may be overlapped, as on one that
 * socket() made; without it they ignore what makes them so. WSA_FLAG_NO_HANDLE_INHERIT:
 * close-on-exec. Other flags: WSAEINVAL. Returns a descriptor, or INVALID_SOCKET and what
 * socket(2) says, translated.
 */
SOCKET WSASocketA(int family, int type, int protocol, LPWSAPROTOCOL_INFOA protocol_info, GROUP group,
		  DWORD flags);
SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW protocol_info, GROUP group,
		  DWORD flags);
#ifdef UNICODE
#define WSASocket WSASocketW
#else
#define WSASocket WSASocketA
#endif

/* close(2): 0, or SOCKET_ERROR and WSAENOTSOCK where it is no socket (which stays open). */
int closesocket(SOCKET socket);

/*
 * The three calls of portres.h; other codes: SOCKET_ERROR and WSAEOPNOTSUPP.
 *
 *	code				in			out
 *	SIO_ACQUIRE_PORT_RESERVATION	INET_PORT_RANGE, 4	INET_PORT_RESERVATION_INSTANCE, 16
 *	SIO_ASSOCIATE_PORT_RESERVATION	the token, 8		none
 *	SIO_RELEASE_PORT_RESERVATION	the token, 8		none
 *
 * in_size, out_size   bytes; larger ones are taken, of which the first count
 * returned            gets how many bytes were written to out: 16 or 0. May be NULL only
 *                     if the call is overlapped
 * overlapped          not NULL: the call is overlapped, if the socket is. It has then
 *                     completed all the same when it returns 0
 * routine             called once, in this thread, before an overlapped call returns 0
 *
 * Returns 0, or SOCKET_ERROR with *returned 0, nothing else written, and the code:
 *   WSAEFAULT   in is NULL, too short or cannot be read; out is NULL where it is wanted, or
 *               cannot be written; returned is NULL and the call not overlapped
 *   WSAEINVAL   out_size is too small; and as EINVAL in portres.h
 *   WSAENOTSOCK, WSAEOPNOTSUPP, WSAEACCES, WSAEADDRINUSE, WSAENOBUFS  as EBADF and
 *               ENOTSOCK; EOPNOTSUPP and ENOTTY; EACCES; EADDRINUSE; ENOBUFS, ENOMEM,
 *               EMFILE, ENFILE, ENOSPC and EAGAIN of the ioctl
 *   WSAENETDOWN any other errno of it
 */
int WSAIoctl(SOCKET socket, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
	     LPDWORD returned, LPWSAOVERLAPPED overlapped,
	     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

/* The same; thread is not read; the code of a failure goes to *error (not NULL) instead. */
int WSPIoctl(SOCKET socket, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
	     LPDWORD returned, LPWSAOVERLAPPED overlapped,
	     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, LPWSATHREADID thread, LPINT error);

/*
 * What came of an overlapped call: *transferred its bytes, *flags 0. It never waits, since
 * the call has completed. TRUE; FALSE and the code in Internal, WSAEFAULT where a pointer is
 * NULL or cannot be written, WSAENOTSOCK where socket is none. A call that failed has said
 * so itself and left the structure as it was: as on Windows, there is no result to get.
 */
BOOL WSAGetOverlappedResult(SOCKET socket, LPWSAOVERLAPPED overlapped, LPDWORD transferred, BOOL wait,
			    LPDWORD flags);

/*
 * The socket calls that note their failure. The compiler leads the names there and not the
 * preprocessor: other things may be called bind or connect, too.
 */
#ifndef PORTRES_WINSOCK_OWN
#ifdef __cplusplus
#define PORTRES_NOTHROW __THROW /* as libc's headers have declared it */
#else
#define PORTRES_NOTHROW
#endif
#define PORTRES_NOTES(name) __asm__("portres_winsock_" name)
extern int socket(int, int, int) PORTRES_NOTHROW PORTRES_NOTES("socket");
extern int bind(int, const struct sockaddr *, socklen_t) PORTRES_NOTHROW PORTRES_NOTES("bind");
extern int listen(int, int) PORTRES_NOTHROW PORTRES_NOTES("listen");
extern int connect(int, const struct sockaddr *, socklen_t) PORTRES_NOTES("connect");
extern int accept(int, struct sockaddr *, socklen_t *) PORTRES_NOTES("accept");
extern int getsockname(int, struct sockaddr *, socklen_t *) PORTRES_NOTHROW
	PORTRES_NOTES("getsockname");
extern int getpeername(int, struct sockaddr *, socklen_t *) PORTRES_NOTHROW
	PORTRES_NOTES("getpeername");
extern int getsockopt(int, int, int, void *, socklen_t *) PORTRES_NOTHROW
	PORTRES_NOTES("getsockopt");
extern int setsockopt(int, int, int, const void *, socklen_t) PORTRES_NOTHROW
	PORTRES_NOTES("setsockopt");
extern int shutdown(int, int) PORTRES_NOTHROW PORTRES_NOTES("shutdown");
extern ssize_t send(int, const void *, size_t, int) PORTRES_NOTES("send");
extern ssize_t sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t)
	PORTRES_NOTES("sendto");
#if defined __USE_FORTIFY_LEVEL && __USE_FORTIFY_LEVEL > 0
/* Inline functions of libc's, which can only be renamed. */
ssize_t portres_winsock_recv(int fd, void *data, size_t size, int flags);
ssize_t portres_winsock_recvfrom(int fd, void *data, size_t size, int flags,
				 struct sockaddr *address, socklen_t *length);
#undef recv
#undef recvfrom
#define recv portres_winsock_recv
#define recvfrom portres_winsock_recvfrom
#else
extern ssize_t recv(int, void *, size_t, int) PORTRES_NOTES("recv");
extern ssize_t recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *)
	PORTRES_NOTES("recvfrom");
#endif
#undef PORTRES_NOTES
#undef PORTRES_NOTHROW
#endif

#ifdef __cplusplus
}

/* Lengths as Windows has them: int. Templates, so that NULL means libc's own. */
template <typename Int> struct portres_int_only;
template <> struct portres_int_only<int> {
	typedef int result;
};
template <typename Int>
inline typename portres_int_only<Int>::result getsockname(SOCKET fd, struct sockaddr *address,
							  Int *length)
{
	return getsockname(fd, address, reinterpret_cast<socklen_t *>(length));
}
template <typename Int>
inline typename portres_int_only<Int>::result getpeername(SOCKET fd, struct sockaddr *address,
							  Int *length)
{
	return getpeername(fd, address, reinterpret_cast<socklen_t *>(length));
}
template <typename Int>
inline typename portres_int_only<Int>::result accept(SOCKET fd, struct sockaddr *address, Int *length)
{
	return accept(fd, address, reinterpret_cast<socklen_t *>(length));
}
template <typename Int>
inline typename portres_int_only<Int>::result getsockopt(SOCKET fd, int level, int option, void *value,
							 Int *size)
{
	return getsockopt(fd, level, option, value, reinterpret_cast<socklen_t *>(size));
}
template <typename Int>
inline typename portres_int_only<Int>::result recvfrom(SOCKET fd, void *data, size_t size, int flags,
						       struct sockaddr *address, Int *length)
{
	return static_cast<int>(
		recvfrom(fd, data, size, flags, address, reinterpret_cast<socklen_t *>(length)));
}
#endif

#endif
