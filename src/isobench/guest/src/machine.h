#ifndef ISOBENCH_MACHINE_H
#define ISOBENCH_MACHINE_H

/* Mount what a container's engine would have mounted (/proc, /sys, /dev/pts, /dev/shm), and bring lo up. */
void machine_prepare(void);

/* Flush the disks and cut the power. Returns only if the kernel refuses. */
void machine_power_off(void);

/* Make `path` and mount `device` there, waiting up to 2 s for its node. NULL, or what failed with errno set. */
const char *machine_mount(const char *device, const char *path, const char *type);

/* Add `address name` to the hosts file at `path`, made where it is missing. NULL, or what failed with errno set. */
const char *machine_host(const char *path, const char *address, const char *name);

/* Read total and available memory, in bytes, from /proc/meminfo. Returns 0, or -1 with errno set. */
int machine_memory(long long *total, long long *available);

#endif
