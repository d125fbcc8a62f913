/* Starting one program: its session, user, folder and environment are exactly what the host asked for. */
#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TOKENS 4096
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What the child reports through the gate when it cannot execute. */
struct failure {
    int step;
    int reason;
};

enum step { STEP_PIPES, STEP_GROUPS, STEP_GID, STEP_UID, STEP_CWD, STEP_EXEC };

static const char *const step_names[] = {"standard streams", "groups", "gid", "uid", "cwd", "exec"};

const char *spawn_parse(struct program *program, char *payload, size_t length)
{
    static char *words[MAX_TOKENS + 2];
    size_t argc = 0, envc = 0;

    *program = (struct program){.cwd = "/", .uid = -1, .gid = -1};
    if (length == 0 || payload[length - 1] != '\0')
        return "payload not ended";
    /* argv grows from the start of `words`, the environment from its end, downwards: one bound for both. */
    words[MAX_TOKENS + 1] = NULL;
    for (char *token = payload; token < payload + length; token += strlen(token) + 1) {
        if (argc + envc >= MAX_TOKENS)
            return "too many tokens";
        if (*token == 'A')
            words[argc++] = token + 1;
        else if (*token == 'E')
            words[MAX_TOKENS - envc++] = token + 1;
        else if (*token == 'C')
            program->cwd = token + 1;
        else if (*token == 'U')
            program->uid = strtol(token + 1, NULL, 10);
        else if (*token == 'G')
            program->gid = strtol(token + 1, NULL, 10);
        else
            return "unknown token";
    }
    words[argc] = NULL;
    program->argv = words;
    program->envp = words + MAX_TOKENS + 1 - envc;
    return argc ? NULL : "no program";
}

static void report(int gate, enum step step)
{
    struct failure failure = {step, errno};
    ssize_t sent = write(gate, &failure, sizeof failure);

    (void)sent;
    _exit(127);
}

static void restore_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void set_streams(int gate, const int output[2])
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null < 0 || dup2(null, 0) < 0 || dup2(output[0], 1) < 0 || dup2(output[1], 2) < 0)
        report(gate, STEP_PIPES);
}

static void set_user(int gate, const struct program *program)
{
    if (program->uid > 0 && setgroups(0, NULL) != 0)
        report(gate, STEP_GROUPS);
    if (program->gid >= 0 && setgid((gid_t)program->gid) != 0)
        report(gate, STEP_GID);
    if (program->uid >= 0 && setuid((uid_t)program->uid) != 0)
        report(gate, STEP_UID);
}

/* execvpe() searches the caller's PATH, so the caller's environment becomes the program's own PATH alone. */
static void search_and_execute(const struct program *program)
{
    static char *search[2] = {(char *)DEFAULT_PATH, NULL};

    for (char **entry = program->envp; *entry; entry++)
        if (strncmp(*entry, "PATH=", 5) == 0)
            search[0] = *entry;
    environ = search;
    execvpe(program->argv[0], program->argv, program->envp);
}

static void become(const struct program *program, int gate, const int output[2])
{
    char leave;

    setsid();
    restore_signals();
    if (read(gate, &leave, 1) != 1)
        _exit(127);
    set_streams(gate, output);
    set_user(gate, program);
    if (chdir(program->cwd) != 0)
        report(gate, STEP_CWD);
    search_and_execute(program);
    report(gate, STEP_EXEC);
}

static void close_pair(const int pair[2])
{
    int saved = errno;

    close(pair[0]);
    close(pair[1]);
    errno = saved;
}

/* Three pairs of descriptors: the gate, standard output, standard error. All are opened, or none. */
static int open_pairs(int pairs[3][2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[0]) != 0)
        return -1;
    for (int index = 1; index < 3; index++) {
        if (pipe2(pairs[index], O_CLOEXEC) == 0)
            continue;
        while (index-- > 0)
            close_pair(pairs[index]);
        return -1;
    }
    return 0;
}

int spawn_fork(struct spawned *spawned, const struct program *program)
{
    int pairs[3][2];

    if (open_pairs(pairs) != 0)
        return -1;
    spawned->pid = fork();
    if (spawned->pid < 0) {
        for (int index = 0; index < 3; index++)
            close_pair(pairs[index]);
        return -1;
    }
    if (spawned->pid == 0) {
        close(pairs[0][0]);
        become(program, pairs[0][1], (const int[2]){pairs[1][1], pairs[2][1]});
    }
    spawned->gate = pairs[0][0];
    close(pairs[0][1]);
    for (int stream = 0; stream < 2; stream++) {
        spawned->output[stream] = pairs[stream + 1][0];
        close(pairs[stream + 1][1]);
        fcntl(spawned->output[stream], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

const char *spawn_release(struct spawned *spawned)
{
    struct failure failure;
    ssize_t got = write(spawned->gate, "", 1);

    /* The child's end closes on exec: the end of file is the news that the program runs. */
    do
        got = read(spawned->gate, &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(spawned->gate);
    if (got != sizeof failure)
        return NULL;
    close_pair(spawned->output);
    waitpid(spawned->pid, NULL, 0);
    errno = failure.reason;
    return step_names[failure.step];
}
