"""How many pages a process opens at once and for one address."""

import asyncio

import param
from page_client import open_page
from served_app import served_app
from tornado.httpclient import AsyncHTTPClient

from dashboard.visitors import Visitors


def test_sessions_beyond_the_limit_are_refused_until_one_has_ended():
    visitors = Visitors(2, 100.0, lambda: 0.0)
    for _ in range(2):
        assert not visitors.refuse("a")
        visitors.enter()
    assert "2" in visitors.refuse("b")
    visitors.leave()
    assert not visitors.refuse("b")
    assert (visitors.count, visitors.refused) == (1, 1)


def test_one_address_opens_no_more_pages_than_its_share():
    now = [0.0]
    visitors = Visitors(1000, 2.0, lambda: now[0])
    assert [bool(visitors.refuse("a")) for _ in range(6)] == [False] * 4 + [True] * 2
    assert not visitors.refuse("b")
    now[0] = 1.0
    assert not visitors.refuse("a")


class TrainingState(param.Parameterized):
    running = param.Boolean(False)


def test_training_beyond_the_limit_is_paused_with_a_sentence_until_another_one_has_ended():
    visitors = Visitors(10, 100.0, lambda: 0.0, max_training=2)
    states, sentences = [TrainingState() for _ in range(3)], []
    ends = [visitors.limit_training(state, sentences.append) for state in states]
    for state in states:
        state.running = True
    assert [state.running for state in states] == [True, True, False]
    assert "2" in sentences.pop()
    ends[0]()  # the visitor leaves while the network trains
    states[2].running = True
    assert states[2].running
    states[1].running = states[2].running = False
    assert visitors.training == 0
    assert not sentences


def test_a_visitor_without_room_is_told_and_gets_in_when_another_one_has_left():
    async def visit(app):
        first = await open_page(f"{app.address}/app")
        text = await page_text(app)
        assert "ink-refused" in text
        assert 'lang="de"' in text
        assert "1 Plätze" in text
        assert "http-equiv" in text  # it tries again
        await first.close()
        while "ink-refused" in await page_text(app):
            await asyncio.sleep(0.2)  # the session ends some time after its connection

    with served_app(
        arguments=("--unused-session-lifetime", "500", "--check-unused-sessions", "200"),
        INKLING_MAX_SESSIONS="1",
        INKLING_PAGES_PER_SECOND="1000",
    ) as app:
        asyncio.run(asyncio.wait_for(visit(app), 60))


async def page_text(app):
    headers = {"Accept-Language": "de-AT, en"}
    answer = await AsyncHTTPClient().fetch(f"{app.address}/app", headers=headers)
    return answer.body.decode()
