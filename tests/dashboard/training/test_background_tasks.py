"""Background tasks end with their owner, and none fails unseen."""

import asyncio

from cache_helpers import tasks_left
from training_helpers import in_event_loop

from dashboard.training.background_tasks import BackgroundTasks


@in_event_loop
async def test_closing_cancels_tasks_but_waits_for_those_that_must_end():
    tasks, ended, gate = BackgroundTasks(lambda _task, _error: None), [], asyncio.Event()

    async def work(name):
        await gate.wait()
        ended.append(name)

    cancelled = tasks.begin(work("cancelled"))
    tasks.begin(work("awaited"), cancel_on_close=False)
    asyncio.get_running_loop().call_later(0, gate.set)
    await tasks.close()
    assert cancelled.cancelled()
    assert ended == ["awaited"]
    assert not tasks_left()


@in_event_loop
async def test_a_failure_is_reported_to_the_owner_and_to_the_event_loop():
    reported, unhandled = [], []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: unhandled.append(context["exception"]))

    async def work():
        raise ArithmeticError

    tasks = BackgroundTasks(lambda task, error: reported.append((task, error)))
    task = tasks.begin(work())
    await asyncio.wait([task])
    await asyncio.sleep(0)
    ((failed, error),) = reported
    assert failed is task
    assert unhandled == [error]
    assert isinstance(error, ArithmeticError)


@in_event_loop
async def test_a_task_may_close_its_own_owner():
    tasks = BackgroundTasks(lambda _task, _error: None)
    task = tasks.begin(tasks.close())
    await task
    assert not task.cancelled()
