/* What the kernels share: four float32 at a time, and the tile that all products are made of.
 *
 * Included by dense.c and convolution.c. */

#include <wasm_simd128.h>

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

/* A tile of 4 rows times 8 columns of sums stays in registers; measured the fastest of 4 to 6
 * rows, with and without unrolling, in Chromium 156 and node 26. */
#define TILE_ROWS 4
#define TILE_COLUMNS 8

INLINE int smaller(int a, int b) { return a < b ? a : b; }

INLINE v128_t zeros(void) { return wasm_f32x4_const_splat(0.0f); }

INLINE v128_t multiply_add(v128_t a, v128_t b, v128_t sum) {
#ifdef __wasm_relaxed_simd__
    return wasm_f32x4_relaxed_madd(a, b, sum);
#else
    return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
#endif
}

/* ---- Four numbers at a time, fewer at the end of a row ---------------------------------------*/

/* Apart, so that the loops stay small. */
static __attribute__((noinline)) v128_t load_few(const float *from, int count) {
    v128_t few = wasm_v128_load32_zero(from);
    if (count > 1) few = wasm_v128_load32_lane(from + 1, few, 1);
    if (count > 2) few = wasm_v128_load32_lane(from + 2, few, 2);
    return few;
}

static __attribute__((noinline)) void store_few(float *to, v128_t numbers, int count) {
    wasm_v128_store32_lane(to, numbers, 0);
    if (count > 1) wasm_v128_store32_lane(to + 1, numbers, 1);
    if (count > 2) wasm_v128_store32_lane(to + 2, numbers, 2);
}

INLINE v128_t load(const float *from, int count) {
    return count >= 4 ? wasm_v128_load(from) : load_few(from, count);
}

INLINE void store(float *to, v128_t numbers, int count) {
    if (count >= 4)
        wasm_v128_store(to, numbers);
    else
        store_few(to, numbers, count);
}
