// Gets the bytes at an address without Python's help: waits, checks and unpacks while Python
// trains. Python evaluates this text; its value is the function.
//
// The answer is {status, sha256, content}. `sha256` is that of the bytes as they came, "" where the
// browser cannot tell. Bytes with one of the `expected` checksums are unpacked if they are packed
// with gzip and the browser can do it; Python must look at what it gets.

async (address, fresh, patience, expected) => {
  const abort = new AbortController()
  let alarm = null

  function wait_anew() {
    clearTimeout(alarm)
    alarm = setTimeout(() => abort.abort(new Error("it stopped answering")), patience * 1000)
  }

  async function read(body) {
    const pieces = []
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        return new Uint8Array(await new Blob(pieces).arrayBuffer())
      }
      wait_anew()
      pieces.push(value)
    }
  }

  async function checksum(content) {
    if (globalThis.crypto?.subtle == null) {
      return "" // pages that are neither from https nor from this machine
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
  }

  async function unpack(content) {
    const is_packed = content[0] === 0x1f && content[1] === 0x8b
    if (!is_packed || globalThis.DecompressionStream == null) {
      return content
    }
    const unpacked = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"))
    return new Uint8Array(await new Response(unpacked).arrayBuffer())
  }

  wait_anew()
  try {
    const cache = fresh ? "reload" : "default"
    const response = await fetch(address, { signal: abort.signal, cache })
    if (response.status !== 200) {
      return { status: response.status, sha256: "", content: new Uint8Array() }
    }
    const content = await read(response.body)
    const sha256 = await checksum(content)
    const is_right = expected.includes(sha256)
    return { status: 200, sha256, content: is_right ? await unpack(content) : content }
  } finally {
    clearTimeout(alarm)
  }
}
