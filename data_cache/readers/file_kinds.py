"""Names what a file is by its first bytes, whatever its name says.

Every reader looks here first, so that a file that is not read is named, with a way out.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from data_cache.texts import gettext, gettext_noop

START_BYTES = 4096
"""As many bytes suffice, except for a ZIP archive, whose table of contents is at its end."""

_TO_JPEG = gettext_noop("export it as JPEG or PNG")
_TO_CSV = gettext_noop("save the sheet as CSV")
_AGAIN = gettext_noop("download it again")
_NPZ_FROM_KERAS = gettext_noop(
    'save the weights in Keras with np.savez("weights.npz", *model.get_weights())'
)
_FROM_TORCH = gettext_noop(
    "save the weights in PyTorch with safetensors.torch.save_file(model.state_dict(), "
    '"weights.safetensors")'
)


@dataclass(frozen=True)
class FileKind:
    """What a file is.

    Attributes
    ----------
    name : str
        Identifier, such as "png"; "text" for CSV and other plain text, "unknown" for the rest.
    title : str
        With an article, for messages: "a PNG picture"; in English, as the advice.
    advice : str
        What to do where this kind is not read; may be empty.
    """

    name: str
    title: str
    advice: str = ""

    def refusal(self, name: str, expected: str) -> str:
        """Return the sentence that refuses the file `name`, where `expected` is read."""
        found = gettext(self.title)
        if self.advice:
            found = gettext("{title}; {advice}", title=found, advice=gettext(self.advice))
        return gettext(
            "{name}: expected {expected}, found {found}.",
            name=name,
            expected=gettext(expected),
            found=found,
        )


EMPTY = FileKind(
    "empty", gettext_noop("an empty file (0 bytes)"), gettext_noop("get the file again")
)
IDX = FileKind("idx", gettext_noop("an idx file"))
NPY = FileKind(
    "npy", gettext_noop("a NumPy .npy file"), gettext_noop("name it where an array is expected")
)
NPZ = FileKind("npz", gettext_noop("a NumPy .npz archive"))
ZIP = FileKind("zip", gettext_noop("a ZIP archive"), gettext_noop("unpack it first"))
GZIP = FileKind("gzip", gettext_noop("a gzip-compressed file"), gettext_noop("decompress it first"))
BZIP2 = FileKind(
    "bzip2", gettext_noop("a bzip2-compressed file"), gettext_noop("decompress it first")
)
XZ = FileKind("xz", gettext_noop("an xz-compressed file"), gettext_noop("decompress it first"))
HTML = FileKind("html", gettext_noop("a web page, not data"), _AGAIN)
WEB_ERROR = FileKind("html", gettext_noop("an error message of a web server, not data"), _AGAIN)
XML = FileKind("xml", gettext_noop("an XML or SVG file"), gettext_noop("convert it first"))
LFS = FileKind(
    "lfs",
    gettext_noop("a Git LFS pointer, not the file itself"),
    gettext_noop("fetch it with `git lfs pull`"),
)
JSON = FileKind("json", "JSON", gettext_noop("write a table of numbers as CSV"))
SAFETENSORS = FileKind("safetensors", gettext_noop("a safetensors file"))
PICKLE = FileKind(
    "pickle",
    gettext_noop("a Python pickle, which is never opened, because it may run any program"),
    gettext_noop(
        "save arrays as .npz instead, or save the weights in PyTorch with "
        'safetensors.torch.save_file(model.state_dict(), "weights.safetensors")'
    ),
)
TORCH = FileKind(
    "torch",
    gettext_noop(
        "a PyTorch file (a pickle, which is never opened, because it may run any program)"
    ),
    _FROM_TORCH,
)
KERAS = FileKind("keras", gettext_noop("a Keras model"), _NPZ_FROM_KERAS)
HDF5 = FileKind(
    "hdf5",
    gettext_noop("an HDF5 file, as Keras and MATLAB write"),
    gettext_noop(
        "write its arrays with numpy.savez; save the weights in Keras with "
        'np.savez("weights.npz", *model.get_weights())'
    ),
)
ONNX = FileKind(
    "onnx",
    gettext_noop("an ONNX model, which is written but not read"),
    gettext_noop("keep the .npz beside it"),
)
PROTOBUF = FileKind(
    "protobuf", gettext_noop("a TensorFlow SavedModel or a Core ML model"), _NPZ_FROM_KERAS
)
HEIC = FileKind("heic", gettext_noop("an iPhone's HEIC picture"), _TO_JPEG)
AVIF = FileKind("avif", gettext_noop("an AVIF picture"), _TO_JPEG)
JPEG_2000 = FileKind("jpeg2000", gettext_noop("a JPEG 2000 picture"), _TO_JPEG)
ICON = FileKind("icon", gettext_noop("an icon"), _TO_JPEG)
NETPBM = FileKind("netpbm", gettext_noop("a Netpbm picture (PBM, PGM or PPM)"), _TO_JPEG)
VIDEO = FileKind("video", gettext_noop("a video"), gettext_noop("take a picture instead"))
PDF = FileKind(
    "pdf",
    gettext_noop("a PDF document"),
    gettext_noop("export the page as PNG or JPEG, or a table as CSV"),
)
SPREADSHEET = FileKind("spreadsheet", gettext_noop("a spreadsheet"), _TO_CSV)
PARQUET = FileKind(
    "parquet",
    gettext_noop("a Parquet file"),
    gettext_noop("write it as CSV: DataFrame.to_csv(…, index=False)"),
)
BMP = FileKind("bmp", gettext_noop("a BMP picture"))
TEXT = FileKind("text", gettext_noop("plain text"))
UNKNOWN = FileKind(
    "unknown",
    gettext_noop("bytes of an unknown kind"),
    gettext_noop("check that it is the right file"),
)

PICTURES = ("png", "jpeg", "gif", "webp", "bmp", "tiff")
"""Names of the kinds of pictures that Pillow reads everywhere."""

_MAGIC = (
    (0, b"\x89PNG\r\n\x1a\n", FileKind("png", gettext_noop("a PNG picture"))),
    (0, b"\xff\xd8\xff", FileKind("jpeg", gettext_noop("a JPEG picture"))),
    (0, b"GIF8", FileKind("gif", gettext_noop("a GIF picture"))),
    (8, b"WEBP", FileKind("webp", gettext_noop("a WebP picture"))),
    (0, b"II*\0", FileKind("tiff", gettext_noop("a TIFF picture"))),
    (0, b"MM\0*", FileKind("tiff", gettext_noop("a TIFF picture"))),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", JPEG_2000),
    (0, b"\xff\x4f\xff\x51", JPEG_2000),
    (0, b"\0\0\x01\0", ICON),
    *((0, b"P%d%c" % (number, space), NETPBM) for number in range(1, 7) for space in b"\n \r\t"),
    (0, b"\x93NUMPY", NPY),
    (0, b"\x1f\x8b", GZIP),
    (0, b"BZh", BZIP2),
    (0, b"\xfd7zXZ\0", XZ),
    (
        0,
        b"\x28\xb5\x2f\xfd",
        FileKind(
            "zstd", gettext_noop("a Zstandard-compressed file"), gettext_noop("decompress it first")
        ),
    ),
    (
        0,
        b"7z\xbc\xaf\x27\x1c",
        FileKind("7z", gettext_noop("a 7z archive"), gettext_noop("unpack it first")),
    ),
    (
        0,
        b"Rar!\x1a\x07",
        FileKind("rar", gettext_noop("a RAR archive"), gettext_noop("unpack it first")),
    ),
    (
        257,
        b"ustar",
        FileKind("tar", gettext_noop("a tar archive"), gettext_noop("unpack it first")),
    ),
    (0, b"\x89HDF\r\n\x1a\n", HDF5),
    (0, b"%PDF-", PDF),
    (
        0,
        b"{\\rtf",
        FileKind(
            "rtf",
            gettext_noop("a document of a word processor"),
            gettext_noop("save it as plain text"),
        ),
    ),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SPREADSHEET),
    (0, b"PAR1", PARQUET),
    (
        0,
        b"ARROW1",
        FileKind(
            "arrow", gettext_noop("an Arrow or Feather file"), gettext_noop("write it as CSV")
        ),
    ),
    (
        0,
        b"SQLite format 3\0",
        FileKind(
            "sqlite", gettext_noop("an SQLite database"), gettext_noop("write a table as CSV")
        ),
    ),
    (
        0,
        b"MATLAB 5.0",
        FileKind(
            "matlab", gettext_noop("a MATLAB file"), gettext_noop("write its arrays as CSV or .npy")
        ),
    ),
    (
        0,
        b"GGUF",
        FileKind(
            "gguf",
            gettext_noop("a GGUF file, as of a language model"),
            gettext_noop("name another file"),
        ),
    ),
    (4, b"TFL3", FileKind("tflite", gettext_noop("a TensorFlow Lite model"), _NPZ_FROM_KERAS)),
)
_PICKLE_OPCODES = tuple(bytes((code,)) for code in b"\x95}](c\x8a\x8cXUKGNq")
_OLD_PICKLE = re.compile(
    rb"\(+(?:[dl]?p[01]\n|[IL]-?\d+L?\n|F[-+.e\d]+\n|S'[^\n]*'\n)|c(?:copy_reg\n|numpy|joblib)"
)
_SHEETS = ("xl/", "content.xml", "Index/Document.iwa")
_HTML_STARTS = tuple(
    f"<{word}".encode()
    for word in ("!doctype html", "html", "head", "body", "script", "title", "meta", "div", "table")
)
_MAC_FILES = ("__MACOSX/", ".DS_Store")
_IDX_TYPES = b"\x08\x09\x0b\x0c\x0d\x0e"
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x0b\x1a\x1b")


def identify(content: bytes) -> FileKind:
    """Name what a file is.

    Parameters
    ----------
    content : bytes
        All of the file, or at least its first `START_BYTES`.

    Returns
    -------
    FileKind
    """
    if not content:
        return EMPTY
    start = content[:START_BYTES]
    for offset, magic, kind in _MAGIC:
        if start.startswith(magic, offset):
            return kind
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _identify_zip(content)
    found = _identify_binary(start, len(content))
    return found or _identify_text(start)


def archive_members(content: bytes) -> list[str]:
    """Return the names of the files in a ZIP archive, without what macOS adds; [] if damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except Exception:  # zipfile raises several kinds for damaged archives
        return []
    return [name for name in names if not is_mac_file(name) and not name.endswith("/")]


