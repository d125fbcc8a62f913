/*
 * Which system calls are answered. Each is made with arguments that no kernel can act upon (a bad pointer, a bad
 * descriptor, flags that do not exist), so that nothing happens however far it gets. The host tells from errno whether
 * a filter or a missing capability stood in the way (EPERM, EACCES, ENOSYS) or the kernel looked at the arguments.
 */
#define _GNU_SOURCE
#include "attempt.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BAD 1L         /* an address in the page that is never mapped */
#define NONE (-1L)     /* no descriptor */
#define FLAGS 0xdead0L /* flags that do not exist */
#define HUGE_PID 0x3fffffffL

struct call {
    const char *name;
    long number;
    long args[6];
};

static const struct call CALLS[] = {
    {"acct", SYS_acct, {BAD}},
    {"add_key", SYS_add_key, {BAD, BAD, BAD, 1, 0}},
    {"adjtimex", SYS_adjtimex, {BAD}},
    {"bpf", SYS_bpf, {FLAGS, BAD, 1}},
    {"chroot", SYS_chroot, {BAD}},
    {"clock_adjtime", SYS_clock_adjtime, {0, BAD}},
    {"clock_settime", SYS_clock_settime, {0, BAD}},
    {"delete_module", SYS_delete_module, {BAD, 0}},
    {"fanotify_init", SYS_fanotify_init, {-1L, 0}},
    {"finit_module", SYS_finit_module, {NONE, BAD, FLAGS}},
    {"fsmount", SYS_fsmount, {NONE, FLAGS, FLAGS}},
    {"fsopen", SYS_fsopen, {BAD, FLAGS}},
    {"fspick", SYS_fspick, {NONE, BAD, FLAGS}},
    {"get_mempolicy", SYS_get_mempolicy, {BAD, BAD, 0, 0, FLAGS}},
    {"init_module", SYS_init_module, {BAD, 0, BAD}},
    {"io_uring_setup", SYS_io_uring_setup, {0, BAD}},
#ifdef SYS_iopl
    {"ioperm", SYS_ioperm, {0x10000, 1, 1}},
    {"iopl", SYS_iopl, {99}},
#endif
    {"kcmp", SYS_kcmp, {HUGE_PID, HUGE_PID, 99, 0, 0}},
    {"kexec_file_load", SYS_kexec_file_load, {NONE, NONE, 0, BAD, FLAGS}},
    {"kexec_load", SYS_kexec_load, {BAD, 99, BAD, FLAGS}},
    {"keyctl", SYS_keyctl, {9999}},
    {"mbind", SYS_mbind, {BAD, 1, 99, BAD, 1, FLAGS}},
    {"mount", SYS_mount, {BAD, BAD, BAD, 0, BAD}},
    {"mount_setattr", SYS_mount_setattr, {NONE, BAD, FLAGS, BAD, 1}},
    {"move_mount", SYS_move_mount, {NONE, BAD, NONE, BAD, FLAGS}},
    {"move_pages", SYS_move_pages, {HUGE_PID, 1, BAD, BAD, BAD, FLAGS}},
    {"name_to_handle_at", SYS_name_to_handle_at, {NONE, BAD, BAD, BAD, FLAGS}},
    {"open_by_handle_at", SYS_open_by_handle_at, {NONE, BAD, FLAGS}},
    {"open_tree", SYS_open_tree, {NONE, BAD, FLAGS}},
    {"perf_event_open", SYS_perf_event_open, {BAD, NONE, NONE, NONE, FLAGS}},
    {"personality", SYS_personality, {0xffffffffL}}, /* asks, and changes nothing */
    {"pidfd_getfd", SYS_pidfd_getfd, {NONE, NONE, FLAGS}},
    {"pivot_root", SYS_pivot_root, {BAD, BAD}},
    {"process_madvise", SYS_process_madvise, {NONE, BAD, 1, 0, FLAGS}},
    {"process_vm_readv", SYS_process_vm_readv, {HUGE_PID, BAD, 1, BAD, 1, 0}},
    {"process_vm_writev", SYS_process_vm_writev, {HUGE_PID, BAD, 1, BAD, 1, 0}},
    {"ptrace", SYS_ptrace, {9999, HUGE_PID, 0, 0}},
    {"quotactl", SYS_quotactl, {FLAGS, BAD, 0, BAD}},
    {"reboot", SYS_reboot, {0x0bad0bad, 0x0bad0bad, 0, 0}}, /* not the magic numbers, without which it does nothing */
    {"request_key", SYS_request_key, {BAD, BAD, BAD, 0}},
    {"set_mempolicy", SYS_set_mempolicy, {99, BAD, 1}},
    {"setdomainname", SYS_setdomainname, {BAD, 1}},
    {"sethostname", SYS_sethostname, {BAD, 1}},
    {"setns", SYS_setns, {NONE, 0}},
    {"settimeofday", SYS_settimeofday, {BAD, 0}},
    {"swapoff", SYS_swapoff, {BAD}},
    {"swapon", SYS_swapon, {BAD, 0}},
    {"syslog", SYS_syslog, {9999, 0, 0}},
    {"umount2", SYS_umount2, {BAD, FLAGS}},
    {"unshare", SYS_unshare, {1}}, /* a flag that does not exist */
    {"userfaultfd", SYS_userfaultfd, {FLAGS}},
};

int attempt_syscalls(void)
{
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        const long *a = CALLS[i].args;

        errno = 0;
        if (syscall(CALLS[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) != -1)
            errno = 0;
        printf("syscall %s %d\n", CALLS[i].name, errno);
    }
    return 0;
}
