/*
 * init: the first process of an instance, the same in a container, in `native` and in a VM. It greets the host,
 * starts the programs the host asks for, and forwards what they print. Usage: init CHANNEL [--machine]
 * Started by itself as one of those programs (init --attempt WHAT …), it tries what the instance lets it do.
 */
#define _GNU_SOURCE
#include "attempt.h"
#include "channel.h"
#include "machine.h"
#include "net.h"
#include "runs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define TERM_GRACE_MS 8000 /* for a SIGTERM: within the ten seconds that `docker stop` allows */
#define KILL_GRACE_MS 1000 /* a killed process ends at once unless the kernel itself holds it */
#define MAX_WORDS 6

static int machine;
static enum { SERVING, ENDING, KILLED } stage = SERVING;
static long long deadline_ms;

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void kill_everything(void)
{
    /* kill(-1) reaches all that we may signal: right for the first process of a namespace, ruinous elsewhere. */
    if (getpid() == 1)
        kill(-1, SIGKILL);
    else
        runs_signal_all(SIGKILL);
    stage = KILLED;
    deadline_ms = now_ms() + KILL_GRACE_MS;
}

static void begin_stop(long grace_ms)
{
    long long deadline = now_ms() + grace_ms;

    if (stage == KILLED)
        return;
    if (stage == SERVING || deadline < deadline_ms)
        deadline_ms = deadline;
    stage = ENDING;
    runs_signal_all(SIGTERM);
}

static void leave(void)
{
    if (getpid() == 1)
        kill(-1, SIGKILL);
    channel_frame("bye\n");
    if (machine)
        machine_power_off();
    exit(0);
}

/* Move on towards the end when it is time; returns how long poll may sleep, in milliseconds, -1 for ever. */
static int advance(void)
{
    if (!channel_alive() && stage != KILLED)
        kill_everything();
    if (stage == SERVING)
        return -1;
    if (runs_alive() == 0)
        leave();
    if (now_ms() >= deadline_ms) {
        if (stage == KILLED)
            leave();
        kill_everything();
    }
    return (int)(deadline_ms - now_ms() > 0 ? deadline_ms - now_ms() : 0);
}

static void answer(const char *name, const char *failed)
{
    if (failed)
        channel_fail(0, "%s: %s: %s", name, failed, strerror(errno));
    else
        channel_frame("done %s\n", name);
}

static void answer_memory(void)
{
    long long total, available;

    if (machine_memory(&total, &available) != 0)
        channel_fail(0, "mem: %s", strerror(errno));
    else
        channel_frame("mem %lld %lld\n", total, available);
}

static void start_run(unsigned id, const struct command *command)
{
    if (stage == SERVING)
        runs_start(id, command->payload, command->payload_length);
    else
        channel_fail(id, "stopping");
}

static void obey(const struct command *command)
{
    char *words[MAX_WORDS] = {NULL};
    char *rest = NULL;
    int count = 0;

    for (char *word = strtok_r(command->line, " ", &rest); word && count < MAX_WORDS;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    const char *name = count ? words[0] : "";

    if (strcmp(name, "run") == 0 && count == 3)
        start_run((unsigned)strtoul(words[1], NULL, 10), command);
    else if (strcmp(name, "signal") == 0 && count == 3)
        runs_signal((unsigned)strtoul(words[1], NULL, 10), atoi(words[2]));
    else if (strcmp(name, "mem") == 0 && count == 1)
        answer_memory();
    else if (strcmp(name, "ping") == 0 && count == 2)
        channel_frame("pong %s\n", words[1]);
    else if (strcmp(name, "net") == 0 && count == 5)
        answer(name, net_configure(words[1], words[2], atoi(words[3]), words[4]));
    else if (strcmp(name, "mount") == 0 && count == 4)
        answer(name, machine_mount(words[1], words[2], words[3]));
    else if (strcmp(name, "hostname") == 0 && count == 2)
        answer(name, sethostname(words[1], strlen(words[1])) == 0 ? NULL : words[1]);
    else if (strcmp(name, "host") == 0 && count == 4)
        answer(name, machine_host(words[1], words[2], words[3]));
    else if (strcmp(name, "stop") == 0 && count == 2)
        begin_stop(atol(words[1]));
    else
        channel_fail(0, "unknown command");
}

static void serve_channel(void)
{
    struct command command;

    channel_receive();
    while (channel_next(&command))
        obey(&command);
}

static int open_signals(void)
{
    sigset_t watched;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigprocmask(SIG_SETMASK, &watched, NULL);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void serve_signals(int fd)
{
    struct signalfd_siginfo news;

    while (read(fd, &news, sizeof news) == sizeof news)
        if (news.ssi_signo == SIGTERM)
            begin_stop(TERM_GRACE_MS);
    runs_reap();
}

static void serve(int channel, int signals)
{
    struct pollfd polls[2 + RUNS_POLLS];

    for (;;) {
        int timeout = advance();
        int pipes = runs_watch(polls + 2);

        polls[0] = (struct pollfd){.fd = channel_alive() ? channel : -1, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = signals, .events = POLLIN};
        if (poll(polls, (nfds_t)(2 + pipes), timeout) < 0)
            continue;
        /* Output comes before the exits, so that the bulk of it is out when a run's end is told. */
        runs_forward(polls + 2, pipes);
        if (polls[1].revents)
            serve_signals(signals);
        if (polls[0].revents)
            serve_channel();
    }
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--attempt") == 0)
        return attempt(argc - 2, argv + 2);

    int channel = argc > 1 ? channel_open(argv[1]) : -1;
    int signals;

    machine = argc > 2 && strcmp(argv[2], "--machine") == 0;
    if (channel < 0) {
        perror("init: channel");
        if (machine)
            machine_power_off();
        return 1;
    }
    setsid();
    /* A no-op for a first process, which gets the orphans anyhow; elsewhere it makes them ours to reap. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signals = open_signals();
    if (machine)
        machine_prepare();
    serve(channel, signals);
}
