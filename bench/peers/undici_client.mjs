// undici with p-limit and p-retry: what a careful Node program puts together. Prints the line that client_cost prints.
import pLimit from 'p-limit';
import pRetry from 'p-retry';
import { Pool } from 'undici';
import { measure, refused } from './measure.mjs';

await measure(({ url, body, connections }) => {
    const base = new URL(url);
    const pool = new Pool(base.origin, { connections, pipelining: 1 });
    const limit = pLimit(connections);
    const headers = { 'content-type': 'application/json', authorization: 'Bearer key', accept: 'application/json' };
    const once = async () => {
        const request = JSON.stringify(body);
        const { statusCode, body: answer } = await pool.request({
            path: base.pathname + '/chat/completions', method: 'POST', headers, body: request,
            signal: AbortSignal.timeout(300_000),
        });
        if (statusCode !== 200) throw refused(statusCode);
        return (await answer.json()).choices[0].message.content;
    };
    return { complete: () => limit(() => pRetry(once, { retries: 2 })), close: () => pool.close() };
});
