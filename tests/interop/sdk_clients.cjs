// Asks a server through the official clients of OpenAI, Anthropic and Google, and says what they made of it.
//
// usage: node sdk_clients.cjs FOLDER URL
// FOLDER has the node_modules, URL is the server's, without a path. Prints a JSON object: a value for each question.
'use strict';
const { createRequire } = require('node:module');

const [folder, url] = process.argv.slice(2);
const installed = createRequire(folder + '/');
const OpenAI = installed('openai').OpenAI;
const Anthropic = installed('@anthropic-ai/sdk').Anthropic;
const { GoogleGenAI } = installed('@google/genai');

const openai = new OpenAI({ apiKey: 'key-0123456789', baseURL: url + '/v1', maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: 'key-0123456789', baseURL: url, maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: 'key-0123456789', httpOptions: { baseUrl: url } });

const messages = (content) => [{ role: 'user', content }];
const wanted = 'call: weather {"city":"Paris"}';
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const describe = { name: 'weather', description: 'tells it' };

const textOf = async (stream, pick) => {
  let text = '';
  for await (const piece of stream) text += pick(piece) ?? '';
  return text;
};

const questions = {
  chat: async () => {
    const got = await openai.chat.completions.create({ model: 'm', messages: messages('hello') });
    return [got.choices[0].message.content, got.choices[0].finish_reason, got.usage.total_tokens];
  },
  chat_stream: async () =>
    textOf(
      await openai.chat.completions.create({ model: 'm', messages: messages('hello'), stream: true }),
      (piece) => piece.choices[0]?.delta.content,
    ),
  chat_tool: async () => {
    const tools = [{ type: 'function', function: { ...describe, parameters } }];
    const got = await openai.chat.completions.create({ model: 'm', messages: messages(wanted), tools });
    return got.choices[0].message.tool_calls[0].function;
  },
  chat_tool_stream: async () => {
    const tools = [{ type: 'function', function: { ...describe, parameters } }];
    const got = await openai.chat.completions
      .stream({ model: 'm', messages: messages(wanted), tools })
      .finalChatCompletion();
    return got.choices[0].message.tool_calls[0].function.arguments;
  },
  completions: async () => (await openai.completions.create({ model: 'm', prompt: 'hello' })).choices[0].text,
  responses: async () => {
    const got = await openai.responses.create({ model: 'm', input: 'hello' });
    return [got.output_text, got.status, got.usage.total_tokens];
  },
  responses_stream: async () => {
    const stream = openai.responses.stream({ model: 'm', input: 'hello' });
    return (await stream.finalResponse()).output_text;
  },
  responses_tool: async () => {
    const tools = [{ type: 'function', ...describe, parameters, strict: false }];
    const got = await openai.responses.create({ model: 'm', input: messages(wanted), tools });
    return got.output[0].arguments;
  },
  embeddings: async () => {
    const got = await openai.embeddings.create({ model: 'm', input: ['a', 'b'] });
    const plain = await openai.embeddings.create({ model: 'm', input: ['a'], encoding_format: 'float' });
    const same = got.data[0].embedding.every((value, i) => value === plain.data[0].embedding[i]);
    return [got.data.length, got.data[1].embedding.length, same];
  },
  messages: async () => {
    const got = await anthropic.messages.create({ model: 'm', max_tokens: 50, messages: messages('hello') });
    return [got.content[0].text, got.stop_reason, got.usage.output_tokens];
  },
  messages_stream: async () => {
    const stream = anthropic.messages.stream({ model: 'm', max_tokens: 50, messages: messages('hello') });
    const got = await stream.finalMessage();
    return [got.content[0].text, got.stop_reason];
  },
  messages_tool_stream: async () => {
    const tools = [{ ...describe, input_schema: parameters }];
    const ask = { model: 'm', max_tokens: 50, messages: messages(wanted), tools };
    return (await anthropic.messages.stream(ask).finalMessage()).content[0].input;
  },
  gemini: async () => {
    const got = await google.models.generateContent({ model: 'm', contents: 'hello' });
    return [got.text, got.candidates[0].finishReason, got.usageMetadata.totalTokenCount];
  },
  gemini_stream: async () =>
    textOf(await google.models.generateContentStream({ model: 'm', contents: 'hello' }), (piece) => piece.text),
  gemini_tool: async () => {
    const tools = [{ functionDeclarations: [{ ...describe, parametersJsonSchema: parameters }] }];
    const got = await google.models.generateContent({ model: 'm', contents: wanted, config: { tools } });
    return got.functionCalls[0].args;
  },
};

const failure = (error) => ({
  error: error.constructor.name,
  status: error.status ?? null,
  code: error.code ?? null,
  type: error.error?.error?.type ?? error.type ?? null,
});

(async () => {
  const answers = {};
  for (const [name, ask] of Object.entries(questions)) {
    answers[name] = await ask().catch(failure);
  }
  process.stdout.write(JSON.stringify(answers) + '\n');
})();
