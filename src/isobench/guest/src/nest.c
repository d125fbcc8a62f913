/*
 * nest: starts a container's runtime inside a VM. It writes the container's configuration, opens the container's
 * virtio port as descriptor 3 and becomes the runtime, which hands that descriptor on: so init has its line to the
 * host in a container that has no device node for it. Usage: nest PORT FILE TEXT PROGRAM [ARG…]
 */
#define _GNU_SOURCE
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HANDED 3

static int refuse(const char *what)
{
    fprintf(stderr, "nest: %s: %s\n", what, strerror(errno));
    return 1;
}

static int write_file(const char *path, const char *text)
{
    size_t length = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    if (write(fd, text, length) != (ssize_t)length) {
        close(fd);
        return -1;
    }
    return close(fd);
}

static int hand_over(const char *node)
{
    int fd = open(node, O_RDWR | O_NOCTTY);

    if (fd < 0 || fd == HANDED)
        return fd;
    return dup2(fd, HANDED) < 0 ? -1 : close(fd);
}

int main(int argc, char **argv)
{
    const char *node;

    errno = EINVAL;
    if (argc < 5)
        return refuse("usage: nest PORT FILE TEXT PROGRAM [ARG...]");
    if (write_file(argv[2], argv[3]) != 0)
        return refuse(argv[2]);
    node = ports_await(argv[1]);
    if (!node || hand_over(node) < 0)
        return refuse(argv[1]);
    execv(argv[4], argv + 4);
    return refuse(argv[4]);
}
