#ifndef ISOBENCH_RUNS_H
#define ISOBENCH_RUNS_H

#include <poll.h>
#include <stddef.h>

#define RUNS_MAX 32
#define RUNS_POLLS (2 * RUNS_MAX)

/* Start a program under the host's number for it; the outcome goes to the host as frames. */
void runs_start(unsigned id, char *payload, size_t length);

/* Send a signal to a run's process group. Returns false when no such run is alive. */
int runs_signal(unsigned id, int number);

/* Send a signal to the process group of every live run. */
void runs_signal_all(int number);

/* How many programs have not ended yet. */
int runs_alive(void);

/* Fill `polls` with the pipes to watch; returns how many there are, at most RUNS_POLLS. */
int runs_watch(struct pollfd *polls);

/* Forward what has arrived on the pipes found ready. */
void runs_forward(const struct pollfd *polls, int count);

/* Reap every ended process, orphans included, and tell the host of the runs among them. */
void runs_reap(void);

#endif
