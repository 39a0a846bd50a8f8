/* The WebAssembly SIMD operations that the kernels use, in GCC's vector extensions.
 *
 * It stands for the header of that name, so that the C sources compile natively and can be run
 * with sanitizers. Every operation rounds as WebAssembly's does, without fused multiply-add. */

#pragma once

#include <stdint.h>
#include <string.h>
#include <time.h>

#pragma STDC FP_CONTRACT OFF

/* In place of sleeping until another thread changes a value: at least so long, and ten times as long
 * where there is a limit, so that a thread which a busy machine stops is not taken for lost. What
 * the kernels gave up would be freed while it still computes. */
int sched_yield(void);
static inline int sleep_for(long long nanoseconds) {
    struct timespec time = {0, 10 * nanoseconds};
    return nanoseconds < 0 ? sched_yield() : nanosleep(&time, NULL);
}
#define __builtin_wasm_memory_atomic_wait32(at, value, nanoseconds) sleep_for(nanoseconds)
#define __builtin_wasm_memory_atomic_wait64(at, value, nanoseconds) sleep_for(nanoseconds)
#define __builtin_wasm_memory_atomic_notify(at, count) sched_yield()

typedef float v128_t __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));

#define OPERATION static inline __attribute__((always_inline))

OPERATION i32x4 bits(v128_t a) { return (i32x4)a; }

OPERATION v128_t wasm_v128_load(const void *from) {
    v128_t a;
    memcpy(&a, from, 16);
    return a;
}
OPERATION v128_t wasm_v128_load32_zero(const void *from) {
    v128_t a = {0};
    memcpy(&a, from, 4);
    return a;
}
#define wasm_v128_load32_lane(from, a, lane) load_lane(from, a, lane)
OPERATION v128_t load_lane(const void *from, v128_t a, int lane) {
    float value;
    memcpy(&value, from, 4);
    a[lane] = value;
    return a;
}
OPERATION v128_t wasm_f32x4_splat(float a) { return (v128_t){a, a, a, a}; }
OPERATION v128_t wasm_v128_load32_splat(const void *from) {
    float value;
    memcpy(&value, from, 4);
    return wasm_f32x4_splat(value);
}
OPERATION void wasm_v128_store(void *to, v128_t a) { memcpy(to, &a, 16); }
OPERATION void wasm_v128_store32_lane(void *to, v128_t a, int lane) {
    float value = a[lane];
    memcpy(to, &value, 4);
}

