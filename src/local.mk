# SPDX-License-Identifier: MIT
# The rooms of the house; each uses only what stands above it here.
pkglibexecdir = $(libexecdir)/portres
pkglibexec_PROGRAMS = src/portres-exec src/portres-hold

include_HEADERS = include/portres.h

room_cppflags = $(AM_CPPFLAGS) -DPORTRES_LIBEXECDIR='"$(pkglibexecdir)"' -DPORTRES_LIBDIR='"$(libdir)"'

real_sources = src/real/calls.h src/real/real.h src/real/next.c src/real/library.c src/real/option.c \
	src/real/text.h src/real/text.c src/real/process.h src/real/process.c src/real/netns.h src/real/netns.c
pool_sources = src/pool/pool.h src/pool/open.c src/pool/create.h src/pool/create.c \
	src/pool/slot.h src/pool/slot.c src/pool/word.h src/pool/word.c
guard_sources = src/guard/guard.h src/guard/guard.c src/guard/index.h src/guard/diag.h \
	src/guard/diag.c src/guard/claim.h src/guard/claim.c src/guard/anchor.h \
	src/guard/anchor.c src/guard/block.c src/guard/persistent.c src/guard/parked.h src/guard/parked.c src/guard/held.h src/guard/held.c
core_sources = src/core/reservation.h src/core/acquire.c src/core/budget.h src/core/budget.c src/core/sysctl.h src/core/sysctl.c \
	src/core/search.h src/core/search.c \
	src/core/find.c src/core/persistent.h src/core/persistent.c src/core/release.c src/core/port.h src/core/port.c src/core/bind.c src/core/draw.h src/core/draw.c \
	src/core/here.h src/core/here.c src/core/through.h src/core/through.c src/core/listen.c src/core/connect.c \
	src/core/address.h src/core/address.c src/core/run.h src/core/run.c \
	src/core/browsers.h src/core/browsers.c

# Whatever the user or a distribution puts into CPPFLAGS or CFLAGS.
unfortified = -include $(top_srcdir)/src/unfortified.h
EXTRA_DIST += src/unfortified.h

# The shared object, the tools and the unit tests link the same objects.
noinst_LTLIBRARIES += src/libcore.la
src_libcore_la_SOURCES = $(real_sources) $(pool_sources) $(guard_sources) $(core_sources)
src_libcore_la_CPPFLAGS = $(room_cppflags)
src_libcore_la_CFLAGS = $(AM_CFLAGS) $(unfortified)

lib_LTLIBRARIES += src/libportres.la
src_libportres_la_SOURCES = src/preload/hook.h src/preload/settings.h src/preload/settings.c \
	src/preload/anchor.h src/preload/anchor.c src/preload/associate.h \
	src/preload/associate.c src/preload/fdtable.h src/preload/fdtable.c src/preload/tie.h src/preload/tie.c \
	src/preload/lifetime.h src/preload/lifetime.c src/preload/open.h src/preload/open.c \
	src/preload/pools.h src/preload/pools.c src/preload/memory.h src/preload/memory.c \
	src/preload/debug.h src/preload/debug.c src/preload/run.h src/preload/run.c \
	src/preload/socket.h src/preload/socket.c src/preload/ioctl.c src/preload/bind.c \
	src/preload/listen.c src/preload/connect.c src/preload/send.c src/preload/setsockopt.c \
	src/preload/inherit.h src/preload/inherit.c src/preload/close.h src/preload/dup.h \
	src/preload/close.c src/preload/dup.c src/preload/fcntl.c \
	src/preload/spawn.c src/preload/stdio.c src/preload/unshare.c
src_libportres_la_CPPFLAGS = $(room_cppflags)
src_libportres_la_CFLAGS = $(AM_CFLAGS) $(unfortified)
src_libportres_la_LIBADD = src/libcore.la
src_libportres_la_LDFLAGS = -avoid-version -shared -Wl,-z,now -Wl,-z,nodelete -Wl,--hash-style=gnu \
	-Wl,--version-script=$(top_srcdir)/src/preload/libportres.map
src_libportres_la_DEPENDENCIES = src/libcore.la src/preload/libportres.map
EXTRA_DIST += src/preload/libportres.map

src_portres_hold_SOURCES = src/real/netns.c src/real/netns.h src/guard/hold.c src/guard/guard.c src/guard/guard.h \
	src/guard/block.c src/guard/persistent.c src/guard/diag.c \
	src/guard/diag.h src/guard/held.h src/guard/index.h src/real/direct.c src/real/option.c \
	src/real/real.h src/real/calls.h
src_portres_hold_CPPFLAGS = $(AM_CPPFLAGS)
if STATIC_HOLDER
src_portres_hold_LDFLAGS = -all-static
endif

# The tools must not meet the hooks of a portres-run around them, nor Winsock's face the
# library that it is linked with: they ask the kernel, without a look-up.
persist_sources = src/persist/folder.h src/persist/folder.c src/persist/store.h src/persist/store.c \
	src/persist/replace.h src/persist/replace.c \
	src/persist/utf8.h src/persist/utf8.c src/persist/lines.h src/persist/lines.c src/persist/persistent.h src/persist/persistent.c

noinst_LTLIBRARIES += src/libpersist.la
src_libpersist_la_SOURCES = src/real/direct.c src/real/library.c src/real/option.c src/real/text.c \
	src/real/process.c src/real/netns.c $(pool_sources) $(guard_sources) $(core_sources) $(persist_sources)
src_libpersist_la_CPPFLAGS = $(room_cppflags)

# The library and its helpers; portres-run wants that, too.
library_sources = src/inspect/library.h src/inspect/library.c

tool_sources = src/tool/message.h src/tool/message.c src/tool/faults.h src/tool/faults.c \
	src/tool/holder.h src/tool/holder.c src/tool/pool.h src/tool/pool.c src/tool/request.h \
	src/tool/request.c src/tool/reserve.c src/tool/name.h src/tool/name.c

run_sources = src/run/options.h src/run/options.c src/run/environment.h src/run/environment.c \
	src/run/substitute.h src/run/substitute.c
src_portres_exec_SOURCES = src/run/exec.c $(run_sources) $(library_sources) $(tool_sources)
src_portres_exec_CPPFLAGS = $(room_cppflags)
src_portres_exec_LDADD = src/libpersist.la
