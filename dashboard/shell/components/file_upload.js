// A field that sends a file to Python in parts, so that no message is too large for the connection.
//
// `part` is [number, name, size, start, base64]: the next bytes of upload `number`; where the file is
// larger than `largest`, a single one without bytes, so that Python says so. `taken` is
// [number, bytes]: what Python has; then the next part is sent.

const PART = 3 << 18 // bytes, divisible by three

export function render({ model }) {
  const group = document.createElement("div")
  const label = document.createElement("label")
  const input = document.createElement("input")
  group.className = "bk-input-group"
  label.textContent = model.label
  label.htmlFor = input.id = "file"
  input.type = "file"
  input.className = "bk-input"
  group.append(label, input)
  let upload = { number: 0 }

  const sendPart = async (start) => {
    const { number, file } = upload
    const isTooLarge = file.size > model.largest
    const end = isTooLarge ? start : start + PART
    const bytes = new Uint8Array(await file.slice(start, end).arrayBuffer())
    if (number === upload.number) {
      model.part = [number, file.name, file.size, start, base64(bytes)]
    }
  }

  input.addEventListener("change", () => {
    const file = input.files[0]
    input.value = "" // the same file can be chosen again
    if (file != null) {
      upload = { number: Math.max(upload.number, model.part[0] ?? 0) + 1, file }
      sendPart(0)
    }
  })

  model.on("taken", () => {
    const [number, start] = model.taken
    if (number !== upload.number || upload.file == null) {
      return
    }
    const { size } = upload.file
    const isDone = start >= size
    label.textContent = isDone ? model.label : `${model.label} ${Math.floor((100 * start) / size)} %`
    if (isDone) {
      upload = { number }
    } else {
      sendPart(start)
    }
  })
  return group
}

function base64(bytes) {
  let text = ""
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000))
  }
  return btoa(text)
}
