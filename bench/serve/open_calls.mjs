// Calls that are not answered to their end: node open_calls.mjs PORT NUMBER stream|wait BODY [UPSTREAM]. Prints "open" when
// all are (a stream once its first event is there), and how many were closed; holds them until its input ends.
import net from 'node:net';

const [port, number, mode, body, upstream] = process.argv.slice(2);
const head =
    `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer key\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    (upstream ? `x-portkey-provider: openai\r\nx-portkey-custom-host: ${upstream}\r\n` : '') + '\r\n';
const most_connecting = 200;
const sockets = [];
let begun = 0;
let open = 0;
let closed = 0;

function settled() {
    if (open + closed === Number(number)) console.log(JSON.stringify({ open, closed }));
    begin();
}
function begin() {
    while (begun < Number(number) && begun - open - closed < most_connecting) {
        ++begun;
        let counted = false;
        const count = (as_open) => {
            if (counted) return;
            counted = true;
            as_open ? ++open : ++closed;
            settled();
        };
        const socket = net.connect({ port: Number(port), host: '127.0.0.1' }, () => {
            socket.write(head + body, () => { if (mode === 'wait') count(true); });
        });
        let text = '';
        socket.on('data', (piece) => {
            if (counted) return;
            text += piece;
            if (text.includes('data: ')) count(true);
        });
        socket.on('error', () => count(false));
        socket.on('close', () => count(false));
        sockets.push(socket);
    }
}
begin();
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
