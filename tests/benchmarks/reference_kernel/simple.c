/* The reference kernel: a product in tiles of 4 rows and 8 columns, without packing, the simplest
 * that uses SIMD well. scripts/build_reference_kernel.sh compiles it to simple.wasm. */

#include <wasm_simd128.h>

/* Write a (rows x depth) times b (depth x columns), row-major and float32; rows are a multiple
 * of 4, columns of 8. */
__attribute__((visibility("default"))) void product(const float *a, const float *b, float *out,
                                                    int rows, int depth, int columns) {
    for (int i = 0; i < rows; i += 4) {
        for (int j = 0; j < columns; j += 8) {
            v128_t sums[4][2];
            for (int r = 0; r < 4; r++) sums[r][0] = sums[r][1] = wasm_f32x4_const_splat(0.0f);
            for (int k = 0; k < depth; k++) {
                const float *row = b + k * columns + j;
                v128_t left = wasm_v128_load(row), right = wasm_v128_load(row + 4);
#pragma unroll
                for (int r = 0; r < 4; r++) {
                    v128_t x = wasm_v128_load32_splat(a + (i + r) * depth + k);
                    sums[r][0] = wasm_f32x4_add(sums[r][0], wasm_f32x4_mul(x, left));
                    sums[r][1] = wasm_f32x4_add(sums[r][1], wasm_f32x4_mul(x, right));
                }
            }
            for (int r = 0; r < 4; r++) {
                wasm_v128_store(out + (i + r) * columns + j, sums[r][0]);
                wasm_v128_store(out + (i + r) * columns + j + 4, sums[r][1]);
            }
        }
    }
}
