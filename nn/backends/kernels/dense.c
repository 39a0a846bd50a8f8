/* Products, updates and whole training steps of dense float32 networks, for WebAssembly.
 *
 * NumPy for Pyodide has neither BLAS nor SIMD. This file and convolution.c are compiled twice, by
 * scripts/build_kernels.sh: dense-simd.wasm for every engine with SIMD, and dense-relaxed.wasm for
 * those that also multiply and add in one instruction. nn/backends/wasm.py loads one of them and
 * checks what every function expects. There is no C library here, and nothing is allocated.
 *
 * All matrices are row-major. Pointers need no alignment. Infinities and NaN are propagated as in
 * NumPy, because the loss must show them. */

#include "vectors.h"

/* Gradients are computed in blocks of this many values, which stay in the cache until used. */
#define BLOCK 4096

/* Rows of the largest tile. With 6 rows, 12 sums, 2 vectors of b and 1 of a fill 16 registers, if
 * multiplying and adding is one instruction and needs no other: a tenth faster in node 26 than 4
 * rows there, and half as fast without. */
#ifdef __wasm_relaxed_simd__
#define MAX_ROWS 6
#else
#define MAX_ROWS TILE_ROWS
#endif

EXPORT const char *abi(void) { return ABI_TEXT; }

INLINE float sum_of(v128_t x) {
    return (wasm_f32x4_extract_lane(x, 0) + wasm_f32x4_extract_lane(x, 1)) +
           (wasm_f32x4_extract_lane(x, 2) + wasm_f32x4_extract_lane(x, 3));
}

/* ---- Products --------------------------------------------------------------------------------*/

/* A matrix by its strides, in values: its transpose is the same with the strides exchanged. */
struct matrix {
    const float *at;
    int row, column;
};

/* Rows of a matrix: `count` runs of consecutive ones, each its first row and its length. */
struct selection {
    const int *runs;
    int count, size; /* the size is the sum of the lengths */
};

/* All rows of a matrix, in a selection whose run is kept in `run`. */
INLINE struct selection all_rows(int *run, int size) {
    run[0] = 0;
    run[1] = size;
    return (struct selection){run, 1, size};
}

/* Write `rows` x 8 sums over `depth` products. The panel holds 8 values of b for each k. */
INLINE void tile(int rows, const float *a, int a_row, int a_column, const float *panel, int depth,
                 float *out, int out_row, int columns) {
    v128_t sums[MAX_ROWS][2];
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = zeros();
    for (int k = 0; k < depth; k++, a += a_column, panel += TILE_COLUMNS) {
        v128_t left = wasm_v128_load(panel), right = wasm_v128_load(panel + 4);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            v128_t x = wasm_v128_load32_splat(a + r * a_row);
            sums[r][0] = multiply_add(x, left, sums[r][0]);
            sums[r][1] = multiply_add(x, right, sums[r][1]);
        }
    }
    for (int r = 0; r < rows; r++, out += out_row) {
        store(out, sums[r][0], columns);
        if (columns > 4) store(out + 4, sums[r][1], columns - 4);
    }
}

/* All tiles of `size` rows that fit from row i on, in one column; return the first row left. A
 * stride of 1 known to the compiler saves registers, hence the cases. */
INLINE int tiles_of(int size, int i, struct matrix a, int rows, const float *panel, int depth,
                    float *out, int out_row, int columns) {
    if (a.column == 1) {
        for (; i + size <= rows; i += size)
            tile(size, a.at + i * a.row, a.row, 1, panel, depth, out + i * out_row, out_row,
                 columns);
    } else {
        for (; i + size <= rows; i += size)
            tile(size, a.at + i, 1, a.column, panel, depth, out + i * out_row, out_row, columns);
    }
    return i;
}

/* One column of tiles, the last of which are smaller. */
static void tiles(struct matrix a, int rows, const float *panel, int depth, float *out,
                  int out_row, int columns) {
    int i = 0;
    if (MAX_ROWS > TILE_ROWS)
        i = tiles_of(MAX_ROWS, i, a, rows, panel, depth, out, out_row, columns);
    i = tiles_of(TILE_ROWS, i, a, rows, panel, depth, out, out_row, columns);
    for (; i < rows; i++)
        tile(1, a.at + i * a.row, a.row, a.column, panel, depth, out + i * out_row, out_row,
             columns);
}

/* Copy up to 8 columns of b next to each other, with zeros in place of those beyond the last. */
static void pack(struct matrix b, int depth, int columns, float *panel) {
    if (b.column == 1 && columns == TILE_COLUMNS) {
        for (int k = 0; k < depth; k++, panel += TILE_COLUMNS) {
            const float *from = b.at + k * b.row;
            wasm_v128_store(panel, wasm_v128_load(from));
            wasm_v128_store(panel + 4, wasm_v128_load(from + 4));
        }
        return;
    }
    for (int k = 0; k < depth; k++, panel += TILE_COLUMNS)
        for (int j = 0; j < TILE_COLUMNS; j++)
            panel[j] = j < columns ? b.at[k * b.row + j * b.column] : 0.0f;
}

/* The same of the selected rows of b. */
static void pack_rows(struct matrix b, struct selection rows, int columns, float *panel) {
    for (int i = 0; i < rows.count; i++) {
        const int *run = rows.runs + 2 * i;
        pack((struct matrix){b.at + run[0] * b.row, b.row, b.column}, run[1], columns, panel);
        panel += run[1] * TILE_COLUMNS;
    }
}

