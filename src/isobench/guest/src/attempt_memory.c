/*
 * A secret in one instance's memory, and every way in which another may try to read it. The host says where it is: in
 * the process, and in the machine. What is read tells; an attempt that is refused says with which error.
 */
#define _GNU_SOURCE
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_SIZE 32
#define PATIENCE 20 /* seconds; a process that is traced may never stop */
#define MEMORY "/dev/mem"
#define OWN_NODE "/dev/isobench-mem"

_Noreturn void attempt_hold(const char *secret)
{
    static char held[SECRET_SIZE + 1];

    snprintf(held, sizeof held, "%s", secret);
    printf("address %p\n", (void *)held);
    fflush(stdout);
    for (;;)
        pause();
}

/* Say what one way has read, or why it has not. */
static void tell(const char *way, int worked, const char *taken)
{
    if (worked)
        printf("%s %.*s\n", way, SECRET_SIZE, taken);
    else
        printf("%s - %s\n", way, strerror(errno));
}

static void by_call(pid_t pid, unsigned long at)
{
    char taken[SECRET_SIZE] = "";
    struct iovec here = {taken, SECRET_SIZE}, there = {(void *)at, SECRET_SIZE};

    tell("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0) == SECRET_SIZE, taken);
}

static int read_at(const char *path, unsigned long at, char *taken)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), reason;
    ssize_t got = fd < 0 ? -1 : pread(fd, taken, SECRET_SIZE, (off_t)at);

    reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return got == SECRET_SIZE;
}

static void by_file(pid_t pid, unsigned long at)
{
    char taken[SECRET_SIZE] = "", path[64];

    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    tell("proc_mem", read_at(path, at, taken), taken);
}

static void by_trace(pid_t pid, unsigned long at)
{
    char taken[SECRET_SIZE] = "";
    int worked = ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0 && waitpid(pid, NULL, __WALL) == pid;

    for (size_t done = 0; worked && done < SECRET_SIZE; done += sizeof(long)) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, pid, (void *)(at + done), NULL);

        worked = errno == 0;
        memcpy(taken + done, &word, sizeof word);
    }
    tell("ptrace", worked, taken);
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

/* The machine's memory as a device: as it is there, else by a node of one's own. Only where the host knows the place:
 * elsewhere this reads the instance's own machine, where nobody else's memory is. */
static void by_device(unsigned long at)
{
    char taken[SECRET_SIZE] = "";
    int worked;

    if (!at) {
        puts("dev_mem - the host knows no such place");
        return;
    }
    worked = read_at(MEMORY, at, taken);
    if (!worked && errno == ENOENT) {
        worked = mknod(OWN_NODE, S_IFCHR | 0600, makedev(1, 1)) == 0 && read_at(OWN_NODE, at, taken);
        int reason = errno;

        unlink(OWN_NODE);
        errno = reason;
    }
    tell("dev_mem", worked, taken);
}

int attempt_steal(pid_t pid, const char *address, const char *physical)
{
    unsigned long at = strtoul(address, NULL, 16);

    /* What was tried before stands, whatever becomes of the next attempt. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(PATIENCE);
    printf("seen %d\n", pid != 0);
    by_device(strtoul(physical, NULL, 16));
    if (!pid)
        return 0;
    by_call(pid, at);
    by_file(pid, at);
    by_trace(pid, at);
    return 0;
}
