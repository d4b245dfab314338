/* The two entropy encoders in C: the bytes of ../entropy.py and ../context_codes/, which say what they mean.
 *
 * C99, integers only, nothing of the library but memcpy and memset, no state of its own, no allocation: the caller
 * hands in every buffer with its size. Each entry checks all sizes and all offsets before it reads or writes, so that
 * wrong ones, or tables that are damaged, give an error and never an access outside a buffer. Symbols are checked as
 * they are coded.
 *
 * Both entries write their payload to the end of `out` and return its length, or a negative error.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WRONG_SIZE = -1, WRONG_TABLES = -2 };

#define TABLE_BITS 15
#define TOTAL (1u << TABLE_BITS)
#define CERTAIN (TOTAL << 16) /* a symbol that changes no state */
#define PAIR_BITS (2 * TABLE_BITS)
#define LIMIT_SHIFT (64 - PAIR_BITS)
#define LOW ((uint64_t)1 << 32)
#define SYMBOLS 256u

/* ../context_codes/tables.py, lanes.py and coder.py */
#define MAGNITUDES 256
#define SKEW_BITS 6
#define SCORES 8192
#define GROUP 16u
#define QUIET_CAP 2047
#define CHUNK_ROWS 8u
#define MAX_DOUBLINGS 5
#define MAX_EXPONENT 12
#define MAX_CHUNKS 255
#define LENGTH_BITS 5
#define REMAINDERS_PER_LANE 150u
#define SYMBOLS_PER_LANE 3072u

#define BLOCK 8u                                               /* columns that are summed together */
#define MAX_SIDE 65535u                                        /* of a header's height and width */
#define MAX_RADIUS 254u                                        /* of the remainders in tables */
#define MAX_LANES (1u << MAX_EXPONENT)
#define HEAD_BYTES (10 + 1 + MAX_DOUBLINGS + MAX_LANES * 68 / 8) /* number of symbols, doublings, chunks, states */

/* Arrays with their lengths. */
typedef struct { const int16_t *at; uint64_t count; } Int16s;
typedef struct { const uint16_t *at; uint64_t count; } Uint16s;
typedef struct { const uint32_t *at; uint64_t count; } Uint32s;

/* Weighted sums, one for each channel: its terms end at ends[channel]; steps: from a row's begin to a source's. */
typedef struct { Int16s biases; Uint32s ends; Uint32s steps; Int16s weights; } Sums;

/* What codes of one shape need. Rows hold the row above and this one, by channel `pitch` places: one before the row,
 * the row with a block more on either side, one after it, and what is left over of the last `BLOCK`. */
typedef struct {
    uint64_t channels, columns, pitch, radius;
    Sums predictors, scales;
    Int16s lefts, companding;
    Uint16s score_places, remainder_places;
    Uint32s symbols, escapes;
    Uint16s quiet_edges, quiet_frequencies;
    int16_t *code_rows; uint64_t code_rows_count;           /* 2 * channels * pitch; the first half is kept */
    int16_t *companded_rows; uint64_t companded_rows_count; /* as many */
    int16_t *lines; uint64_t lines_count;                   /* LINES * pitch */
    uint32_t *sequence; uint64_t sequence_count;            /* 1 + rows * channels * (groups + columns) */
    uint64_t *states; uint64_t states_count;                /* MAX_LANES */
    uint8_t *out; uint64_t capacity;
} Context;

enum { PREDICTION, SKEW, REMAINDER, SCORE, SPOT, LINES };

static uint8_t *put_word(uint8_t *top, uint32_t word)
{
    top -= 4;
    top[0] = (uint8_t)(word >> 24);
    top[1] = (uint8_t)(word >> 16);
    top[2] = (uint8_t)(word >> 8);
    top[3] = (uint8_t)word;
    return top;
}

static int is_symbol(uint32_t symbol)
{
    uint32_t frequency = symbol >> 16;
    return frequency - 1u < TOTAL && frequency + (symbol & 0xFFFFu) <= TOTAL;
}

/* Codes a pair of symbols; the word that leaves the state goes below *top. */
static uint64_t code_pair(uint64_t state, uint32_t first, uint32_t second, uint8_t **top)
{
    uint32_t f = first >> 16, pair = f * (second >> 16);
    uint32_t start = ((first & 0xFFFFu) << TABLE_BITS) + f * (second & 0xFFFFu);
    if (state >> LIMIT_SHIFT >= pair) {
        *top = put_word(*top, (uint32_t)state);
        state >>= 32;
    }
    return (state / pair << PAIR_BITS) + start + state % pair;
}

