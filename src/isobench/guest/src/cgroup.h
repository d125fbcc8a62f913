#ifndef ISOBENCH_CGROUP_H
#define ISOBENCH_CGROUP_H

/* Move this process into a cgroup by its cgroup.procs file. Returns 0, or -1 with errno set. */
int cgroup_enter(const char *procs_file);

#endif
