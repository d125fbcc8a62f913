#ifndef ISOBENCH_NET_H
#define ISOBENCH_NET_H

/* Bring the loopback interface up. Returns 0, or -1 with errno set. */
int net_loopback(void);

/*
 * Give an interface its IPv4 address and bring it up; `gateway` may be "-" for none.
 * Returns NULL, or what could not be done, with errno set.
 */
const char *net_configure(const char *interface, const char *address, int prefix, const char *gateway);

#endif
