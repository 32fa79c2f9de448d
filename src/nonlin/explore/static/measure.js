// What can be computed of a function in the page: Gaussian moments, where it turns, and facts with the window they were computed on.
"use strict";
(() => {
    const EDGE = 14,
        MOST_SPLITS = 40,
        MOST_PANELS = 4096,
        TOLERANCE = 1e-13;
    const WINDOW = 50,
        POINTS = 4000;
    const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

    // nodes and weights of Gauss-Legendre quadrature on [-1, 1], by Newton's method on the Legendre polynomial
    function legendre(n) {
        const nodes = new Float64Array(n),
            weights = new Float64Array(n);
        for (let i = 0; i < n; i++) {
            let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5)),
                slope = 1;
            for (let turn = 0; turn < 100; turn++) {
                let [before, here] = [1, x];
                for (let k = 2; k <= n; k++) [before, here] = [here, ((2 * k - 1) * x * here - (k - 1) * before) / k];
                slope = (n * (x * here - before)) / (x * x - 1);
                const step = here / slope;
                x -= step;
                if (Math.abs(step) < 1e-16) break;
            }
            nodes[i] = x;
            weights[i] = 2 / ((1 - x * x) * slope * slope);
        }
        return [nodes, weights];
    }
    const [NODES, WEIGHTS] = legendre(20);

    // E f, E f^2, E f'^2 and E z f f' at shift + sqrt(q) z, z standard normal: panels halved until two resolutions agree; one that
    // does not exist or does not settle is NaN
    function moments({ value, first }, q = 1, shift = 0, cuts = []) {
        const scale = Math.sqrt(q),
            count = 4;
        const panel = (left, right) => {
            const half = (right - left) / 2,
                middle = left + half,
                sums = new Float64Array(count);
            for (let k = 0; k < NODES.length; k++) {
                const z = middle + half * NODES[k],
                    w = WEIGHTS[k] * half * density(z),
                    x = shift + scale * z;
                const f = value(x),
                    d = first(x);
                sums[0] += w * f;
                sums[1] += w * f * f;
                sums[2] += w * d * d;
                sums[3] += w * z * f * d;
            }
            return sums;
        };
        // every function turns near 0 on a small scale under a wide Gaussian
        const near = [0, ...cuts].flatMap((c) => [-1e-4, -1e-2, 0, 1e-2, 1e-4].map((d) => (c + d - shift) / scale));
        const even = Array.from({ length: 29 }, (_, k) => k - EDGE);
        const edges = [...new Set([...even, ...near.filter((z) => Math.abs(z) < EDGE)])].sort((a, b) => a - b);
        let work = edges.slice(1).map((right, k) => [edges[k], right, panel(edges[k], right)]);
        const totals = new Float64Array(count),
            sizes = new Float64Array(count);
        for (const [, , sums] of work) sums.forEach((s, k) => (sizes[k] += Math.abs(s)));
        for (const z of [-EDGE, EDGE]) {
            // a tail that the normal density does not tame
            const f = value(shift + scale * z),
                d = first(shift + scale * z);
            [f, f * f, d * d, z * f * d].forEach(
                (v, k) => !(Math.abs(v) * density(z) <= 1e-12 * (1 + sizes[k])) && (sizes[k] = NaN),
            );
        }
        for (let turn = 0; turn < MOST_SPLITS && work.length && work.length < MOST_PANELS; turn++) {
            const left = [];
            for (const [a, b, coarse] of work) {
                const middle = (a + b) / 2,
                    one = panel(a, middle),
                    two = panel(middle, b);
                const settled = coarse.every(
                    (c, k) => !Number.isFinite(sizes[k]) || Math.abs(one[k] + two[k] - c) <= TOLERANCE * (1 + sizes[k]),
                );
                if (settled) for (let k = 0; k < count; k++) totals[k] += one[k] + two[k];
                else left.push([a, middle, one], [middle, b, two]);
            }
            work = left;
        }
        const rest = new Float64Array(count);
        for (const [, , sums] of work)
            sums.forEach((s, k) => {
                totals[k] += s;
                rest[k] += Math.abs(s);
            });
        const told = [...totals].map((t, k) => (Number.isFinite(sizes[k]) && rest[k] <= 1e-10 * (1 + sizes[k]) ? t : NaN));
        return { mean: told[0], square: told[1], slopeSquare: told[2], cross: told[3] };
    }

    // the points of (low, high) where one of several step functions changes, by bisection between neighbours of a grid
    function changes(steps, low, high, grid = 2000) {
        const found = [],
            start = low - 1e-4 * Math.PI,
            width = (high - low + 1e-4 * (Math.PI + Math.E)) / grid;
        for (const step of steps) {
            let left = start,
                before = step(left);
            for (let k = 1; k <= grid; k++) {
                const right = start + k * width,
                    here = step(right);
                if (here !== before && Number.isFinite(here + before))
                    found.push(tidy(bisect((x) => step(x) === before, left, right)));
                [left, before] = [right, here];
            }
        }
        return [...new Set(found)].filter((x) => x > low && x < high).sort((a, b) => a - b);
    }
    function bisect(holds, left, right) {
        for (let turn = 0; turn < 80; turn++) {
            const middle = (left + right) / 2;
            if (holds(middle)) left = middle;
            else right = middle;
        }
        return right;
    }
    function tidy(x) {
        const short = Number(x.toPrecision(12));
        return Math.abs(short) < 1e-12 ? 0 : Math.abs(short - x) < 1e-12 * Math.abs(x) ? short : x;
    }

    // -- words ---------------------------------------------------------------------------------------------------------------
    const TEN = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
    const raised = (whole) => [...String(whole)].map((c) => TEN[c]).join("");
    function said(x, digits = 6, nothing = 1e-14) {
        if (Number.isNaN(x)) return "undefined";
        if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
        const text = Math.abs(x) < nothing ? "0" : String(Number(x.toPrecision(digits)));
        const [head, power] = text.split("e");
        return power ? `${head.replace("-", "−")}·10${raised(power.replace("+", ""))}` : head.replace("-", "−");
    }
    const listed = (points, most = 6) => {
        const shown = points
            .slice(0, most)
            .map((x) => said(x))
            .join(", ");
        return points.length > most ? `${shown} and ${points.length - most} more` : shown;
    };

    // -- facts ---------------------------------------------------------------------------------------------------------------
    function refined(f, x, step, sign) {
        let [a, b] = [x - step, x + step];
        for (let turn = 0; turn < 100; turn++) {
            const c = a + (b - a) * 0.381966011250105,
                d = b - (b - a) * 0.381966011250105;
            if (sign * f(c) > sign * f(d)) b = d;
            else a = c;
        }
        const best = [x, (a + b) / 2].filter((p) => Math.abs(p) <= WINDOW).map(f);
        return sign > 0 ? Math.max(...best) : Math.min(...best);
    }
    function extreme(f, xs, ys, sign) {
        let at = -1;
        for (let k = 0; k < xs.length; k++) if (!Number.isNaN(ys[k]) && (at < 0 || sign * ys[k] > sign * ys[at])) at = k;
        return at < 0 ? NaN : refined(f, xs[at], (2 * WINDOW) / POINTS, sign);
    }
    // the limit seen at 10^2, 10^3, ... in one direction
    function limit(f, sign) {
        const seen = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7]
            .flatMap((x) => [x, 1.37 * x])
            .map((x) => f(sign * x))
            .filter((y) => !Number.isNaN(y));
        if (seen.length < 6) return "unknown";
        const last = seen.slice(-4),
            spread = Math.max(...last) - Math.min(...last);
        const end = last[3];
        if (!Number.isFinite(end)) return said(end);
        const near = Math.abs(end) < 1e-5 && Math.abs(end) <= Math.abs(seen[0]) ? 0 : end;
        if (spread <= 1e-5 * Math.max(1, Math.abs(end)))
            return Math.abs(near - Math.round(near)) < 1e-6 ? said(Math.round(near)) : said(near, 5);
        const growing = seen.every((y, k) => k === 0 || y > seen[k - 1] === end > 0);
        return growing && Math.abs(end) > 3 * Math.abs(seen[2])
            ? said(end * Infinity)
            : growing && Math.abs(end) > Math.abs(seen[0])
              ? `${said(end * Infinity)} (slowly)`
              : "none seen";
    }
    function stretches(xs, holds) {
        const made = [];
        let from = -1;
        for (let k = 0; k <= xs.length; k++) {
            const here = k < xs.length && holds(k);
            if (here && from < 0) from = k;
            if (!here && from >= 0) {
                if (k - from > 2) made.push([from, k - 1]);
                from = -1;
            }
        }
        return made;
    }
    function zones(f, xs, ys) {
        const flat = (x) => f(x) === 0;
        return stretches(xs, (k) => ys[k] === 0)
            .map(([i, j]) => {
                const low = i === 0 ? -Infinity : tidy(-bisect((x) => flat(-x), -xs[i], -xs[i - 1]));
                const high = j === xs.length - 1 ? Infinity : tidy(bisect(flat, xs[j], xs[j + 1]));
                return [low, high];
            })
            .filter((zone) => zone.every((end, k) => !Number.isFinite(end) || !underflows(f, end + (k ? 1e-3 : -1e-3))));
    }
    // zero only because it is too small for a number of double precision
    const underflows = (f, beside) => f(beside) !== 0 && Math.abs(f(beside)) < 1e-200;
    const interval = ([low, high]) =>
        `${Number.isFinite(low) ? `[${said(low)}` : "(−∞"}, ${Number.isFinite(high) ? `${said(high)}]` : "∞)"}`;
    function zeros(f, xs, ys) {
        const whole = zones(f, xs, ys),
            found = [];
        const inside = (x) => whole.some(([low, high]) => x >= low - 1e-9 && x <= high + 1e-9);
        for (let k = 0; k < xs.length; k++) {
            if (ys[k] === 0 && ys[k - 1] !== 0 && ys[k + 1] !== 0) found.push(xs[k]);
            if (k && ys[k] * ys[k - 1] < 0) {
                const before = Math.sign(ys[k - 1]),
                    x = tidy(bisect((u) => Math.sign(f(u)) === before, xs[k - 1], xs[k]));
                if (Math.abs(f(x)) < 1e-6 * (1 + Math.abs(ys[k]))) found.push(x);
            }
        }
        const distinct = found.filter((x, k) => !inside(x) && (k === 0 || x - found[k - 1] > 1e-9));
        return (
            [...whole.map((z) => `all of ${interval(z)}`), ...(distinct.length ? [listed(distinct)] : [])].join("; ") ||
            "none"
        );
    }
    function symmetry(xs, ys) {
        const n = xs.length - 1;
        const holds = (sign) =>
            ys.every((y, k) => Math.abs(y - sign * ys[n - k]) <= 1e-9 * (1e-6 + Math.abs(y)) || y === sign * ys[n - k]);
        return holds(-1) ? "odd: f(−x) = −f(x)" : holds(1) ? "even: f(−x) = f(x)" : "neither odd nor even";
    }
    function monotone(ys) {
        const moves = ys.slice(1).map((y, k) => y - ys[k]),
            noise = 1e-13 * Math.max(...ys.map((y) => (Number.isFinite(y) ? Math.abs(y) : 0)), 1e-300);
        const up = moves.some((m) => m > noise),
            down = moves.some((m) => m < -noise);
        return up && down ? "no: it rises and falls" : up ? "yes, rising" : down ? "yes, falling" : "constant";
    }
    const gain = (moment, zero) =>
        Number.isNaN(moment) ? "none: the moment does not exist" : moment < 1e-28 ? zero : said(1 / Math.sqrt(moment));

    // [label, text] rows; every one is computed, none proved
    function facts(made, cuts = []) {
        const { value, first } = made;
        const xs = Array.from({ length: POINTS + 1 }, (_, k) => ((k - POINTS / 2) * 2 * WINDOW) / POINTS);
        const ys = xs.map(value),
            ds = xs.map(first);
        const low = extreme(value, xs, ys, -1),
            high = extreme(value, xs, ys, 1);
        const steepest = extreme((x) => Math.abs(first(x)), xs, ds.map(Math.abs), 1);
        const lost = ys.filter((y) => !Number.isFinite(y)).length;
        const m = moments(made, 1, 0, cuts),
            dead = zones(first, xs, ds);
        const kinks = cuts.filter((x) => Math.abs(first(x + 1e-7) - first(x - 1e-7)) > 1e-5);
        return [
            ["range", `${said(low, 6, 0)} to ${said(high, 6, 0)}, computed on [−${WINDOW}, ${WINDOW}]`],
            ["at −∞ and ∞", `${limit(value, -1)} and ${limit(value, 1)}, as seen up to ±10⁷`],
            ["zeros", zeros(value, xs, ys)],
            ["f(0), f′(0)", `${said(value(0))}, ${said(first(0))}`],
            ["symmetry", symmetry(xs, ys)],
            ["monotone", monotone(ys)],
            ["steepest slope", said(steepest)],
            ["dead zone", dead.length ? `f′ = 0 on ${dead.map(interval).join(" and ")}` : "none"],
            ["kinks", kinks.length ? `at x = ${listed(kinks)}` : "none found"],
            ["E f, E f²", `${said(m.mean)}, ${said(m.square)}, for a standard normal input`],
            ["E f′²", said(m.slopeSquare)],
            ["gain", `forward ${gain(m.square, "none: E f² is 0")}, backward ${gain(m.slopeSquare, "none: E f′² is 0")}`],
            ...(lost ? [["not a number", `at ${lost} of ${ys.length} points of [−${WINDOW}, ${WINDOW}]`]] : []),
        ];
    }
    globalThis.NL.measure = { changes, density, facts, legendre, moments, raised, said };
})();
