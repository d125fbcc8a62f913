/*
 * A fixed count of one kind of system call. Usage: calls getppid|open|fork COUNT
 *   getppid  the least that a kernel can be asked
 *   open     open and close of this program's own file, on the root file system
 *   fork     fork, exec of this program (static: no dynamic linking) and wait for its end
 * Prints what it did as JSON; the time is taken by whoever knows when it began and ended.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"
#define NOTHING "nothing"

static char self[4096];

static int ask_parent(void)
{
    /* The C library's own might keep the answer. */
    return syscall(SYS_getppid) < 0 ? -1 : 0;
}

static int open_and_close(void)
{
    int file = open(self, O_RDONLY | O_CLOEXEC);

    return file < 0 ? -1 : close(file);
}

static int fork_and_wait(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        execl(self, self, NOTHING, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static const struct {
    const char *name;
    int (*once)(void);
} kinds[] = {{"getppid", ask_parent}, {"open", open_and_close}, {"fork", fork_and_wait}};

static int (*find(const char *name))(void)
{
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        if (strcmp(kinds[kind].name, name) == 0)
            return kinds[kind].once;
    return NULL;
}

int main(int argc, char **argv)
{
    int (*once)(void) = argc == 3 ? find(argv[1]) : NULL;
    unsigned long long count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;

    if (argc == 2 && strcmp(argv[1], NOTHING) == 0)
        return 0;
    if (!once || count == 0) {
        fprintf(stderr, "calls: usage: calls getppid|open|fork COUNT\n");
        return 2;
    }
    if (readlink(SELF, self, sizeof self - 1) < 0) {
        perror("calls: " SELF);
        return 1;
    }
    for (unsigned long long done = 0; done < count; done++)
        if (once() != 0) {
            perror("calls");
            return 1;
        }
    printf("{\"call\": \"%s\", \"count\": %llu}\n", argv[1], count);
    return 0;
}
