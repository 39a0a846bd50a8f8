"""An app that writes down every command it gets while it holds Python in slices of 30 ms."""

import asyncio
import contextlib
import time

import panel as pn

pn.extension()

heard: list[str] = []
shown = pn.pane.HTML("", css_classes=["heard"])


def hear(text: str) -> None:
    heard.append(text)


def make_button(number: int) -> pn.widgets.Button:
    button = pn.widgets.Button(name=f"b{number}", css_classes=["command", f"b{number}"])
    button.on_click(lambda _event: hear(f"b{number}"))
    return button


def make_entry(number: int) -> pn.widgets.TextInput:
    entry = pn.widgets.TextInput(name=f"t{number}", css_classes=["command", f"t{number}"])
    entry.param.watch(lambda event: hear(f"t{number}={event.new}"), "value")
    return entry


async def hold_python() -> None:
    while True:
        end = time.perf_counter() + 0.03
        while time.perf_counter() < end:
            pass
        shown.object = " ".join(heard)
        await asyncio.sleep(0)


def begin() -> None:
    with contextlib.suppress(RuntimeError):  # there is no loop while it is being converted
        asyncio.get_running_loop().create_task(hold_python())


commands = [make_button(number) for number in range(10)]
commands += [make_entry(number) for number in range(10)]
pn.state.onload(begin)
pn.Column(shown, *commands).servable()
