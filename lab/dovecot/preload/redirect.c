/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into the programs of a Dovecot that is unpacked below ROOT, with the C library that it was built for. Its paths are
 * fixed when it is built: what its programs look for in Dovecot's own folders they find below ROOT, and every program of
 * Dovecot's that one of them starts is started by the same loader (LOADER, with LIBRARIES and this file). So it runs beside an
 * installed Dovecot, as any user, without a root of its own.
 *
 * That travels by the arguments of the loader, because Dovecot starts its programs without the environment that it has.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct stat;

#define LONGEST 4096
#define REAL(name) dlsym(RTLD_NEXT, name)

static const char *moved(const char *path, char *buffer)
{
	static const char *const theirs[] = {"/usr/lib/dovecot", "/usr/share/dovecot", "/usr/bin/dove", "/usr/sbin/dove"};
	for (size_t i = 0; path && i < sizeof theirs / sizeof *theirs; i++)
		if (!strncmp(path, theirs[i], strlen(theirs[i])) && snprintf(buffer, LONGEST, "%s%s", ROOT, path) < LONGEST)
			return buffer;
	return path;
}

int execve(const char *path, char *const arguments[], char *const environment[])
{
	char buffer[LONGEST];
	int (*real)(const char *, char *const[], char *const[]) = REAL("execve");
	const char *here = moved(path, buffer);
	if (here == path)
		return real(path, arguments, environment);
	const char *loading[] = {LOADER, "--library-path", LIBRARIES, "--preload", SELF, "--argv0", arguments[0], here};
	size_t words = sizeof loading / sizeof *loading, n = 1;
	while (arguments[n])
		n++;
	const char *all[words + n];
	memcpy(all, loading, sizeof loading);
	memcpy(all + words, arguments + 1, n * sizeof *all); /* with the end */
	return real(LOADER, (char *const *)all, environment);
}

int execv(const char *path, char *const arguments[])
{
	return execve(path, arguments, environ);
}

int execvp(const char *path, char *const arguments[])
{
	char buffer[LONGEST];
	int (*real)(const char *, char *const[]) = REAL("execvp");
	return moved(path, buffer) == path ? real(path, arguments) : execve(path, arguments, environ);
}

int open(const char *path, int flags, ...)
{
	char buffer[LONGEST];
	int (*real)(const char *, int, mode_t) = REAL("open");
	va_list rest;
	va_start(rest, flags);
	mode_t mode = va_arg(rest, mode_t);
	va_end(rest);
	return real(moved(path, buffer), flags, mode);
}

DIR *opendir(const char *path)
{
	char buffer[LONGEST];
	DIR *(*real)(const char *) = REAL("opendir");
	return real(moved(path, buffer));
}

int stat(const char *path, struct stat *into)
{
	char buffer[LONGEST];
	int (*real)(const char *, struct stat *) = REAL("stat");
	return real(moved(path, buffer), into);
}

int access(const char *path, int mode)
{
	char buffer[LONGEST];
	int (*real)(const char *, int) = REAL("access");
	return real(moved(path, buffer), mode);
}

void *dlopen(const char *path, int flags)
{
	char buffer[LONGEST];
	void *(*real)(const char *, int) = REAL("dlopen");
	return real(moved(path, buffer), flags);
}