/* Write the sums of `vectors` x 4 columns of a row times the selected rows of b. */
INLINE void strip(int vectors, const float *row, const float *b, int b_row, struct selection rows,
                  float *out, int columns) {
    v128_t sums[8];
    for (int v = 0; v < vectors; v++) sums[v] = zeros();
    for (int i = 0; i < rows.count; i++) {
        const float *from = b + rows.runs[2 * i] * b_row;
        for (int k = rows.runs[2 * i + 1]; k > 0; k--, row++, from += b_row) {
            v128_t x = wasm_v128_load32_splat(row);
#pragma unroll
            for (int v = 0; v < vectors; v++)
                sums[v] = multiply_add(x, load(from + 4 * v, vectors > 1 ? 4 : columns), sums[v]);
        }
    }
    for (int v = 0; v < vectors; v++) store(out + 4 * v, sums[v], vectors > 1 ? 4 : columns);
}

/* Write row times the selected rows of b, which lies by rows of `columns` values. */
static void row_times(const float *row, const float *b, struct selection rows, int columns,
                      float *out) {
    int j = 0;
    for (; j + 32 <= columns; j += 32) strip(8, row, b + j, columns, rows, out + j, 32);
    for (; j + 8 <= columns; j += 8) strip(2, row, b + j, columns, rows, out + j, 8);
    for (; j < columns; j += 4)
        strip(1, row, b + j, columns, rows, out + j, smaller(columns - j, 4));
}

/* Write row times the transpose of b, (columns, depth) by rows: one inner product per column. */
static void row_times_transposed(const float *row, const float *b, int depth, int columns,
                                 float *out) {
    for (int j = 0; j < columns; j++, b += depth) {
        v128_t sums = zeros();
        for (int k = 0; k < depth; k += 4)
            sums = multiply_add(load(row + k, depth - k), load(b + k, depth - k), sums);
        out[j] = sum_of(sums);
    }
}

/* Write a times the selected rows of b through panels of 8 columns; `panel` has 8 values for each
 * of these rows. */
static void multiply(struct matrix a, struct matrix b, float *out, int out_row, int rows,
                     struct selection of_b, int columns, float *panel) {
    for (int j = 0; j < columns; j += TILE_COLUMNS) {
        struct matrix slice = {b.at + j * b.column, b.row, b.column};
        int width = smaller(columns - j, TILE_COLUMNS);
        pack_rows(slice, of_b, width, panel);
        tiles(a, rows, panel, of_b.size, out + j, out_row, width);
    }
}

/* out (n, m) = a (n, k) b (k, m). `work` has 8 * k values, here and below. */
EXPORT void product(const float *a, const float *b, float *out, int n, int k, int m, float *work) {
    int run[2];
    struct selection all = all_rows(run, k);
    if (n < TILE_ROWS)
        for (int i = 0; i < n; i++) row_times(a + i * k, b, all, m, out + i * m);
    else
        multiply((struct matrix){a, k, 1}, (struct matrix){b, m, 1}, out, m, n, all, m, work);
}

/* out (n, m) = transpose of a (k, n), times b (k, m). */
EXPORT void product_of_transposed(const float *a, const float *b, float *out, int n, int k, int m,
                                  float *work) {
    int run[2];
    multiply((struct matrix){a, 1, n}, (struct matrix){b, m, 1}, out, m, n, all_rows(run, k), m,
             work);
}

/* out (n, m) = a (n, k) times the transpose of b (m, k). */
EXPORT void product_with_transposed(const float *a, const float *b, float *out, int n, int k,
                                    int m, float *work) {
    int run[2];
    if (n < TILE_ROWS)
        for (int i = 0; i < n; i++) row_times_transposed(a + i * k, b, k, m, out + i * m);
    else
        multiply((struct matrix){a, k, 1}, (struct matrix){b, 1, k}, out, m, n, all_rows(run, k),
                 m, work);
}

/* ---- Updates ---------------------------------------------------------------------------------*/

/* average += (sample - average) * share */
INLINE v128_t moved(v128_t average, v128_t sample, v128_t share) {
    v128_t step = wasm_f32x4_mul(wasm_f32x4_sub(sample, average), share);
    return wasm_f32x4_add(average, step);
}

/* The coefficients of an update, each in all four lanes. */
struct coefficients {
    v128_t rate, first, second, epsilon, shrink, factor;
};

INLINE void update_four(int kind, const struct coefficients *c, float *parameters,
                        const float *gradients, float *first, float *second, int lanes) {
    v128_t W = load(parameters, lanes);
    v128_t g = wasm_f32x4_mul(load(gradients, lanes), c->factor), step = g;
    if (kind == MOMENTUM || kind == NESTEROV) {
        v128_t v = wasm_f32x4_add(wasm_f32x4_mul(load(first, lanes), c->first), g);
        store(first, v, lanes);
        step = kind == MOMENTUM ? v : wasm_f32x4_add(wasm_f32x4_mul(v, c->first), g);
    }
    if (kind == ADAM) {
        step = moved(load(first, lanes), g, c->first);
        store(first, step, lanes);
    }
    if (kind == ADAM || kind == RMSPROP) {
        float *squares = kind == ADAM ? second : first;
        v128_t s = moved(load(squares, lanes), wasm_f32x4_mul(g, g), c->second);
        store(squares, s, lanes);
        step = wasm_f32x4_div(step, wasm_f32x4_add(wasm_f32x4_sqrt(s), c->epsilon));
        W = wasm_f32x4_mul(W, c->shrink);
    }
    store(parameters, wasm_f32x4_sub(W, wasm_f32x4_mul(step, c->rate)), lanes);
}

