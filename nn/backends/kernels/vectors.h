/* What dense.c and convolution.c share: vectors of four float32, and the size of their tiles. */

#include <wasm_simd128.h>

#include "abi.h"

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

/* A tile of 4 rows times 8 columns of sums stays in registers; measured the fastest of 3 to 8
 * rows, with and without unrolling, in Chromium 156 and node 26, except as dense.c says. */
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

/* ---- Four values at a time, fewer at the end of a row ----------------------------------------*/

/* Not inlined, so that the loops stay small. */
static __attribute__((noinline)) v128_t load_few(const float *from, int count) {
    v128_t few = wasm_v128_load32_zero(from);
    if (count > 1) few = wasm_v128_load32_lane(from + 1, few, 1);
    if (count > 2) few = wasm_v128_load32_lane(from + 2, few, 2);
    return few;
}

static __attribute__((noinline)) void store_few(float *to, v128_t values, int count) {
    wasm_v128_store32_lane(to, values, 0);
    if (count > 1) wasm_v128_store32_lane(to + 1, values, 1);
    if (count > 2) wasm_v128_store32_lane(to + 2, values, 2);
}

INLINE v128_t load(const float *from, int count) {
    return count >= 4 ? wasm_v128_load(from) : load_few(from, count);
}

INLINE void store(float *to, v128_t values, int count) {
    if (count >= 4)
        wasm_v128_store(to, values);
    else
        store_few(to, values, count);
}
