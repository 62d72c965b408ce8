/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "real/real.h"
#include "real/text.h"

void text_add(struct text *text, const char *string)
{
	for (; *string; string++) {
		if (text->length + 1 >= text->size) {
			text->full = true;
			break;
		}
		text->buffer[text->length++] = *string;
	}
	text->buffer[text->length] = '\0';
}

void text_add_number(struct text *text, uint64_t number, unsigned int base)
{
	char digits[65];
	size_t at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	text_add(text, digits + at);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 16;
}

bool text_number(const char **at, unsigned int base, uint64_t limit, uint64_t *number)
{
	uint64_t value = 0;
	const char *p = *at;

	if ((unsigned int)digit_value(*p) >= base)
		return false;
	for (; (unsigned int)digit_value(*p) < base; p++) {
		uint64_t digit = (uint64_t)digit_value(*p);

		if (digit > limit || value > (limit - digit) / base)
			return false;
		value = value * base + digit;
	}
	*at = p;
	*number = value;
	return true;
}

int text_file(const char *path, char *buffer, size_t size)
{
	int fd = real_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t length = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		got = real_read(fd, buffer + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	buffer[length] = '\0';
	if (got < 0)
		got = -errno;
	real_close(fd);
	return got < 0 ? (int)got : (int)length;
}