INLINE void update_as(int kind, const struct coefficients *c, float *parameters,
                      const float *gradients, float *first, float *second, int count) {
    int i = 0;
    for (; i + 4 <= count; i += 4)
        update_four(kind, c, parameters + i, gradients + i, first + i, second + i, 4);
    if (i < count)
        update_four(kind, c, parameters + i, gradients + i, first + i, second + i, count - i);
}

/* Stands for moments that a rule does not have; adding to a null pointer is undefined. */
#define NONE parameters

INLINE float *offset(float *pointer, int count) { return pointer ? pointer + count : pointer; }

/* Update by `factor` times the gradients. */
static void update_by(const struct rule *rule, float *parameters, const float *gradients,
                      float factor, float *first, float *second, int count) {
    const struct coefficients c = {
        wasm_f32x4_splat(rule->rate),    wasm_f32x4_splat(rule->first),
        wasm_f32x4_splat(rule->second),  wasm_f32x4_splat(rule->epsilon),
        wasm_f32x4_splat(rule->shrink),  wasm_f32x4_splat(factor),
    };
    switch (rule->kind) {
    case SGD: update_as(SGD, &c, parameters, gradients, NONE, NONE, count); break;
    case MOMENTUM: update_as(MOMENTUM, &c, parameters, gradients, first, NONE, count); break;
    case NESTEROV: update_as(NESTEROV, &c, parameters, gradients, first, NONE, count); break;
    case RMSPROP: update_as(RMSPROP, &c, parameters, gradients, first, NONE, count); break;
    case ADAM: update_as(ADAM, &c, parameters, gradients, first, second, count); break;
    }
}

/* Set values smaller than `smallest` to 0, as nn/denormals.py does; NaN stays. */
static void flush(float *values, int count, float smallest) {
    const v128_t least = wasm_f32x4_splat(smallest);
    for (int i = 0; values && i < count; i += 4) {
        v128_t x = load(values + i, count - i);
        v128_t is_small = wasm_f32x4_lt(wasm_f32x4_abs(x), least);
        store(values + i, wasm_v128_andnot(x, is_small), count - i);
    }
}

/* Take one step of `count` parameters; `first` and `second` are their moments, in the order of
 * nn/optimizers.py, as many as the rule has. */
EXPORT void update(const struct rule *rule, float *parameters, const float *gradients,
                   float *first, float *second, int count) {
    update_by(rule, parameters, gradients, 1, first, second, count);
    if (rule->smallest == 0) return;
    flush(parameters, count, rule->smallest);
    flush(first, count, rule->smallest);
    flush(second, count, rule->smallest);
}

/* Add the gradients of l1 |W| + l2 W^2 / 2, in the order of nn/training.py. */
static void penalise(float *gradients, const float *weights, float l1, float l2, int count) {
    const v128_t one = wasm_f32x4_const_splat(1.0f);
    for (int i = 0; i < count; i += 4) {
        v128_t W = load(weights + i, count - i), g = load(gradients + i, count - i);
        if (l1 != 0) {
            v128_t sign = wasm_f32x4_sub(wasm_v128_and(wasm_f32x4_gt(W, zeros()), one),
                                         wasm_v128_and(wasm_f32x4_lt(W, zeros()), one));
            sign = wasm_v128_bitselect(sign, W, wasm_f32x4_eq(W, W)); /* NaN stays NaN */
            g = wasm_f32x4_add(g, wasm_f32x4_mul(sign, wasm_f32x4_splat(l1)));
        }
        if (l2 != 0) g = wasm_f32x4_add(g, wasm_f32x4_mul(W, wasm_f32x4_splat(l2)));
        store(gradients + i, g, count - i);
    }
}

/* ---- Activations -----------------------------------------------------------------------------*/

static const float LEAK = 0.01f;

/* Polynomials of the Cephes library (Moshier, 1992), to float32 accuracy. */
INLINE v128_t polynomial(v128_t x, const float *coefficients, int count) {
    v128_t sum = wasm_f32x4_splat(coefficients[0]);
    for (int i = 1; i < count; i++)
        sum = wasm_f32x4_add(wasm_f32x4_mul(sum, x), wasm_f32x4_splat(coefficients[i]));
    return sum;
}

