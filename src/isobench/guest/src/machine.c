/* What init does because it is alone in a machine, or is asked of the one it is in. */
#define _GNU_SOURCE
#include "machine.h"

#include "net.h"
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#define DEVICE_WAIT_MS 2000

/* Each is a convenience for the workload: one that cannot be mounted shows in the workload's own failure. */
static void mount_kernel_tree(const char *type, const char *path, unsigned long flags, const char *options)
{
    if (paths_make(path) == 0)
        mount(type, path, type, flags, options);
}

void machine_prepare(void)
{
    const unsigned long strict = MS_NOSUID | MS_NODEV | MS_NOEXEC;

    mount_kernel_tree("proc", "/proc", strict, NULL);
    mount_kernel_tree("sysfs", "/sys", strict, NULL);
    mount_kernel_tree("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666");
    mount_kernel_tree("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
    net_loopback();
}

void machine_power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
}

const char *machine_mount(const char *device, const char *path, const char *type)
{
    if (*device == '/' && paths_await(device, DEVICE_WAIT_MS) != 0)
        return device;
    if (paths_make(path) != 0)
        return path;
    return mount(device, path, type, 0, NULL) == 0 ? NULL : "mount";
}

const char *machine_host(const char *path, const char *address, const char *name)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return path;
    int written = dprintf(fd, "%s\t%s\n", address, name);
    /* What a full disk refuses may be told only now. */
    return close(fd) == 0 && written > 0 ? NULL : path;
}

static long long kibibytes(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found ? strtoll(found + strlen(name), NULL, 10) : -1;
}

int machine_memory(long long *total, long long *available)
{
    char text[4096];

    if (paths_read("/proc/meminfo", text, sizeof text) < 0)
        return -1;
    *total = kibibytes(text, "MemTotal:") * 1024;
    *available = kibibytes(text, "MemAvailable:") * 1024;
    errno = ENODATA;
    return *total < 0 || *available < 0 ? -1 : 0;
}
