/*
 * native: starts the `native` target, namespaces and few capabilities without an engine. The instance's mounts are made in its own
 * namespace, so nothing is left on the host however it ends; if the launcher or the harness dies, so does it.
 * Usage: native --lower DIR --upper DIR --work DIR --root DIR --guest DIR [--bind SRC:DST]... [--hostname NAME]
 *        [--cgroup PROCS_FILE]...
 */
#define _GNU_SOURCE
#include "cgroup.h"
#include "native_confine.h"
#include "native_root.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void usage(void)
{
    fputs("native: usage: native --lower DIR --upper DIR --work DIR --root DIR --guest DIR [--bind SRC:DST]..."
          " [--hostname NAME] [--cgroup PROCS_FILE]...\n",
          stderr);
    exit(EXIT_NATIVE);
}

static void add_bind(struct layout *layout, char *words)
{
    char *colon = strchr(words, ':');

    if (!colon || colon[1] != '/' || layout->bind_count == MAX_BINDS)
        usage();
    *colon = '\0';
    layout->binds[layout->bind_count].source = words;
    layout->binds[layout->bind_count++].target = colon + 1;
}

static void parse(struct layout *layout, int argc, char **argv)
{
    static const struct option options[] = {
        {"lower", required_argument, NULL, 'l'}, {"upper", required_argument, NULL, 'u'},
        {"work", required_argument, NULL, 'w'},  {"root", required_argument, NULL, 'r'},
        {"guest", required_argument, NULL, 'g'}, {"bind", required_argument, NULL, 'b'},
        {"hostname", required_argument, NULL, 'h'}, {"cgroup", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };

    for (int letter; (letter = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (letter) {
        case 'l': layout->lower = optarg; break;
        case 'u': layout->upper = optarg; break;
        case 'w': layout->work = optarg; break;
        case 'r': layout->root = optarg; break;
        case 'g': layout->guest = optarg; break;
        case 'h': layout->hostname = optarg; break;
        case 'b': add_bind(layout, optarg); break;
        case 'c': native_need(cgroup_enter(optarg), optarg); break;
        default: usage();
        }
    }
    if (optind != argc || !layout->lower || !layout->upper || !layout->work || !layout->root || !layout->guest)
        usage();
}

/* The child asks to die with the launcher, then makes sure that the launcher had not died before it asked. */
static void die_with_launcher(const int alive[2])
{
    struct pollfd launcher = {.fd = alive[0], .events = POLLIN};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(alive[1]);
    if (poll(&launcher, 1, 0) != 0)
        _exit(EXIT_NATIVE);
    close(alive[0]);
}

static void become_init(const struct layout *layout)
{
    char *const arguments[] = {(char *)"init", (char *)"/dev/isobench/channel", NULL};
    char *const nothing[] = {NULL};

    native_enter_root(layout);
    native_confine();
    execve("/dev/isobench/init", arguments, nothing);
    native_need(-1, "exec of /dev/isobench/init");
}

int main(int argc, char **argv)
{
    struct layout layout = {0};
    int alive[2], status;
    pid_t child;

    parse(&layout, argc, argv);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    native_need(unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS), "unshare");
    native_make_root(&layout);
    native_need(pipe(alive), "pipe");
    child = fork();
    native_need(child < 0 ? -1 : 0, "fork");
    if (child == 0) {
        die_with_launcher(alive);
        become_init(&layout);
    }
    close(alive[0]);
    while (waitpid(child, &status, 0) < 0)
        native_need(errno == EINTR ? 0 : -1, "wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