/* e^x; beyond what a float32 holds, the nearest that it holds. */
INLINE v128_t exponential(v128_t x) {
    const float terms[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                           4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    /* pmin and pmax, unlike min and max, are one instruction, and this way round keep NaN. */
    x = wasm_f32x4_pmin(x, wasm_f32x4_const_splat(88.0f));
    x = wasm_f32x4_pmax(x, wasm_f32x4_const_splat(-87.0f));
    v128_t n = wasm_f32x4_nearest(wasm_f32x4_mul(x, wasm_f32x4_const_splat(1.44269504f)));
    v128_t r = wasm_f32x4_sub(x, wasm_f32x4_mul(n, wasm_f32x4_const_splat(0.693359375f)));
    r = wasm_f32x4_sub(r, wasm_f32x4_mul(n, wasm_f32x4_const_splat(-2.12194440e-4f)));
    v128_t rest = wasm_f32x4_mul(polynomial(r, terms, 6), wasm_f32x4_mul(r, r));
    v128_t power = wasm_f32x4_add(wasm_f32x4_add(rest, r), wasm_f32x4_const_splat(1.0f));
    v128_t exponent = wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_const_splat(127));
    return wasm_f32x4_mul(power, wasm_i32x4_shl(exponent, 23));
}

INLINE v128_t hyperbolic_tangent(v128_t x) {
    const float terms[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                           1.33314422036e-1f, -3.33332819422e-1f};
    const v128_t one = wasm_f32x4_const_splat(1.0f), two = wasm_f32x4_const_splat(2.0f);
    v128_t size = wasm_f32x4_abs(x), square = wasm_f32x4_mul(x, x);
    v128_t cubic = wasm_f32x4_mul(polynomial(square, terms, 5), square);
    v128_t small = wasm_f32x4_add(x, wasm_f32x4_mul(cubic, x));
    v128_t power = exponential(wasm_f32x4_mul(size, two));
    v128_t large = wasm_f32x4_sub(one, wasm_f32x4_div(two, wasm_f32x4_add(power, one)));
    large = wasm_v128_bitselect(x, large, wasm_f32x4_const_splat(-0.0f));
    return wasm_v128_bitselect(small, large, wasm_f32x4_lt(size, wasm_f32x4_const_splat(0.625f)));
}

INLINE v128_t activated(int activation, v128_t z) {
    const v128_t one = wasm_f32x4_const_splat(1.0f), half = wasm_f32x4_const_splat(0.5f);
    switch (activation) {
    case RELU: return wasm_f32x4_pmax(z, zeros());
    case LEAKY_RELU: return wasm_f32x4_pmax(z, wasm_f32x4_mul(z, wasm_f32x4_splat(LEAK)));
    case TANH: return hyperbolic_tangent(z);
    case SIGMOID:
        return wasm_f32x4_mul(wasm_f32x4_add(hyperbolic_tangent(wasm_f32x4_mul(z, half)), one),
                              half);
    default: return z;
    }
}

/* The derivative where the activation is a. */
INLINE v128_t derivative(int activation, v128_t a) {
    const v128_t one = wasm_f32x4_const_splat(1.0f);
    v128_t positive = wasm_v128_and(wasm_f32x4_gt(a, zeros()), one);
    switch (activation) {
    case RELU: return positive;
    case LEAKY_RELU: return wasm_f32x4_pmax(positive, wasm_f32x4_splat(LEAK));
    case TANH: return wasm_f32x4_sub(one, wasm_f32x4_mul(a, a));
    case SIGMOID: return wasm_f32x4_mul(wasm_f32x4_sub(one, a), a);
    default: return one;
    }
}

/* ---- A whole training step -------------------------------------------------------------------*/