/* Coder id 0.
 *
 * codes: (count,), C order, channels innermost. symbols: (channels, 256), column i is code i - 128: frequency << 16
 * | start. out: at least 4 bytes for each pair of codes, and 8.
 */
int64_t splitlite_static(const int8_t *codes, uint64_t count, const uint32_t *symbols, uint64_t symbol_count,
                         uint8_t *out, uint64_t capacity)
{
    uint64_t pairs = count / 2 + count % 2, place = count, row, state = 1;
    uint8_t *top;
    if (!count || count >> 40 || !symbol_count || symbol_count % SYMBOLS || count % (symbol_count / SYMBOLS) ||
        capacity < 8 || (capacity - 8) / 4 < pairs)
        return WRONG_SIZE;
    row = symbol_count;
    top = out + capacity;
    /* The last pair first; an odd count is filled up with a symbol that is certain. */
    while (place) {
        uint32_t first, second = CERTAIN;
        if (place % 2 == 0) {
            row -= SYMBOLS;
            second = symbols[row + (uint8_t)(codes[--place] ^ -128)];
            row = row ? row : symbol_count;
        }
        row -= SYMBOLS;
        first = symbols[row + (uint8_t)(codes[--place] ^ -128)];
        row = row ? row : symbol_count;
        if (!is_symbol(first) || !is_symbol(second))
            return WRONG_TABLES;
        state = code_pair(state, first, second, &top);
    }
    for (; state; state >>= 8)
        *--top = (uint8_t)state;
    return out + capacity - top;
}

/* Codes pairs first..last - 1 of symbols, the last one first, in rows of lanes; the first row may lack its begin. */
static uint8_t *code_rows(const uint32_t *symbols, uint64_t first, uint64_t last, uint64_t *states, uint64_t lanes,
                          uint8_t *top)
{
    uint64_t lane = lanes;
    while (last-- > first) {
        uint32_t a = symbols[2 * last], b = symbols[2 * last + 1];
        if (!is_symbol(a) || !is_symbol(b))
            return NULL;
        lane--;
        states[lane] = code_pair(states[lane], a, b, &top);
        lane = lane ? lane : lanes;
    }
    return top;
}

/* Puts the lowest bits of a value, at most 64, behind `*place` bits of `out`, whose last byte is zero behind them. */
static void put_bits(uint8_t *out, uint64_t *place, uint64_t value, unsigned bits)
{
    while (bits) {
        unsigned room = 8 - (unsigned)(*place % 8), taken = bits < room ? bits : room;
        unsigned part = (unsigned)(value >> (bits - taken)) & ((1u << taken) - 1);
        uint8_t *byte = out + *place / 8;
        *byte = (uint8_t)((room == 8 ? 0u : *byte) | part << (room - taken));
        *place += taken;
        bits -= taken;
    }
}

static unsigned length_below(uint64_t state)
{
    unsigned length = 0;
    while (state >> length >> 33)
        length++;
    return length;
}

/* What lanes.encode makes of the symbols behind symbols[0], below `top`; symbols[0] is lost. NULL for a wrong one. */
static uint8_t *code_lanes(uint32_t *symbols, uint64_t count, unsigned exponent, uint64_t *states, uint8_t *top)
{
    unsigned doublings = exponent < MAX_DOUBLINGS ? exponent : MAX_DOUBLINGS, done = 0, tried = 0, i;
    unsigned first = (exponent < MAX_EXPONENT ? exponent : MAX_EXPONENT) - doublings;
    uint64_t lanes = (uint64_t)1 << first, end = count / 2 + count % 2, bits = 0, lane;
    uint8_t chunks[MAX_DOUBLINGS], *words_end = top;
    symbols[0] = CERTAIN;
    symbols += count % 2 ? 0 : 1;
    for (lane = 0; lane < lanes; lane++)
        states[lane] = LOW;
    while (done < doublings && tried < MAX_CHUNKS && end > CHUNK_ROWS * lanes) {
        top = code_rows(symbols, end - CHUNK_ROWS * lanes, end, states, lanes, top);
        if (!top)
            return NULL;
        end -= CHUNK_ROWS * lanes;
        tried++;
        if ((uint64_t)(words_end - top) >= 4 * lanes) {
            for (lane = lanes; lane < 2 * lanes; lane++, top += 4)
                states[lane] = LOW | (uint32_t)top[0] << 24 | (uint32_t)top[1] << 16 | (uint32_t)top[2] << 8 | top[3];
            lanes *= 2;
            chunks[done++] = (uint8_t)tried;
            tried = 0;
        }
    }
    top = code_rows(symbols, 0, end, states, lanes, top);
    if (!top)
        return NULL;
    for (lane = 0; lane < lanes; lane++)
        bits += LENGTH_BITS + 32 + length_below(states[lane]);
    top -= (bits + 7) / 8;
    bits = 0;
    for (lane = 0; lane < lanes; lane++) {
        unsigned length = length_below(states[lane]);
        put_bits(top, &bits, length, LENGTH_BITS);
        put_bits(top, &bits, states[lane], 32 + length);
    }
    for (i = done; i; i--)
        *--top = chunks[i - 1];
    *--top = (uint8_t)(done | first << 4);
    return top;
}

