// Calls at once by one SDK as its README uses it, with its own retries and limits of time:
//   node sdk_calls.mjs SDK BASE_URL CALLS oneshot|stream WARM_URL [HEADERS]
// The URLs end with /v1; HEADERS is a JSON object. As many calls are made at WARM_URL first, a server without limits, so
// that what Node takes to load and compile the SDK is not counted. Prints how many answers came whole, what the others
// ended with, and how long it took from the first call that left: before it Node prepares all of them.
import { subscribe } from 'node:diagnostics_channel';

const [sdk, url, calls, mode, warmURL, headers] = process.argv.slice(2);
const streamed = mode === 'stream';
const defaultHeaders = JSON.parse(headers ?? '{}');

async function collect(stream, piece_of) {
    let text = '';
    for await (const piece of stream) text += piece_of(piece) ?? '';
    return text;
}

async function openai_asks(baseURL, module) {
    const { default: OpenAI } = await import(module);
    const client = new OpenAI({ baseURL, apiKey: 'key', defaultHeaders });
    return async (content) => {
        const asked = { model: 'bench', messages: [{ role: 'user', content }], stream: streamed };
        const got = await client.chat.completions.create(asked);
        return streamed ? collect(got, (piece) => piece.choices[0]?.delta?.content) : got.choices[0].message.content;
    };
}

async function anthropic_asks(baseURL) {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    const client = new Anthropic({ baseURL: baseURL.replace(/\/v1$/, ''), apiKey: 'key', defaultHeaders });
    return async (content) => {
        const asked = { model: 'bench', max_tokens: 64, messages: [{ role: 'user', content }], stream: streamed };
        const got = await client.messages.create(asked);
        return streamed ? collect(got, (piece) => piece.delta?.text) : got.content[0].text;
    };
}

async function ai_asks(baseURL) {
    const { generateText, streamText } = await import('ai');
    const { createOpenAI } = await import('@ai-sdk/openai');
    const model = createOpenAI({ baseURL, apiKey: 'key', headers: defaultHeaders }).chat('bench');
    return async (prompt) => {
        if (!streamed) return (await generateText({ model, prompt })).text;
        let failed;
        const got = streamText({ model, prompt, onError: ({ error }) => { failed = error; } });
        const text = await collect(got.textStream, (piece) => piece);
        if (failed) throw failed;
        return text;
    };
}

async function langchain_asks(baseURL) {
    const { ChatOpenAI } = await import('@langchain/openai');
    const model = new ChatOpenAI({ model: 'bench', apiKey: 'key', configuration: { baseURL, defaultHeaders } });
    return async (prompt) => {
        if (!streamed) return (await model.invoke(prompt)).content;
        return collect(await model.stream(prompt), (piece) => piece.content);
    };
}

const asks_of = {
    openai: (baseURL) => openai_asks(baseURL, 'openai'),
    openai4: (baseURL) => openai_asks(baseURL, 'openai4'),
    anthropic: anthropic_asks,
    ai: ai_asks,
    langchain: langchain_asks,
}[sdk];

let first_sent;
const sent = () => { first_sent ??= performance.now(); };
subscribe('undici:client:sendHeaders', sent);
subscribe('http.client.request.start', sent);

async function all_at_once(baseURL) {
    const asks = await asks_of(baseURL);
    const errors = {};
    let answered = 0;
    first_sent = undefined;
    await Promise.all(
        Array.from({ length: Number(calls) }, async (_, i) => {
            try {
                if (!(await asks(`Question ${i}`))) throw new Error('an answer without text');
                ++answered;
            } catch (error) {
                const status = error?.status ?? error?.statusCode ?? error?.lastError?.statusCode;
                const what = String(status ?? error?.message);
                errors[what] = (errors[what] ?? 0) + 1;
            }
        }),
    );
    const elapsed_s = (performance.now() - first_sent) / 1e3;
    return { sdk, mode, answered, failed: Number(calls) - answered, elapsed_s, errors };
}

await all_at_once(warmURL);
console.log(JSON.stringify(await all_at_once(url)));
process.exit(0);
