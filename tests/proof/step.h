/* SPDX-License-Identifier: MIT */
/*
 * step.h - a process that is stopped at each instruction of the library
 *
 * A worker does one operation of the library. ptrace(2) takes it to any point of its way
 * through that: an instruction in the library's text, or the beginning or the end of a
 * system call that libc makes for it. There it is killed, or left standing, and the others
 * must get on.
 *
 * The way is recorded once, by single steps; what libc does in between is run through. From
 * then on a fresh worker gets to a point at full speed: a breakpoint counts how often
 * it has passed that instruction.
 */
#ifndef TESTS_PROOF_STEP_H
#define TESTS_PROOF_STEP_H

#include "../preload/process.h"

/* How many ports the block has that it is all about. */
enum { COUNT = 3, ALL_PORTS = (1 << COUNT) - 1 };

/* Of processor time that a process has for all that it does: who spins ends by this. */
enum { SECONDS = 20 };

/* What the processes of a case share. */
struct scene {
	int type, start;    /* of the block; start is free in the beginning */
	struct block block; /* the reservation: the worker's, or one passed along to it */
	int fd;		    /* the socket of the operation */
	int result;	    /* of it: 0 or errno; -1: not done */
	int port;	    /* that the socket has then; 0 or less: none */
	instance acquired;
	char why[160]; /* what was wrong, in words */
	/* What the other process saw of a reservation that is passed along. */
	unsigned int drawn, bound; /* bits of ports */
	int ended;		   /* the reservation has, or was told to */
};

enum {
	EMPTY = 1,	 /* begins without a pool, even without its folder */
	NAMED = 2,	 /* where no file without a name can be made */
	HELD = 4,	 /* the guards of its block are kept by a holder process */
	START = 8,	 /* it is an exec, of a program with PORTRES_RESERVE */
	PERSISTENT = 16, /* the block is a persistent one */
	PASSED = 32,	 /* of a reservation that can be passed along */
	ENDS = 64,	 /* of a reservation that it ends */
	VARIANT = 512,	 /* much of it is as in another one */
	BINDS = 128,	 /* what it gets is a port */
	NUMBERED = 256,	 /* this one: */
	NUMBERED_OFFSET = 1,
};

/* One operation, and how the worker comes to it. */
struct operation {
	const char *name;
	int type;
	void (*prepare)(struct scene *scene);
	void (*work)(struct scene *scene);
	unsigned int flags; /* of the above */
};
extern const struct operation operations[];
extern const int operations_count;

/* A worker that stands before its work; -1: it did not come so far. */
pid_t worker_start(const struct operation *operation, struct scene *scene);
/* main() of a worker that begins with an exec. */
void worker_main(void);

/* The process that must get on meanwhile: it stops behind each part of its work. */
pid_t other_start(const struct operation *operation, struct scene *scene);

/* A point of a way. */
struct point {
	uintptr_t address; /* of an instruction in the library; 0: a system call */
	unsigned int nth;  /* pass of the address; or stop at a system call, from the entry on */
};

struct way {
	const struct operation *operation;
	uintptr_t entry; /* the first instruction in the library */
	struct point *points;
	size_t count, room, instructions, calls;
};

/* Whether a child can be traced here, and breakpoints work. */
int trace_works(void);
/* Takes over a child that asked to be traced and stops. False if it ended instead. */
int trace_adopt(pid_t pid);
/* Why the way of an operation could not be recorded; NULL: it was, and the worker is done. */
const char *way_record(struct way *way, pid_t worker, const struct operation *operation);
/* All of the way, unseen. */
void way_pass(pid_t worker, const struct operation *operation);
/* Takes the worker to a point. 0 where the work was done before. */
int way_reach(const struct way *way, pid_t worker, const struct point *point);
/* The point in words. */
const char *point_name(const struct point *point);
/* Lets a traced process go on to its next stop of its own. False if it ended instead. */
int trace_finish(pid_t pid);
/* The same, counting its system calls, and, if wanted, the instructions in the library.
 * -1: it ended. */
long trace_count(pid_t pid, long *instructions);
void trace_kill(pid_t pid);
/* In the traced process: the stop. */
void trace_stop(void);

/* NULL, or what is wrong after the worker of an operation has died. */
const char *judge_death(const struct operation *operation, struct scene *scene);
/* What is in the way of a new case is put aside. False where that is impossible. */
int judge_prepare(const struct operation *operation, struct scene *scene);
/* What is wrong where nobody has a part of the block. */
const char *judge_free(const struct scene *scene);
/* What is wrong with the files of the pool: there is one at most. */
const char *judge_files(int temporary_allowed);

/* One row of the table: a process of its own that tries all points of one operation. */
struct tally {
	unsigned long cases, failures, missed, instructions, calls;
	long most[4]; /* what the others needed */
};
/* First of all in main(). */
void test_begin(char **argv);
typedef void row(const struct operation *operation, struct scene *scene, struct tally *tally);
/* What the short form tries of an operation: so many instructions; of what stands before and
 * behind its system calls, one in so many. */
struct sample {
	unsigned long instructions, calls;
};
int rows_run(const char *what, row *try, int (*wanted)(const struct operation *operation),
	     struct sample sample);
/* Whether the point of that number is to be tried, in the short form. */
int point_wanted(const struct way *way, size_t number);
/* Tells it; true once there are so many that no more need be tried. */
int case_failed(const struct operation *operation, struct tally *tally, const struct point *point,
		const char *why);

#endif
