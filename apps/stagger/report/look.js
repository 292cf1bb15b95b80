// How charts look: colours that follow the page's scheme, textures, numbers for people, axes.
'use strict';
const look = (() => {
    // ---- colours and textures: no meaning hangs on colour alone

    const seriesColours = 6;
    const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2]];
    const mostLabels = 9;

    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    const seriesColour = (index) => colour(`series-${(index % seriesColours) + 1}`);

    const strokes = [
        () => {},
        (pen) => { for (const at of [-8, 0, 8]) { pen.moveTo(at, 8); pen.lineTo(at + 8, 0); } },
        (pen) => { pen.moveTo(0, 2); pen.lineTo(8, 2); pen.moveTo(0, 6); pen.lineTo(8, 6); },
        (pen) => { for (const at of [-8, 0, 8]) { pen.moveTo(at, 0); pen.lineTo(at + 8, 8); } },
        (pen) => { pen.rect(1, 1, 2, 2); pen.rect(5, 5, 2, 2); },
        (pen) => { pen.moveTo(4, 0); pen.lineTo(4, 8); },
    ];

    function texture(kind, fill) {
        if (kind % strokes.length === 0) return fill;
        const tile = document.createElement('canvas');
        tile.width = tile.height = 8;
        const pen = tile.getContext('2d');
        pen.fillStyle = fill;
        pen.fillRect(0, 0, 8, 8);
        pen.strokeStyle = colour('page');
        pen.lineWidth = 1.5;
        pen.beginPath();
        strokes[kind % strokes.length](pen);
        pen.stroke();
        return pen.createPattern(tile, 'repeat');
    }

    const swatch = { pointStyle: 'rect', borderWidth: 0 };
    const lineKey = { pointStyle: 'line', pointRadius: 0, pointHitRadius: 6 };

    const lineOfRun = (run) => ({
        label: run.label,
        borderColor: seriesColour(run.index),
        backgroundColor: seriesColour(run.index),
        borderDash: dashes[run.index % dashes.length],
        borderWidth: 2,
        ...lineKey,
    });

    // ---- numbers for people

    // As in the page's tables: four digits, or all of a whole part that is longer.
    const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
    const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
    const fourDigits = 1000;

    function amount(value) {
        return (Math.abs(value) < fourDigits ? digits : whole).format(value);
    }

    function span(ms) {
        if (ms === 0) return '0';
        if (ms < 1) return `${amount(ms * 1000)} µs`;
        return ms < 1000 ? `${amount(ms)} ms` : `${amount(ms / 1000)} s`;
    }

    // ---- what charts have in common

    const axis = (text, more = {}) => ({
        title: { display: text !== '', text },
        grid: { color: colour('rule'), borderColor: colour('muted'), offset: false },
        ...more,
        ticks: { maxRotation: 0, autoSkipPadding: 12, includeBounds: false, ...more.ticks },
    });

    const leastFront = 4;  // signs of a policy's name

    // Runs of several files differ in how their labels end, so most of that is kept.
    function shorten(text, room, pen) {
        pen.font = Chart.helpers.toFont(Chart.defaults.font).string;
        const signs = Array.from(text);
        for (let kept = signs.length; kept > 2 * leastFront; --kept) {
            const atFront = Math.max(leastFront, kept >> 2);
            const head = signs.slice(0, atFront).join('');
            const tail = signs.slice(signs.length - (kept - atFront)).join('');
            const shown = kept === signs.length ? text : `${head}…${tail}`;
            if (pen.measureText(shown).width <= room) return shown;
        }
        return text;
    }

    // Two of them fit beside each other. Chart.js leaves out how lines are dashed.
    const besideKey = 56;
    const keys = (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((key) => ({
        ...key,
        text: shorten(key.text ?? '', chart.width / 2 - besideKey, chart.ctx),
        lineDash: chart.data.datasets[key.datasetIndex].borderDash,
    }));

    const legend = (shown = true) => ({
        display: shown,
        position: 'top',
        align: 'start',
        labels: {
            usePointStyle: true, pointStyleWidth: 28, padding: 12, generateLabels: keys,
            sort: (left, right) => left.datasetIndex - right.datasetIndex,
        },
    });

    const options = ({ scales, tooltip = {}, plugins = {}, ...more }) => ({
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: 'index', intersect: false },
        scales,
        plugins: { legend: legend(), tooltip: { callbacks: tooltip }, ...plugins },
        ...more,
    });

    const isPowerOfTen = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;

    // From 1, 2 or 5 times a power of ten to another; where there are many between them, the powers are labelled.
    function logarithmic(values) {
        const positive = values.filter((each) => each > 0);
        if (positive.length === 0) return axis('', { type: 'linear', min: 0, ticks: { callback: span } });
        const least = positive.reduce((found, each) => Math.min(found, each));
        const most = positive.reduce((found, each) => Math.max(found, each));
        const round = [];
        for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); ++power) {
            round.push(...[1, 2, 5].map((each) => each * 10 ** power));
        }
        const min = round.filter((each) => each <= least).at(-1) ?? least;
        const max = round.find((each) => each >= most) ?? most;
        const between = round.filter((each) => each >= min && each <= max);
        const labelled = between.length > mostLabels ? between.filter(isPowerOfTen) : between;
        return axis('', {
            type: 'logarithmic', min, max,
            ticks: { callback: span },
            afterBuildTicks: (scale) => { scale.ticks = labelled.map((value) => ({ value })); },
        });
    }

    return {
        colour, seriesColour, texture, swatch, lineKey, lineOfRun, amount, span, shorten, axis, logarithmic, legend,
        options,
    };
})();
