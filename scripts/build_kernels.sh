#!/bin/sh
# Builds the WebAssembly modules of nn/backends/kernels from their C sources, into the folder $1
# (nn/backends/kernels itself by default). It needs Debian's packages clang-19 and lld-19; the
# committed modules were built with clang 19.1.7.
set -eu

kernels=$(dirname "$0")/../nn/backends/kernels
target=${1:-$kernels}
clang=${CLANG:-clang-19}
linker=${WASM_LD:-wasm-ld-19}
headers=$("$clang" -print-resource-dir)/include
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

build() {
    # Without -fno-builtin clang calls memset, which a module that is linked alone does not have.
    for source in dense convolution; do
        "$clang" --target=wasm32-unknown-emscripten -std=c11 -O2 -Wall -Wextra -Werror \
            -msimd128 $2 -ffreestanding -fno-builtin -fPIC -fvisibility=hidden \
            -nostdinc -isystem "$headers" -c "$kernels/$source.c" -o "$objects/$source.o"
    done
    "$linker" -shared --experimental-pic --strip-all "$objects/dense.o" "$objects/convolution.o" \
        -o "$target/$1"
    chmod 644 "$target/$1"
}

build dense-simd.wasm ""
build dense-relaxed.wasm -mrelaxed-simd

# The training steps alone, for a memory that threads share, outside of Python's.
build_for_threads() {
    "$clang" --target=wasm32-unknown-unknown -std=c11 -O2 -Wall -Wextra -Werror \
        -msimd128 $2 -matomics -mbulk-memory -DINKLING_THREADS -ffreestanding -fno-builtin \
        -fvisibility=hidden -nostdinc -isystem "$headers" -c "$kernels/dense.c" \
        -o "$objects/team.o"
    "$linker" --no-entry --import-memory --shared-memory --max-memory=268435456 --strip-all \
        --gc-sections -z stack-size=65536 --export=train --export=help --export=helpers \
        --export=__heap_base --export=__stack_pointer "$objects/team.o" -o "$target/$1"
    chmod 644 "$target/$1"
}

build_for_threads team-simd.wasm ""
build_for_threads team-simd-relaxed.wasm -mrelaxed-simd
