/* The virtio ports of a VM: the kernel numbers them, the host names them. */
#define _GNU_SOURCE
#include "ports.h"

#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 5000
#define PORTS "/sys/class/virtio-ports"

static int has_name(const char *entry, const char *name)
{
    char path[PATH_MAX], text[64];

    snprintf(path, sizeof path, PORTS "/%s/name", entry);
    if (*entry == '.' || paths_read(path, text, sizeof text) < 0)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return strcmp(text, name) == 0;
}

static const char *find(const char *name)
{
    static char node[NAME_MAX + 8];
    const char *found = NULL;
    struct dirent *entry;
    DIR *ports = opendir(PORTS);

    while (ports && !found && (entry = readdir(ports)))
        if (has_name(entry->d_name, name)) {
            snprintf(node, sizeof node, "/dev/%s", entry->d_name);
            found = node;
        }
    if (ports)
        closedir(ports);
    return found;
}

const char *ports_await(const char *name)
{
    const char *node = find(name);

    for (int waited = 0; !node && waited < WAIT_MS; waited++) {
        paths_nap();
        node = find(name);
    }
    errno = ENODEV;
    return node && paths_await(node, WAIT_MS) == 0 ? node : NULL;
}
