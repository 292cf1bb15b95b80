"""aiohttp with tenacity or backoff, by the recipes that rate-limit pages give.

usage: python_retry.py tenacity|backoff URL REQUESTS CONCURRENCY

Prints how many prompts were answered, how many given up, and how long it took.
"""

import asyncio
import json
import sys
import time

import aiohttp


def retried_by(library):
    if library == "backoff":
        import backoff

        return backoff.on_exception(backoff.expo, aiohttp.ClientResponseError)
    from tenacity import retry, stop_after_attempt, wait_random_exponential

    return retry(wait=wait_random_exponential(min=1, max=60), stop=stop_after_attempt(6), reraise=True)


async def main(library, url, requests, concurrency):
    succeeded = failed = 0
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:

        @retried_by(library)
        async def complete(prompt):
            body = {"model": "bench", "messages": [{"role": "user", "content": prompt}]}
            async with session.post(url + "/chat/completions", json=body) as answer:
                answer.raise_for_status()
                return (await answer.json())["choices"][0]["message"]["content"]

        left = iter(range(1, requests + 1))

        async def worker():
            nonlocal succeeded, failed
            for number in left:
                try:
                    await complete(f"Question {number}")
                    succeeded += 1
                except aiohttp.ClientResponseError:
                    failed += 1

        began = time.monotonic()
        await asyncio.gather(*(worker() for _ in range(concurrency)))
    print(json.dumps({"succeeded": succeeded, "failed": failed, "elapsed_s": time.monotonic() - began}))


library, url, requests, concurrency = sys.argv[1:]
asyncio.run(main(library, url, int(requests), int(concurrency)))
