/* What isobench's studies of isolation try from inside an instance: init itself, started as `init --attempt WHAT …`. */
#ifndef ISOBENCH_ATTEMPT_H
#define ISOBENCH_ATTEMPT_H

/* Carry out one attempt; returns the exit status. What was found is printed, a `name value` a line. */
int attempt(int argc, char **argv);

/* Print `syscall NAME ERRNO` for each of a list of system calls, made with arguments that cannot take effect. */
int attempt_syscalls(void);

/* The bounded loads of the study `neighbour`, and the attempts to go beyond a limit. */
int hog_spin(double seconds, int threads);
int hog_memory(double seconds, long long bytes);
int hog_disk(double seconds, const char *path, long long bytes);
int hog_fork(double seconds, int count);

#endif
