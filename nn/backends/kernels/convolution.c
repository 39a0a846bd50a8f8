/* Convolutions and max pooling of float32 images and their gradients, for WebAssembly.
 *
 * Images are (count, height, width, channels). NumPy copies the patches of an image into a matrix
 * and multiplies that; here the tiles read the patches from the image. It is compiled with dense.c
 * into the same modules; nn/backends/wasm.py checks what every function expects. */

#include "vectors.h"

/* Values of work that `convolve` needs: panels of 8 filters. */
EXPORT int convolve_work_size(const struct convolution *c) {
    int panels = (c->filters + TILE_COLUMNS - 1) / TILE_COLUMNS;
    return panels * TILE_COLUMNS * c->kernel * c->kernel * c->channels;
}

/* ---- Forward ---------------------------------------------------------------------------------*/

/* Write the products of `rows` patches, each at its own position, with a panel of 8 filters. */
INLINE void patch_tile(int rows, const struct convolution *c, const float *const *patches,
                       const float *panel, float *out, int columns) {
    int run = c->kernel * c->channels, line = c->width * c->channels;
    v128_t sums[TILE_ROWS][2];
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = zeros();
    for (int i = 0; i < c->kernel; i++) {
        const float *from[TILE_ROWS];
        for (int r = 0; r < rows; r++) from[r] = patches[r] + i * line;
        for (int k = 0; k < run; k++, panel += TILE_COLUMNS) {
            v128_t left = wasm_v128_load(panel), right = wasm_v128_load(panel + 4);
#pragma unroll
            for (int r = 0; r < rows; r++) {
                v128_t x = wasm_v128_load32_splat(from[r] + k);
                sums[r][0] = multiply_add(x, left, sums[r][0]);
                sums[r][1] = multiply_add(x, right, sums[r][1]);
            }
        }
    }
    for (int r = 0; r < rows; r++, out += c->filters) {
        store(out, sums[r][0], columns);
        if (columns > 4) store(out + 4, sums[r][1], columns - 4);
    }
}

static void pack_filters(const struct convolution *c, const float *weights, float *panels) {
    int depth = c->kernel * c->kernel * c->channels;
    for (int j = 0; j < c->filters; j += TILE_COLUMNS)
        for (int k = 0; k < depth; k++)
            for (int f = j; f < j + TILE_COLUMNS; f++)
                *panels++ = f < c->filters ? weights[k * c->filters + f] : 0.0f;
}

/* out (count, height - kernel + 1, width - kernel + 1, filters): the patches of the images times
 * the weights, (kernel * kernel * channels, filters). */
EXPORT void convolve(const struct convolution *c, const float *images, const float *weights,
                     float *out, float *work) {
    int rows = c->height - c->kernel + 1, columns = c->width - c->kernel + 1;
    int panel_size = c->kernel * c->kernel * c->channels * TILE_COLUMNS;
    int image_size = c->height * c->width * c->channels;
    int positions = rows * columns;
    pack_filters(c, weights, work);
    for (int n = 0; n < c->count; n++, images += image_size, out += positions * c->filters) {
        int x = 0;
        const float *at = images;
        for (int position = 0; position < positions; position += TILE_ROWS) {
            const float *patches[TILE_ROWS];
            int some = smaller(positions - position, TILE_ROWS);
            for (int r = 0; r < some; r++) {
                patches[r] = at;
                at += c->channels;
                if (++x == columns) {
                    x = 0;
                    at += (c->kernel - 1) * c->channels;
                }
            }
            const float *panel = work;
            for (int j = 0; j < c->filters; j += TILE_COLUMNS, panel += panel_size) {
                int width = smaller(c->filters - j, TILE_COLUMNS);
                float *to = out + position * c->filters + j;
                if (some == TILE_ROWS)
                    patch_tile(TILE_ROWS, c, patches, panel, to, width);
                else
                    for (int r = 0; r < some; r++)
                        patch_tile(1, c, patches + r, panel, to + r * c->filters, width);
            }
        }
    }
}

/* ---- Gradients with respect to the weights ----------------------------------------------------*/

/* Add the sums over one image to `rows` x 8 gradients; `from` points to the values of the first
 * patch that each row of weights multiplies, `delta` to those of 8 filters. */