OPERATION v128_t wasm_f32x4_add(v128_t a, v128_t b) { return a + b; }
OPERATION v128_t wasm_f32x4_sub(v128_t a, v128_t b) { return a - b; }
OPERATION v128_t wasm_f32x4_mul(v128_t a, v128_t b) { return a * b; }
OPERATION v128_t wasm_f32x4_div(v128_t a, v128_t b) { return a / b; }
OPERATION v128_t wasm_f32x4_eq(v128_t a, v128_t b) { return (v128_t)(a == b); }
OPERATION v128_t wasm_f32x4_gt(v128_t a, v128_t b) { return (v128_t)(a > b); }
OPERATION v128_t wasm_f32x4_lt(v128_t a, v128_t b) { return (v128_t)(a < b); }
OPERATION v128_t wasm_v128_and(v128_t a, v128_t b) { return (v128_t)(bits(a) & bits(b)); }
OPERATION v128_t wasm_v128_or(v128_t a, v128_t b) { return (v128_t)(bits(a) | bits(b)); }
OPERATION int wasm_v128_any_true(v128_t a) {
    i32x4 lanes = bits(a);
    return (lanes[0] | lanes[1] | lanes[2] | lanes[3]) != 0;
}
OPERATION v128_t wasm_v128_andnot(v128_t a, v128_t b) { return (v128_t)(bits(a) & ~bits(b)); }
OPERATION v128_t wasm_v128_bitselect(v128_t a, v128_t b, v128_t mask) {
    return (v128_t)((bits(a) & bits(mask)) | (bits(b) & ~bits(mask)));
}
OPERATION v128_t wasm_f32x4_pmin(v128_t a, v128_t b) {
    return wasm_v128_bitselect(b, a, wasm_f32x4_lt(b, a));
}
OPERATION v128_t wasm_f32x4_pmax(v128_t a, v128_t b) {
    return wasm_v128_bitselect(b, a, wasm_f32x4_lt(a, b));
}
OPERATION v128_t wasm_f32x4_max(v128_t a, v128_t b) {
    for (int i = 0; i < 4; i++) {
        if (a[i] != a[i] || b[i] != b[i]) a[i] = a[i] != a[i] ? a[i] : b[i];
        else if (a[i] == 0 && b[i] == 0) a[i] = __builtin_signbit(a[i]) ? b[i] : a[i];
        else a[i] = a[i] > b[i] ? a[i] : b[i];
    }
    return a;
}
OPERATION v128_t wasm_f32x4_abs(v128_t a) { return (v128_t)(bits(a) & 0x7fffffff); }
OPERATION v128_t wasm_f32x4_sqrt(v128_t a) {
    for (int i = 0; i < 4; i++) a[i] = __builtin_sqrtf(a[i]);
    return a;
}
OPERATION v128_t wasm_f32x4_nearest(v128_t a) {
    for (int i = 0; i < 4; i++) a[i] = __builtin_nearbyintf(a[i]);
    return a;
}

OPERATION v128_t wasm_i32x4_splat(int32_t a) { return (v128_t)(i32x4){a, a, a, a}; }
OPERATION v128_t wasm_i32x4_add(v128_t a, v128_t b) { return (v128_t)(bits(a) + bits(b)); }
OPERATION v128_t wasm_i32x4_shl(v128_t a, int count) {
    return (v128_t)((__attribute__((vector_size(16))) uint32_t)a << count);
}
OPERATION v128_t wasm_i32x4_trunc_sat_f32x4(v128_t a) {
    i32x4 result;
    for (int i = 0; i < 4; i++) {
        if (a[i] != a[i]) result[i] = 0;
        else if (a[i] >= 2147483648.0f) result[i] = INT32_MAX;
        else if (a[i] < -2147483648.0f) result[i] = INT32_MIN;
        else result[i] = (int32_t)a[i];
    }
    return (v128_t)result;
}
OPERATION int32_t wasm_i32x4_extract_lane(v128_t a, int lane) { return bits(a)[lane]; }
OPERATION float wasm_f32x4_extract_lane(v128_t a, int lane) { return a[lane]; }
#define wasm_f32x4_const_splat wasm_f32x4_splat
#define wasm_i32x4_const_splat wasm_i32x4_splat

/* Eight bytes as words, and their halves as integers, as `scale_bytes` needs them. */
OPERATION v128_t wasm_u16x8_load8x8(const void *from) {
    uint8_t narrow[8];
    uint16_t wide[8];
    v128_t a;
    memcpy(narrow, from, 8);
    for (int i = 0; i < 8; i++) wide[i] = narrow[i];
    memcpy(&a, wide, 16);
    return a;
}
OPERATION v128_t half_of_words(v128_t a, int first) {
    uint16_t words[8];
    i32x4 result;
    memcpy(words, &a, 16);
    for (int i = 0; i < 4; i++) result[i] = words[first + i];
    return (v128_t)result;
}
OPERATION v128_t wasm_u32x4_extend_low_u16x8(v128_t a) { return half_of_words(a, 0); }
OPERATION v128_t wasm_u32x4_extend_high_u16x8(v128_t a) { return half_of_words(a, 4); }
OPERATION v128_t wasm_f32x4_convert_i32x4(v128_t a) {
    v128_t result;
    for (int i = 0; i < 4; i++) result[i] = (float)bits(a)[i];
    return result;
}