/* A channel's sums at `width` places of a row, modulo 2**16. */
static void weigh(const Sums *sums, uint64_t channel, const int16_t *rows, uint64_t width, uint16_t *restrict total)
{
    uint32_t begin = channel ? sums->ends.at[channel - 1] : 0, terms = sums->ends.at[channel] - begin;
    const uint32_t *steps = sums->steps.at + begin;
    const int16_t *weights = sums->weights.at + begin;
    const uint16_t bias = (uint16_t)sums->biases.at[channel];
    uint64_t i, j;
    for (i = 0; i < width; i++)
        total[i] = bias;
    for (; terms >= 4; terms -= 4, steps += 4, weights += 4) {
        const int16_t *a = rows + steps[0], *b = rows + steps[1], *c = rows + steps[2], *d = rows + steps[3];
        const uint16_t p = (uint16_t)weights[0], q = (uint16_t)weights[1];
        const uint16_t r = (uint16_t)weights[2], s = (uint16_t)weights[3];
        for (i = 0; i < width; i += BLOCK)
            for (j = i; j < i + BLOCK; j++)
                total[j] = (uint16_t)(total[j] + (uint32_t)p * (uint16_t)a[j] + (uint32_t)q * (uint16_t)b[j] +
                                      (uint32_t)r * (uint16_t)c[j] + (uint32_t)s * (uint16_t)d[j]);
    }
    for (; terms; terms--, steps++, weights++) {
        const int16_t *a = rows + steps[0];
        const uint16_t p = (uint16_t)weights[0];
        for (i = 0; i < width; i += BLOCK)
            for (j = i; j < i + BLOCK; j++)
                total[j] = (uint16_t)(total[j] + (uint32_t)p * (uint16_t)a[j]);
    }
}

/* Of sums over rows of `size` places in all. */
static int sums_fit(const Sums *sums, uint64_t channels, uint64_t size, uint64_t width)
{
    uint64_t i, last = 0;
    if (sums->biases.count != channels || sums->ends.count != channels || sums->steps.count != sums->weights.count)
        return 0;
    for (i = 0; i < channels; i++) {
        if (sums->ends.at[i] < last)
            return 0;
        last = sums->ends.at[i];
    }
    if (last != sums->steps.count || size < width)
        return 0;
    for (i = 0, last = 0; i < sums->steps.count; i++)
        last = sums->steps.at[i] > last ? sums->steps.at[i] : last;
    return last <= size - width;
}

static uint32_t largest(const Uint16s *values)
{
    uint16_t most = 0;
    uint64_t i;
    for (i = 0; i < values->count; i++)
        most = values->at[i] > most ? values->at[i] : most;
    return most;
}

