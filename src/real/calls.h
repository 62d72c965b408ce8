/* SPDX-License-Identifier: MIT */
/*
 * calls.h - the one list of the libc calls that this library makes or overrides
 *
 * CALL(result, name, pointer parameters, parameters, system call number, arguments…)
 *
 * and, where there is no such system call,
 *
 * CALL(result, name, parameters, result where libc lacks it, arguments…)
 *
 * The table of real functions (real.h), its lazy look-up (next.c) and the direct
 * table of the holder (direct.c) are all made from it, so that they cannot drift.
 * The pointer parameters differ from the parameters only where libc is variadic.
 */
#ifndef REAL_CALLS_H
#define REAL_CALLS_H

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifdef SYS_fcntl64
#define SYS_fcntl_large SYS_fcntl64 /* 32 bit: locks with 64-bit offsets */
#else
#define SYS_fcntl_large SYS_fcntl
#endif
#ifndef SYS_dup2
#define SYS_dup2 (-1) /* newer architectures have dup3 alone; their libc has dup2 */
#endif

/*
 * Where time_t has 32 bits, glibc gives programs that are built with 64-bit times
 * other names for the calls whose data hold times.
 */
#if defined(__TIMESIZE) && __TIMESIZE == 32
#define TIME64 1
#define TIME64_CALLS(CALL)                                                                         \
	CALL(int, __ioctl_time64, (int, unsigned long, ...),                                       \
	     (int fd, unsigned long request, void *argument), SYS_ioctl, fd, request, argument)    \
	CALL(int, __fcntl_time64, (int, int, ...), (int fd, int command, void *argument),          \
	     SYS_fcntl_large, fd, command, argument)                                               \
	CALL(int, __setsockopt64, (int, int, int, const void *, socklen_t),                        \
	     (int fd, int level, int option, const void *value, socklen_t size), SYS_setsockopt,   \
	     fd, level, option, value, size)                                                       \
	CALL(ssize_t, __sendmsg64, (int, const struct msghdr *, int),                              \
	     (int fd, const struct msghdr *message, int flags), SYS_sendmsg, fd, message, flags)   \
	CALL(int, __sendmmsg64, (int, struct mmsghdr *, unsigned int, int),                        \
	     (int fd, struct mmsghdr *messages, unsigned int count, int flags), SYS_sendmmsg, fd,  \
	     messages, count, flags)
#else
#define TIME64 0
#define TIME64_CALLS(CALL)
#endif

/* What the library overrides: looked up when it is loaded. */
#define HOOKED_CALLS(CALL)                                                                         \
	CALL(int, bind, (int, const struct sockaddr *, socklen_t),                                 \
	     (int fd, const struct sockaddr *address, socklen_t length), SYS_bind, fd, address,    \
	     length)                                                                               \
	CALL(int, listen, (int, int), (int fd, int backlog), SYS_listen, fd, backlog)              \
	CALL(int, connect, (int, const struct sockaddr *, socklen_t),                              \
	     (int fd, const struct sockaddr *address, socklen_t length), SYS_connect, fd, address, \
	     length)                                                                               \
	CALL(ssize_t, sendto,                                                                      \
	     (int, const void *, size_t, int, const struct sockaddr *, socklen_t),                 \
	     (int fd, const void *data, size_t size, int flags, const struct sockaddr *address,    \
	      socklen_t length),                                                                   \
	     SYS_sendto, fd, data, size, flags, address, length)                                   \
	CALL(ssize_t, sendmsg, (int, const struct msghdr *, int),                                  \
	     (int fd, const struct msghdr *message, int flags), SYS_sendmsg, fd, message, flags)   \
	CALL(int, sendmmsg, (int, struct mmsghdr *, unsigned int, int),                            \
	     (int fd, struct mmsghdr *messages, unsigned int count, int flags), SYS_sendmmsg, fd,  \
	     messages, count, flags)                                                               \
	CALL(int, setsockopt, (int, int, int, const void *, socklen_t),                            \
	     (int fd, int level, int option, const void *value, socklen_t size), SYS_setsockopt,   \
	     fd, level, option, value, size)                                                       \
	CALL(int, ioctl, (int, unsigned long, ...),                                                \
	     (int fd, unsigned long request, void *argument), SYS_ioctl, fd, request, argument)    \
	CALL(int, fcntl, (int, int, ...), (int fd, int command, void *argument), SYS_fcntl, fd,    \
	     command, argument)                                                                    \
	CALL(int, fcntl64, (int, int, ...), (int fd, int command, void *argument),                 \
	     SYS_fcntl_large, fd, command, argument)                                               \
	CALL(int, close, (int), (int fd), SYS_close, fd)                                           \
	CALL(int, close_range, (unsigned int, unsigned int, int),                                  \
	     (unsigned int first, unsigned int last, int flags), SYS_close_range, first, last,     \
	     flags)                                                                                \
	CALL(int, dup, (int), (int fd), SYS_dup, fd)                                               \
	CALL(int, dup2, (int, int), (int fd, int to), SYS_dup2, fd, to)                            \
	CALL(int, dup3, (int, int, int), (int fd, int to, int flags), SYS_dup3, fd, to, flags)     \
	TIME64_CALLS(CALL)

