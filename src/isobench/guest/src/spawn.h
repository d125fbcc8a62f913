#ifndef ISOBENCH_SPAWN_H
#define ISOBENCH_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

/* A program to start, as the host described it; every pointer points into the command's payload. */
struct program {
    const char *cwd;
    long uid; /* -1: as it is */
    long gid; /* -1: as it is */
    char **argv;
    char **envp;
};

/* A child that has been forked and waits for leave to execute. */
struct spawned {
    pid_t pid;
    int gate;      /* our end of the socket on which the child waits, and reports */
    int output[2]; /* non-blocking read ends of its standard output and standard error */
};

/* Parse NUL-terminated tokens (C cwd, U uid, G gid, E env, A argv). NULL when sound, else what is wrong. */
const char *spawn_parse(struct program *program, char *payload, size_t length);

/* Fork the child and hold it before exec, so that its pid is known before it runs. 0, or -1 with errno set. */
int spawn_fork(struct spawned *spawned, const struct program *program);

/*
 * Let the child execute, and wait until it has. Returns NULL once the program runs, else what the child could
 * not do, with errno set to its reason; the child has then been reaped and its descriptors closed.
 */
const char *spawn_release(struct spawned *spawned);

#endif
