/* SPDX-License-Identifier: MIT */
/* checks.h - the checks themselves, for the table of check.c */
#ifndef INSPECT_CHECKS_H
#define INSPECT_CHECKS_H

#include "inspect/check.h"

/* check-kernel.c: the means */
struct finding kernel_check(void);
struct finding interface_index_check(void);
struct finding namespace_cookie_check(void);
struct finding parking_check(void);
struct finding guard_check(void);
struct finding close_range_check(void);
struct finding ipv6_check(void);
struct finding proc_check(void);

/* check-diag.c: sock_diag(7) */
struct finding diag_tcp_check(void);
struct finding diag_udp_check(void);
struct finding diag_unix_check(void);
struct finding diag_bound_check(void);

/* check-user.c: who and where this process is */
struct finding user_check(void);
struct finding container_check(void);
struct finding reservation_check(void);
struct finding reserve_check(void);

/* check-pool.c, check-list.c: files */
struct finding pool_folder_check(void);
struct finding pool_file_check(void);
struct finding list_folder_check(void);
struct finding list_check(void);
struct finding list_holder_check(void);

/* check-limits.c */
struct finding ports_check(void);
struct finding range_check(void);
struct finding descriptors_check(void);

/* check-library.c: what is installed, and whether it works */
struct finding library_check(void);
struct finding helper_check(void);
struct finding holder_check(void);
struct finding preload_check(void);
struct finding preload_by_name_check(void);
struct finding other_size_check(void);
struct finding ld_preload_check(void);

#endif
