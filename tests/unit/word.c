/* SPDX-License-Identifier: MIT */
/* The port words, and whether the process of a BINDING one is dead. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "pool/word.h"
#include "real/process.h"
#include "unit.h"

#define OTHERS 10000

static struct pool *pool;

/* A token in the slot that 0 names, so that all of them share it. */
static uint64_t reserved(void)
{
	struct slot_claim claim;

	atomic_store(&pool->slot_cursor, 0);
	IS_FATAL(slot_claim(pool, &claim), 0);
	return claim.token;
}

static void test_states(void)
{
	static const enum word_state states[] = {WORD_HELD, WORD_USED, WORD_MAYBE};
	static const uint64_t flags[] = {0, WORD_DRAWN, WORD_ALONE, WORD_CLIENT,
					 WORD_DRAWN | WORD_ALONE | WORD_CLIENT};
	unsigned int mistaken = 0;
	uint64_t token, other;

	pool = unit_pool();
	token = reserved();
	OK(slot_free(pool, token));
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		for (size_t j = 0; j < sizeof flags / sizeof flags[0]; j++) {
			uint64_t word = word_make(token, states[i], flags[j]);

			IS(word_state(word), states[i]);
			IS(word_slot(word), TOKEN_SLOT(token));
			OK((word & (WORD_DRAWN | WORD_ALONE | WORD_CLIENT)) == flags[j]);
			OK(word_belongs(word, token));
		}
	}
	for (int i = 0; i < OTHERS; i++) {
		other = reserved();
		OK(slot_free(pool, other));
		mistaken += TOKEN_SLOT(other) != TOKEN_SLOT(token);
		for (size_t j = 0; j < sizeof states / sizeof states[0]; j++)
			mistaken += word_belongs(word_make(token, states[j], 0), other);
	}
	IS(mistaken, 0);
}

static void test_other_slot(void)
{
	uint64_t token, word;

	pool = unit_pool();
	token = reserved();
	word = word_make(token, WORD_HELD, 0);
	for (int bit = 0; bit < 12; bit++)
		OK(!word_belongs(word, token ^ UINT64_C(1) << bit));
	for (int bit = WORD_TAG_SHIFT; bit < 64; bit++)
		OK(!word_belongs(word, token ^ UINT64_C(1) << bit));
}

/* Damage: with one bit changed a word is nobody's, whatever that bit says. */
static void test_damaged(void)
{
	uint64_t token, words[4];

	pool = unit_pool();
	token = reserved();
	words[0] = word_make(token, WORD_HELD, 0);
	words[1] = word_make(token, WORD_USED, WORD_ALONE);
	words[2] = word_make(token, WORD_MAYBE, WORD_DRAWN);
	words[3] = word_binding(pool, token);
	for (int i = 0; i < 4; i++)
		for (int bit = 0; bit < 64; bit++)
			OK(!word_belongs(words[i] ^ UINT64_C(1) << bit, token));
}

static void test_free(void)
{
	uint64_t token;

	pool = unit_pool();
	token = reserved();
	OK(!word_belongs(0, token));
	OK(!word_belongs(0, 0));
	OK(!word_belongs(word_make(token, WORD_FREE, 0), token));
	OK(!word_belongs(word_make(token, WORD_HELD, 0), 0));
}

static void test_binding_self(void)
{
	uint64_t token, word;

	pool = unit_pool();
	token = reserved();
	word = word_binding(pool, token);
	OK_FATAL(word != 0);
	IS(word_state(word), WORD_BINDING);
	IS(word_slot(word), TOKEN_SLOT(token));
	IS(word >> WORD_TAG_SHIFT & 0x3fffff, getpid());
	OK(word_belongs(word, token));
	for (int bit = BINDING_TAG_SHIFT; bit < 64; bit++)
		OK(!word_belongs(word, token ^ UINT64_C(1) << bit));
	for (int bit = 0; bit < 12; bit++)
		OK(!word_belongs(word, token ^ UINT64_C(1) << bit));
	OK(!word_binder_is_dead(pool, word));
}

static void write_binding(void *context)
{
	uint64_t *word = context;

	*word = word_binding(pool, word[1]);
}

/* A child and its BINDING word. */
static pid_t binder(uint64_t *word)
{
	uint64_t *shared = unit_shared(2 * sizeof *shared);
	pid_t pid;

	pool = unit_pool();
	shared[1] = reserved();
	pid = unit_idle(write_binding, shared);
	*word = shared[0];
	OK(*word != 0);
	OK(word_belongs(*word, shared[1]));
	OK(*word != word_binding(pool, shared[1]));
	return pid;
}

static void test_binder_alive(void)
{
	uint64_t word;
	pid_t pid = binder(&word);

	OK(!word_binder_is_dead(pool, word));
	unit_kill(pid);
}

static void test_binder_gone(void)
{
	uint64_t word;
	pid_t pid = binder(&word);

	unit_kill(pid);
	OK(word_binder_is_dead(pool, word));
}

