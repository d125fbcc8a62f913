/* The one line to the host: frames out, commands in; a unix socket in a container, a virtio port in a VM. */
#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FAIL_TEXT 200
#define OUT_HEADER 64

static int channel = -1;
static char input[CHANNEL_LINE + CHANNEL_PAYLOAD + 1];
static size_t input_start, input_end;

static void lose(void)
{
    close(channel);
    channel = -1;
}

/* Wait for room. A port whose host has gone reports a hang-up and would never take another byte. */
static int await_room(void)
{
    struct pollfd room = {.fd = channel, .events = POLLOUT};

    while (poll(&room, 1, -1) < 0)
        if (errno != EINTR)
            return 0;
    return !(room.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0 && channel >= 0) {
        ssize_t written = write(channel, bytes, length);

        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            if (!await_room())
                lose();
        } else if (errno != EINTR) {
            lose();
        }
    }
}

static int connect_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

/* A number names a descriptor that was handed down: a container in a VM has no node of its port to open. */
static int inherited(const char *path)
{
    char *end;
    long fd = strtol(path, &end, 10);

    return *path != '\0' && *end == '\0' && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0 ? (int)fd : -1;
}

static int open_path(const char *path)
{
    struct stat found;

    if (stat(path, &found) != 0)
        return -1;
    return S_ISCHR(found.st_mode) ? open(path, O_RDWR | O_CLOEXEC | O_NOCTTY) : connect_socket(path);
}

/* `init VERSION KERNEL`: the kernel's release tells host and guest apart. */
static void greet(void)
{
    struct utsname system;
    char line[sizeof system.release + 16];

    uname(&system);
    write_all(line, (size_t)snprintf(line, sizeof line, "init 1 %s\n", system.release));
}

int channel_open(const char *path)
{
    channel = inherited(path);
    if (channel < 0)
        channel = open_path(path);
    /* Still blocking here: a virtio port holds the greeting back until QEMU says that the host is there. */
    greet();
    if (channel >= 0)
        fcntl(channel, F_SETFL, O_NONBLOCK);
    return channel;
}

int channel_alive(void)
{
    return channel >= 0;
}

void channel_frame(const char *format, ...)
{
    char line[CHANNEL_LINE];
    va_list values;

    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    write_all(line, strlen(line));
}

void channel_fail(unsigned id, const char *format, ...)
{
    char text[FAIL_TEXT + 1];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    for (char *letter = text; *letter; letter++)
        if (*letter < ' ' || *letter > '~')
            *letter = '?';
    channel_frame("fail %u %s\n", id, text);
}

long channel_forward(unsigned id, int stream, int fd, size_t limit)
{
    static char frame[OUT_HEADER + CHANNEL_CHUNK];
    char header[OUT_HEADER];
    char *bytes = frame + OUT_HEADER;
    ssize_t got = read(fd, bytes, limit < CHANNEL_CHUNK ? limit : CHANNEL_CHUNK);
    int length;

    if (got <= 0)
        return got;
    /* The header is laid right before the bytes, so that header and bytes leave in one write. */
    length = snprintf(header, sizeof header, "out %u %d %zd\n", id, stream, got);
    memcpy(bytes - length, header, (size_t)length);
    write_all(bytes - length, (size_t)(length + got));
    return got;
}

void channel_receive(void)
{
    ssize_t got;

    if (channel < 0)
        return;
    memmove(input, input + input_start, input_end - input_start);
    input_end -= input_start;
    input_start = 0;
    /* One byte is kept free for the NUL that ends a payload. */
    got = read(channel, input + input_end, sizeof input - 1 - input_end);
    if (got > 0)
        input_end += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        lose();
}

static int refuse(const char *why)
{
    channel_fail(0, "%s", why);
    lose();
    return 0;
}

int channel_next(struct command *command)
{
    char *line = input + input_start;
    size_t held = input_end - input_start;
    char *newline = memchr(line, '\n', held < CHANNEL_LINE ? held : CHANNEL_LINE);
    size_t length, payload = 0;
    char *second;

    if (channel < 0)
        return 0;
    if (!newline)
        return held < CHANNEL_LINE ? 0 : refuse("line too long");
    length = (size_t)(newline - line) + 1;
    /* `run ID N` is the only command with a payload. */
    if (strncmp(line, "run ", 4) == 0 && (second = memchr(line + 4, ' ', length - 4)))
        payload = strtoul(second + 1, NULL, 10);
    if (payload > CHANNEL_PAYLOAD)
        return refuse("payload too long");
    if (held < length + payload)
        return 0;
    *newline = '\0';
    command->line = line;
    command->payload = line + length;
    command->payload_length = payload;
    input_start += length + payload;
    return 1;
}
