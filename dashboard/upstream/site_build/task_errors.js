/* Reports the exception of a task that nothing awaits within 0.1 s after the task has failed.
 *
 * Changes    `create_task` of Pyodide's event loop (Pyodide 0.28.3); reason: correctness.
 * Why        asyncio reports such an exception when the task is freed. A task in a reference cycle
 *            is freed by the next garbage collection, which may be minutes later.
 * Upstream   no issue yet: "WebLoop.set_task_factory fails with Python 3.13: module asyncio.tasks
 *            has no attribute _set_task_name"; with it, no patch would be needed.
 */

/* Python code, run in the worker before the app. */
const TASK_ERRORS = `
import asyncio
import gc


def collect_failed(task):
    if task._log_traceback:
        loop.call_later(0.1, gc.collect)


def create_task(coroutine, **options):
    task = loop_create_task(coroutine, **options)
    task.add_done_callback(collect_failed)
    return task


loop = asyncio.get_event_loop()
loop_create_task = loop.create_task
loop.create_task = create_task
`;
