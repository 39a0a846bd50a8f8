#!/bin/sh
# Builds the reference kernel of the benchmarks, tests/benchmarks/yardstick/simple.wasm, from its C
# source, with Debian's packages clang-19 and lld-19 like scripts/build_kernels.sh.
set -eu

folder=$(dirname "$0")/../tests/benchmarks/yardstick
clang=${CLANG:-clang-19}
linker=${WASM_LD:-wasm-ld-19}
headers=$("$clang" -print-resource-dir)/include
object=$(mktemp)
trap 'rm -f "$object"' EXIT

"$clang" --target=wasm32-unknown-emscripten -std=c11 -O3 -Wall -Wextra -Werror -msimd128 \
    -ffreestanding -fno-builtin -fPIC -fvisibility=hidden -nostdinc -isystem "$headers" \
    -c "$folder/simple.c" -o "$object"
"$linker" -shared --experimental-pic --strip-all "$object" -o "$folder/simple.wasm"
