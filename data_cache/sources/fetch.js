// Fetches a URL without Python: waiting, checksum and decompression run beside a training step.
// Python evaluates this file; its value is the function.
//
// fetch_content(url, fresh, timeout, expected) resolves to {status, sha256, content}:
//   fresh      bypass the caches
//   timeout    seconds without a response or a part of it after which the fetch is aborted
//   expected   SHA-256 checksums; content with one of them is decompressed if it is gzip and the
//              browser has DecompressionStream
//   sha256     of the bytes as received; "" where the browser has no SubtleCrypto
//
// It rejects when the server cannot be reached or stops responding.

async (url, fresh, timeout, expected) => {
  const controller = new AbortController()
  let timer = null

  function restart_timer() {
    clearTimeout(timer)
    const stop = () => controller.abort(new Error(`no response for ${timeout} s`))
    timer = setTimeout(stop, timeout * 1000)
  }

  async function read(body) {
    const pieces = []
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        return new Uint8Array(await new Blob(pieces).arrayBuffer())
      }
      restart_timer()
      pieces.push(value)
    }
  }

  async function checksum(content) {
    if (globalThis.crypto?.subtle == null) {
      return "" // pages that are from neither https nor localhost
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
  }

  async function decompress(content) {
    const is_gzip = content[0] === 0x1f && content[1] === 0x8b
    if (!is_gzip || globalThis.DecompressionStream == null) {
      return content
    }
    const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"))
    return new Uint8Array(await new Response(stream).arrayBuffer())
  }

  restart_timer()
  try {
    const cache = fresh ? "reload" : "default"
    const response = await fetch(url, { signal: controller.signal, cache })
    if (response.status !== 200) {
      return { status: response.status, sha256: "", content: new Uint8Array() }
    }
    const content = await read(response.body)
    const sha256 = await checksum(content)
    const is_expected = expected.includes(sha256)
    return { status: 200, sha256, content: is_expected ? await decompress(content) : content }
  } finally {
    clearTimeout(timer)
  }
}
