/* SPDX-License-Identifier: MIT */
/* Numbers that are the same wherever a step is run. */
#include "sequence.h"

static uint64_t state;

/* SplitMix64: short, and good enough for neighbouring seeds. */
static uint64_t next(void)
{
	uint64_t mixed = state += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 31;
}

void random_start(uint64_t seed, unsigned int sequence, unsigned int step)
{
	state = seed;
	state = next() ^ sequence;
	state = next() ^ step;
	next();
}

unsigned int pick(unsigned int count)
{
	return (unsigned int)(next() >> 32) % count;
}

bool chance(unsigned int percent)
{
	return pick(100) < percent;
}

bool odd(unsigned int percent)
{
	return !place.tame && pick(1000) < percent * (shared->wild ? 10 : 2);
}
