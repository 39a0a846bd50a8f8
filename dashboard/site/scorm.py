"""A learning platform's package of the site: a SCORM 1.2 zip that opens one lesson or task.

The site stays as it is. A page around it speaks with the platform: it tells the score and whether
the lesson is complete, and brings back where the student left off.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from dashboard.languages.text import current_language, gettext
from dashboard.lessons.lesson import LessonError, read_lesson
from dashboard.lessons.query import LONGEST, TASK, TEXT, pack
from dashboard.lessons.task import is_task, read_task
from dashboard.site.archives import write_archive
from dashboard.site.site_files import SiteError

PAGE, SCRIPT, MANIFEST = "scorm.html", "scorm.js", "imsmanifest.xml"

_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="inkling" version="1.0"
    xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
    xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <metadata>
    <schema>ADL SCORM</schema>
    <schemaversion>1.2</schemaversion>
  </metadata>
  <organizations default="inkling-organization">
    <organization identifier="inkling-organization">
      <title>{title}</title>
      <item identifier="inkling-item" identifierref="inkling-resource">
        <title>{title}</title>
      </item>
    </organization>
  </organizations>
  <resources>
    <resource identifier="inkling-resource" type="webcontent" adlcp:scormtype="sco" href="{page}">
{files}
    </resource>
  </resources>
</manifest>
"""

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <style>
    html, body, iframe {{ display: block; width: 100%; height: 100%; margin: 0; border: 0 }}
  </style>
</head>
<body>
  <iframe id="lesson" title="{title}" data-query="{query}" allow="clipboard-write"></iframe>
  <script src="{script}"></script>
</body>
</html>
"""


def write_scorm(site: Path, title: str, query: str, destination: Path) -> None:
    """Write a zip of a built site that a platform opens at a lesson or task.

    Parameters
    ----------
    site
        The folder of the site.
    title, query
        Of the lesson or task, as `read_lesson_file` returns them.
    destination
        The zip to write.
    """
    contents = {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }
    contents[SCRIPT] = (Path(__file__).with_name(SCRIPT)).read_bytes()
    page = _PAGE.format(
        language=current_language().code, title=escape(title), query=escape(query), script=SCRIPT
    )
    contents[PAGE] = page.encode()
    contents[MANIFEST] = manifest(title, contents).encode()
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_bytes(write_archive(contents))


def manifest(title: str, names: Iterable[str]) -> str:
    """Return the manifest of a package of these files."""
    files = "\n".join(f'      <file href="{escape(name)}"/>' for name in sorted(names))
    return _MANIFEST.format(title=escape(title), page=PAGE, files=files)


def read_lesson_file(path: Path) -> tuple[str, str]:
    """Return the title of a lesson or task, and the query that opens it.

    Raises
    ------
    SiteError
        The file is no lesson or task, or is too long for an address.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        is_a_task = is_task(text)
        title = read_task(text, path.name).title if is_a_task else read_lesson(text).title
    except (LessonError, UnicodeDecodeError) as error:
        raise SiteError(f"--lesson: {path}: {error}") from error
    packed = pack(text)
    if len(packed) > LONGEST:
        raise SiteError(
            gettext(
                "--lesson: {path}: expected at most {most:,} characters when compressed, found "
                "{count:,}.",
                path=path,
                most=LONGEST,
                count=len(packed),
            )
        )
    return title, f"{TASK if is_a_task else TEXT}={packed}"
