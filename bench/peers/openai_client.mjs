// The openai package as its README uses it, with connections that are kept. Prints the line that client_cost prints.
import http from 'node:http';
import OpenAI from 'openai';
import { measure } from './measure.mjs';

await measure(({ url, body, connections }) => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: connections });
    const client = new OpenAI({ baseURL: url, apiKey: 'key', httpAgent });
    const complete = async () => (await client.chat.completions.create(body)).choices[0].message.content;
    return { complete, close: () => httpAgent.destroy() };
});
