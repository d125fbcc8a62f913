/*
 * stage1: /init of the initramfs. It says `kernel_done`, loads the modules, mounts the workload's root file
 * system and becomes the injected init in it.
 */
#define _GNU_SOURCE
#include "paths.h"
#include "ports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define DEVICE_WAIT_MS 5000
#define PORT "/dev/isobench/port"
#define INIT "/dev/isobench/init"

static int console = -1;

/* Never 0, 1 or 2, which may be closed: they are set when all else has been done. */
static int open_device(const char *path)
{
    int low = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    int high = fcntl(low, F_DUPFD_CLOEXEC, 3);

    close(low);
    return high;
}

static void say(const char *line)
{
    ssize_t written = write(console, line, strlen(line));

    (void)written;
}

static void power_off(void)
{
    tcdrain(console);
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}

static void fatal(const char *what)
{
    char line[PATH_MAX];

    snprintf(line, sizeof line, "stage1: fatal: %s: %s\n", what, strerror(errno));
    say(line);
    power_off();
}

static void need(int result, const char *what)
{
    if (result != 0)
        fatal(what);
}

static void load_module(const char *name)
{
    char path[PATH_MAX], line[PATH_MAX + 64];
    int fd;

    snprintf(path, sizeof path, "/modules/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)) {
        snprintf(line, sizeof line, "stage1: module %s: %s\n", name, strerror(errno));
        say(line);
    }
    close(fd);
    /* What stays in the initramfs would stay in the guest's memory for good. */
    unlink(path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A byte-wise order, whatever the locale: the names' prefixes give the order of loading. */
static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static void load_modules(void)
{
    struct dirent **entries = NULL;
    int count = scandir("/modules", &entries, is_visible, by_name);

    for (int index = 0; index < count; index++)
        load_module(entries[index]->d_name);
}

/* The value of `isobench.NAME=` on the kernel command line, or `otherwise`; an empty one for a bare flag. */
static const char *option(const char *name, const char *otherwise)
{
    static char text[4096];
    char *rest = NULL;
    size_t length = strlen(name);

    if (paths_read("/proc/cmdline", text, sizeof text) < 0)
        return otherwise;
    for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        if (strncmp(word, name, length) == 0 && (word[length] == '=' || word[length] == '\0'))
            return strdup(word + length + (word[length] == '='));
    return otherwise;
}

static void copy_init(void)
{
    static char bytes[65536];
    int from = open("/init-guest", O_RDONLY | O_CLOEXEC);
    int to = open(INIT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    ssize_t got;

    if (from < 0 || to < 0)
        fatal("copying init");
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)got) != got)
            fatal("copying init");
    need(got != 0 || fchmod(to, 0755) != 0 || close(to) != 0, "copying init");
    close(from);
    unlink("/init-guest");
    unlink("/init");
}

static void link_port(void)
{
    const char *node = ports_await(option("isobench.port", "isobench.0"));

    need(node ? 0 : -1, "virtio port");
    need(symlink(node, PORT), "link to the port");
}

static void mount_root(void)
{
    const char *device = option("isobench.root", "/dev/vda");
    const char *type = option("isobench.fstype", "ext4");

    need(paths_await(device, DEVICE_WAIT_MS), device);
    need(paths_make("/root"), "/root");
    /* A system layer is a folder of the initramfs; bound to itself it is a mount, which can become the root. */
    need(mount(device, "/root", type, strcmp(type, "bind") == 0 ? MS_BIND : MS_RELATIME, NULL), "mounting the root");
}

static void set_streams(void)
{
    int null = open_device("/dev/null");

    need(null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(console, 2) < 0, "standard streams");
}

static void switch_root(void)
{
    umount("/sys");
    umount("/proc");
    need(paths_make("/root/dev"), "/dev in the root device");
    need(mount("/dev", "/root/dev", NULL, MS_MOVE, NULL), "moving /dev");
    need(chdir("/root"), "/root");
    need(mount(".", "/", NULL, MS_MOVE, NULL), "moving the root");
    need(chroot("."), "chroot");
    need(chdir("/"), "/");
}

int main(void)
{
    char *const arguments[] = {(char *)"init", (char *)PORT, (char *)"--machine", NULL};
    char *const nothing[] = {NULL};

    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
    console = open_device("/dev/ttyS0");
    say("kernel_done\n");

    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    need(mount("proc", "/proc", "proc", 0, NULL), "/proc");
    need(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
    if (option("isobench.probe", NULL)) {
        say("probe ok\n");
        power_off();
    }
    load_modules();
    mount_root();
    need(paths_make("/dev/isobench"), "/dev/isobench");
    copy_init();
    link_port();
    set_streams();
    switch_root();
    execve(INIT, arguments, nothing);
    fatal("exec of init");
}