INLINE void gradient_tile(int rows, const struct convolution *c, const float *const *from,
                          const float *delta, int columns, float *out) {
    v128_t sums[TILE_ROWS][2];
    for (int r = 0; r < rows; r++) {
        sums[r][0] = load(out + r * c->filters, columns);
        sums[r][1] = columns > 4 ? load(out + r * c->filters + 4, columns - 4) : zeros();
    }
    int across = c->width - c->kernel + 1, down = c->height - c->kernel + 1;
    int positions = across * c->channels, line = c->width * c->channels;
    for (int y = 0; y < down; y++) {
        for (int at = y * line; at < y * line + positions; at += c->channels, delta += c->filters) {
            v128_t left = load(delta, columns);
            v128_t right = columns > 4 ? load(delta + 4, columns - 4) : zeros();
#pragma unroll
            for (int r = 0; r < rows; r++) {
                v128_t x = wasm_v128_load32_splat(from[r] + at);
                sums[r][0] = multiply_add(x, left, sums[r][0]);
                sums[r][1] = multiply_add(x, right, sums[r][1]);
            }
        }
    }
    for (int r = 0; r < rows; r++, out += c->filters) {
        store(out, sums[r][0], columns);
        if (columns > 4) store(out + 4, sums[r][1], columns - 4);
    }
}

INLINE void gradient_rows(int rows, const struct convolution *c, const float *const *from,
                          const float *delta, float *out) {
    int j = 0;
    /* With a width of 8 known to the compiler, no ends of rows need to be checked. */
    for (; j + TILE_COLUMNS <= c->filters; j += TILE_COLUMNS)
        gradient_tile(rows, c, from, delta + j, TILE_COLUMNS, out + j);
    if (j < c->filters) gradient_tile(rows, c, from, delta + j, c->filters - j, out + j);
}

/* out, like the weights: patches, transposed, times delta, which is like the results of
 * `convolve`. One image at a time, so that the cache holds it and its delta. */
EXPORT void convolve_gradients(const struct convolution *c, const float *images,
                               const float *delta, float *out) {
    int run = c->kernel * c->channels, depth = c->kernel * run;
    int image_size = c->height * c->width * c->channels;
    int delta_size = (c->height - c->kernel + 1) * (c->width - c->kernel + 1) * c->filters;
    for (int i = 0; i < depth * c->filters; i++) out[i] = 0;
    for (int n = 0; n < c->count; n++, images += image_size, delta += delta_size)
        for (int k = 0; k < depth; k += TILE_ROWS) {
            const float *from[TILE_ROWS];
            int some = smaller(depth - k, TILE_ROWS);
            for (int r = 0; r < some; r++)
                from[r] = images + (k + r) / run * c->width * c->channels + (k + r) % run;
            if (some == TILE_ROWS)
                gradient_rows(TILE_ROWS, c, from, delta, out + k * c->filters);
            else
                for (int r = 0; r < some; r++)
                    gradient_rows(1, c, from + r, delta, out + (k + r) * c->filters);
        }
}

/* ---- Max pooling -----------------------------------------------------------------------------*/

/* The maxima of all windows and their positions in them; of equal values the first. */
EXPORT void max_pool(const struct pooling *p, const float *images, float *out,
                     unsigned char *positions) {
    int line = p->width * p->channels;
    for (int n = 0; n < p->count; n++, images += p->height * line)
        for (int i = 0; i < p->rows * p->columns; i++) {
            const float *window = images + i / p->columns * p->stride * line +
                                  i % p->columns * p->stride * p->channels;
            for (int j = 0; j < p->channels; j += 4) {
                int some = p->channels - j;
                v128_t best = load(window + j, some), where = zeros();
                for (int k = 1; k < p->size * p->size; k++) {
                    const float *at = window + k / p->size * line + k % p->size * p->channels + j;
                    v128_t x = load(at, some), larger = wasm_f32x4_gt(x, best);
                    best = wasm_f32x4_max(best, x); /* which keeps NaN */
                    where = wasm_v128_bitselect(wasm_i32x4_splat(k), where, larger);
                }
                store(out + j, best, some);
                positions[j] = wasm_i32x4_extract_lane(where, 0);
                if (some > 1) positions[j + 1] = wasm_i32x4_extract_lane(where, 1);
                if (some > 2) positions[j + 2] = wasm_i32x4_extract_lane(where, 2);
                if (some > 3) positions[j + 3] = wasm_i32x4_extract_lane(where, 3);
            }
            out += p->channels;
            positions += p->channels;
        }
}

/* The gradients with respect to the images: every delta is added at the position of its maximum. */
EXPORT void max_unpool(const struct pooling *p, const float *delta, const unsigned char *positions,
                   float *out) {
    int line = p->width * p->channels, image_size = p->height * line;
    for (int i = 0; i < p->count * image_size; i++) out[i] = 0;
    for (int n = 0; n < p->count; n++, out += image_size)
        for (int i = 0; i < p->rows * p->columns; i++) {
            float *window = out + i / p->columns * p->stride * line +
                            i % p->columns * p->stride * p->channels;
            for (int j = 0; j < p->channels; j++) {
                int position = *positions++;
                int row = position / p->size, column = position % p->size;
                window[row * line + column * p->channels + j] += *delta++;
            }
        }
}
