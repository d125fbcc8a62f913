#ifndef ISOBENCH_CHANNEL_H
#define ISOBENCH_CHANNEL_H

#include <stddef.h>

#define CHANNEL_LINE 4096
#define CHANNEL_PAYLOAD (1024 * 1024)
#define CHANNEL_CHUNK 65536

/* One command of the host: its header line without the newline, and the payload that follows it. */
struct command {
    char *line;
    char *payload;
    size_t payload_length;
};

/* Open the channel (a unix socket, a virtio port, or the number of an open descriptor) and greet the host. Or -1. */
int channel_open(const char *path);

/* False once the host has closed its end or sent what cannot be understood; nothing is written from then on. */
int channel_alive(void);

/* Write one header line, printf style, newline included by the caller. Blocks until all of it is written. */
void channel_frame(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Write `fail ID TEXT`, with the text cut to 200 bytes and made printable. */
void channel_fail(unsigned id, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read at most `limit` bytes from `fd` and forward them as one `out` frame. Returns what read() returned. */
long channel_forward(unsigned id, int stream, int fd, size_t limit);

/* Read what the host has sent, without blocking. */
void channel_receive(void);

/* Take the next whole command; valid until channel_receive. Returns false when none is complete. */
int channel_next(struct command *command);

#endif
