/* Bounded loads: each ends by itself after its seconds, and takes no more than it was told. */
#define _GNU_SOURCE
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (1 << 20)
#define CPUS 4096

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void begun(const char *what, long long amount)
{
    printf("%s %lld\n", what, amount);
    fflush(stdout);
}

/* Ask for every processor that there is. Refused or not, what counts is where it then runs: the host sees that. */
static void spread(void)
{
    cpu_set_t *all = CPU_ALLOC(CPUS);

    if (!all)
        return;
    memset(all, 0xff, CPU_ALLOC_SIZE(CPUS));
    (void)!sched_setaffinity(0, CPU_ALLOC_SIZE(CPUS), all);
    CPU_FREE(all);
}

/* Computes on as many cores as it may use, by as many processes. */
int hog_spin(double seconds, int processes)
{
    double until = now() + seconds;
    volatile unsigned long work = 1;

    spread();
    begun("spinning", processes);
    for (int i = 1; i < processes; i++)
        if (fork() == 0)
            break;
    while (now() < until)
        for (int i = 0; i < 1000000; i++)
            work = work * 6364136223846793005UL + 1442695040888963407UL;
    return 0;
}

/* Takes memory and writes it through again and again: its bandwidth and its caches. */
int hog_memory(double seconds, long long bytes)
{
    double until = now() + seconds;
    char *taken = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (taken == MAP_FAILED) {
        begun("taken", 0);
        return 1;
    }
    for (long long at = 0; at < bytes; at += CHUNK) {
        memset(taken + at, 1, (size_t)(bytes - at < CHUNK ? bytes - at : CHUNK));
        begun("taken", at + CHUNK < bytes ? at + CHUNK : bytes);
    }
    for (int value = 2; now() < until; value++)
        for (long long at = 0; at < bytes && now() < until; at += CHUNK)
            memset(taken + at, value, (size_t)(bytes - at < CHUNK ? bytes - at : CHUNK));
    return 0;
}

/* Writes a file of its own through to the disk, over and over; it is gone afterwards. */
int hog_disk(double seconds, const char *path, long long bytes)
{
    double until = now() + seconds;
    long long at = 0;
    char *chunk = malloc(CHUNK);
    int fd = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);

    if (!chunk || fd < 0 || unlink(path) != 0) {
        perror(path);
        return 1;
    }
    memset(chunk, 7, CHUNK);
    begun("writing", bytes);
    while (now() < until) {
        if (pwrite(fd, chunk, CHUNK, at) != CHUNK || fdatasync(fd) != 0) {
            perror(path);
            return 1;
        }
        at = at + 2 * CHUNK <= bytes ? at + CHUNK : 0;
    }
    return 0;
}

/* Has up to `count` children at once, all of whom end; prints how many there could be. */
int hog_fork(double seconds, int count)
{
    double until = now() + seconds;
    int most = 0;

    setpgid(0, 0); /* nobody else is to be ended with the children */
    do {
        int children = 0, refused = 0;

        while (children < count && !refused) {
            pid_t child = fork();

            if (child == 0) {
                pause();
                _exit(0);
            }
            refused = child < 0;
            children += child > 0;
        }
        if (children > most)
            begun("forked", most = children);
        signal(SIGTERM, SIG_IGN);
        kill(0, SIGTERM);
        while (wait(NULL) > 0 || errno == EINTR)
            ;
        signal(SIGTERM, SIG_DFL);
    } while (now() < until);
    begun("most", most);
    return 0;
}
