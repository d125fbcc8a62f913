/* What can be seen, reached and taken from inside an instance; see attempt.h. Reads, and changes nothing. */
#define _GNU_SOURCE
#include "attempt.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SECRET_SIZE 32
#define CPUS 4096

/* Read a small file; returns its length, 0 where it cannot be read. */
static size_t slurp(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? (size_t)got : 0;
}

static void print_file(const char *name, const char *path)
{
    char text[256];

    if (slurp(path, text, sizeof text))
        printf("%s %.*s\n", name, (int)strcspn(text, "\n"), text);
}

static void print_status(const char *field, const char *name)
{
    char text[8192], *found;

    slurp("/proc/self/status", text, sizeof text);
    found = strstr(text, field);
    if (found) {
        found += strlen(field) + strspn(found + strlen(field), " \t");
        printf("%s %.*s\n", name, (int)strcspn(found, "\n"), found);
    }
}

/* Nodes of devices below a folder: told by their kind, never opened, since some act when they are. */
static int count_devices(const char *folder, int depth)
{
    struct dirent *entry;
    int count = 0;
    DIR *nodes = depth > 0 ? opendir(folder) : NULL;

    while (nodes && (entry = readdir(nodes))) {
        char path[PATH_MAX];
        struct stat found;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (lstat(path, &found) != 0)
            continue;
        count += S_ISCHR(found.st_mode) || S_ISBLK(found.st_mode);
        if (S_ISDIR(found.st_mode))
            count += count_devices(path, depth - 1);
    }
    if (nodes)
        closedir(nodes);
    return count;
}

/* Processes to be seen in /proc; with `marker`, the number of the first whose command line holds it, or 0. */
static int scan_processes(const char *marker, int *visible)
{
    struct dirent *entry;
    int found = 0;
    DIR *processes = opendir("/proc");

    *visible = 0;
    while (processes && (entry = readdir(processes))) {
        char path[PATH_MAX], line[4096];
        size_t length;

        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        ++*visible;
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        length = slurp(path, line, sizeof line);
        if (!found && atoi(entry->d_name) != getpid() && marker && memmem(line, length, marker, strlen(marker)))
            found = atoi(entry->d_name);
    }
    if (processes)
        closedir(processes);
    return found;
}

static int look(const char *marker)
{
    struct utsname kernel;
    int visible, seen = scan_processes(marker, &visible);

    uname(&kernel);
    printf("release %s\nversion %s\n", kernel.release, kernel.version);
    print_file("boot_id", "/proc/sys/kernel/random/boot_id");
    print_status("CapEff:", "capabilities");
    print_status("Seccomp:", "seccomp");
    print_status("NSpid:", "pids");
    printf("parent %d\nprocesses %d\nmarker %d\ndevices %d\n", getppid(), visible, seen != 0, count_devices("/dev", 4));
    return 0;
}

/* Hold a secret in memory, say where, and wait to be ended. */
static _Noreturn void hold(const char *secret)
{
    static char held[SECRET_SIZE + 1];

    snprintf(held, sizeof held, "%s", secret);
    printf("address %p\n", (void *)held);
    fflush(stdout);
    for (;;)
        pause();
}

/* Try to read another process's memory in each way that there is; the host knows what must be read. */
static int steal(const char *marker, const char *address)
{
    char taken[SECRET_SIZE + 1] = "", path[64];
    unsigned long at = strtoul(address, NULL, 16);
    struct iovec here = {taken, SECRET_SIZE}, there = {(void *)at, SECRET_SIZE};
    int visible, pid = scan_processes(marker, &visible);

    printf("seen %d\n", pid != 0);
    if (!pid)
        return 0;
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) == SECRET_SIZE)
        printf("process_vm_readv %s\n", taken);
    else
        printf("process_vm_readv - %s\n", strerror(errno));
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    memset(taken, 0, sizeof taken);
    if (fd >= 0 && pread(fd, taken, SECRET_SIZE, (off_t)at) == SECRET_SIZE)
        printf("mem %s\n", taken);
    else
        printf("mem - %s\n", strerror(errno));
    return 0;
}

/* Ask for every processor there is; print those that it got. */
static int spread(void)
{
    cpu_set_t *set = CPU_ALLOC(CPUS);
    size_t size = CPU_ALLOC_SIZE(CPUS);

    if (!set)
        return 1;
    memset(set, 0xff, size);
    /* Refused or not, what counts is where it may run now. */
    (void)!sched_setaffinity(0, size, set);
    if (sched_getaffinity(0, size, set) != 0)
        return 1;
    for (int cpu = 0; cpu < CPUS; cpu++)
        if (CPU_ISSET_S((size_t)cpu, size, set))
            printf("cpu %d\n", cpu);
    CPU_FREE(set);
    return 0;
}

int attempt(int argc, char **argv)
{
    const char *what = argc > 0 ? argv[0] : "";

    if (strcmp(what, "look") == 0 && argc == 2)
        return look(argv[1]);
    if (strcmp(what, "syscalls") == 0 && argc == 1)
        return attempt_syscalls();
    if (strcmp(what, "hold") == 0 && argc == 3) /* the last word marks it in the lists of processes */
        hold(argv[1]);
    if (strcmp(what, "steal") == 0 && argc == 3)
        return steal(argv[1], argv[2]);
    if (strcmp(what, "spread") == 0 && argc == 1)
        return spread();
    if (strcmp(what, "spin") == 0 && argc == 3)
        return hog_spin(atof(argv[1]), atoi(argv[2]));
    if (strcmp(what, "memory") == 0 && argc == 3)
        return hog_memory(atof(argv[1]), atoll(argv[2]));
    if (strcmp(what, "disk") == 0 && argc == 4)
        return hog_disk(atof(argv[1]), argv[2], atoll(argv[3]));
    if (strcmp(what, "fork") == 0 && argc == 3)
        return hog_fork(atof(argv[1]), atoi(argv[2]));
    fprintf(stderr, "init: no such attempt: %s\n", what);
    return 2;
}
