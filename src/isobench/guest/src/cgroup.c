/* Entering a cgroup before the instance exists, so that its whole life is on the instance's account. */
#define _GNU_SOURCE
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int cgroup_enter(const char *procs_file)
{
    int saved, result;
    int fd = open(procs_file, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    result = write(fd, "0", 1) == 1 ? 0 : -1;
    saved = errno;
    close(fd);
    errno = saved;
    return result;
}
