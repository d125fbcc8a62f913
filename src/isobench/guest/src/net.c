/* Interfaces by ioctl: no `ip` or DHCP client is asked of the image. */
#define _GNU_SOURCE
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int name_interface(struct ifreq *request, const char *interface)
{
    memset(request, 0, sizeof *request);
    if (strlen(interface) >= sizeof request->ifr_name) {
        errno = ENODEV;
        return -1;
    }
    strcpy(request->ifr_name, interface);
    return 0;
}

static int bring_up(int fd, const char *interface)
{
    struct ifreq request;

    if (name_interface(&request, interface) != 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return -1;
    request.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int set_address(int fd, unsigned long what, const char *interface, in_addr_t address)
{
    struct ifreq request;
    struct sockaddr_in value = {.sin_family = AF_INET, .sin_addr.s_addr = address};

    if (name_interface(&request, interface) != 0)
        return -1;
    memcpy(&request.ifr_addr, &value, sizeof value);
    return ioctl(fd, what, &request);
}

static int add_gateway(int fd, in_addr_t gateway)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in hop = {.sin_family = AF_INET, .sin_addr.s_addr = gateway};

    memcpy(&route.rt_dst, &any, sizeof any);
    memcpy(&route.rt_genmask, &any, sizeof any);
    memcpy(&route.rt_gateway, &hop, sizeof hop);
    return ioctl(fd, SIOCADDRT, &route);
}

int net_loopback(void)
{
    int result;
    int fd = open_socket();

    if (fd < 0)
        return -1;
    result = bring_up(fd, "lo");
    close(fd);
    return result;
}

static const char *configure(int fd, const char *interface, in_addr_t address, int prefix, in_addr_t gateway)
{
    in_addr_t mask = htonl(prefix ? UINT32_MAX << (32 - prefix) : 0);

    if (bring_up(fd, "lo") != 0)
        return "lo up";
    if (set_address(fd, SIOCSIFADDR, interface, address) != 0)
        return "address";
    if (set_address(fd, SIOCSIFNETMASK, interface, mask) != 0)
        return "netmask";
    if (bring_up(fd, interface) != 0)
        return "interface up";
    if (gateway != INADDR_ANY && add_gateway(fd, gateway) != 0)
        return "gateway";
    return NULL;
}

const char *net_configure(const char *interface, const char *address, int prefix, const char *gateway)
{
    struct in_addr own = {0}, hop = {.s_addr = INADDR_ANY};
    const char *failed;
    int fd, saved;

    errno = EINVAL;
    if (inet_pton(AF_INET, address, &own) != 1 || prefix < 0 || prefix > 32)
        return "address";
    if (strcmp(gateway, "-") != 0 && inet_pton(AF_INET, gateway, &hop) != 1)
        return "gateway";
    fd = open_socket();
    if (fd < 0)
        return "socket";
    failed = configure(fd, interface, own.s_addr, prefix, hop.s_addr);
    saved = errno;
    close(fd);
    errno = saved;
    return failed;
}