/* Looked up at the first use: what it only calls, and what no signal handler calls. */
#define CALLED_CALLS(CALL)                                                                         \
	CALL(int, unshare, (int), (int flags), SYS_unshare, flags)                                 \
	CALL(int, socket, (int, int, int), (int family, int type, int protocol), SYS_socket,       \
	     family, type, protocol)                                                               \
	CALL(int, openat, (int, const char *, int, ...),                                           \
	     (int folder, const char *path, int flags, mode_t mode), SYS_openat, folder, path,     \
	     flags, mode)                                                                          \
	CALL(ssize_t, read, (int, void *, size_t), (int fd, void *data, size_t size), SYS_read,    \
	     fd, data, size)                                                                       \
	CALL(ssize_t, write, (int, const void *, size_t), (int fd, const void *data, size_t size), \
	     SYS_write, fd, data, size)                                                            \
	CALL(int, pipe2, (int *, int), (int *pair, int flags), SYS_pipe2, pair, flags)             \
	CALL(int, socketpair, (int, int, int, int *),                                              \
	     (int family, int type, int protocol, int *pair), SYS_socketpair, family, type,        \
	     protocol, pair)                                                                       \
	CALL(int, getsockopt, (int, int, int, void *, socklen_t *),                                \
	     (int fd, int level, int option, void *value, socklen_t *size), SYS_getsockopt, fd,    \
	     level, option, value, size)                                                           \
	CALL(int, getsockname, (int, struct sockaddr *, socklen_t *),                              \
	     (int fd, struct sockaddr *address, socklen_t *length), SYS_getsockname, fd, address,  \
	     length)                                                                               \
	CALL(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *),        \
	     (int fd, void *data, size_t size, int flags, struct sockaddr *address,                \
	      socklen_t *length),                                                                  \
	     SYS_recvfrom, fd, data, size, flags, address, length)

#define REAL_CALLS(CALL) HOOKED_CALLS(CALL) CALLED_CALLS(CALL)

#define LACKING(result) (errno = ENOSYS, (result))

/* Looked up at the first use, too: what libc does without a system call of that name. */
#define LIBRARY_CALLS(CALL)                                                                        \
	CALL(int, poll, (struct pollfd * some, nfds_t count, int wait), LACKING(-1), some, count,  \
	     wait)                                                                                 \
	CALL(int, fstat, (int fd, struct stat *status), fstat(fd, status), fd, status)             \
	CALL(int, fclose, (FILE * stream), LACKING(EOF), stream)                                   \
	CALL(FILE *, fdopen, (int fd, const char *mode), LACKING(NULL), fd, mode)                  \
	CALL(FILE *, freopen, (const char *path, const char *mode, FILE *stream), LACKING(NULL),   \
	     path, mode, stream)                                                                   \
	CALL(FILE *, freopen64, (const char *path, const char *mode, FILE *stream), LACKING(NULL), \
	     path, mode, stream)                                                                   \
	CALL(int, posix_spawn_file_actions_addclose,                                               \
	     (posix_spawn_file_actions_t * actions, int fd), ENOSYS, actions, fd)                  \
	CALL(int, posix_spawn_file_actions_adddup2,                                                \
	     (posix_spawn_file_actions_t * actions, int fd, int to), ENOSYS, actions, fd, to)      \
	CALL(int, posix_spawn_file_actions_addopen,                                                \
	     (posix_spawn_file_actions_t * actions, int fd, const char *path, int flags,           \
	      mode_t mode),                                                                        \
	     ENOSYS, actions, fd, path, flags, mode)                                               \
	CALL(int, posix_spawn_file_actions_addclosefrom_np,                                        \
	     (posix_spawn_file_actions_t * actions, int from), ENOSYS, actions, from)

#endif
