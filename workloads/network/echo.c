/*
 * Request and response over one TCP connection, as netperf's TCP_RR has it: one byte there, one byte back, the next
 * request only after the response.
 * Usage: tcp-echo serve PORT                   answers one connection after the other
 *        tcp-echo ask ADDRESS PORT REQUESTS    prints the percentiles of the round trips, in seconds, as JSON
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void send_at_once(int connection)
{
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static int serve(unsigned short port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    char byte;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&any, sizeof any) != 0 || listen(listener, 16) != 0)
        return fail("tcp-echo: listening");
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);

        send_at_once(connection);
        while (read(connection, &byte, 1) == 1 && write(connection, &byte, 1) == 1)
            ;
        close(connection);
    }
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static int ask(const char *address, unsigned short port, size_t requests)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    double *took = malloc(requests * sizeof *took);
    char byte = '?';

    if (requests == 0 || !took || inet_pton(AF_INET, address, &there.sin_addr) != 1)
        return fail("tcp-echo: address or number of requests");
    if (connect(connection, (struct sockaddr *)&there, sizeof there) != 0)
        return fail("tcp-echo: connecting");
    send_at_once(connection);
    for (size_t request = 0; request < requests; request++) {
        double start = now();

        if (write(connection, &byte, 1) != 1 || read(connection, &byte, 1) != 1)
            return fail("tcp-echo: no response");
        took[request] = now() - start;
    }
    qsort(took, requests, sizeof *took, by_size);
    printf("{\"requests\": %zu, \"latency_p50\": %.9f, \"latency_p99\": %.9f}\n", requests, took[requests / 2],
           took[requests * 99 / 100]);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve((unsigned short)atoi(argv[2]));
    if (argc == 5 && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], (unsigned short)atoi(argv[3]), strtoull(argv[4], NULL, 10));
    fprintf(stderr, "tcp-echo: usage: tcp-echo serve PORT | tcp-echo ask ADDRESS PORT REQUESTS\n");
    return 2;
}
