// Draws the charts of a report with Chart.js, from the results that the page carries. Everything that they show is in
// the page's tables as well.
'use strict';
(() => {
    const {
        colour, seriesColour, texture, swatch, lineKey, lineOfRun, amount, span, shorten, axis, logarithmic, legend,
        options,
    } = look;
    const { labels, documents } = JSON.parse(document.getElementById('results').textContent);
    const runs = documents.flatMap((each) => each.runs).map((run, index) => ({ ...run, index, label: labels[index] }));

    const printedWidth = 660;
    const printedShare = 0.85;  // of the height that a chart has on a screen
    // There is room for a stampede; one that is much higher would press everything else flat, and is cut off.
    const roomOverLimit = 5;
    const cutOffBeyond = 2 * roomOverLimit;

    // ---- arrivals, limit and pace

    const seconds = () => axis('seconds since the start', { type: 'linear', min: 0 });
    const rate = (count, run) => count / run.timeline.step_s;
    const middle = (row, run) => row.t_s + run.timeline.step_s / 2;

    const hasTimeline = (run) => run.timeline && run.timeline.rows.length > 0;

    function median(values) {
        const sorted = [...values].sort((left, right) => left - right);
        return sorted.length > 0 ? sorted[sorted.length >> 1] : 0;
    }

    // The same for every run, so that they can be compared.
    function highestRate() {
        const rows = runs.filter(hasTimeline).flatMap((run) => run.timeline.rows.map((row) => ({ row, run })));
        const arrivals = rows.map(({ row, run }) => rate(row.attempts, run));
        const limits = rows.map(({ row }) => row.limit_per_s).filter((limit) => limit !== null);
        const paces = rows.map(({ row }) => row.pace_per_s ?? 0);
        const usual = limits.length > 0 ? median(limits) : median(arrivals.filter((each) => each > 0));
        const highest = arrivals.concat(paces, limits).reduce((most, each) => Math.max(most, each), 0);
        return usual > 0 && highest > cutOffBeyond * usual ? roomOverLimit * usual : highest;
    }

    function noteCutOff(canvas, run, most) {
        const highest = run.timeline.rows.reduce((found, row) => Math.max(found, rate(row.attempts, run)), 0);
        const note = canvas.closest('figure').querySelector('.cut-off');
        note.hidden = highest <= most * 1.001;
        note.textContent = `Cut off above: up to ${amount(highest)} a second arrived.`;
    }

    function arrivals(canvas) {
        const run = runs[canvas.dataset.run];
        const rows = run.timeline.rows;
        const most = highestRate();
        noteCutOff(canvas, run, most);
        const bars = (label, field, fill, order) => ({
            type: 'bar', label, order, backgroundColor: fill, ...swatch, grouped: false,
            barPercentage: 1, categoryPercentage: 1,
            data: rows.map((row) => ({ x: middle(row, run), y: rate(row[field], run) })),
        });
        const line = (label, field, stroke, dash) => ({
            type: 'line', label, order: 0, borderColor: stroke, borderDash: dash, borderWidth: 2, ...lineKey,
            data: rows.map((row) => ({ x: middle(row, run), y: row[field] })),
        });
        const has = (field) => rows.some((row) => row[field] !== null);
        return {
            data: {
                datasets: [
                    bars('attempts', 'attempts', colour('arrived'), 2),
                    bars('of these rejected', 'rejections', texture(1, colour('rejected')), 1),
                    ...(has('limit_per_s') ? [line('limit, as learned', 'limit_per_s', colour('limit'), [6, 4])] : []),
                    ...(has('pace_per_s') ? [line('pace', 'pace_per_s', colour('pace'), [])] : []),
                ],
            },
            options: options({
                scales: {
                    x: { ...seconds(), max: Math.max(...runs.filter(hasTimeline).map(endOfTimeline)), offset: false },
                    y: axis('attempts a second', { min: 0, max: roundUp(most) }),
                },
                tooltip: { title: ([item]) => spanOfRow(item.parsed.x, run), label: ratePerSecond },
            }),
        };
    }

    const endOfTimeline = (run) => run.timeline.rows.at(-1).t_s + run.timeline.step_s;
    const ratePerSecond = (item) => `${item.dataset.label}: ${amount(item.parsed.y)}/s`;

    function spanOfRow(at, run) {
        const half = run.timeline.step_s / 2;
        return `${amount(at - half)} to ${amount(at + half)} s`;
    }

    function roundUp(value) {
        if (value <= 0) return 1;
        const power = 10 ** Math.floor(Math.log10(value));
        return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((each) => each * power).find((each) => each >= value * 0.999);
    }

    // What the client has learned of a limit stands beside what it limits.
    function limitsOf(shown, field) {
        if (field === undefined) return [];
        return shown.filter((run) => run.timeline.rows.some((row) => row[field] !== null)).map((run) => ({
            label: shown.length > 1 ? `limit, as ${run.label} has learned it` : 'limit, as learned',
            borderColor: colour('limit'), borderDash: [6, 4], borderWidth: 2, ...lineKey,
            data: run.timeline.rows.map((row) => ({ x: row.t_s, y: row[field] })),
        }));
    }

    function standing(canvas) {
        const { field, limit } = canvas.dataset;
        const shown = runs.filter(hasTimeline);
        const limits = limitsOf(shown, limit);
        return {
            type: 'line',
            data: {
                datasets: [
                    ...shown.map((run) => ({
                        ...lineOfRun(run),
                        data: run.timeline.rows.map((row) => ({ x: row.t_s, y: row[field] })),
                    })),
                    ...limits,
                ],
            },
            options: options({
                scales: { x: seconds(), y: axis('requests', { min: 0, suggestedMax: 1, ticks: { precision: 0 } }) },
                interaction: { mode: 'nearest', axis: 'x', intersect: false },
                plugins: { legend: legend(runs.length + limits.length > 1) },
                tooltip: {
                    title: ([item]) => `at ${amount(item.parsed.x)} s`,
                    label: (item) => `${item.dataset.label}: ${amount(item.parsed.y)}`,
                },
            }),
        };
    }

    // ---- latency

    const shares = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
    const nines = (share) => -Math.log10(1 - share);
    const shareText = (atNines) => `${amount((1 - 10 ** -atNines) * 100)} %`;

    // A step for each bucket. The k-th of n values stands at (k - 1/2) / n, so that the largest stands somewhere, too.
    function percentileCurve({ count, min, max, histogram }) {
        let below = 0;
        const steps = histogram.map(([upper, each]) => {
            below += each;
            return { x: nines((below - 0.5) / count), y: Math.min(upper, max) };
        });
        return [{ x: 0, y: min }, ...steps];
    }

    const latencyOf = (run, key) => (run.latency_ms[key]?.count > 0 ? run.latency_ms[key] : null);

    function percentiles(canvas) {
        const key = canvas.dataset.latency;
        const curves = runs.filter((run) => latencyOf(run, key)).map((run) => ({
            ...lineOfRun(run), stepped: 'after',
            data: percentileCurve(latencyOf(run, key)),
        }));
        const most = Math.max(...curves.map((each) => each.data.at(-1).x));
        const bound = objective(key);
        if (bound !== null) {
            curves.push({
                label: `objective (${span(bound)})`, borderColor: colour('muted'), borderDash: [2, 4], borderWidth: 2,
                ...lineKey, data: [{ x: 0, y: bound }, { x: most, y: bound }],
            });
        }
        const ticks = shares.map(nines).filter((each) => each <= most);
        return {
            type: 'line',
            data: { datasets: curves },
            options: options({
                interaction: { mode: 'nearest', axis: 'x', intersect: false },
                scales: {
                    x: axis('share that took at most this long', {
                        type: 'linear', min: 0, max: most,
                        afterBuildTicks: (scale) => { scale.ticks = ticks.map((value) => ({ value })); },
                        ticks: { callback: shareText },
                    }),
                    y: logarithmic(curves.flatMap((each) => each.data.map(({ y }) => y))),
                },
                plugins: { legend: legend(curves.length > 1) },
                tooltip: {
                    title: ([item]) => `${shareText(item.parsed.x)} of them`,
                    label: (item) => `${item.dataset.label}: ${span(item.parsed.y)}`,
                },
            }),
        };
    }

    // The bound that the runs were measured against, where it is the same for all.
    function objective(key) {
        const field = { total: 'total_ms', first_token: 'first_token_ms' }[key];
        const bounds = new Set(documents.map((each) => each.slo?.[field] ?? null));
        return field && bounds.size === 1 ? [...bounds][0] : null;
    }

    // ---- bars: a row for each run

    const valueLabels = {
        id: 'valueLabels',
        afterDatasetsDraw(chart, args, { text }) {
            if (!text) return;
            const pen = chart.ctx;
            pen.save();
            pen.fillStyle = colour('text');
            pen.textBaseline = 'middle';
            pen.font = Chart.helpers.toFont(Chart.defaults.font).string;
            chart.getDatasetMeta(0).data.forEach((bar, index) => {
                const value = chart.data.datasets[0].data[index];
                if (value !== null) pen.fillText(text(value), bar.x + 6, bar.y);
            });
            pen.restore();
        },
    };

    const widestLabel = 200;   // on a wide screen, so that bars keep most of it
    const roomForValues = 56;  // behind the longest bar
    const besideLabel = 16;    // between a label and its bar

    // Chart.js gives labels at most half of the width, and cuts off what is wider.
    function labelOfRow(value) {
        const room = (this.chart.width - roomForValues) / 2 - besideLabel;
        return shorten(this.getLabelForValue(value), Math.min(room, widestLabel), this.chart.ctx);
    }

    const rows = (text, format) => ({
        x: axis(text, { min: 0, ticks: { callback: format, maxTicksLimit: 6 } }),
        y: { grid: { display: false }, ticks: { autoSkip: false, callback: labelOfRow } },
    });

    const measures = {
        goodput_per_s: { text: 'answers a second', of: (run) => run.goodput_per_s, format: amount },
        p99: { text: 'p99 of the latency', of: (run) => latencyOf(run, 'total')?.p99 ?? null, format: span },
        attempts_per_success: { text: 'attempts per answer', of: (run) => run.attempts_per_success, format: amount },
        rejections_per_100_successes: {
            text: 'rejections per 100 answers', of: (run) => run.rejections_per_100_successes, format: amount,
        },
    };

    function comparison(canvas) {
        const { text, of, format } = measures[canvas.dataset.measure];
        return {
            type: 'bar',
            data: {
                labels: runs.map((run) => run.label),
                datasets: [{
                    data: runs.map(of), maxBarThickness: 28,
                    backgroundColor: runs.map((run) => texture(run.index, seriesColour(run.index))),
                }],
            },
            options: options({
                indexAxis: 'y',
                scales: rows(text, format),
                layout: { padding: { right: roomForValues } },
                tooltip: { label: (item) => `${format(item.parsed.x)} ${format === amount ? text : ''}` },
                plugins: { legend: legend(false), valueLabels: { text: format } },
            }),
        };
    }

    function stacked(parts, text, format) {
        return {
            type: 'bar',
            data: {
                labels: runs.map((run) => run.label),
                datasets: parts.map(({ label, values }, index) => ({
                    label, data: values, maxBarThickness: 32, ...swatch,
                    backgroundColor: texture(index, seriesColour(index)),
                })),
            },
            options: options({
                indexAxis: 'y',
                scales: { x: { ...rows(text, format).x, stacked: true }, y: { ...rows(text, format).y, stacked: true } },
                tooltip: { label: (item) => `${item.dataset.label}: ${format(item.parsed.x)}` },
            }),
        };
    }

    // What the page's table says under the same headings, in the same order: its cells carry the exact values.
    function stackOf(canvas) {
        const table = document.getElementById(canvas.dataset.table);
        return [...table.tBodies[0].rows].filter((row) => row.dataset.part !== undefined).map((row) => ({
            label: row.cells[0].textContent,
            values: [...row.cells].slice(1).map((cell) => Number(cell.dataset.value ?? 0)),
        }));
    }

    const spent = (canvas) => stacked(stackOf(canvas), 'mean time of a request', span);
    const waiting = (canvas) => stacked(stackOf(canvas), 'seconds, all requests together', amount);

    // ---- drawing

    const kinds = { arrivals, standing, percentiles, comparison, spent, waiting };

    function draw(canvas) {
        Chart.getChart(canvas)?.destroy();
        const chart = new Chart(canvas, kinds[canvas.dataset.chart](canvas));
        if (document.documentElement.classList.contains('printing')) {
            chart.resize(canvas.closest('.small') ? printedWidth / 2 - 16 : printedWidth, chart.height * printedShare);
        }
    }

    function drawAll() {
        Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
        Chart.defaults.color = colour('text');
        document.querySelectorAll('canvas[data-chart]').forEach(draw);
    }

    function printing(now) {
        document.documentElement.classList.toggle('printing', now);
        drawAll();
    }

    Chart.register(valueLabels);
    document.documentElement.classList.add('scripted');
    drawAll();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
    addEventListener('beforeprint', () => printing(true));
    addEventListener('afterprint', () => printing(false));
})();