static int context_fits(const Context *c, uint64_t count, uint64_t rows)
{
    uint64_t width, size, codes, symbols, pairs, bins = c->escapes.count;
    if (!rows || rows > MAX_SIDE || !c->columns || c->columns > MAX_SIDE || !c->channels || c->channels > MAX_SIDE ||
        c->radius > MAX_RADIUS)
        return WRONG_SIZE;
    width = (c->columns + 2 + BLOCK - 1) / BLOCK * BLOCK;
    if (c->pitch < width + 2 || c->pitch > 2 * MAX_SIDE)
        return WRONG_SIZE;
    size = 2 * c->channels * c->pitch;
    codes = rows * c->channels * c->columns;
    symbols = codes + rows * c->channels * ((c->columns + GROUP - 1) / GROUP);
    pairs = symbols / 2 + 1;
    if (count != codes || c->code_rows_count != size || c->companded_rows_count != size ||
        c->lines_count < LINES * c->pitch || c->sequence_count < 1 + symbols || c->states_count < MAX_LANES ||
        c->capacity < codes + 4 * pairs + HEAD_BYTES)
        return WRONG_SIZE;
    if (!sums_fit(&c->predictors, c->channels, size, width) || !sums_fit(&c->scales, c->channels, size, width) ||
        c->lefts.count != c->channels || c->companding.count != MAGNITUDES || c->score_places.count != SCORES ||
        c->remainder_places.count != (2 * c->radius + 3) << SKEW_BITS || !bins || bins > 1u << 16 ||
        c->symbols.count != bins * (2 * c->radius + 2) || c->quiet_edges.count != c->quiet_frequencies.count ||
        c->quiet_edges.count > MAX_SIDE)
        return WRONG_TABLES;
    if (largest(&c->score_places) + largest(&c->remainder_places) >= c->symbols.count)
        return WRONG_TABLES;
    return 0;
}

/* Fills a channel's row with what stands beside the image, see ../context_codes/planes.py. */
static void repeat_edges(int16_t *above, int16_t *here, uint64_t columns, int is_last)
{
    here[0] = above[columns + 2];
    here[1] = above[2];
    here[columns + 2] = here[columns + 1];
    here[columns + 3] = is_last ? 0 : here[2];
    above[columns + 3] = here[1];
}

/* Predicts a channel of a row; fills SKEW and REMAINDER and the companded row; returns how many remainders are not 0,
 * of the blocks beside the image too. */
static uint64_t predict(const Context *c, uint64_t channel, uint64_t width)
{
    uint16_t *prediction = (uint16_t *)c->lines + PREDICTION * c->pitch, *magnitudes = prediction;
    int16_t *skew = c->lines + SKEW * c->pitch, *remainder = c->lines + REMAINDER * c->pitch;
    uint64_t here = (c->channels + channel) * c->pitch, stride = c->columns + 2, nonzero = 0, i;
    int16_t *companded = c->companded_rows + here;
    const int16_t *codes = c->code_rows + here + 1;
    weigh(&c->predictors, channel, c->code_rows, width, prediction);
    for (i = 0; i < width; i++) {
        int16_t value = (int16_t)(uint16_t)(prediction[i] + (1u << (SKEW_BITS - 1)));
        skew[i] = value & ((1 << SKEW_BITS) - 1);
        remainder[i] = (int16_t)(codes[i] - (value >> SKEW_BITS)); /* every compiler at hand shifts the sign in */
    }
    for (i = 0; i < stride; i++)
        nonzero += remainder[i] != 0;
    memset(companded, 0, (size_t)c->pitch * sizeof *companded);
    if (nonzero) { /* no branch for each: no processor foretells which remainders are 0 */
        for (i = 0; i < width; i++) {
            uint16_t magnitude = (uint16_t)(remainder[i] < 0 ? -remainder[i] : remainder[i]);
            magnitudes[i] = magnitude < MAGNITUDES ? magnitude : MAGNITUDES - 1;
        }
        for (i = 1; i <= c->columns; i++)
            companded[i + 1] = (int16_t)(c->companding.at[magnitudes[i]] & -(magnitudes[i] != 0));
    }
    repeat_edges(c->companded_rows + channel * c->pitch, companded, c->columns, 1);
    return nonzero;
}

