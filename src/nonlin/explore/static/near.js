// Functions of nearly the same shape: the correlation of f(z) and g(z) for one standard normal z; scale and offset do not count.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const [LOW, HIGH, POINTS] = [-6, 6, 241];
    const CLOSE = 0.9;
    const MOST = 6;
    let xs, weights, shapes;

    // values weighted by the normal density, of mean 0 and length 1; null for a constant or what is not finite
    function shape(f) {
        const ys = Float64Array.from(xs, f);
        const mean = ys.reduce((sum, y, i) => sum + y * weights[i], 0);
        let length = 0;
        for (let i = 0; i < ys.length; i++) {
            ys[i] = (ys[i] - mean) * Math.sqrt(weights[i]);
            length += ys[i] * ys[i];
        }
        length = Math.sqrt(length);
        return length > 1e-9 && Number.isFinite(length) ? ys.map((y) => y / length) : null;
    }

    function prepare() {
        xs = NL.chart.places(LOW, HIGH, POINTS);
        const raw = xs.map((x) => Math.exp((-x * x) / 2)),
            total = raw.reduce((a, b) => a + b, 0);
        weights = raw.map((w) => w / total);
        shapes = NL.data.functions
            .filter((e) => e.kind === "elementwise")
            .map((e) => [e.name, shape(NL.bound(NL.item(e.name, 0))[0])])
            .filter((s) => s[1]);
    }

    // The nearest functions of the catalogue at their defaults, and the correlation with each, for a function as it is set.
    function nearest(it) {
        if (!it.typed && it.entry.kind !== "elementwise") return [];
        if (!shapes) prepare();
        const mine = shape(NL.bound(it)[0]);
        if (!mine) return [];
        const found = shapes
            .filter(([name]) => name !== it.name)
            .map(([name, other]) => [name, mine.reduce((sum, v, i) => sum + v * other[i], 0)]);
        return found
            .filter(([, r]) => r >= CLOSE)
            .sort((a, b) => b[1] - a[1])
            .slice(0, MOST);
    }

    NL.near = { nearest };
})();
