/*
 * What a `native` instance gives up before its init starts. It has no user namespace, so its root is the host's by
 * number: what is left of it are Docker's default capabilities but one, and no way to gain more.
 */
#define _GNU_SOURCE
#include "native_confine.h"

#include "native_root.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Docker's defaults without CAP_MKNOD: no control group here says which devices may be opened. */
static const unsigned kept[] = {
    CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FSETID,  CAP_FOWNER,          CAP_NET_RAW,    CAP_SETGID, CAP_SETUID,
    CAP_SETFCAP, CAP_SETPCAP,     CAP_SYS_CHROOT, CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE, CAP_KILL,
};

/* Docker's lists: files that belong to root and are the host's, whatever capabilities a writer or reader has. */
static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
static const char *const hidden[] = {
    "/proc/acpi",       "/proc/asound",      "/proc/kcore", "/proc/keys",        "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/scsi",  "/proc/sched_debug", "/sys/firmware",
};

static void protect(const char *path)
{
    const unsigned long strict = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;

    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0)
        native_need(errno == ENOENT ? 0 : -1, path);
    else
        native_need(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | strict, NULL), path);
}

static void hide(const char *path)
{
    struct stat found;

    if (stat(path, &found) != 0)
        native_need(errno == ENOENT ? 0 : -1, path);
    else if (S_ISDIR(found.st_mode))
        native_need(mount("tmpfs", path, "tmpfs", MS_RDONLY, NULL), path);
    else
        native_need(mount("/dev/null", path, NULL, MS_BIND, NULL), path);
}

static int is_kept(unsigned capability)
{
    for (size_t index = 0; index < sizeof kept / sizeof *kept; index++)
        if (kept[index] == capability)
            return 1;
    return 0;
}

/* The kernel may know more capabilities than these headers: the bounding set ends where it says so. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (is_kept(capability))
            sets[capability / 32].permitted |= 1U << capability % 32;
        else
            native_need(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "dropping capabilities");
    for (size_t index = 0; index < sizeof sets / sizeof *sets; index++)
        sets[index].effective = sets[index].permitted;
    native_need(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clearing ambient capabilities");
    native_need((int)syscall(SYS_capset, &header, sets), "dropping capabilities");
}

void native_confine(void)
{
    for (size_t index = 0; index < sizeof read_only / sizeof *read_only; index++)
        protect(read_only[index]);
    for (size_t index = 0; index < sizeof hidden / sizeof *hidden; index++)
        hide(hidden[index]);
    /* A device node in an image is a file like any other; those of /dev are on a mount of their own. */
    native_need(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL), "refusing devices");
    drop_capabilities();
    native_need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
}
