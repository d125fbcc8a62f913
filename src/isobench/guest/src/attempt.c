/* What can be seen, reached and taken from inside an instance; see attempt.h. Reads, and changes nothing. */
#define _GNU_SOURCE
#include "attempt.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

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

static void print_link(const char *name, const char *path)
{
    char target[256];
    ssize_t length = readlink(path, target, sizeof target);

    if (length > 0)
        printf("%s %.*s\n", name, (int)length, target);
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
    print_link("pid_namespace", "/proc/self/ns/pid");
    printf("processes %d\nmarker %d\ndevices %d\n", visible, seen != 0, count_devices("/dev", 4));
    return 0;
}

int attempt(int argc, char **argv)
{
    const char *what = argc > 0 ? argv[0] : "";
    int visible;

    if (strcmp(what, "look") == 0 && argc == 2)
        return look(argv[1]);
    if (strcmp(what, "syscalls") == 0 && argc == 1)
        return attempt_syscalls();
    if (strcmp(what, "hold") == 0 && argc == 3) /* the last word marks it in the lists of processes */
        attempt_hold(argv[1]);
    if (strcmp(what, "steal") == 0 && argc == 4)
        return attempt_steal(scan_processes(argv[1], &visible), argv[2], argv[3]);
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