/* Values of work that each thread needs. */
EXPORT int train_work_size(const struct step *step) {
    int size = 0;
    for (int i = 0; i < step->layer_count; i++) {
        const struct layer *layer = &step->layers[i];
        int padded = (layer->outputs + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
        int block = layer->outputs * MAX_ROWS > BLOCK ? layer->outputs * MAX_ROWS : BLOCK;
        int packing = TILE_COLUMNS * (layer->inputs > layer->outputs ? layer->inputs : padded);
        int updating = padded * step->count + block;
        if (packing > size) size = packing;
        if (updating > size) size = updating;
    }
    return size;
}

INLINE v128_t times(v128_t values, const float *factors, int lanes) {
    return wasm_f32x4_mul(values, load(factors, lanes));
}

/* What a layer is given: a column for each of its selected inputs. */
static const float *inputs_of(const struct step *step, int index) {
    const struct layer *below = &step->layers[index - 1];
    if (index == 0) return step->selected;
    return below->mask ? below->dropped : below->activations;
}

/* The inputs of a layer that are not zero in the whole batch; `run` is room for a run. */
static struct selection used_inputs(const struct step *step, int index, int *run) {
    if (index == 0) return (struct selection){step->runs, step->run_count, step->used};
    return all_rows(run, step->layers[index].inputs);
}

/* From `from` up to `to`, which is left out. */
struct range {
    int from, to;
};

INLINE void activate_as(int activation, const struct layer *layer, struct range rows,
                        struct range columns) {
    for (int i = rows.from; i < rows.to; i++)
        for (int j = columns.from; j < columns.to; j += 4) {
            int at = i * layer->outputs + j, lanes = columns.to - j;
            v128_t a = load(layer->activations + at, lanes);
            if (layer->bias) a = wasm_f32x4_add(a, load(layer->bias + j, lanes));
            a = activated(activation, a);
            store(layer->activations + at, a, lanes);
            if (layer->mask) store(layer->dropped + at, times(a, layer->mask + at, lanes), lanes);
        }
}

/* Fill these activations of a layer; of few samples, all of them. */
static void forward(const struct step *step, int index, struct range rows, struct range columns,
                    float *work) {
    const struct layer *layer = &step->layers[index];
    const float *x = inputs_of(step, index);
    int run[2], outputs = layer->outputs;
    struct selection used = used_inputs(step, index, run);
    if (step->count < TILE_ROWS)
        for (int i = rows.from; i < rows.to; i++)
            row_times(x + i * used.size, layer->weights, used, outputs,
                      layer->activations + i * outputs);
    else
        multiply((struct matrix){x + rows.from * used.size, used.size, 1},
                 (struct matrix){layer->weights + columns.from, outputs, 1},
                 layer->activations + rows.from * outputs + columns.from, outputs,
                 rows.to - rows.from, used, columns.to - columns.from, work);
    switch (index == step->layer_count - 1 ? LINEAR : step->activation) {
    case RELU: activate_as(RELU, layer, rows, columns); break;
    case LEAKY_RELU: activate_as(LEAKY_RELU, layer, rows, columns); break;
    case TANH: activate_as(TANH, layer, rows, columns); break;
    case SIGMOID: activate_as(SIGMOID, layer, rows, columns); break;
    default: activate_as(LINEAR, layer, rows, columns); break;
    }
}

/* log x for x from 1 up, by the series of the inverse hyperbolic tangent. */
static double logarithm(float x) {
    if (!(x < 3e38f)) return x; /* NaN */
    union { float value; int bits; } mantissa = {x};
    int exponent = (mantissa.bits >> 23) - 127;
    mantissa.bits = (mantissa.bits & 0x7fffff) | 0x3f800000;
    double z = (mantissa.value - 1.4142135623730951) / (mantissa.value + 1.4142135623730951);
    double square = z * z, sum = 0;
    for (int odd = 13; odd > 0; odd -= 2) sum = sum * square + 2.0 / odd;
    return (exponent + 0.5) * 0.6931471805599453 + sum * z;
}

/* The position of the largest logit, or of the first NaN. */
static int position_of_largest(const float *logits, int classes) {
    int position = 0;
    for (int j = 0; j < classes; j++) {
        if (logits[j] != logits[j]) return j;
        if (logits[j] > logits[position]) position = j;
    }
    return position;
}

/* What is smaller counts as 0, so that no product meets a denormal number: 2^-69, the cube of the
 * distance from 1 to the next float32, as in nn/denormals.py. */
static const float SMALLEST_PROBABILITY = 0x1p-69f;

/* Fill a row of the last deltas, (p - onehot) / count; return -log p of the label. */
static double cross_entropy(const float *logits, float largest, float *delta, int label,
                            int classes, int count) {
    float sum = 0;
    for (int j = 0; j < classes; j += 4) {
        v128_t lowered = wasm_f32x4_sub(load(logits + j, classes - j), wasm_f32x4_splat(largest));
        store(delta + j, exponential(lowered), classes - j);
    }
    for (int j = 0; j < classes; j++) sum += delta[j];
    for (int j = 0; j < classes; j++) {
        float probability = delta[j] / sum;
        delta[j] = probability < SMALLEST_PROBABILITY ? 0 : probability / (float)count;
    }
    delta[label] -= 1.0f / (float)count;
    return logarithm(sum) - (logits[label] - largest);
}

/* Measure the loss of a sample and fill its row of the last deltas. */
static void measure_row(const struct step *step, int i) {
    const struct layer *last = &step->layers[step->layer_count - 1];
    int classes = last->outputs, label = step->labels[i];
    const float *logits = last->activations + i * classes;
    int position = position_of_largest(logits, classes);
    float largest = logits[position];
    step->rows[i].loss = cross_entropy(logits, largest, last->delta + i * classes, label, classes,
                                       step->count);
    /* Where all probabilities are NaN, NumPy finds the largest at the first position. */
    if (largest - largest != 0) position = 0;
    step->rows[i].correct = position == label;
}

/* Add up in the order of the samples. */
static void measure_loss(const struct step *step, struct outcome *outcome) {
    double loss = 0;
    outcome->correct = 0;
    for (int i = 0; i < step->count; i++) {
        loss += step->rows[i].loss;
        outcome->correct += step->rows[i].correct;
    }
    /* As in NumPy, a sum that no float32 holds is infinite. */
    outcome->loss = (double)(float)loss / step->count;
}

INLINE void differentiate_as(int activation, const struct layer *below, struct range rows,
                             struct range columns) {
    for (int i = rows.from; i < rows.to; i++)
        for (int j = columns.from; j < columns.to; j += 4) {
            int at = i * below->outputs + j, lanes = columns.to - j;
            v128_t delta = load(below->delta + at, lanes);
            if (below->mask) delta = times(delta, below->mask + at, lanes);
            v128_t factor = derivative(activation, load(below->activations + at, lanes));
            store(below->delta + at, wasm_f32x4_mul(delta, factor), lanes);
        }
}

/* Fill these deltas of the layer below from those of this layer and its weights; of few samples,
 * all of them. */
static void backward(const struct step *step, int index, struct range rows, struct range columns,
                     float *work) {
    const struct layer *layer = &step->layers[index], *below = layer - 1;
    int inputs = layer->inputs, outputs = layer->outputs, run[2];
    if (step->count < TILE_ROWS)
        product_with_transposed(layer->delta, layer->weights, below->delta, step->count, outputs,
                                inputs, work);
    else
        multiply((struct matrix){layer->delta + rows.from * outputs, outputs, 1},
                 (struct matrix){layer->weights + columns.from * outputs, 1, outputs},
                 below->delta + rows.from * inputs + columns.from, inputs, rows.to - rows.from,
                 all_rows(run, outputs), columns.to - columns.from, work);
    switch (step->activation) {
    case RELU: differentiate_as(RELU, below, rows, columns); break;
    case LEAKY_RELU: differentiate_as(LEAKY_RELU, below, rows, columns); break;
    case TANH: differentiate_as(TANH, below, rows, columns); break;
    case SIGMOID: differentiate_as(SIGMOID, below, rows, columns); break;
    default: differentiate_as(LINEAR, below, rows, columns); break;
    }
}

static int is_penalised(const struct step *step) { return step->l1 != 0 || step->l2 != 0; }

/* Update the weights of `rows` inputs from the first one on by `factor` times their gradients, to
 * which penalties are added. */
static void update_rows(const struct step *step, const struct layer *layer, int first, int rows,
                        float *gradients, float factor) {
    int start = first * layer->outputs, size = rows * layer->outputs;
    if (is_penalised(step))
        penalise(gradients, layer->weights + start, step->l1, step->l2, size);
    update_by(&step->rule, layer->weights + start, gradients, factor,
              offset(layer->weights_first, start), offset(layer->weights_second, start), size);
}

/* The gradients of one sample are its inputs times its deltas. */
static void update_weights_by_one(const struct step *step, const struct layer *layer,
                                  const float *x, struct selection used) {
    for (int i = 0; i < used.count; i++)
        for (int k = 0; k < used.runs[2 * i + 1]; k++)
            update_rows(step, layer, used.runs[2 * i] + k, 1, layer->delta, *x++);
}

/* How many rows of weights are updated at a time, so that their gradients stay in the cache. */
static int rows_of_block(const struct layer *layer) {
    int rows = BLOCK / layer->outputs / MAX_ROWS * MAX_ROWS;
    return rows < MAX_ROWS ? MAX_ROWS : rows;
}

/* The run that holds a selected row, and the position of the row in it. */
struct place {
    const int *run;
    int position;
};

static struct place place_of(struct selection rows, int row) {
    const int *run = rows.runs;
    for (; row >= run[1]; run += 2) row -= run[1];
    return (struct place){run, row};
}

/* Update the weights of these of the used inputs, a block at a time. */
static void update_weights(const struct step *step, const struct layer *layer, const float *x,
                           struct selection used, struct range range, float *work) {
    int count = step->count, outputs = layer->outputs, block = rows_of_block(layer);
    float *panels = work, *gradients = work;
    for (int j = 0; j < outputs; j += TILE_COLUMNS, gradients += TILE_COLUMNS * count)
        pack((struct matrix){layer->delta + j, outputs, 1}, count,
             smaller(outputs - j, TILE_COLUMNS), gradients);
    if (range.from == range.to) return;
    struct place at = place_of(used, range.from);
    for (int i = range.from; i < range.to; i += block) {
        int rows = smaller(range.to - i, block);
        for (int j = 0; j < outputs; j += TILE_COLUMNS)
            tiles((struct matrix){x + i, 1, used.size}, rows, panels + j * count, count,
                  gradients + j, outputs, smaller(outputs - j, TILE_COLUMNS));
        for (int k = 0, size; k < rows; k += size) {
            size = smaller(at.run[1] - at.position, rows - k);
            update_rows(step, layer, at.run[0] + at.position, size, gradients + k * outputs, 1);
            at.position += size;
            if (at.position == at.run[1]) at = (struct place){at.run + 2, 0};
        }
    }
}

/* Update the weights from the first input up to `end` that are not used: all their gradients are
 * zero, but for the penalties. */
static void update_unused(const struct step *step, const struct layer *layer,
                          struct selection used, int first, int end, float *gradients) {
    int block = rows_of_block(layer);
    for (int i = 0; i <= used.count && first < end; i++) {
        const int *run = used.runs + 2 * i;
        int gap_end = i < used.count ? smaller(run[0], end) : end;
        for (int at = first; at < gap_end; at += block) {
            int rows = smaller(gap_end - at, block);
            for (int j = 0; j < rows * layer->outputs; j++) gradients[j] = 0;
            update_rows(step, layer, at, rows, gradients, 1);
        }
        if (i < used.count && run[0] + run[1] > first) first = run[0] + run[1];
    }
}

static void update_bias(const struct step *step, const struct layer *layer, float *gradients) {
    for (int j = 0; j < layer->outputs; j += 4) {
        int lanes = layer->outputs - j;
        v128_t sum = zeros();
        for (int i = 0; i < step->count; i++)
            sum = wasm_f32x4_add(sum, load(layer->delta + i * layer->outputs + j, lanes));
        store(gradients + j, sum, lanes);
    }
    update_by(&step->rule, layer->bias, gradients, 1, layer->bias_first, layer->bias_second,
              layer->outputs);
}

/* Update the weights of these of a layer's used inputs, and of those between them, and with the
 * first its biases; one sample updates all. */
static void update_layer(const struct step *step, int index, struct range range, float *work) {
    const struct layer *layer = &step->layers[index];
    const float *x = inputs_of(step, index);
    float smallest = step->rule.smallest;
    int run[2], first = 0, end = layer->inputs;
    struct selection used = used_inputs(step, index, run);
    if (range.from > 0) {
        struct place at = place_of(used, range.from);
        first = at.run[0] + at.position;
    }
    if (range.to < used.size) {
        struct place at = place_of(used, range.to);
        end = at.run[0] + at.position;
    }
    if (step->count == 1 && !is_penalised(step))
        update_weights_by_one(step, layer, x, used);
    else
        update_weights(step, layer, x, used, range, work);
    /* Without a gradient, plain descent leaves a weight as it is. */
    if (step->rule.kind != SGD || is_penalised(step))
        update_unused(step, layer, used, first, end, work);
    if (range.from == 0 && layer->bias) update_bias(step, layer, work);
    if (smallest == 0) return;
    int start = first * layer->outputs, size = end * layer->outputs - start;
    flush(layer->weights + start, size, smallest);
    flush(offset(layer->weights_first, start), size, smallest);
    flush(offset(layer->weights_second, start), size, smallest);
    if (range.from > 0) return;
    flush(layer->bias, layer->outputs, smallest);
    flush(layer->bias_first, layer->outputs, smallest);
    flush(layer->bias_second, layer->outputs, smallest);
}

/* ---- Parts of a step, each of which several threads can compute -------------------------------*/

/* The parts follow one after the other: FORWARD for each layer but the last; OUTPUT, the last layer,
 * the losses and the deltas below; BACKWARD for each other layer but the first; UPDATE of all. */
enum part_kind { FORWARD, OUTPUT, BACKWARD, UPDATE };

/* A part is divided into units, which may be computed in any order and at the same time. Every
 * result is computed by one unit, in the same order of operations however many there are. */
struct part {
    int kind, layer, units;
};

/* Of `size` values, those of a unit, in steps of `grain`. */
static struct range share(int size, int grain, int unit, int units) {
    int grains = (size + grain - 1) / grain;
    return (struct range){smaller(grains * unit / units * grain, size),
                          smaller(grains * (unit + 1) / units * grain, size)};
}

/* Multiplications below which a part is not divided: less than the threads take to meet. */
#define LEAST_DIVIDED 65536

/* How many units make up a product with this many multiplications for each of `size` rows or
 * columns. Twice as many as threads, so that one that is late leaves its units to the others. */
static int units_of(const struct step *step, int size, int grain, int multiplications) {
    if (step->threads == 1 || step->count < TILE_ROWS) return 1;
    float most = (float)size * multiplications / LEAST_DIVIDED;
    int units = smaller(2 * step->threads, (size + grain - 1) / grain);
    if (most < units) units = most;
    return units > 1 ? units : 1;
}

static int update_units(const struct step *step, int index) {
    int run[2];
    return units_of(step, used_inputs(step, index, run).size, MAX_ROWS,
                    step->count * step->layers[index].outputs);
}

static void compute_unit(const struct step *step, struct part part, int unit, float *work) {
    const struct layer *layer = &step->layers[part.layer];
    const struct range all_rows = {0, step->count};
    switch (part.kind) {
    case FORWARD:
        forward(step, part.layer, all_rows, share(layer->outputs, TILE_COLUMNS, unit, part.units),
                work);
        break;
    case OUTPUT: {
        struct range rows = share(step->count, 1, unit, part.units);
        forward(step, part.layer, rows, (struct range){0, layer->outputs}, work);
        for (int i = rows.from; i < rows.to; i++) measure_row(step, i);
        if (part.layer > 0)
            backward(step, part.layer, rows, (struct range){0, layer->inputs}, work);
        break;
    }
    case BACKWARD:
        backward(step, part.layer, all_rows, share(layer->inputs, TILE_COLUMNS, unit, part.units),
                 work);
        break;
    case UPDATE: {
        int index = 0, run[2], units = update_units(step, 0);
        while (unit >= units) {
            unit -= units;
            units = update_units(step, ++index);
        }
        update_layer(step, index,
                     share(used_inputs(step, index, run).size, MAX_ROWS, unit, units), work);
        break;
    }
    }
}

#include "team.h"

/* Return whether all parts were computed. */
static int train_once(const struct step *step, struct outcome *outcome) {
    const struct layer *layers = step->layers;
    int last = step->layer_count - 1, count = step->count, units = 0;
    for (int i = 0; i < last; i++) {
        int size = layers[i].outputs, run[2];
        units = units_of(step, size, TILE_COLUMNS, count * used_inputs(step, i, run).size);
        if (!compute(step, (struct part){FORWARD, i, units})) return 0;
    }
    units = units_of(step, count, 1, layers[last].inputs * layers[last].outputs);
    if (!compute(step, (struct part){OUTPUT, last, units})) return 0;
    measure_loss(step, outcome);
    for (int i = last - 1; i > 0; i--) {
        int size = layers[i].inputs;
        units = units_of(step, size, TILE_COLUMNS, count * layers[i].outputs);
        if (!compute(step, (struct part){BACKWARD, i, units})) return 0;
    }
    units = 0;
    for (int i = 0; i <= last; i++) units += update_units(step, i);
    return compute(step, (struct part){UPDATE, 0, units});
}

static void log_softmax(float *logits, int classes, float *exponentials) {
    float largest = logits[position_of_largest(logits, classes)], sum = 0;
    for (int j = 0; j < classes; j += 4) {
        int lanes = classes - j;
        v128_t lowered = wasm_f32x4_sub(load(logits + j, lanes), wasm_f32x4_splat(largest));
        store(logits + j, lowered, lanes);
        store(exponentials + j, exponential(lowered), lanes);
    }
    for (int j = 0; j < classes; j++) sum += exponentials[j];
    float logarithm_of_sum = logarithm(sum);
    for (int j = 0; j < classes; j++) logits[j] -= logarithm_of_sum;
}

/* out = scale * bytes */
EXPORT void scale_bytes(const unsigned char *bytes, float scale, float *out, int count) {
    v128_t factor = wasm_f32x4_splat(scale);
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        v128_t words = wasm_u16x8_load8x8(bytes + i);
        v128_t low = wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(words));
        v128_t high = wasm_f32x4_convert_i32x4(wasm_u32x4_extend_high_u16x8(words));
        wasm_v128_store(out + i, wasm_f32x4_mul(low, factor));
        wasm_v128_store(out + i + 4, wasm_f32x4_mul(high, factor));
    }
    for (; i < count; i++) out[i] = (float)bytes[i] * scale;
}

