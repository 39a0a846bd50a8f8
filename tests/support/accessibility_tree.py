"""Reads a page as a screen reader does: from Chromium's accessibility tree, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession, Page

DEADLINE_LOOKS = 600
"""Looks at the tree until something is not expected any more; a look takes some 50 ms."""


# What has the focus; its role and name are asked of the tree.
FOCUSED = """
(() => {
  let element = document.activeElement
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element
})()
"""


class AccessibilityTree:
    """The tree of one page, and the keyboard beside it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)

    def nodes(self) -> list[dict[str, Any]]:
        """All nodes that are not ignored, in the order of the tree."""
        found = self._session.send("Accessibility.getFullAXTree")["nodes"]
        by_id = {node["nodeId"]: node for node in found}
        ordered: list[dict[str, Any]] = []

        def visit(node: dict[str, Any]) -> None:
            if not node.get("ignored"):
                ordered.append(node)
            for child in node.get("childIds", []):
                if child in by_id:
                    visit(by_id[child])

        for node in found:
            if "parentId" not in node:
                visit(node)
        return ordered

    def focused(self) -> tuple[str, str]:
        """Role and name of what has the focus."""
        element = self._session.send("Runtime.evaluate", {"expression": FOCUSED})["result"]
        found = self._session.send(
            "Accessibility.getPartialAXTree",
            {"objectId": element["objectId"], "fetchRelatives": False},
        )["nodes"]
        return value(found[0], "role"), value(found[0], "name")

    def find(self, role: str, name: str) -> dict[str, Any] | None:
        """The first node of a role whose name begins with a text."""
        for node in self.nodes():
            if value(node, "role") == role and value(node, "name").startswith(name):
                return node
        return None

    def spoken(self) -> list[str]:
        """The texts of all live regions."""
        found = self._session.send("Accessibility.getFullAXTree")["nodes"]
        by_id = {node["nodeId"]: node for node in found}

        def text(node: dict[str, Any]) -> str:
            if value(node, "role") == "StaticText":
                return value(node, "name")
            parts = [text(by_id[child]) for child in node.get("childIds", []) if child in by_id]
            return " ".join(part for part in parts if part)

        regions = [node for node in found if value(node, "role") in ("status", "alert")]
        return [heard for node in regions if (heard := " ".join(text(node).split()))]

    def wait(self, condition: Callable[[], Any], message: str) -> Any:
        """Wait until something can be read in the tree."""
        for _ in range(DEADLINE_LOOKS):
            found = condition()
            if found:
                return found
            self._page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
        raise AssertionError(f"{message}; live regions: {self.spoken()}; focus: {self.focused()}")

    def wait_spoken(self, beginning: str) -> str:
        """Wait until a live region has a text that begins so."""
        return str(
            self.wait(
                lambda: next((text for text in self.spoken() if text.startswith(beginning)), ""),
                f"{beginning!r} is not announced",
            )
        )

    def tab_to(self, role: str, name: str, key: str = "Tab", limit: int = 80) -> None:
        """Press Tab until a control has the focus."""
        seen = []
        for _ in range(limit):
            self._page.keyboard.press(key)
            seen.append(self.focused())
            if seen[-1][0] == role and seen[-1][1].startswith(name):
                return
        raise AssertionError(f"Tab does not reach {role} {name!r}, only {seen}")


def value(node: dict[str, Any], key: str) -> str:
    """The role, name, value or description of a node."""
    return str(node.get(key, {}).get("value", ""))
