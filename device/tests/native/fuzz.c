/* Calls both entries of coder.c with random codes, tables and sizes, right ones and wrong ones. Each array is allocated
 * with exactly the length that is handed in, so that a sanitizer sees every access outside.
 *
 *     fuzz CASES SEED
 *
 * Prints how many calls were coded and refused, and a digest of all payloads. Exit status: 0 done, 1 a wrong answer.
 */
#include "../../outputs/native/coder.c"

#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state, digest = 14695981039346656037u, coded, refused;
static void *kept[64];
static unsigned kept_count;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % below;
}

/* Of 40 lengths one is wrong where `hostile`. */
static uint64_t length(uint64_t expected, int hostile)
{
    if (!hostile || draw(40))
        return expected;
    switch (draw(3)) {
    case 0: return draw(2 * expected + 3);
    case 1: return draw(9);
    default: return expected + draw(3) - (expected ? 1 : 0);
    }
}

static void *keep(uint64_t bytes)
{
    void *at = malloc(bytes ? bytes : 1);
    if (!at)
        exit(2);
    kept[kept_count++] = at;
    return at;
}

static void *zeros(uint64_t bytes)
{
    return memset(keep(bytes), 0, bytes);
}

static uint16_t *random16(uint64_t count, uint64_t below)
{
    uint16_t *at = keep(2 * count);
    for (uint64_t i = 0; i < count; i++)
        at[i] = (uint16_t)draw(below);
    return at;
}

/* Frequencies << 16 | starts of rows of `size` symbols, each of which sums to 2**15. */
static uint32_t *random_symbols(uint64_t count, uint64_t size, int hostile)
{
    uint32_t *at = keep(4 * count);
    for (uint64_t i = 0; i < count; i += size) {
        uint32_t start = 0, left = TOTAL - (uint32_t)(size < TOTAL ? size : TOTAL - 1);
        for (uint64_t j = i; j < count && j < i + size; j++) {
            uint32_t more = (uint32_t)draw(left / 2 + 1);
            at[j] = (1 + more) << 16 | start;
            if (hostile && !draw(3000)) /* half of them impossible */
                at[j] = (uint32_t)draw((uint64_t)1 << (draw(2) ? 32 : 16));
            start += 1 + more;
            left -= more;
        }
    }
    return at;
}

static int8_t *random_codes(uint64_t count)
{
    int8_t *at = keep(count);
    uint64_t spread = (uint64_t)1 << draw(9), quiet = 1 + draw(30);
    for (uint64_t i = 0; i < count; i++)
        at[i] = draw(quiet) ? 0 : (int8_t)((int64_t)draw(spread) - (int64_t)spread / 2);
    return at;
}

static void judge(int64_t answer, const uint8_t *out, uint64_t capacity, int hostile)
{
    if (answer < 0) {
        refused++;
        if (!hostile || (answer != WRONG_SIZE && answer != WRONG_TABLES)) {
            printf("refused with %d\n", (int)answer);
            exit(1);
        }
    } else {
        coded++;
        if (!answer || (uint64_t)answer > capacity)
            exit(1);
        for (const uint8_t *at = out + capacity - answer; at < out + capacity; at++)
            digest = (digest ^ *at) * 1099511628211u;
    }
    digest = (digest ^ (uint64_t)answer) * 1099511628211u;
}

static void one_static(int hostile)
{
    uint64_t channels = 1 + draw(9), count = channels * (1 + draw(60)), symbols, capacity;
    int8_t *codes;
    uint32_t *table;
    uint8_t *out;
    count = length(count, hostile);
    symbols = length(SYMBOLS * channels, hostile);
    capacity = length(4 * (count / 2 + count % 2) + 8, hostile);
    codes = random_codes(count);
    table = random_symbols(symbols, SYMBOLS, hostile);
    out = keep(capacity);
    judge(splitlite_static(codes, count, table, symbols, out, capacity), out, capacity, hostile);
}

static Sums random_sums(uint64_t channels, uint64_t size, uint64_t width, int hostile)
{
    Sums sums;
    uint32_t *ends, *steps, terms = 0;
    uint64_t count = length(channels, hostile);
    ends = keep(4 * count);
    for (uint64_t i = 0; i < count; i++)
        ends[i] = terms += (uint32_t)draw(12);
    if (hostile && count && !draw(20))
        ends[draw(count)] = (uint32_t)draw((uint64_t)1 << 32);
    sums.ends = (Uint32s){ends, count};
    count = length(terms, hostile);
    steps = keep(4 * count);
    for (uint64_t i = 0; i < count; i++)
        steps[i] = (uint32_t)draw(size - width + 1 + (hostile && !draw(200) ? width : 0));
    if (hostile && count && !draw(40))
        steps[draw(count)] = (uint32_t)draw((uint64_t)1 << 32);
    sums.steps = (Uint32s){steps, count};
    count = length(terms, hostile);
    sums.weights = (Int16s){(int16_t *)random16(count, draw(2) ? 1 << 16 : 60), count};
    count = length(channels, hostile);
    sums.biases = (Int16s){(int16_t *)random16(count, draw(2) ? 1 << 16 : 900), count};
    return sums;
}

