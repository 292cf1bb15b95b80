// The openai package as its README uses it, with its own retries: node openai_node.mjs URL REQUESTS CONCURRENCY.
// Prints how many prompts were answered, how many given up, and how long it took.
import http from 'node:http';
import OpenAI from 'openai';

const [baseURL, requests, concurrency] = process.argv.slice(2);
const httpAgent = new http.Agent({ keepAlive: true, maxSockets: Number(concurrency) });
const client = new OpenAI({ baseURL, apiKey: 'key', httpAgent });
let next = 0;
let succeeded = 0;
let failed = 0;
const worker = async () => {
    while (next < Number(requests)) {
        const content = `Question ${++next}`;
        try {
            await client.chat.completions.create({ model: 'bench', messages: [{ role: 'user', content }] });
            ++succeeded;
        } catch (error) {
            if (!(error instanceof OpenAI.APIError)) throw error;
            ++failed;
        }
    }
};
const began = performance.now();
await Promise.all(Array.from({ length: Number(concurrency) }, worker));
console.log(JSON.stringify({ succeeded, failed, elapsed_s: (performance.now() - began) / 1e3 }));
httpAgent.destroy();
