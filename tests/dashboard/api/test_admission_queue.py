import asyncio

from dashboard.api.admission_queue import AdmissionQueue


def test_few_requests_have_each_round_and_others_come_in_order():
    async def ask_many():
        turns, order, rounds = AdmissionQueue(3), [], []
        now = 0

        async def ask(number):
            await turns.take()
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


def test_one_after_the_other_waits_for_nobody():
    async def ask_singly():
        turns = AdmissionQueue(1)
        for _ in range(5):
            taken = asyncio.create_task(turns.take())
            await asyncio.sleep(0)
            assert taken.done()
            await asyncio.sleep(0)

    asyncio.run(ask_singly())


def test_a_request_that_was_given_up_takes_no_turn():
    async def give_up():
        turns = AdmissionQueue(1)
        await turns.take()
        given_up, patient = (asyncio.create_task(turns.take()) for _ in range(2))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait_for(patient, 10)

    asyncio.run(give_up())
