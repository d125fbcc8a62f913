/*
 * The four kernels that McCalpin's STREAM defines, written anew: copy, scale, add, triad on three arrays of
 * doubles. Usage: stream ELEMENTS TIMES. Prints the best rate of each in bytes a second as JSON; the first round,
 * which touches the pages, does not count. The results are checked against the same sums done on one number.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COPY, SCALE, ADD, TRIAD, KERNELS };

static const char *const names[KERNELS] = {"copy", "scale", "add", "triad"};
static const int arrays_touched[KERNELS] = {2, 2, 3, 3};
static const double factor = 3.0;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void kernel(int which, double *restrict a, double *restrict b, double *restrict c, size_t n)
{
    switch (which) {
    case COPY:
        for (size_t i = 0; i < n; i++)
            c[i] = a[i];
        break;
    case SCALE:
        for (size_t i = 0; i < n; i++)
            b[i] = factor * c[i];
        break;
    case ADD:
        for (size_t i = 0; i < n; i++)
            c[i] = a[i] + b[i];
        break;
    default:
        for (size_t i = 0; i < n; i++)
            a[i] = b[i] + factor * c[i];
    }
}

static int wrong(const double *a, size_t n, int rounds)
{
    double x = 1.0, y = 2.0, z;

    for (int round = 0; round < rounds; round++) {
        z = x;
        y = factor * z;
        z = x + y;
        x = y + factor * z;
    }
    return fabs(a[0] - x) > 1e-9 * x || fabs(a[n / 2] - x) > 1e-9 * x || fabs(a[n - 1] - x) > 1e-9 * x;
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? strtoull(argv[1], NULL, 10) : 0;
    int times = argc > 2 ? atoi(argv[2]) : 0;
    double *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b), *c = malloc(n * sizeof *c);
    double best[KERNELS] = {0};

    if (n == 0 || times < 1 || !a || !b || !c) {
        fprintf(stderr, "stream: usage: stream ELEMENTS TIMES, with memory for three arrays\n");
        return 2;
    }
    for (size_t i = 0; i < n; i++) {
        a[i] = 1.0;
        b[i] = 2.0;
        c[i] = 0.0;
    }
    for (int round = 0; round <= times; round++) {
        for (int which = 0; which < KERNELS; which++) {
            double start = now();

            kernel(which, a, b, c, n);
            double rate = (double)(arrays_touched[which] * n * sizeof *a) / (now() - start);

            if (round > 0 && rate > best[which])
                best[which] = rate;
        }
    }
    if (wrong(a, n, times + 1)) {
        fprintf(stderr, "stream: the arrays hold wrong values\n");
        return 1;
    }
    printf("{\"elements\": %zu", n);
    for (int which = 0; which < KERNELS; which++)
        printf(", \"%s\": %.0f", names[which], best[which]);
    printf("}\n");
    return 0;
}
