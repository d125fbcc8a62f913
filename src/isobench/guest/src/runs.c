/* The programs the host has asked for: their pipes, their ends, and the frames that tell of both. */
#define _GNU_SOURCE
#include "runs.h"

#include "channel.h"
#include "spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * A slot is free when its program has ended and its pipes are closed. A daemon may hold the pipes open long
 * after its parent, the run, has ended; its output is still forwarded, until the slot is needed.
 */
struct run {
    unsigned id;
    pid_t pid; /* 0 once reaped */
    int open[2];
    int output[2];
};

static struct run runs[RUNS_MAX];

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long microseconds(struct timeval time)
{
    return time.tv_sec * 1000000LL + time.tv_usec;
}

static void close_stream(struct run *run, int stream)
{
    if (run->open[stream])
        close(run->output[stream]);
    run->open[stream] = 0;
}

static struct run *find_live(unsigned id)
{
    for (struct run *run = runs; run < runs + RUNS_MAX; run++)
        if (run->pid && run->id == id)
            return run;
    return NULL;
}

static struct run *free_slot(void)
{
    struct run *ended = NULL;

    for (struct run *run = runs; run < runs + RUNS_MAX; run++) {
        if (run->pid)
            continue;
        if (!run->open[0] && !run->open[1])
            return run;
        ended = run;
    }
    if (ended) {
        close_stream(ended, 0);
        close_stream(ended, 1);
    }
    return ended;
}

void runs_start(unsigned id, char *payload, size_t length)
{
    struct program program;
    struct spawned spawned;
    const char *failed = spawn_parse(&program, payload, length);
    struct run *run = failed || find_live(id) ? NULL : free_slot();

    if (!run) {
        channel_fail(id, "%s", failed ? failed : "already alive, or too many runs");
        return;
    }
    if (spawn_fork(&spawned, &program) != 0) {
        channel_fail(id, "fork: %s", strerror(errno));
        return;
    }
    channel_frame("start %u %d %lld\n", id, (int)spawned.pid, now_ns());
    failed = spawn_release(&spawned);
    if (failed) {
        channel_fail(id, "%s: %s: %s", program.argv[0], failed, strerror(errno));
        return;
    }
    channel_frame("running %u\n", id);
    *run = (struct run){.id = id, .pid = spawned.pid, .open = {1, 1}};
    memcpy(run->output, spawned.output, sizeof run->output);
}

int runs_signal(unsigned id, int number)
{
    struct run *run = find_live(id);

    return run && kill(-run->pid, number) == 0;
}

void runs_signal_all(int number)
{
    for (struct run *run = runs; run < runs + RUNS_MAX; run++)
        if (run->pid)
            kill(-run->pid, number);
}

int runs_alive(void)
{
    int alive = 0;

    for (const struct run *run = runs; run < runs + RUNS_MAX; run++)
        alive += run->pid != 0;
    return alive;
}

int runs_watch(struct pollfd *polls)
{
    int count = 0;

    for (const struct run *run = runs; run < runs + RUNS_MAX; run++)
        for (int stream = 0; stream < 2; stream++)
            if (run->open[stream])
                polls[count++] = (struct pollfd){.fd = run->output[stream], .events = POLLIN};
    return count;
}

static void forward(struct run *run, int stream)
{
    long got = channel_forward(run->id, stream + 1, run->output[stream], CHANNEL_CHUNK);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        close_stream(run, stream);
}

void runs_forward(const struct pollfd *polls, int count)
{
    for (int index = 0; index < count; index++) {
        if (!polls[index].revents)
            continue;
        for (struct run *run = runs; run < runs + RUNS_MAX; run++)
            for (int stream = 0; stream < 2; stream++)
                if (run->open[stream] && run->output[stream] == polls[index].fd)
                    forward(run, stream);
    }
}

/* Forward what the pipe holds now and no more: a daemon left behind may write to it for ever. */
static void drain(struct run *run, int stream)
{
    int held = 0;
    long got = 1;

    if (!run->open[stream] || ioctl(run->output[stream], FIONREAD, &held) != 0)
        return;
    for (; held > 0 && got > 0; held -= (int)got)
        got = channel_forward(run->id, stream + 1, run->output[stream], (size_t)held);
}

static void end(struct run *run, int status, const struct rusage *used, long long ended_ns)
{
    int exited = WIFEXITED(status);

    run->pid = 0;
    drain(run, 0);
    drain(run, 1);
    channel_frame("exit %u %s %d %lld %lld %lld\n", run->id, exited ? "exited" : "signaled",
                  exited ? WEXITSTATUS(status) : WTERMSIG(status), ended_ns, microseconds(used->ru_utime),
                  microseconds(used->ru_stime));
}

void runs_reap(void)
{
    struct rusage used;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0) {
        long long ended_ns = now_ns();

        for (struct run *run = runs; run < runs + RUNS_MAX; run++)
            if (run->pid == pid)
                end(run, status, &used, ended_ns);
    }
}
