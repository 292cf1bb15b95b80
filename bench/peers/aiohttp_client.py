"""aiohttp with tenacity, or with backoff: what a careful Python program puts together. Prints the line that
client_cost prints.

usage: aiohttp_client.py tenacity|backoff URL BODY REQUESTS CONNECTIONS
"""

import asyncio
import json
import resource
import sys
import time

import aiohttp


def retried_by(library):
    if library == "backoff":
        import backoff

        return backoff.on_exception(backoff.expo, aiohttp.ClientError, max_tries=3)
    from tenacity import retry, stop_after_attempt, wait_random_exponential

    return retry(wait=wait_random_exponential(min=1, max=60), stop=stop_after_attempt(3))


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def main(library, url, body, requests, connections):
    headers = {"Authorization": "Bearer key", "Accept": "application/json"}
    failed = 0
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:

        @retried_by(library)
        async def complete():
            async with session.post(url + "/chat/completions", json=body) as answer:
                answer.raise_for_status()
                return (await answer.json())["choices"][0]["message"]["content"]

        async def run(count):
            nonlocal failed
            left = iter(range(count))

            async def worker():
                nonlocal failed
                for _ in left:
                    if not await complete():
                        failed += 1

            await asyncio.gather(*(worker() for _ in range(connections)))

        await run(min(2000, requests))
        before, began = cpu_seconds(), time.monotonic()
        await run(requests)
        used, elapsed = cpu_seconds() - before, time.monotonic() - began
    print(json.dumps({"requests": requests, "failed": failed, "cpu_s": used, "elapsed_s": elapsed}))
    return 1 if failed else 0


library, url, body, requests, connections = sys.argv[1:]
sys.exit(asyncio.run(main(library, url, json.loads(body), int(requests), int(connections))))
