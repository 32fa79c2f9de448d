// How a signal travels through layers h' = W f(h) + b with random weights: theory of wide networks (one variance, one correlation, one
// factor on gradients a layer) and a simulated network, for several functions on the same random numbers.
"use strict";
(() => {
    const NL = globalThis.NL;
    const ORDERS = 200,
        REACH = 8,
        PANELS = 64,
        PAIRS = 3;
    const SMALL = 1e-280,
        LARGE = 1e280;
    const SEARCHED = Array.from({ length: 61 }, (_, k) => 10 ** (-4 + k / 10)),
        BIASES = [0, 0.05, 0.1, 0.2, 0.5, 1];

    // -- theory ------------------------------------------------------------------------------------------------------------------------
    const grid = (() => {
        const z = [],
            w = [],
            [nodes, weights] = NL.measure.legendre(12),
            half = REACH / PANELS;
        for (let p = 0; p < PANELS; p++) {
            nodes.forEach((node, k) => {
                z.push(-REACH + (2 * p + 1) * half + node * half);
                w.push(weights[k] * half * NL.measure.density(z.at(-1)));
            });
        }
        return { z: Float64Array.from(z), w: Float64Array.from(w) };
    })();
    // the squares of the coefficients of f(sqrt(q) z) in normalised Hermite polynomials: E f(u) f(v) is their power series in the
    // correlation; what the first 200 leave out of E f^2 is counted with the next
    function spectrum({ value }, q, square) {
        const { z, w } = grid,
            n = z.length,
            scale = Math.sqrt(q),
            squares = new Float64Array(ORDERS + 1);
        const f = Float64Array.from(z, (t, k) => value(scale * t) * w[k]);
        let before = new Float64Array(n),
            here = new Float64Array(n).fill(1),
            total = 0;
        for (let k = 0; k < ORDERS; k++) {
            let a = 0;
            const next = new Float64Array(n),
                up = 1 / Math.sqrt(k + 1),
                down = Math.sqrt(k);
            for (let i = 0; i < n; i++) {
                a += f[i] * here[i];
                next[i] = (z[i] * here[i] - down * before[i]) * up;
            }
            [before, here] = [here, next];
            total += squares[k] = a * a;
        }
        squares[ORDERS] = Math.max(0, square - total);
        return squares;
    }
    function overlap(squares, c) {
        let total = 0;
        for (let k = squares.length - 1; k >= 0; k--) total = total * c + squares[k];
        return total;
    }
    const kept = (x) => x > SMALL && x < LARGE;
    // mean square, gradient and correlation at each of layers + 1 pre-activations; NaN where they are lost, 0 or infinite beyond doubles
    function* theory(f, layers, { sigmaW, sigmaB }, correlation) {
        const [q, c, factor] = [0, 0, 0].map(() => new Float64Array(layers + 1).fill(NaN));
        [q[0], c[0]] = [1, correlation];
        let known = null;
        for (let n = 0; n < layers; n++) {
            if (!kept(q[n])) {
                q.fill(Number.isNaN(q[n]) ? NaN : q[n] < 1 ? 0 : Infinity, n);
                break;
            }
            if (!known || Math.abs(known.q - q[n]) > 1e-12 * q[n]) {
                const m = NL.measure.moments(f, q[n]);
                known = { q: q[n], m, squares: spectrum(f, q[n], m.square) };
            }
            q[n + 1] = sigmaW ** 2 * known.m.square + sigmaB ** 2;
            factor[n] = sigmaW ** 2 * known.m.slopeSquare;
            if (Number.isNaN(q[n + 1]) && n && q[n] > q[n - 1]) q[n + 1] = Infinity;
            c[n + 1] = kept(q[n + 1])
                ? Math.min(1, (sigmaW ** 2 * overlap(known.squares, c[n]) + sigmaB ** 2) / q[n + 1])
                : NaN;
            yield;
        }
        const gradient = new Float64Array(layers + 1).fill(1);
        for (let n = layers - 1; n >= 0; n--) gradient[n] = gradient[n + 1] * factor[n];
        return { variance: q, gradient, correlation: c };
    }

    // -- initialisations -------------------------------------------------------------------------------------------------------------------
    // the weights with which gradients keep their size at a fixed point of the variance that depth does not lead away from
    function* edge(f) {
        const table = [];
        for (const q of SEARCHED) {
            table.push([q, NL.measure.moments(f, q)]);
            yield;
        }
        const tiny = 1e-8,
            start = NL.measure.moments(f, tiny); // the fixed point 0, where f is a line or two
        for (const sigmaB of BIASES) {
            const gap = ([q, m]) => m.square / m.slopeSquare + sigmaB ** 2 - q;
            const free = !sigmaB && table.every((row) => Math.abs(gap(row)) < 1e-9 * row[0]);
            if (free) return { sigmaW: 1 / Math.sqrt(table[40][1].slopeSquare), sigmaB };
            if (
                !sigmaB &&
                start.slopeSquare &&
                Math.abs(start.square / tiny - start.slopeSquare) < 1e-3 * start.slopeSquare
            ) {
                const [q, m] = table[10];
                if (m.square < start.slopeSquare * q) return { sigmaW: 1 / Math.sqrt(start.slopeSquare), sigmaB }; // small signals shrink to it
            }
            for (let k = 1; k < table.length; k++) {
                if (!(gap(table[k - 1]) * gap(table[k]) < 0)) continue;
                let [low, high] = [table[k - 1][0], table[k][0]];
                const before = Math.sign(gap(table[k - 1]));
                for (let turn = 0; turn < 50; turn++) {
                    const q = (low + high) / 2;
                    if (Math.sign(gap([q, NL.measure.moments(f, q)])) === before) low = q;
                    else high = q;
                }
                yield;
                const m = NL.measure.moments(f, high),
                    along = m.cross / m.slopeSquare / Math.sqrt(high);
                if (Math.abs(along) < 1 - 1e-9) return { sigmaW: 1 / Math.sqrt(m.slopeSquare), sigmaB };
            }
        }
        return null;
    }
    const own = (moment, sigmaB) => (moment > 1e-28 ? { sigmaW: 1 / Math.sqrt(moment), sigmaB } : null);
    const OWN = {
        gain: (f, sigmaB) => own(NL.measure.moments(f).square, sigmaB),
        backward: (f, sigmaB) => own(NL.measure.moments(f).slopeSquare, sigmaB),
    };
    // the scales of an initialisation for a function, or null where it has none; a row of Python's table that does not depend on the
    // function holds its number
    function* scales(name, f, sigmaB) {
        if (name === "edge") return yield* edge(f);
        const { sigma_w: fixed } = NL.rules.inits[name];
        return fixed === null ? OWN[name](f, sigmaB) : { sigmaW: fixed, sigmaB };
    }

    // -- a simulated network -------------------------------------------------------------------------------------------------------------
    const meanSquare = (h) => h.reduce((s, v) => s + v * v, 0) / h.length;
    function cosine(a, b) {
        const scale = (h) => h.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1,
            [s, t] = [scale(a), scale(b)];
        let [ab, aa, bb] = [0, 0, 0];
        for (let k = 0; k < a.length; k++) {
            ab += (a[k] / s) * (b[k] / t);
            aa += (a[k] / s) ** 2;
            bb += (b[k] / t) ** 2;
        }
        return ab / Math.sqrt(aa * bb);
    }
    function sized(h, size) {
        const scale = Math.sqrt(size / meanSquare(h));
        return h.map((v) => v * scale);
    }
    const average = (values) => values.reduce((s, v) => s + v, 0) / values.length;
    // the same for every run: [{f, sigmaW, sigmaB}] all get the same weights and inputs, scaled; yields between layers
    function* simulate(runs, layers, width, correlation, seed) {
        const start = NL.net.random(seed, 1),
            normals = ({ normal }, n) => Float64Array.from({ length: n }, normal);
        const layer = (n) =>
            Float32Array.from(normals(NL.net.random(seed, n + 2), width * width), (v) => v / Math.sqrt(width));
        const inputs = Array.from({ length: PAIRS }, () => {
            const a = sized(normals(start, width), 1),
                raw = normals(start, width);
            const along = a.reduce((s, v, k) => s + v * raw[k], 0) / width;
            const b = sized(
                raw.map((v, k) => v - along * a[k]),
                1,
            );
            return [a, a.map((v, k) => correlation * v + Math.sqrt(1 - correlation ** 2) * b[k])];
        }).flat();
        const biases = normals(start, layers * width),
            back = Array.from({ length: PAIRS }, () => normals(start, width));
        const tracks = runs.map(() =>
            Object.fromEntries(
                ["variance", "gradient", "correlation"].map((k) => [k, new Float64Array(layers + 1).fill(NaN)]),
            ),
        );
        const seen = runs.map(() => [inputs]);
        const note = (r, n) => {
            const h = seen[r][n];
            tracks[r].variance[n] = average(h.map(meanSquare));
            tracks[r].correlation[n] = average(Array.from({ length: PAIRS }, (_, k) => cosine(h[2 * k], h[2 * k + 1])));
        };
        runs.forEach((_, r) => note(r, 0));
        const alive = runs.map(() => true);
        for (let n = 0; n < layers; n++) {
            const w = layer(n);
            yield;
            runs.forEach(({ f, sigmaW, sigmaB }, r) => {
                if (!alive[r]) return;
                seen[r].push(
                    seen[r][n].map((h) => {
                        const after = h.map(f.value),
                            next = new Float64Array(width);
                        for (let o = 0; o < width; o++) {
                            let sum = 0;
                            for (let i = 0; i < width; i++) sum += w[o * width + i] * after[i];
                            next[o] = sigmaW * sum + sigmaB * biases[n * width + o];
                        }
                        return next;
                    }),
                );
                note(r, n + 1);
                if (!Number.isFinite(tracks[r].variance[n + 1])) {
                    alive[r] = false;
                    tracks[r].variance.fill(Infinity, n + 1);
                }
            });
            yield;
        }
        const first = average(back.map(meanSquare)),
            backs = runs.map(() => back);
        runs.forEach((_, r) => alive[r] && (tracks[r].gradient[layers] = 1));
        for (let n = layers - 1; n >= 0; n--) {
            const w = layer(n);
            yield;
            runs.forEach(({ f, sigmaW }, r) => {
                if (!alive[r]) return;
                backs[r] = backs[r].map((g, k) => {
                    const h = seen[r][n][2 * k],
                        next = new Float64Array(width);
                    for (let o = 0; o < width; o++) for (let i = 0; i < width; i++) next[i] += w[o * width + i] * g[o];
                    return next.map((v, i) => sigmaW * v * f.first(h[i]));
                });
                tracks[r].gradient[n] = average(backs[r].map(meanSquare)) / first;
            });
            yield;
        }
        return tracks;
    }
    // run a generator to its end at once, for tests
    function finish(steps) {
        for (;;) {
            const { done, value } = steps.next();
            if (done) return value;
        }
    }
    NL.travel = { edge, finish, scales, simulate, theory };
})();
