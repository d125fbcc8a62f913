/*
 * A random pointer chase: each load gives the address of the next, so nothing can be fetched ahead. The chain visits
 * every cache line of an array once in random order (S. Sattolo, 1986: a random permutation of one cycle).
 * Usage: chase ELEMENTS LOADS, an element being 8 bytes. Prints seconds a load as JSON.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define LINE 64
#define WARM_UP 100000

struct line {
    struct line *next;
    char rest[LINE - sizeof(struct line *)];
};

static uint64_t state = 88172645463325252ULL;

/* Marsaglia's xorshift64: the same chain in every run. */
static size_t draw(size_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % below);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Pages of 4 KiB wherever it runs: whether a kernel would give larger ones by itself is a setting of that kernel. */
static struct line *make_array(size_t lines)
{
    void *array = mmap(NULL, lines * LINE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (array == MAP_FAILED)
        return NULL;
    madvise(array, lines * LINE, MADV_NOHUGEPAGE);
    return array;
}

static int link_lines(struct line *array, size_t lines)
{
    uint32_t *order = malloc(lines * sizeof *order);

    if (!order)
        return -1;
    for (size_t place = 0; place < lines; place++)
        order[place] = (uint32_t)place;
    for (size_t place = lines - 1; place > 0; place--) {
        size_t other = draw(place);
        uint32_t held = order[place];

        order[place] = order[other];
        order[other] = held;
    }
    for (size_t place = 0; place < lines; place++)
        array[place].next = &array[order[place]];
    free(order);
    return 0;
}

static struct line *follow(struct line *at, size_t loads)
{
    while (loads-- > 0)
        at = at->next;
    return at;
}

int main(int argc, char **argv)
{
    size_t lines = argc == 3 ? strtoull(argv[1], NULL, 10) * 8 / LINE : 0;
    size_t loads = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    struct line *array = lines > 1 && lines <= UINT32_MAX ? make_array(lines) : NULL;
    struct line *at;
    double start, seconds;

    if (loads == 0 || !array || link_lines(array, lines) != 0) {
        fprintf(stderr, "chase: usage: chase ELEMENTS LOADS, with memory for the elements\n");
        return 2;
    }
    at = follow(array, WARM_UP);
    start = now();
    at = follow(at, loads);
    seconds = now() - start;
    /* Where it ended is printed so that no compiler may leave the loads out. */
    printf("{\"lines\": %zu, \"loads\": %zu, \"seconds\": %.9f, \"latency\": %.6e, \"end\": %zu}\n", lines, loads, seconds,
           seconds / (double)loads, (size_t)(at - array));
    return 0;
}
