// Pictures that are dropped, pasted or chosen, as grey values: decoded by the browser itself.

const LONGEST = 448 // pixels along the longer side of what Python gets
const ONE_COLOUR = 40 // grey levels by which visible pixels of one colour differ at most
const LARGEST = 100_000_000 // bytes of a file that is decoded
const HEAD = 64 // bytes of a file that the browser cannot decode, by which Python names it

/**
 * Report every picture that is dropped on a figure, or pasted while it is on the page.
 *
 * @param {object} surface the figure's surface
 * @param {function(object): void} report gets {name, width, height, levels}; where the browser cannot
 *   decode the file, width is 0 and `levels` are its first bytes; height is then 0, or the bytes of a
 *   file that is too large to try
 */
export function acceptPictures(surface, report) {
  const { host, signal } = surface
  const take = async (event, files) => {
    const file = files[0]
    if (file != null) {
      event.preventDefault()
      report(await decode(file))
    }
  }
  host.addEventListener("dragover", (event) => event.preventDefault(), { signal })
  host.addEventListener("drop", (event) => take(event, event.dataTransfer?.files ?? []), { signal })
  document.addEventListener(
    "paste",
    (event) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (host.isConnected && host.offsetParent !== null) {
        take(event, files.filter((file) => file.type.startsWith("image/")))
      }
    },
    { signal },
  )
}

/** Let the person choose a picture, or take one with the camera, and report it. */
export function choosePicture(report) {
  const input = document.createElement("input")
  input.type = "file"
  input.accept = "image/*,.heic"
  input.addEventListener("change", async () => {
    if (input.files.length > 0) {
      report(await decode(input.files[0]))
    }
  })
  input.click()
}

async function decode(file) {
  if (file.size > LARGEST) {
    return { name: file.name, width: 0, height: file.size, levels: new Uint8Array() }
  }
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" })
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
    const width = Math.max(1, Math.round(picture.width * scale))
    const height = Math.max(1, Math.round(picture.height * scale))
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(picture, 0, 0, width, height)
    picture.close()
    const { data } = context.getImageData(0, 0, width, height)
    return { name: file.name, width, height, levels: greyLevels(data) }
  } catch {
    const levels = new Uint8Array(await file.slice(0, HEAD).arrayBuffer())
    return { name: file.name, width: 0, height: 0, levels }
  }
}

/** Grey values on white paper; where all visible pixels have one colour, opacity is the ink. */
function greyLevels(data) {
  const count = data.length / 4
  const colour = new Float32Array(count)
  let [darkest, lightest, leastAlpha] = [255, 0, 255]
  for (let index = 0; index < count; index++) {
    const [red, green, blue, alpha] = data.subarray(4 * index, 4 * index + 4)
    colour[index] = 0.299 * red + 0.587 * green + 0.114 * blue
    leastAlpha = Math.min(leastAlpha, alpha)
    if (alpha > 127) {
      darkest = Math.min(darkest, colour[index])
      lightest = Math.max(lightest, colour[index])
    }
  }
  const isOpacityInk = leastAlpha < 128 && lightest >= darkest && lightest - darkest < ONE_COLOUR
  const levels = new Uint8Array(count)
  for (let index = 0; index < count; index++) {
    const alpha = data[4 * index + 3]
    const share = alpha / 255
    levels[index] = isOpacityInk ? 255 - alpha : colour[index] * share + 255 * (1 - share)
  }
  return levels
}