static void test_binder_zombie(void)
{
	uint64_t word;
	siginfo_t info;
	pid_t pid = binder(&word);

	kill(pid, SIGKILL);
	IS(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	OK(word_binder_is_dead(pool, word));
	unit_kill(pid);
}

static void *thread_stay(void *nothing)
{
	for (;;)
		pause();
	return nothing;
}

static void *thread_outlive(void *context)
{
	pthread_join(*(pthread_t *)context, NULL);
	return thread_stay(NULL);
}

/* Its first thread ends, and stays a zombie for as long as there are others. */
static void run_first_thread_ends(void *context)
{
	static pthread_t first;
	pthread_t other;

	write_binding(context);
	first = pthread_self();
	pthread_create(&other, NULL, thread_outlive, &first);
	pthread_exit(NULL);
}

static bool first_thread_ended(void *context)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof path, "/proc/%d/stat", *(pid_t *)context);
	stat = fopen(path, "re");
	if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (stat)
		fclose(stat);
	return state == 'Z';
}

static void test_binder_first_thread(void)
{
	uint64_t *shared = unit_shared(2 * sizeof *shared);
	pid_t pid;

	pool = unit_pool();
	shared[1] = reserved();
	pid = unit_begin(run_first_thread_ends, shared);
	OK(unit_eventually(first_thread_ended, &pid));
	OK(shared[0] != 0);
	OK(!word_binder_is_dead(pool, shared[0]));
	unit_kill(pid);
	OK(word_binder_is_dead(pool, shared[0]));
}

static void test_binder_pid_again(void)
{
	uint64_t word;
	pid_t pid = binder(&word);

	/* Another start time: the pid is somebody else's now. */
	for (int bit = 0; bit < WORD_START_BITS; bit++)
		OK(word_binder_is_dead(pool, word ^ UINT64_C(1) << (WORD_START_SHIFT + bit)));
	unit_kill(pid);
}

static void test_binder_nobody(void)
{
	uint64_t token;

	pool = unit_pool();
	token = reserved();
	OK(word_binder_is_dead(pool, word_make(token, WORD_BINDING, 0) &
					     ~(UINT64_C(0x3fffff) << WORD_TAG_SHIFT)));
}

static void test_other_namespace(void)
{
	uint64_t word, token;
	pid_t pid = binder(&word);

	token = reserved();
	unit_kill(pid);
	OK(word_binder_is_dead(pool, word));
	pool->namespace ^= UINT64_C(1) << 40;
	IS(word_binding(pool, token), 0);
	OK(!word_binder_is_dead(pool, word));
	pool->namespace = 0;
	IS(word_binding(pool, token), 0);
	OK(!word_binder_is_dead(pool, word));
}

static void test_looks_taken(void)
{
	static const enum word_state states[] = {WORD_HELD, WORD_USED, WORD_MAYBE};
	struct slot_claim claim;
	_Atomic uint64_t *word;
	uint64_t token;

	pool = unit_pool();
	IS_FATAL(slot_claim(pool, &claim), 0);
	OK(slot_describe(pool, &claim, (struct block){65535, 1, 2}, KIND_RUN));
	token = claim.token;
	word = word_of(pool, PROTOCOL_UDP, 65535);
	OK(!word_looks_taken(pool, PROTOCOL_UDP, 65535));
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		atomic_store(word, word_make(token, states[i], 0));
		OK(word_looks_taken(pool, PROTOCOL_UDP, 65535));
		OK(!word_looks_taken(pool, PROTOCOL_TCP, 65535));
		OK(!word_looks_taken(pool, PROTOCOL_UDP, 65534));
	}
	atomic_store(word, word_binding(pool, token));
	OK(word_looks_taken(pool, PROTOCOL_UDP, 65535));
	atomic_store(word, word_make(token, WORD_HELD, 0));
	OK(slot_free(pool, token));
	OK(!word_looks_taken(pool, PROTOCOL_UDP, 65535));
	/* Another reservation in the slot does not make it one of its own. */
	reserved();
	OK(!word_looks_taken(pool, PROTOCOL_UDP, 65535));
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a word in each state belongs to its token and to no other", test_states},
		      {"nor to one that differs in a single bit", test_other_slot},
		      {"a word with one bit changed is nobody's", test_damaged},
		      {"a free word belongs to nobody", test_free},
		      {"our own BINDING word: ours, and we are not dead", test_binding_self},
		      {"a living process is not dead", test_binder_alive},
		      {"a killed process is dead", test_binder_gone},
		      {"a zombie is dead", test_binder_zombie},
		      {"a process whose first thread has ended is not", test_binder_first_thread},
		      {"a living pid with another start time is dead", test_binder_pid_again},
		      {"pid 0 is nobody", test_binder_nobody},
		      {"in another pid namespace nothing is certain", test_other_namespace},
		      {"which ports look taken", test_looks_taken});

	return unit_main("word", tests);
}