def is_mac_file(name: str) -> bool:
    """Tell whether a member of an archive is one of those that the Finder of macOS adds."""
    return name.startswith(_MAC_FILES[0]) or name.rsplit("/", 1)[-1].startswith((".DS_Store", "._"))


def _identify_zip(content: bytes) -> FileKind:
    names = archive_members(content)
    if any(name.startswith(_SHEETS) for name in names):
        return SPREADSHEET
    if any(name.endswith("data.pkl") for name in names):
        return TORCH
    if any(name.endswith(("model.weights.h5", "metadata.json")) for name in names):
        return KERAS
    if any(name.startswith("word/") for name in names):
        return FileKind(
            "document",
            gettext_noop("a document of a word processor"),
            gettext_noop("save it as plain text"),
        )
    if names and all(name.endswith(".npy") for name in names):
        return NPZ
    return ZIP


def _identify_binary(start: bytes, size: int) -> FileKind | None:
    if start[4:8] == b"ftyp":
        return _identify_container(start[8:12])
    is_pickle = start[:1] == b"\x80" and start[1:2] <= b"\x05" and start[2:3] in _PICKLE_OPCODES
    is_protobuf = start[:1] == b"\x08" and start[1:2] < b"\x20" and start[2:3] in b"\x0a\x12\x3a"
    tests = {
        PICKLE: is_pickle or _OLD_PICKLE.match(start) is not None,
        SAFETENSORS: start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size,
        IDX: len(start) >= 4
        and start[:2] == b"\0\0"
        and start[2] in _IDX_TYPES
        and 1 <= start[3] <= 4,
        BMP: start.startswith(b"BM") and start[6:10] == bytes(4),
        ONNX: is_protobuf and start[1:2] >= b"\x03" and start[2:3] != b"\x0a",
        PROTOBUF: is_protobuf,
    }
    return next((kind for kind, is_it in tests.items() if is_it), None)


