// Small networks in plain typed arrays: random numbers from a seed, data sets in the plane, a forward and a backward pass, training.
"use strict";
(() => {
    // -- random numbers: 32 bits of state stirred by multiplication (mulberry32), the same on every machine -----------------------
    function random(...seeds) {
        let state = seeds.reduce((h, s) => Math.imul(h ^ (s >>> 0), 2654435761) + 0x9e3779b9, 0x85ebca6b) >>> 0,
            kept = null;
        const uniform = () => {
            state = (state + 0x6d2b79f5) >>> 0;
            let t = Math.imul(state ^ (state >>> 15), state | 1);
            t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
            return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
        };
        const normal = () => {
            // Box and Muller
            if (kept !== null) {
                const last = kept;
                kept = null;
                return last;
            }
            const size = Math.sqrt(-2 * Math.log(1 - uniform())),
                turn = 2 * Math.PI * uniform();
            kept = size * Math.sin(turn);
            return size * Math.cos(turn);
        };
        const order = (n) => {
            const made = Int32Array.from({ length: n }, (_, k) => k);
            for (let k = n - 1; k > 0; k--) {
                const j = Math.floor(uniform() * (k + 1));
                [made[k], made[j]] = [made[j], made[k]];
            }
            return made;
        };
        return { uniform, normal, order };
    }

    // -- data: each row makes the k-th of n points of a class, in about [-1.5, 1.5] x [-1.5, 1.5] ------------------------------------
    const DATA = {
        moons: {
            says: "two half moons",
            point: (c, k, n) => {
                const turn = (Math.PI * k) / n;
                return c ? [0.5 - Math.cos(turn), 0.25 - Math.sin(turn)] : [Math.cos(turn) - 0.5, Math.sin(turn) - 0.25];
            },
        },
        circles: {
            says: "a ring around a disc",
            point: (c, k, n) => {
                const turn = (2 * Math.PI * k) / n,
                    size = c ? 1.2 : 0.5;
                return [size * Math.cos(turn), size * Math.sin(turn)];
            },
        },
        spiral: {
            says: "two arms of a spiral",
            point: (c, k, n) => {
                const size = 0.1 + (1.3 * k) / n,
                    turn = 3 * Math.PI * (k / n) + c * Math.PI;
                return [size * Math.cos(turn), size * Math.sin(turn)];
            },
        },
        xor: {
            says: "four squares, opposite ones alike",
            point: (c, k, n, { uniform }) => {
                const x = 0.1 + 1.2 * uniform(),
                    y = 0.1 + 1.2 * uniform(),
                    flip = k % 2 ? -1 : 1;
                return [flip * x, (c ? -1 : 1) * flip * y];
            },
        },
        gaussian: {
            says: "two clouds, a line parts them",
            point: (c, k, n, { normal }) => {
                const shift = c ? 0.7 : -0.7;
                return [shift + 0.35 * normal(), shift + 0.35 * normal()];
            },
        },
    };
    // points and labels: {x: 2 numbers a point, y: 0 or 1}, both classes equally often
    function data(name, count, noise, seed) {
        const made = random(seed, 17),
            half = Math.floor(count / 2),
            x = new Float64Array(4 * half),
            y = new Float64Array(2 * half);
        for (let k = 0; k < 2 * half; k++) {
            const c = k % 2,
                [a, b] = DATA[name].point(c, Math.floor(k / 2), half, made);
            x[2 * k] = a + noise * made.normal();
            x[2 * k + 1] = b + noise * made.normal();
            y[k] = c;
        }
        return { x, y, count: 2 * half };
    }

    // -- initialisation: sigma_w / sqrt(fan_in), or both fans for Glorot -------------------------------------------------------------
    const forward = (f) => {
        const { square } = globalThis.NL.measure.moments(f);
        return square > 1e-28 ? 1 / Math.sqrt(square) : 1;
    };
    const INITS = {
        he: { says: "He: variance 2/fan_in", scale: (f, from) => Math.sqrt(2 / from) },
        glorot: { says: "Glorot: variance 2/(fan_in + fan_out)", scale: (f, from, to) => Math.sqrt(2 / (from + to)) },
        gain: { says: "the function's own gain", scale: (f, from) => forward(f) / Math.sqrt(from) },
        small: { says: "small: standard deviation 0.01", scale: () => 0.01 },
        large: { says: "large: 3 times He", scale: (f, from) => 3 * Math.sqrt(2 / from) },
    };

    // a network 2 -> width -> ... -> 1 with one function after every hidden layer; the logit of class 1 comes out
    function network(f, widths, init, seed) {
        const sizes = [2, ...widths, 1],
            made = random(seed, 29),
            layers = [];
        for (let l = 1; l < sizes.length; l++) {
            const [from, to] = [sizes[l - 1], sizes[l]],
                hidden = l < sizes.length - 1;
            const scale = hidden ? INITS[init].scale(f, from, to) : 1 / Math.sqrt(from);
            const w = Float64Array.from({ length: from * to }, () => made.normal() * scale);
            layers.push({
                from,
                to,
                hidden,
                w,
                b: new Float64Array(to),
                dw: new Float64Array(from * to),
                db: new Float64Array(to),
            });
        }
        return { f, layers, sizes };
    }
    const room = (net, l, key, size) => {
        const layer = net.layers[l];
        if (!layer[key] || layer[key].length < size) layer[key] = new Float64Array(size);
        return layer[key];
    };
    // logits of `count` points in x; keeps what the backward pass and the statistics need
    function run(net, x, count) {
        let input = x;
        net.layers.forEach((layer, l) => {
            const { from, to, w, b } = layer,
                z = room(net, l, "z", count * to);
            for (let n = 0; n < count; n++) {
                for (let o = 0; o < to; o++) {
                    let sum = b[o];
                    for (let i = 0; i < from; i++) sum += w[o * from + i] * input[n * from + i];
                    z[n * to + o] = sum;
                }
            }
            layer.input = input;
            input = z;
            if (layer.hidden) {
                input = room(net, l, "a", count * to);
                for (let k = 0; k < count * to; k++) input[k] = net.f.value(z[k]);
            }
        });
        return input;
    }
    const softplus = (u) => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
    const sigmoid = (u) => (u < 0 ? Math.exp(u) / (1 + Math.exp(u)) : 1 / (1 + Math.exp(-u)));
    // mean cross-entropy and share right
    function score(net, { x, y, count }) {
        const logits = run(net, x, count);
        let loss = 0,
            right = 0;
        for (let n = 0; n < count; n++) {
            loss += softplus(y[n] ? -logits[n] : logits[n]);
            right += logits[n] > 0 === y[n] > 0;
        }
        return { loss: loss / count, right: right / count };
    }
    // mean cross-entropy of a batch; leaves its gradient in dw and db
    function gradient(net, x, y, count) {
        const logits = run(net, x, count),
            last = net.layers.length - 1;
        let loss = 0,
            back = room(net, last, "back", count);
        for (let n = 0; n < count; n++) {
            loss += softplus(y[n] ? -logits[n] : logits[n]);
            back[n] = (sigmoid(logits[n]) - y[n]) / count;
        }
        for (let l = last; l >= 0; l--) {
            const { from, to, w, dw, db, input } = net.layers[l];
            dw.fill(0);
            db.fill(0);
            for (let n = 0; n < count; n++) {
                for (let o = 0; o < to; o++) {
                    const g = back[n * to + o];
                    db[o] += g;
                    for (let i = 0; i < from; i++) dw[o * from + i] += g * input[n * from + i];
                }
            }
            if (l === 0) break;
            const z = net.layers[l - 1].z,
                next = room(net, l - 1, "back", count * from);
            for (let n = 0; n < count; n++) {
                for (let i = 0; i < from; i++) {
                    let sum = 0;
                    for (let o = 0; o < to; o++) sum += back[n * to + o] * w[o * from + i];
                    next[n * from + i] = sum * net.f.first(z[n * from + i]);
                }
            }
            back = next;
        }
        return loss / count;
    }
    const OPTIMISERS = {
        adam: {
            says: "Adam",
            step(values, slopes, state, rate) {
                state.m ??= new Float64Array(values.length);
                state.v ??= new Float64Array(values.length);
                state.t = (state.t ?? 0) + 1;
                const [one, two] = [1 - 0.9 ** state.t, 1 - 0.999 ** state.t];
                for (let k = 0; k < values.length; k++) {
                    state.m[k] = 0.9 * state.m[k] + 0.1 * slopes[k];
                    state.v[k] = 0.999 * state.v[k] + 0.001 * slopes[k] * slopes[k];
                    values[k] -= (rate * (state.m[k] / one)) / (Math.sqrt(state.v[k] / two) + 1e-8);
                }
            },
        },
        sgd: {
            says: "SGD",
            step(values, slopes, state, rate) {
                for (let k = 0; k < values.length; k++) values[k] -= rate * slopes[k];
            },
        },
    };
    // a training that does one epoch at a time; all trainings of one seed see the same points in the same order
    function training(f, { widths, init, seed, rate, optimiser, batch }, train, test) {
        const net = network(f, widths, init, seed),
            memory = net.layers.map(() => [{}, {}]);
        const made = { net, epoch: 0, losses: [], diverged: false };
        const record = () => {
            made.train = score(net, train);
            made.test = score(net, test);
            made.losses.push(made.train.loss);
            made.diverged ||= !Number.isFinite(made.train.loss);
        };
        made.advance = () => {
            if (made.diverged) return;
            const order = random(seed, 31, made.epoch).order(train.count),
                size = Math.min(batch, train.count);
            const x = new Float64Array(2 * size),
                y = new Float64Array(size);
            for (let start = 0; start < train.count; start += size) {
                const count = Math.min(size, train.count - start);
                for (let k = 0; k < count; k++) {
                    const n = order[start + k];
                    x[2 * k] = train.x[2 * n];
                    x[2 * k + 1] = train.x[2 * n + 1];
                    y[k] = train.y[n];
                }
                gradient(net, x, y, count);
                net.layers.forEach(({ w, b, dw, db }, l) => {
                    OPTIMISERS[optimiser].step(w, dw, memory[l][0], rate);
                    OPTIMISERS[optimiser].step(b, db, memory[l][1], rate);
                });
            }
            made.epoch++;
            record();
        };
        record();
        return made;
    }
    // of each hidden layer: the share of units whose |f'| is below 1e-7 at every point, and of unit-point pairs with |f'| below 0.01
    function health(net, { x, count }) {
        run(net, x, count);
        return net.layers
            .filter((l) => l.hidden)
            .map(({ z, to }) => {
                let dead = 0,
                    saturated = 0;
                for (let o = 0; o < to; o++) {
                    let alive = false;
                    for (let n = 0; n < count; n++) {
                        const slope = Math.abs(net.f.first(z[n * to + o]));
                        if (!(slope < 1e-7)) alive = true;
                        if (slope < 0.01) saturated++;
                    }
                    if (!alive) dead++;
                }
                return { dead: dead / to, saturated: saturated / (to * count) };
            });
    }
    globalThis.NL.net = { DATA, INITS, OPTIMISERS, data, gradient, health, network, random, run, score, sigmoid, training };
})();
