#ifndef ISOBENCH_PATHS_H
#define ISOBENCH_PATHS_H

#include <sys/types.h>

/* Make a folder and its missing parents (0755). Returns 0, or -1 with errno set. */
int paths_make(const char *path);

/* Wait until a path exists, looking each millisecond. Returns 0, or -1 with errno ENOENT after `wait_ms`. */
int paths_await(const char *path, int wait_ms);

/* Read a small file whole into `text`, NUL-terminated and cut to fit. Returns its length, or -1 with errno set. */
ssize_t paths_read(const char *path, char *text, size_t size);

/* Sleep one millisecond: the step of every wait for a device. */
void paths_nap(void);

#endif