def _identify_container(brand: bytes) -> FileKind:
    if brand.startswith(b"avi"):
        return AVIF
    if brand.startswith((b"hei", b"hev", b"mif", b"msf")):
        return HEIC
    return VIDEO


def _identify_text(start: bytes) -> FileKind:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_like_utf16(start):
        return TEXT
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if kind := _identify_web(plain):
        return kind
    if any(byte < 32 and byte not in _TEXT_CONTROLS for byte in start):
        return UNKNOWN
    return JSON if plain.startswith((b"{", b"[")) else TEXT


def _identify_web(plain: bytes) -> FileKind | None:
    """Name what a download gives in place of a file, and markup, from text in lower case."""
    if plain.startswith(b"version https://git-lfs"):
        return LFS
    if plain.startswith(_HTML_STARTS) or (plain.startswith(b"<!--") and b"<html" in plain):
        return HTML
    if plain.startswith((b"<?xml", b"<svg", b"<error>")):
        if b"<error>" in plain[:200]:
            return WEB_ERROR
        return HTML if b"<html" in plain else XML
    return None


def _looks_like_utf16(start: bytes) -> bool:
    """Tell whether every other byte is 0, as in UTF-16 of digits without a byte order mark."""
    if len(start) < 4:
        return False
    shares = [start[first:200:2].count(0) / len(start[first:200:2]) for first in (0, 1)]
    return min(shares) == 0 and max(shares) > 0.9
