/* What isobench's studies of isolation try from inside an instance: init itself, started as `init --attempt WHAT …`. */
#ifndef ISOBENCH_ATTEMPT_H
#define ISOBENCH_ATTEMPT_H

#include <sys/types.h>

/* Carry out one attempt; returns the exit status. What was found is printed, a `name value` a line. */
int attempt(int argc, char **argv);

/* Print `syscall NAME ERRNO` for each of a list of system calls, made with arguments that cannot take effect. */
int attempt_syscalls(void);

/* Hold a secret of 32 characters in memory, say `address HEX`, and wait to be ended. */
_Noreturn void attempt_hold(const char *secret);

/*
 * Try to read it from the process `pid` (0: none is seen), at an address in it and at a physical one (0: not known):
 * prints `WAY WHAT` for each way, where WHAT begins with `-` and the error if nothing was read.
 */
int attempt_steal(pid_t pid, const char *address, const char *physical);

/* The bounded loads of the study `neighbour`, and the attempts to go beyond a limit. */
int hog_spin(double seconds, int threads);
int hog_memory(double seconds, long long bytes);
int hog_disk(double seconds, const char *path, long long bytes);
int hog_fork(double seconds, int count);

#endif
