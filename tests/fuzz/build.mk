# SPDX-License-Identifier: MIT
# The targets with libFuzzer and sanitizers, by clang; no part of make all:
#
#	make -f tests/fuzz/build.mk top_srcdir=. top_builddir=build out=/tmp/fuzz
#	/tmp/fuzz/fuzz-store -dict=tests/fuzz/store.dict new-inputs tests/fuzz/corpus/store
CLANG = clang
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer -D_GNU_SOURCE -I$(top_srcdir)/include \
	-I$(top_srcdir)/src -I$(top_builddir) -include $(top_srcdir)/src/unfortified.h \
	-DPORTRES_LIBEXECDIR='"/nowhere"' -DPORTRES_LIBDIR='"/nowhere"' $(SANITIZE)
source = $(top_srcdir)/src

objects = $(patsubst $(source)/%.c,$(out)/%.o,$(wildcard $(addsuffix /*.c,$(addprefix $(source)/,$(1)))))
core = $(filter-out %/hold.o %/next.o %/direct.o,$(call objects,real pool guard core))
# As the tools are linked, and as the library is.
tools = $(core) $(out)/real/direct.o $(call objects,persist)
hooks = $(core) $(out)/real/next.o $(call objects,preload)
command = $(tools) $(filter-out %/cli/main.o %/run/exec.o,$(call objects,inspect tool cli run))

targets = $(patsubst $(top_srcdir)/tests/fuzz/%.c,$(out)/%,$(wildcard $(top_srcdir)/tests/fuzz/fuzz-*.c))
all: $(targets)

LINK = $(CLANG) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LIBS) -ldl -lpthread

$(out)/fuzz-settings: $(tools)
$(out)/fuzz-store: $(out)/fuzz/store-model.o $(tools)
$(out)/fuzz-pool: $(out)/fuzz/pool-world.o $(tools)
$(out)/fuzz-calls: $(out)/fuzz/calls-memory.o $(out)/fuzz/calls-script.o $(hooks)
$(out)/fuzz-arguments: LIBS = -ljansson -lelf
$(out)/fuzz-arguments: $(out)/fuzz/arguments-portres.o $(out)/fuzz/arguments-run.o $(command)
$(targets): $(out)/fuzz-%: $(out)/fuzz/fuzz-%.o $(out)/fuzz/world.o
	@$(LINK)

$(out)/fuzz/%.o: $(top_srcdir)/tests/fuzz/%.c $(top_srcdir)/tests/fuzz/fuzz.h
	@mkdir -p $(@D)
	@$(CLANG) $(FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<
$(out)/%.o: $(source)/%.c
	@mkdir -p $(@D)
	@$(CLANG) $(FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<
