/* Folders that may be missing (an image FROM scratch has none) and device nodes that come late. */
#define _GNU_SOURCE
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int make_one(const char *path)
{
    struct stat found;
    int why;

    if (mkdir(path, 0755) == 0)
        return 0;
    why = errno;
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode))
        return 0;
    errno = why;
    return -1;
}

int paths_make(const char *path)
{
    char step[PATH_MAX];

    if (snprintf(step, sizeof step, "%s", path) >= (int)sizeof step) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (char *slash = step + 1; *step && *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        if (make_one(step) != 0)
            return -1;
        *slash = '/';
    }
    return make_one(step);
}

void paths_nap(void)
{
    const struct timespec millisecond = {0, 1000000};

    nanosleep(&millisecond, NULL);
}

int paths_await(const char *path, int wait_ms)
{
    for (int waited = 0; access(path, F_OK) != 0; waited++) {
        if (waited >= wait_ms) {
            errno = ENOENT;
            return -1;
        }
        paths_nap();
    }
    return 0;
}

ssize_t paths_read(const char *path, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    while (length + 1 < size && got > 0) {
        got = read(fd, text + length, size - 1 - length);
        if (got > 0)
            length += (size_t)got;
    }
    close(fd);
    text[length] = '\0';
    return got < 0 ? -1 : (ssize_t)length;
}
