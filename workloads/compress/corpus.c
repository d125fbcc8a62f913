/*
 * Writes BYTES of text to standard output: numbered lines of words from a made-up vocabulary, a few of them frequent and
 * most of them rare, as in logs and prose. Integers and a seed of its own, so the same bytes on every machine.
 * Usage: corpus BYTES
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS 4096
#define LONGEST 9
#define LINE_WORDS 12

static uint64_t state = 88172645463325252ULL;

/* Marsaglia's xorshift64. */
static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * below >> 32);
}

/* The cube of a uniform draw: one word in eight is among the first eight. */
static uint32_t draw_word(void)
{
    uint64_t even = draw(1 << 16);

    return (uint32_t)(even * even * even >> 36);
}

static void make_vocabulary(char words[WORDS][LONGEST + 1])
{
    for (int word = 0; word < WORDS; word++) {
        uint32_t length = 2 + draw(LONGEST - 1);

        for (uint32_t letter = 0; letter < length; letter++)
            words[word][letter] = (char)('a' + draw(26));
    }
}

int main(int argc, char **argv)
{
    static char words[WORDS][LONGEST + 1];
    char line[32 + LINE_WORDS * (LONGEST + 1)];
    unsigned long long left = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;

    if (left == 0) {
        fprintf(stderr, "corpus: usage: corpus BYTES\n");
        return 2;
    }
    make_vocabulary(words);
    for (uint32_t number = 1; left > 0; number++) {
        size_t length = (size_t)sprintf(line, "%u", number);

        for (int word = 0; word < LINE_WORDS; word++)
            length += (size_t)sprintf(line + length, " %s", words[draw_word()]);
        line[length++] = '\n';
        if (length > left)
            length = left;
        if (fwrite(line, 1, length, stdout) != length)
            return 1;
        left -= length;
    }
    return fclose(stdout) == 0 ? 0 : 1;
}
