/*
 * The root of a `native` instance. Everything below it is mounted after pivot_root, so that no symbolic link in
 * an image can lead a mount or a new folder out into the host.
 */
#define _GNU_SOURCE
#include "native_root.h"

#include "net.h"
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Older C libraries lack the wrappers and the names; the system calls are as old as Linux 5.2. */
#define TREE_CLONE 1
#define TREE_RECURSIVE 0x8000
#define MOVE_FROM_DESCRIPTOR 4

#define GUEST "/dev/isobench"

static int guest_tree;

void native_need(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "native: %s: %s\n", what, strerror(errno));
    exit(EXIT_NATIVE);
}

static int hold_tree(const char *source)
{
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source, TREE_CLONE | TREE_RECURSIVE | O_CLOEXEC);

    native_need(tree < 0 ? -1 : 0, source);
    return tree;
}

static void put_tree(int tree, const char *target)
{
    native_need((int)syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_FROM_DESCRIPTOR), target);
    close(tree);
}

static void refuse_separators(const char *path)
{
    errno = EINVAL;
    native_need(strpbrk(path, ",:\\") ? -1 : 0, path);
}

static void mount_overlay(const struct layout *layout)
{
    static char options[3 * PATH_MAX + 64];

    refuse_separators(layout->lower);
    refuse_separators(layout->upper);
    refuse_separators(layout->work);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", layout->lower, layout->upper,
             layout->work);
    native_need(mount("overlay", layout->root, "overlay", 0, options), "mounting the overlay");
}

void native_make_root(struct layout *layout)
{
    native_need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "making mounts private");
    mount_overlay(layout);
    guest_tree = hold_tree(layout->guest);
    for (int index = 0; index < layout->bind_count; index++)
        layout->binds[index].tree = hold_tree(layout->binds[index].source);
}

static void mount_fresh(const char *type, const char *path, unsigned long flags, const char *options)
{
    native_need(paths_make(path), path);
    native_need(mount(type, path, type, flags, options), path);
}

static void make_devices(void)
{
    static const struct {
        const char *path;
        unsigned major, minor;
    } nodes[] = {
        {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
        {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
    };
    static const char *const links[][2] = {
        {"pts/ptmx", "/dev/ptmx"},           {"/proc/self/fd", "/dev/fd"},
        {"/proc/self/fd/0", "/dev/stdin"},   {"/proc/self/fd/1", "/dev/stdout"},
        {"/proc/self/fd/2", "/dev/stderr"},
    };

    for (size_t index = 0; index < sizeof nodes / sizeof *nodes; index++)
        native_need(mknod(nodes[index].path, S_IFCHR | 0666, makedev(nodes[index].major, nodes[index].minor)),
                    nodes[index].path);
    for (size_t index = 0; index < sizeof links / sizeof *links; index++)
        native_need(symlink(links[index][0], links[index][1]), links[index][1]);
}

static void mount_devices(void)
{
    mode_t mask = umask(0);

    mount_fresh("tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
    make_devices();
    mount_fresh("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,gid=5,mode=0620,ptmxmode=0666");
    mount_fresh("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k");
    umask(mask);
}

/* A tree can only be put on a thing of its own kind: a folder on a folder, a file on a file. */
static void put_bind(const struct bind *bind)
{
    char parent[PATH_MAX];
    struct stat source;
    int fd;

    native_need(fstat(bind->tree, &source), bind->source);
    if (S_ISDIR(source.st_mode)) {
        native_need(paths_make(bind->target), bind->target);
    } else {
        snprintf(parent, sizeof parent, "%s", bind->target);
        *(strrchr(parent, '/') + 1) = '\0';
        native_need(paths_make(parent), parent);
        fd = open(bind->target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        native_need(fd < 0 ? -1 : 0, bind->target);
        close(fd);
    }
    put_tree(bind->tree, bind->target);
}

/* The harness's own folder and init: the instance calls at the socket there, and changes nothing. */
static void seal(const char *path)
{
    native_need(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL), path);
}

static void pivot(const char *root)
{
    native_need(chdir(root), root);
    /* The old root lands on top of the new one at the same place; taking it away bares the new one. */
    native_need((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    native_need(umount2(".", MNT_DETACH), "detaching the host's root");
    native_need(chdir("/"), "/");
}

void native_enter_root(const struct layout *layout)
{
    const unsigned long strict = MS_NOSUID | MS_NODEV | MS_NOEXEC;

    pivot(layout->root);
    mount_devices();
    native_need(paths_make(GUEST), GUEST);
    put_tree(guest_tree, GUEST);
    for (int index = 0; index < layout->bind_count; index++) {
        put_bind(&layout->binds[index]);
        if (strncmp(layout->binds[index].target, GUEST "/", sizeof GUEST) == 0)
            seal(layout->binds[index].target);
    }
    seal(GUEST);
    mount_fresh("proc", "/proc", strict, NULL);
    mount_fresh("sysfs", "/sys", strict | MS_RDONLY, NULL);
    if (layout->hostname)
        native_need(sethostname(layout->hostname, strlen(layout->hostname)), "hostname");
    native_need(net_loopback(), "lo up");
}
