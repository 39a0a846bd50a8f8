import asyncio

from dashboard.api.admission_queue import AdmissionQueue


def test_each_iteration_of_the_loop_admits_a_few_requests_in_order():
    async def ask_many():
        queue, order, rounds = AdmissionQueue(3), [], []
        now = 0

        async def ask(number):
            await queue.wait()
            order.append(number)
            rounds.append(now)

        tasks = [asyncio.create_task(ask(number)) for number in range(10)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            now += 1
        assert order == list(range(10))
        assert max(rounds.count(number) for number in rounds) <= 3
        assert len(set(rounds)) >= 4

    asyncio.run(ask_many())


def test_requests_one_after_the_other_do_not_wait():
    async def ask_singly():
        queue = AdmissionQueue(1)
        for _ in range(5):
            taken = asyncio.create_task(queue.wait())
            await asyncio.sleep(0)
            assert taken.done()
            await asyncio.sleep(0)

    asyncio.run(ask_singly())


def test_a_cancelled_request_is_not_counted():
    async def give_up():
        queue = AdmissionQueue(1)
        await queue.wait()
        given_up, patient = (asyncio.create_task(queue.wait()) for _ in range(2))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait_for(patient, 10)

    asyncio.run(give_up())
