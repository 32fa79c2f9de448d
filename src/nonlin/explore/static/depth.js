// The view of a signal that travels through depth: theory as lines, a simulated network as points, and what they show in words.
"use strict";
(() => {
    const NL = globalThis.NL;
    const MOST = 6,
        SLICE = 20,
        LOWEST = -30,
        HIGHEST = 30;
    const QUANTITIES = [
        ["variance", "Mean square of the signal", { log: true }],
        ["gradient", "Mean square of the gradient (1 at the last layer)", { log: true }],
        ["correlation", "Cosine of two different inputs", { log: false }],
    ];
    const NAMES = { he: "He", glorot: "Glorot", lecun: "LeCun" };
    const shown = (x) =>
        Number.isFinite(x)
            ? String(Number(x.toPrecision(2)))
                  .replace("+", "")
                  .replaceAll("-", "−")
            : NL.measure.said(x);
    const scale = (x) => String(Number(x.toPrecision(3)));

    const rows = () => [
        {
            key: "init",
            label: "Initialisation",
            default: "he",
            wide: true,
            choices: [
                ...Object.entries(NL.rules.inits).map(([k, row]) => [
                    k,
                    `${NAMES[k] ?? k}: ${row.about.replaceAll("sigma_w", "σ_w")}`,
                ]),
                ["own", "your own: the scales of the sliders"],
            ],
        },
        { key: "sigma", label: "σ_w", default: 1.4, low: 0.1, high: 4, step: 0.05, words: (v) => v.toFixed(2) },
        { key: "bias", label: "σ_b", default: 0, low: 0, high: 1, step: 0.05, words: (v) => v.toFixed(2) },
        { key: "layers", label: "Layers", default: 50, low: 2, high: 100, step: 1 },
        { key: "width", label: "Units per layer", default: 128, choices: [32, 64, 128, 256].map((w) => [w, String(w)]) },
        {
            key: "alike",
            label: "Cosine of the two inputs",
            default: 0.5,
            low: -0.9,
            high: 0.95,
            step: 0.05,
            words: (v) => v.toFixed(2),
        },
        { key: "seed", label: "Seed", default: 0, low: 0, high: 20, step: 1 },
    ];

    // what a quantity does over the layers, in words
    function gradientWords(g, layers) {
        if (Number.isNaN(g)) return "the gradient is lost";
        const kept = `${shown(g)} of it is left after ${layers} layers`;
        if (g < 0.1) return `the gradient ${g < 1e-3 ? "vanishes" : "shrinks"}: ${kept}`;
        if (g > 10)
            return `the gradient ${g > 1e3 ? "explodes" : "grows"}: ${shown(g)} times as large after ${layers} layers`;
        return `the gradient keeps its size (${shown(g)} times what it was, after ${layers} layers)`;
    }
    function varianceWords(q) {
        if (Number.isNaN(q)) return "the signal is lost";
        return q < 1e-3
            ? `the signal dies out (${shown(q)})`
            : q > 1e3
              ? `the signal blows up (${shown(q)})`
              : `the signal ends at ${shown(q)}`;
    }
    const correlationWords = (c, start) =>
        Number.isNaN(c)
            ? ""
            : c > 0.999 && start < 0.999
              ? "; different inputs become alike"
              : `; the cosine of two inputs goes from ${shown(start)} to ${shown(c)}`;

    function mount(element, onState = () => {}) {
        const { made } = NL.page;
        let functions = [],
            left = 0,
            theme = NL.page.themed(),
            print = "",
            results = [],
            token = 0,
            waiting = 0,
            visible = true,
            stale = false;
        const settings = NL.page.controls(
            rows(),
            (final, key) => {
                if (key === "sigma") settings.set("init", "own");
                schedule(final ? 0 : 150);
                onState(final);
            },
            "Network",
        );
        const status = made("div", { class: "depth-status", role: "status" });
        const charts = QUANTITIES.map(([, title]) => [
            made("canvas", { class: "depth-chart", role: "img" }),
            made("figcaption", {}, title),
        ]);
        const legend = made("ul", { class: "depth-legend" }),
            table = made("table", { class: "play-table", "aria-label": "Theory beside the simulated network" });
        const lead =
            "Layers h′ = W f(h) + b, weights of standard deviation σ_w/√width, biases of σ_b. Lines: the theory of wide networks. Points: one simulated " +
            "network, with the same random numbers for every function.";
        element.replaceChildren(
            made("p", { class: "play-lead" }, lead),
            settings.box,
            status,
            legend,
            made(
                "div",
                { class: "depth-charts" },
                ...charts.map(([canvas, caption]) => made("figure", {}, caption, canvas)),
            ),
            made("div", { class: "play-scroll" }, table),
        );
        element.classList.add("depth");

        function schedule(wait = 0) {
            clearTimeout(waiting);
            token++;
            stale = true;
            if (visible) waiting = setTimeout(compute, wait);
        }
        // theory first, then the simulation, in slices short enough for the page to answer in between
        function* work(v) {
            const found = [];
            for (const f of functions) {
                let s = v.init === "own" ? { sigmaW: v.sigma, sigmaB: v.bias } : yield* NL.travel.scales(v.init, f, v.bias);
                const lacking = s === null;
                if (lacking) s = { sigmaW: NL.rules.inits.he.sigma_w, sigmaB: v.bias };
                found.push({ f, lacking, ...s, theory: yield* NL.travel.theory(f, v.layers, s, v.alike) });
            }
            results = found;
            draw(v);
            const tracks = yield* NL.travel.simulate(found, v.layers, v.width, v.alike, v.seed);
            found.forEach((r, k) => (r.simulated = tracks[k]));
        }
        function compute() {
            const mine = ++token,
                v = settings.values(),
                steps = work(v);
            stale = false;
            status.textContent = functions.length ? "Computing …" : "Choose a function to send a signal through.";
            results = [];
            if (!functions.length) return draw(v);
            const slice = () => {
                if (mine !== token) return;
                const begun = performance.now();
                try {
                    while (performance.now() - begun < SLICE) {
                        if (steps.next().done) {
                            draw(v);
                            status.replaceChildren(summary(v));
                            return;
                        }
                    }
                } catch (error) {
                    status.textContent = `The signal cannot be followed: ${error.message}`;
                    return;
                }
                setTimeout(slice, 0);
            };
            slice();
        }
        function sentence(r, v) {
            const { variance, gradient, correlation } = r.theory,
                end = v.layers;
            const lacking = r.lacking
                ? ` (it has no ${v.init === "edge" ? "edge of chaos that was found" : "gain"}, so He's)`
                : "";
            return (
                `${r.f.label}, σ_w = ${scale(r.sigmaW)}${r.sigmaB ? `, σ_b = ${scale(r.sigmaB)}` : ""}${lacking}: ${gradientWords(gradient[0], end)}; ` +
                `${varianceWords(variance[end])}${correlationWords(correlation[end], v.alike)}.`
            );
        }
        function summary(v) {
            const more = left ? [`The first ${MOST} of ${MOST + left} functions are shown.`] : [];
            return made("ul", {}, ...[...results.map((r) => sentence(r, v)), ...more].map((text) => made("li", {}, text)));
        }
        function draw(v) {
            QUANTITIES.forEach(([key, title, { log }], k) => {
                const series = results.flatMap((r) => [
                    { colour: r.f.colour, dash: r.f.dash, ys: r.theory[key] },
                    ...(r.simulated ? [{ colour: r.f.colour, ys: r.simulated[key], marks: true }] : []),
                ]);
                const known = series
                    .flatMap((s) => Array.from(s.ys))
                    .filter((y) => y > 0 && Number.isFinite(y))
                    .map(Math.log10);
                const least = Math.max(LOWEST, Math.min(-1, ...known)),
                    most = Math.min(HIGHEST, Math.max(1, ...known));
                const bounds = log
                    ? { low: least, high: most }
                    : {
                          low: Math.max(
                              -1,
                              Math.min(0, v.alike, ...series.flatMap((s) => Array.from(s.ys).filter(Number.isFinite))),
                          ),
                          high: 1,
                      };
                const [canvas] = charts[k];
                NL.page.lines(canvas, { series, theme, log, across: "layer", up: "", end: v.layers, ...bounds });
                const ends = results
                    .map((r) => `${r.f.label} ${shown(r.theory[key][key === "gradient" ? 0 : v.layers])}`)
                    .join(", ");
                canvas.setAttribute(
                    "aria-label",
                    `${title} over ${v.layers} layers; ${key === "gradient" ? "at the first layer" : "at the last"}: ${ends}.`,
                );
            });
            legend.replaceChildren(
                ...results.map((r) => {
                    const swatch = made("span", { class: "play-swatch", "aria-hidden": "true" });
                    swatch.style.background = r.f.colour;
                    return made("li", {}, swatch, r.f.label);
                }),
            );
            const heads = [
                "Function",
                "σ_w",
                "σ_b",
                "signal at the end",
                "simulated",
                "gradient at the start",
                "simulated",
                "cosine at the end",
                "simulated",
            ];
            const body = results.map((r) => {
                const cell = (key, at) =>
                    [r.theory[key][at], r.simulated?.[key][at]].map((x) => (x === undefined ? "…" : shown(x)));
                const cells = [
                    scale(r.sigmaW),
                    scale(r.sigmaB),
                    ...cell("variance", v.layers),
                    ...cell("gradient", 0),
                    ...cell("correlation", v.layers),
                ];
                return made("tr", {}, made("th", { scope: "row" }, r.f.label), ...cells.map((c) => made("td", {}, c)));
            });
            table.replaceChildren(
                made("thead", {}, made("tr", {}, ...heads.map((h) => made("th", { scope: "col" }, h)))),
                made("tbody", {}, ...body),
            );
            table.hidden = !results.length;
        }
        globalThis.addEventListener(
            "resize",
            () => results.length && element.isConnected && element.clientWidth && draw(settings.values()),
        );

        return {
            update(all, colours) {
                theme = NL.page.themed(colours);
                left = Math.max(0, all.length - MOST);
                functions = all.slice(0, MOST);
                const now = NL.page.fingerprint(functions);
                if (now !== print || results.length !== functions.length) {
                    print = now;
                    schedule(100);
                } else {
                    results.forEach((r, k) => (r.f = functions[k]));
                    draw(settings.values());
                }
            },
            state: () => settings.state(),
            restore(state) {
                const before = JSON.stringify(settings.values());
                settings.restore(state);
                if (JSON.stringify(settings.values()) !== before) schedule();
            },
            shown(now) {
                visible = now;
                if (!visible) (clearTimeout(waiting), token++, (stale ||= !results.every((r) => r.simulated)));
                else if (stale) schedule();
                else draw(settings.values());
            },
        };
    }
    NL.depth = { mount };
})();