/* ---- Inputs ----------------------------------------------------------------------------------*/

/* Of fewer inputs, and when more than this share of them is used, all are selected. */
#define FEWEST_INPUTS 64
#define LARGEST_SHARE 0.9f

/* The bits of the inputs from j on, of all samples together: 4 floats or 16 bytes. */
static v128_t bits_of_batch(const struct step *step, int j) {
    int inputs = step->layers[0].inputs;
    v128_t bits = wasm_i32x4_const_splat(0);
    for (int i = 0; i < step->count; i++) {
        int at = i * inputs + j;
        v128_t of_sample = step->bytes ? wasm_v128_load(step->bytes + at)
                                       : wasm_v128_load(step->x + at);
        bits = wasm_v128_or(bits, of_sample);
    }
    return bits;
}

/* Fill the runs of inputs that are not zero in the whole batch. Pixels at the border of digits are,
 * in most batches: they add nothing to the sums, and the gradients of their weights are zero. */
static void find_used(struct step *step) {
    int inputs = step->layers[0].inputs, width = step->bytes ? 16 : 4, end = -1;
    int *runs = step->runs;
    step->run_count = step->used = 0;
    for (int j = 0; j < inputs; j += width) {
        union {
            v128_t all;
            unsigned char bytes[16];
            unsigned int lanes[4];
        } bits = {bits_of_batch(step, j)};
        if (!wasm_v128_any_true(bits.all)) continue;
        for (int k = 0; k < width; k++) {
            if (!(step->bytes ? bits.bytes[k] : bits.lanes[k])) continue;
            if (j + k != end) {
                runs[2 * step->run_count] = j + k;
                runs[2 * step->run_count++ + 1] = 0;
            }
            runs[2 * step->run_count - 1]++;
            step->used++;
            end = j + k + 1;
        }
    }
}

