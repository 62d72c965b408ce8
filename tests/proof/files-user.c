/* SPDX-License-Identifier: MIT */
/*
 * files-user - a program that comes to a pool, whatever is there: reserves, draws, releases,
 * and says "served", or the errno that it got, or "wrong" (see files.h). Under the library.
 */
#include "files.h"

int main(void)
{
	int error;

	alarm(60); /* a hang ends by SIGALRM */
	error = newcomer(TCP, NULL, 0);
	if (!error)
		error = newcomer(UDP, NULL, 0);
	puts(files_wrong ? "wrong" : error ? strerrorname_np(error) : "served");
	return files_wrong != 0;
}
