# SPDX-License-Identifier: MIT
# The portres command, and the units that keep its holder running.
bin_PROGRAMS += src/portres
command_sources = src/cli/commands.h src/cli/json.h src/cli/json.c \
	src/cli/paint.h src/cli/paint.c src/cli/list.c src/cli/list-text.h src/cli/list-text.c \
	src/cli/map.c src/cli/map.h src/cli/map-draw.c src/cli/map-grid.h src/cli/map-grid.c src/cli/map-json.c \
	src/cli/map-kinds.h src/cli/map-kinds.c src/cli/map-list.c src/cli/map-svg.h src/cli/map-svg.c src/cli/map-svg-page.c src/cli/map-svg-file.c \
	src/cli/brush.h src/cli/brush.c src/cli/terminal.h src/cli/terminal.c \
	src/cli/reserve.c src/cli/format.h src/cli/format.c src/cli/until.h src/cli/until.c src/cli/prune.c \
	src/cli/show.h src/cli/show.c src/cli/rows.h src/cli/rows.c \
	src/cli/explain.h src/cli/explain.c src/cli/explain-text.c src/cli/explain-reserved.c \
	src/cli/explain-json.c src/cli/explain-sockets.c src/cli/explain-words.h src/cli/explain-headline.c src/cli/explain-bind.c \
	src/cli/explain-pieces.c src/cli/explain-notes.c src/cli/explain-advice.c \
	src/cli/persist.c src/cli/persist-list.h src/cli/persist-list.c \
	src/cli/hold.c src/cli/holding.h src/cli/holding.c src/cli/notify.h src/cli/notify.c src/cli/doctor.c $(tool_sources)
src_portres_SOURCES = src/cli/main.c $(command_sources)
src_portres_CPPFLAGS = $(room_cppflags)
src_portres_LDADD = src/libinspect.la $(JANSSON_LIBS) $(ELF_LIBS)

nodist_systemunit_DATA = src/cli/system/portres-persist.service
nodist_userunit_DATA = src/cli/user/portres-persist.service
CLEANFILES += src/cli/system/portres-persist.service src/cli/user/portres-persist.service
EXTRA_DIST += src/cli/portres-persist.service.in

src/cli/system/portres-persist.service: src/cli/portres-persist.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) src/cli/system && $(SED) -e 's|@bindir[@]|$(bindir)|' \
		-e 's|@wanted_by[@]|multi-user.target|' \
		-e 's|@system_only[@]|ProtectSystem=strict\nStateDirectory=portres\nProtectHome=yes|' \
		$(srcdir)/src/cli/portres-persist.service.in >$@.new && mv $@.new $@
src/cli/user/portres-persist.service: src/cli/portres-persist.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) src/cli/user && $(SED) -e 's|@bindir[@]|$(bindir)|' \
		-e 's|@wanted_by[@]|default.target|' -e '/@system_only[@]/d' -e '/^Before=network/d' \
		$(srcdir)/src/cli/portres-persist.service.in >$@.new && mv $@.new $@
