// The playground: small networks that differ in their activation function only learn the same points side by side.
"use strict";
(() => {
    const NL = globalThis.NL;
    const MOST = 6,
        LAST = 2000,
        POINTS = 240,
        PIXELS = 56,
        REACH = 1.9,
        BUDGET = 14,
        TOLD = 250;
    const CLASSES = [
        [0, 114, 178],
        [213, 94, 0],
    ]; // blue discs and vermilion squares: apart for colour-blind eyes, and by shape
    const percent = (share) => `${Math.round(100 * share)} %`;
    const number = (x) =>
        Number.isFinite(x) ? (x >= 0.001 || x === 0 ? x.toFixed(3) : x.toExponential(0).replace("-", "−")) : "not finite";

    const rows = () => [
        {
            key: "data",
            label: "Data",
            default: "moons",
            wide: true,
            choices: Object.entries(NL.net.DATA).map(([k, row]) => [k, `${k}: ${row.says}`]),
        },
        {
            key: "init",
            label: "Initialisation",
            default: "he",
            wide: true,
            choices: Object.entries(NL.net.INITS).map(([k, row]) => [k, row.says]),
        },
        { key: "noise", label: "Noise", default: 0.1, low: 0, high: 0.5, step: 0.05, words: (v) => v.toFixed(2) },
        { key: "layers", label: "Hidden layers", default: 2, low: 1, high: 4, step: 1 },
        { key: "width", label: "Units per layer", default: 8, low: 1, high: 32, step: 1 },
        {
            key: "optimiser",
            label: "Optimiser",
            default: "adam",
            choices: Object.entries(NL.net.OPTIMISERS).map(([k, row]) => [k, row.says]),
        },
        {
            key: "rate",
            label: "Learning rate",
            default: 0.01,
            choices: [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1].map((r) => [r, String(r)]),
        },
        {
            key: "batch",
            label: "Points per step",
            default: 32,
            choices: [8, 32, 120, POINTS].map((n) => [n, n === POINTS ? `${n} (all)` : String(n)]),
        },
        { key: "seed", label: "Seed", default: 0, low: 0, high: 20, step: 1 },
    ];

    function mount(element, onState = () => {}) {
        const { made } = NL.page;
        let functions = [],
            left = 0,
            theme = NL.page.themed(),
            print = "",
            runs = [],
            train = null,
            test = null;
        let playing = false,
            frame = 0,
            told = 0,
            cost = 0,
            announced = 0;
        const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

        const settings = NL.page.controls(rows(), (final) => (reset(), onState(final)), "Network and data");
        const play = made("button", { type: "button", class: "play-main" }, "Play");
        const step = made("button", { type: "button" }, "One epoch");
        const again = made("button", { type: "button" }, "Reset");
        const status = made("p", { class: "play-status", role: "status" });
        const cards = made("div", { class: "play-cards" });
        const chart = made("canvas", { class: "play-loss", role: "img" });
        const table = made("table", { class: "play-table", "aria-label": "Results" });
        const note = made(
            "p",
            { class: "play-note" },
            "Dead units pass no gradient at any training point (|f′| < 10⁻⁷); saturated is the share of units and points with |f′| < 0.01.",
        );
        const lead =
            "Networks that differ in their activation function only, with the same weights to begin with (but for the scale its " +
            "initialisation may ask for) and the same points in the same order. A pale colour is an unsure network; discs and squares are the two classes.";
        element.replaceChildren(
            made("p", { class: "play-lead" }, lead),
            settings.box,
            made("div", { class: "play-buttons" }, play, step, again),
            status,
            cards,
            chart,
            made("div", { class: "play-scroll" }, table),
            note,
        );
        element.classList.add("play");

        play.addEventListener("click", () => (playing ? pause() : start()));
        step.addEventListener("click", () => {
            pause();
            runs.forEach((r) => r.training.advance());
            show(true);
        });
        again.addEventListener("click", reset);

        function reset() {
            playing = false;
            cancelAnimationFrame(frame);
            const v = settings.values();
            train = NL.net.data(v.data, POINTS, v.noise, 2 * v.seed + 1);
            test = NL.net.data(v.data, POINTS, v.noise, 2 * v.seed + 2);
            const how = {
                widths: Array(v.layers).fill(v.width),
                init: v.init,
                seed: v.seed,
                rate: v.rate,
                optimiser: v.optimiser,
                batch: v.batch,
            };
            runs = functions.map((f) => ({ f, training: NL.net.training(f, how, train, test), ...card(f) }));
            cards.replaceChildren(...runs.map((r) => r.figure));
            show(true);
        }
        function card(f) {
            const picture = made("canvas", { role: "img" }),
                caption = made("figcaption");
            const swatch = made("span", { class: "play-swatch", "aria-hidden": "true" });
            swatch.style.background = f.colour;
            const result = made("span", { class: "play-result" });
            caption.append(swatch, made("strong", {}, f.label), " ", result);
            return { picture, result, figure: made("figure", {}, caption, picture) };
        }
        const epoch = () => runs[0]?.training.epoch ?? 0;
        const over = () => !runs.length || epoch() >= LAST || runs.every((r) => r.training.diverged);
        function start() {
            if (over()) return;
            playing = true;
            announced = epoch();
            buttons();
            frame = requestAnimationFrame(turn);
        }
        function pause() {
            playing = false;
            cancelAnimationFrame(frame);
            show(true);
        }
        function turn(now) {
            if (!playing) return;
            const begun = performance.now();
            do runs.forEach((r) => r.training.advance());
            while (performance.now() - begun < BUDGET && !over());
            const interval = calm?.matches ? 1000 : 60; // fewer, larger changes for those who ask for less motion
            if (over()) return pause();
            if (now - told > Math.max(interval, 4 * cost)) {
                // large networks take longer to draw than to train
                told = now;
                const drawn = performance.now();
                show(false);
                cost = performance.now() - drawn;
            }
            frame = requestAnimationFrame(turn);
        }

        // -- what a person sees and hears -------------------------------------------------------------------------------------------
        function show(final) {
            buttons();
            for (const r of runs) paint(r);
            NL.page.lines(chart, {
                series: runs.map((r) => ({ colour: r.f.colour, dash: r.f.dash, ys: r.training.losses })),
                theme,
                log: true,
                across: "epoch",
                up: "training loss",
                end: Math.max(10, epoch()),
            });
            chart.setAttribute("aria-label", `Training loss by epoch. ${summary()}`);
            if (final || performance.now() - (show.last ?? 0) > TOLD) tabulate();
            if (final || epoch() - announced >= 200) {
                announced = epoch();
                status.textContent = summary();
            }
        }
        function buttons() {
            play.textContent = playing ? "Pause" : "Play";
            play.disabled = !playing && over();
            step.disabled = again.disabled = !runs.length;
            step.disabled ||= over();
        }
        function outcome({ training: t }) {
            if (t.diverged) return "diverged: the loss is not finite";
            return `${percent(t.test.right)} right on new points`;
        }
        function summary() {
            if (!runs.length) return "Choose a function to train with.";
            const more = left ? ` The first ${MOST} of ${MOST + left} functions are trained.` : "";
            const state = playing ? "" : epoch() >= LAST ? " Finished." : epoch() ? " Paused." : " Press Play to train.";
            return `Epoch ${epoch()}: ${runs.map((r) => `${r.f.label} ${outcome(r)}`).join("; ")}.${state}${more}`;
        }
        function tabulate() {
            show.last = performance.now();
            const layers = settings.values().layers;
            const heads = ["Function", "Loss", "Right, training", "Right, new points"];
            for (let l = 1; l <= layers; l++) heads.push(`Layer ${l}: dead units`, `Layer ${l}: saturated`);
            const head = made("tr", {}, ...heads.map((h) => made("th", { scope: "col" }, h)));
            const body = runs.map((r) => {
                const { train: on, test: off, net } = r.training;
                const cells = [number(on.loss), percent(on.right), percent(off.right)];
                for (const { dead, saturated } of NL.net.health(net, train)) cells.push(percent(dead), percent(saturated));
                return made("tr", {}, made("th", { scope: "row" }, r.f.label), ...cells.map((c) => made("td", {}, c)));
            });
            table.replaceChildren(made("thead", {}, head), made("tbody", {}, ...body));
        }
        const grid = new Float64Array(2 * PIXELS * PIXELS);
        for (let k = 0; k < PIXELS * PIXELS; k++) {
            grid[2 * k] = REACH * ((2 * ((k % PIXELS) + 0.5)) / PIXELS - 1);
            grid[2 * k + 1] = REACH * (1 - (2 * (Math.floor(k / PIXELS) + 0.5)) / PIXELS);
        }
        const small = made("canvas", { width: PIXELS, height: PIXELS });
        function paint(r) {
            const side = r.picture.clientWidth || 200,
                ratio = globalThis.devicePixelRatio || 1,
                size = Math.round(side * ratio);
            if (r.picture.width !== size) r.picture.width = r.picture.height = size;
            const logits = NL.net.run(r.training.net, grid, PIXELS * PIXELS),
                brush = small.getContext("2d");
            const image = brush.createImageData(PIXELS, PIXELS),
                ground = theme.dark ? 34 : 252;
            for (let k = 0; k < PIXELS * PIXELS; k++) {
                const p = NL.net.sigmoid(logits[k]),
                    colour = CLASSES[p > 0.5 ? 1 : 0],
                    weight = Number.isNaN(p) ? 0 : 0.62 * Math.abs(2 * p - 1) + 0.06;
                for (let c = 0; c < 3; c++) image.data[4 * k + c] = ground + (colour[c] - ground) * weight;
                image.data[4 * k + 3] = 255;
            }
            brush.putImageData(image, 0, 0);
            const pen = r.picture.getContext("2d");
            pen.imageSmoothingEnabled = true;
            pen.drawImage(small, 0, 0, size, size);
            const dot = (2.3 * size) / 200;
            for (let n = 0; n < train.count; n++) {
                const x = (size * (train.x[2 * n] / REACH + 1)) / 2,
                    y = (size * (1 - train.x[2 * n + 1] / REACH)) / 2;
                pen.fillStyle = `rgb(${CLASSES[train.y[n]].map((c) => (theme.dark ? 255 - 0.6 * (255 - c) : c)).join(" ")})`;
                pen.strokeStyle = theme.dark ? "#111" : "#fff";
                pen.lineWidth = size / 300;
                pen.beginPath();
                if (train.y[n]) pen.rect(x - dot, y - dot, 2 * dot, 2 * dot);
                else pen.arc(x, y, dot * 1.1, 0, 7);
                pen.fill();
                pen.stroke();
            }
            r.result.textContent = r.training.diverged ? "diverged" : percent(r.training.test.right);
            r.picture.setAttribute(
                "aria-label",
                `What the network with ${r.f.label} answers over the plane after ${epoch()} epochs: ${outcome(r)}.`,
            );
        }
        globalThis.addEventListener(
            "resize",
            () => runs.length && element.isConnected && element.clientWidth && show(false),
        );

        return {
            update(all, colours) {
                theme = NL.page.themed(colours);
                left = Math.max(0, all.length - MOST);
                const chosen = all.slice(0, MOST),
                    now = NL.page.fingerprint(chosen);
                functions = chosen;
                if (now !== print) {
                    print = now;
                    reset();
                } else {
                    runs.forEach((r, k) => {
                        Object.assign(r, { f: chosen[k] });
                        r.figure.querySelector(".play-swatch").style.background = chosen[k].colour;
                    });
                    show(true);
                }
            },
            state: () => settings.state(),
            restore(state) {
                const before = JSON.stringify(settings.values());
                settings.restore(state);
                if (JSON.stringify(settings.values()) !== before) reset();
            },
            shown(visible) {
                if (!visible && playing) pause();
                else if (visible && runs.length) show(true);
            },
        };
    }
    NL.playground = { mount };
})();