/* Select the inputs of a batch that are used, as floats. Bytes are scaled a batch at a time, so
 * that the result is in the cache when it is used. */
static void select_inputs(struct step *step) {
    int inputs = step->layers[0].inputs, can_select = inputs >= FEWEST_INPUTS && inputs % 16 == 0;
    float *out = step->scaled;
    if (can_select) find_used(step);
    if (!can_select || step->used > LARGEST_SHARE * (float)inputs) {
        struct selection all = all_rows(step->runs, inputs);
        step->run_count = all.count;
        step->used = all.size;
        step->selected = step->bytes ? out : step->x;
        if (step->bytes) scale_bytes(step->bytes, step->byte_scale, out, step->count * inputs);
        return;
    }
    step->selected = out;
    for (int i = 0; i < step->count; i++)
        for (int k = 0; k < step->run_count; k++) {
            int start = i * inputs + step->runs[2 * k], size = step->runs[2 * k + 1];
            if (step->bytes)
                scale_bytes(step->bytes + start, step->byte_scale, out, size);
            else /* forwards, since x may be in the same buffer */
                for (int j = 0; j < size; j += 4)
                    store(out + j, load(step->x + start + j, size - j), size - j);
            out += size;
        }
}

/* Train on consecutive batches of `count` samples, each with its own rule. Return 1, or 0 if
 * another thread did not finish its part: what was trained is then undefined. */
EXPORT int train(struct step *step, const struct rule *rules, struct outcome *outcomes,
                 int batches) {
    int size = step->count * step->layers[0].inputs;
    for (int i = 0; i < batches; i++) {
        step->rule = rules[i];
        select_inputs(step);
        if (!train_once(step, &outcomes[i])) return 0;
        if (step->bytes)
            step->bytes += size;
        else
            step->x += size;
        step->labels += step->count;
    }
    return 1;
}

/* Write the log-probabilities of a few samples into the activations of the last layer. Only the
 * parameters, activations and sizes of the layers are used. */
EXPORT void predict(struct step *step) {
    select_inputs(step);
    for (int i = 0; i < step->layer_count; i++)
        forward(step, i, (struct range){0, step->count},
                (struct range){0, step->layers[i].outputs}, step->work);
    const struct layer *last = &step->layers[step->layer_count - 1];
    for (int i = 0; i < step->count; i++)
        log_softmax(last->activations + i * last->outputs, last->outputs, step->work);
}