static void one_context(int hostile)
{
    Context c;
    uint64_t rows = 1 + draw(6), segments = 1 + draw(2), bins = 1 + draw(20), edge = 0;
    uint64_t size, width, span, count, groups;
    uint16_t *edges, *frequencies;
    memset(&c, 0, sizeof c);
    c.channels = 1 + draw(7);
    c.columns = 1 + draw(50);
    c.radius = draw(3) ? draw(5) : draw(40);
    width = (c.columns + 2 + BLOCK - 1) / BLOCK * BLOCK;
    c.pitch = length(width + 2 + draw(3), hostile);
    size = 2 * c.channels * (c.pitch ? c.pitch : 1);
    c.predictors = random_sums(c.channels, size > width ? size : width, width, hostile);
    c.scales = random_sums(c.channels, size > width ? size : width, width, hostile);
    c.lefts.count = length(c.channels, hostile);
    c.lefts.at = (int16_t *)random16(c.lefts.count, 1 << 16);
    c.companding.count = length(MAGNITUDES, hostile);
    c.companding.at = (int16_t *)random16(c.companding.count, hostile ? 1 << 16 : 1 << 15);
    span = 2 * c.radius + 2;
    c.symbols.count = length(bins * span, hostile);
    c.symbols.at = random_symbols(c.symbols.count, span, hostile);
    if (c.symbols.count) /* what is escaped */
        ((uint32_t *)c.symbols.at)[draw(c.symbols.count)] = 0;
    c.escapes.count = length(bins, hostile);
    c.escapes.at = random_symbols(c.escapes.count, 1, hostile);
    c.score_places.count = length(SCORES, hostile);
    c.score_places.at = random16(c.score_places.count, (bins - 1) * span + 1 + (hostile && !draw(9)));
    c.remainder_places.count = length((span + 1) << SKEW_BITS, hostile);
    c.remainder_places.at = random16(c.remainder_places.count, span + (hostile && !draw(9)));
    c.quiet_edges.count = draw(6);
    c.quiet_frequencies.count = length(c.quiet_edges.count, hostile);
    c.quiet_edges.at = edges = keep(2 * c.quiet_edges.count);
    c.quiet_frequencies.at = frequencies = keep(2 * c.quiet_frequencies.count);
    for (uint64_t i = 0; i < c.quiet_edges.count; i++)
        edges[i] = (uint16_t)(edge += 1 + draw(4000));
    for (uint64_t i = 0; i < c.quiet_frequencies.count; i++)
        frequencies[i] = (uint16_t)(hostile && !draw(30) ? draw(1 << 16) : 1 + draw(TOTAL - 1));
    c.code_rows_count = length(size, hostile);
    c.code_rows = zeros(2 * c.code_rows_count);
    c.companded_rows_count = length(size, hostile);
    c.companded_rows = zeros(2 * c.companded_rows_count);
    c.lines_count = length(LINES * c.pitch, hostile);
    c.lines = zeros(2 * c.lines_count);
    groups = (c.columns + GROUP - 1) / GROUP;
    count = rows * c.channels * (c.columns + groups);
    c.sequence_count = length(1 + count, hostile);
    c.sequence = keep(4 * c.sequence_count);
    c.states_count = length(MAX_LANES, hostile);
    c.states = keep(8 * c.states_count);
    c.capacity = length(rows * c.channels * c.columns + 4 * (count / 2 + 1) + HEAD_BYTES, hostile);
    c.out = keep(c.capacity);
    count = length(rows * c.channels * c.columns, hostile);
    if (hostile && !draw(60)) /* an empty segment, or one that is too large to be any */
        rows = draw(2) ? draw(9) : (uint64_t)-1 >> draw(64);
    if (hostile && !draw(60))
        c.radius = draw(1 << 16);
    if (hostile && !draw(60))
        c.columns = draw(2) ? draw(60) : (uint64_t)-1 >> draw(64);
    if (hostile && !draw(60))
        c.channels = draw(2) ? draw(9) : (uint64_t)-1 >> draw(64);
    while (segments--)
        judge(splitlite_context(&c, random_codes(count), count, rows), c.out, c.capacity, hostile);
}

int main(int argc, char **argv)
{
    long cases = argc > 1 ? atol(argv[1]) : 1000;
    random_state = 88172645463325252u + (argc > 2 ? (uint64_t)atol(argv[2]) : 0) * 2654435761u;
    while (cases-- > 0) {
        int hostile = (int)draw(2);
        if (draw(2))
            one_static(hostile);
        else
            one_context(hostile);
        while (kept_count)
            free(kept[--kept_count]);
    }
    printf("coded %llu refused %llu digest %016llx\n", (unsigned long long)coded, (unsigned long long)refused,
           (unsigned long long)digest);
    return 0;
}
