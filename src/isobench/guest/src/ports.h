#ifndef ISOBENCH_PORTS_H
#define ISOBENCH_PORTS_H

/* The node of the virtio port that the host gave this name, waiting up to 5 s for it. NULL with errno set if none. */
const char *ports_await(const char *name);

#endif
