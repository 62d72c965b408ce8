/* SPDX-License-Identifier: MIT */
/* Pool files and folders that are not ours alone, or none at all. */
#include <sys/stat.h>
#include <sys/un.h>

#include "pool-file.h"

static void test_file_modes(void)
{
	static const mode_t modes[] = {0666, 0644, 0640, 0606, 0601};
	char path[2 * PATH_SIZE];

	file_new(path);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		IS(chmod(path, modes[i]), 0);
		refused(-EACCES);
	}
	IS(chmod(path, 0600), 0);
	IS(open_there(false), 0);
}

static void test_file_owner(void)
{
	char path[2 * PATH_SIZE];

	if (geteuid()) {
		cunit_tap_skip("only root gives files away");
		return;
	}
	IS(chown(file_new(path), SOMEBODY, (gid_t)-1), 0);
	refused(-EACCES);
}

static void test_folder_modes(void)
{
	static const mode_t modes[] = {0777, 0775, 01777, 0720, 0702};
	char path[2 * PATH_SIZE];

	file_new(path);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		IS(chmod(folder, modes[i]), 0);
		refused(-EACCES);
	}
	IS(chmod(folder, 0700), 0);
	IS(open_there(false), 0);
}

static void test_folder_owner(void)
{
	char path[2 * PATH_SIZE];

	if (geteuid()) {
		cunit_tap_skip("only root gives folders away");
		return;
	}
	file_new(path);
	IS(chown(folder, SOMEBODY, (gid_t)-1), 0);
	refused(-EACCES);
}

static void test_folder_symlink(void)
{
	char path[2 * PATH_SIZE], target[PATH_SIZE];

	file_new(path);
	strcpy(target, folder);
	IS(symlink(target, unit_path(folder, sizeof folder)), 0);
	refused(-EACCES);
}

static void test_folder_file(void)
{
	int fd = open(unit_path(folder, sizeof folder), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	OK(fd >= 0);
	close(fd);
	refused(-EACCES);
}

static void test_folder_fifo(void)
{
	IS(mkfifo(unit_path(folder, sizeof folder), 0600), 0);
	refused(-EACCES);
}

static void test_file_symlink(void)
{
	char path[2 * PATH_SIZE], target[3 * PATH_SIZE];

	file_new(path);
	snprintf(target, sizeof target, "%s.real", path);
	IS(rename(path, target), 0);
	IS(symlink(target, path), 0);
	refused(-EBADMSG);
	IS(unlink(target), 0);
	refused(-EBADMSG);
}

static void test_file_fifo(void)
{
	char path[2 * PATH_SIZE];

	IS(unlink(file_new(path)), 0);
	IS(mkfifo(path, 0600), 0);
	refused(-EBADMSG);
}

static void test_file_folder(void)
{
	char path[2 * PATH_SIZE];

	IS(unlink(file_new(path)), 0);
	IS(mkdir(path, 0700), 0);
	refused(-EBADMSG);
}

static void test_file_socket(void)
{
	char path[2 * PATH_SIZE];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	IS(unlink(file_new(path)), 0);
	OK_FATAL(strlen(path) < sizeof address.sun_path);
	strcpy(address.sun_path, path);
	IS(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	refused(-EBADMSG);
	close(fd);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a file that others may open: EACCES", test_file_modes},
		      {"somebody else's file: EACCES", test_file_owner},
		      {"a folder that others may write to: EACCES", test_folder_modes},
		      {"somebody else's folder: EACCES", test_folder_owner},
		      {"a symbolic link as the folder: EACCES", test_folder_symlink},
		      {"a file as the folder: EACCES", test_folder_file},
		      {"a FIFO as the folder: EACCES", test_folder_fifo},
		      {"a symbolic link as the file: EBADMSG", test_file_symlink},
		      {"a FIFO as the file: EBADMSG", test_file_fifo},
		      {"a folder as the file: EBADMSG", test_file_folder},
		      {"a socket as the file: EBADMSG", test_file_socket});

	return unit_main("pool-access", tests);
}
