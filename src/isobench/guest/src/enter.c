/*
 * enter: stands in for libvirt's <emulator>. It enters the instance's cgroups, then becomes QEMU, so that no
 * page and no CPU second of QEMU is spent outside them.
 */
#define _GNU_SOURCE
#include "cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef EMULATOR
#define EMULATOR "/usr/bin/qemu-system-x86_64"
#endif

#define EXIT_NOT_ENTERED 126

static int refuse(const char *what)
{
    fprintf(stderr, "enter: %s: %s\n", what, strerror(errno));
    return EXIT_NOT_ENTERED;
}

int main(int argc, char **argv)
{
    const char *emulator = getenv("ISOBENCH_EMULATOR");
    char *files = getenv("ISOBENCH_CGROUP");
    char *rest = NULL;

    (void)argc;
    for (char *file = files ? strtok_r(files, ":", &rest) : NULL; file; file = strtok_r(NULL, ":", &rest))
        if (cgroup_enter(file) != 0)
            return refuse(file);
    unsetenv("ISOBENCH_CGROUP");
    if (!emulator)
        emulator = EMULATOR;
    execv(emulator, argv);
    return refuse(emulator);
}
