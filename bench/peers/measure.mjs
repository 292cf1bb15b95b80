// node CLIENT.mjs URL BODY REQUESTS CONNECTIONS: so many workers ask until so many requests are done, after a warm-up.
export function refused(status) {
    return new Error(`HTTP ${status}`);
}

export async function measure(make) {
    const [url, body, requests, connections] = process.argv.slice(2);
    const client = make({ url, body: JSON.parse(body), connections: Number(connections) });
    let failed = 0;
    const run = async (count) => {
        let left = count;
        const worker = async () => {
            while (left-- > 0) {
                try {
                    if (!(await client.complete())) ++failed;
                } catch (error) {
                    if (++failed === 1) console.error(error.message);
                }
            }
        };
        await Promise.all(Array.from({ length: Number(connections) }, worker));
    };
    await run(Math.min(2000, Number(requests)));
    const before = process.cpuUsage();
    const began = performance.now();
    await run(Number(requests));
    const used = process.cpuUsage(before);
    console.log(JSON.stringify({ requests: Number(requests), failed, cpu_s: (used.user + used.system) / 1e6,
        elapsed_s: (performance.now() - began) / 1e3 }));
    await client.close();
    process.exit(failed === 0 ? 0 : 1);
}