/* Appends a channel of a row to the sequence, escaped codes below *extra; returns the new end of the sequence. */
static uint32_t *choose(const Context *c, uint64_t channel, uint64_t width, uint32_t *sequence, uint8_t **extra)
{
    uint16_t *score = (uint16_t *)c->lines + SCORE * c->pitch;
    const int16_t *skew = c->lines + SKEW * c->pitch + 1, *remainder = c->lines + REMAINDER * c->pitch + 1;
    const int16_t *codes = c->code_rows + (c->channels + channel) * c->pitch + 2;
    const int16_t *before = c->companded_rows + (c->channels + channel) * c->pitch + 1;
    const uint16_t left = (uint16_t)c->lefts.at[channel];
    const int16_t limit = (int16_t)(c->radius + 1), span = (int16_t)(2 * c->radius + 3);
    uint16_t *base = score + 1, *spots = (uint16_t *)c->lines + SPOT * c->pitch;
    uint16_t *coded = (uint16_t *)c->lines + PREDICTION * c->pitch;
    uint64_t columns = c->columns, first, i, edge, groups = 0;
    weigh(&c->scales, channel, c->companded_rows, width, score);
    for (first = 0; first < columns; first += GROUP) {
        uint64_t end = first + GROUP < columns ? first + GROUP : columns, place = 0;
        uint32_t total = 0, quiet, busy = 0;
        for (i = first; i < end; i++) {
            int16_t value = (int16_t)base[i];
            total += (uint32_t)(value < 0 ? 0 : value > QUIET_CAP ? QUIET_CAP : value);
            busy |= (uint16_t)remainder[i];
        }
        for (edge = 0; edge < c->quiet_edges.count; edge++)
            place += c->quiet_edges.at[edge] <= total;
        if (place < c->quiet_edges.count) {
            quiet = c->quiet_frequencies.at[place];
            *sequence++ = busy ? (TOTAL - quiet) << 16 | quiet : quiet << 16;
            if (!busy)
                continue;
        }
        coded[groups++] = (uint16_t)(first / GROUP);
    }
    if (!groups)
        return sequence;
    for (i = 0; i < columns; i++) {
        int16_t value = (int16_t)(uint16_t)(base[i] + (uint32_t)left * (uint16_t)before[i]), rest = remainder[i];
        rest = rest < -limit ? (int16_t)-limit : rest > limit ? limit : rest;
        base[i] = (uint16_t)(value < 0 ? 0 : value < SCORES ? value : SCORES - 1);
        spots[i] = (uint16_t)(skew[i] * span + rest + limit);
    }
    for (i = 0; i < groups; i++) {
        uint64_t end = (uint64_t)(coded[i] + 1u) * GROUP, column = (uint64_t)coded[i] * GROUP;
        for (end = end < columns ? end : columns; column < end; column++) {
            uint32_t place = (uint32_t)c->score_places.at[base[column]] + c->remainder_places.at[spots[column]];
            uint32_t symbol = c->symbols.at[place];
            if (!symbol) {
                symbol = c->escapes.at[place / (2 * (uint32_t)c->radius + 2)];
                *--*extra = (uint8_t)codes[column];
            }
            *sequence++ = symbol;
        }
    }
    return sequence;
}

/* Coder id 1: one segment of `size` codes (rows, columns, channels), C order, below what the rows in `c` hold. */
int64_t splitlite_context(const Context *c, const int8_t *codes, uint64_t size, uint64_t rows)
{
    uint64_t half, pitch, row, channel, column, width, nonzero = 0, count, most;
    uint32_t *sequence, *next;
    uint8_t *top, number[10];
    unsigned exponent = 0, bytes = 0;
    int fault = context_fits(c, size, rows);
    if (fault)
        return fault;
    pitch = c->pitch;
    half = c->channels * pitch;
    width = (c->columns + 2 + BLOCK - 1) / BLOCK * BLOCK;
    sequence = c->sequence + 1;
    next = sequence;
    top = c->out + c->capacity;
    for (channel = 0; channel < c->channels; channel++)
        c->code_rows[channel * pitch] = 0; /* a segment does not see further back */
    for (row = 0; row < rows; row++, codes += c->columns * c->channels) {
        for (channel = 0; channel < c->channels; channel++) {
            int16_t *above = c->code_rows + channel * pitch, *here = above + half;
            const int8_t *from = codes + channel;
            for (column = 0; column < c->columns; column++)
                here[column + 2] = from[column * c->channels];
            repeat_edges(above, here, c->columns, row == rows - 1);
        }
        for (channel = 0; channel < c->channels; channel++) {
            nonzero += predict(c, channel, width);
            next = choose(c, channel, width, next, &top);
        }
        memcpy(c->code_rows, c->code_rows + half, (size_t)half * sizeof *c->code_rows);
        memcpy(c->companded_rows, c->companded_rows + half, (size_t)half * sizeof *c->companded_rows);
    }
    count = (uint64_t)(next - sequence);
    most = nonzero / REMAINDERS_PER_LANE;
    most = count / SYMBOLS_PER_LANE > most ? count / SYMBOLS_PER_LANE : most;
    while (most >> exponent > 1)
        exponent++;
    top = code_lanes(c->sequence, count, exponent, c->states, top);
    if (!top)
        return WRONG_TABLES;
    for (; count >> 7; count >>= 7)
        number[bytes++] = (uint8_t)(count | 0x80);
    number[bytes++] = (uint8_t)count;
    top -= bytes;
    memcpy(top, number, bytes);
    return c->out + c->capacity - top;
}
