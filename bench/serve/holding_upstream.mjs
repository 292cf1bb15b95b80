// An API that begins every stream and ends none, and answers nothing else: node holding_upstream.mjs. Prints its port.
import http from 'node:http';

const server = http.createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    let body = '';
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => {
        if (!body.includes('"stream":true')) return;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"choices":[{"index":0,"delta":{"content":"One"}}]}\n\n');
    });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(server.address().port));
